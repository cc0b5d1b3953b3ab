package localaws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const statesService = "states"

// largestData is how long an execution's input and a task's output may be
// (Step Functions quotas).
const largestData = 256 << 10

// statesOperations are the operations spoken here. Each reads its request and
// says what it is about; none has an effect before its run.
var statesOperations = map[string]func(*Cloud, statesInput) (operation, error){
	"StartExecution":       (*Cloud).startExecution,
	"DescribeExecution":    (*Cloud).describeExecution,
	"StopExecution":        (*Cloud).stopExecution,
	"ListExecutions":       (*Cloud).listExecutions,
	"GetExecutionHistory":  (*Cloud).getExecutionHistory,
	"RedriveExecution":     (*Cloud).redriveExecution,
	"DescribeStateMachine": (*Cloud).describeStateMachine,
	"ListStateMachines":    (*Cloud).listStateMachines,
	"SendTaskSuccess":      (*Cloud).sendTaskSuccess,
	"SendTaskFailure":      (*Cloud).sendTaskFailure,
	"SendTaskHeartbeat":    (*Cloud).sendTaskHeartbeat,
}

// statesInput is a Step Functions request.
type statesInput struct {
	name     string
	body     []byte
	machines StateMachines
}

func (in statesInput) decode(into any) error {
	return decode(statesService, in.name, in.body, into)
}

func (c *Cloud) understandStates(asked request) operation {
	name := targetOf(asked)
	understand := statesOperations[name]
	if understand == nil {
		return operation{action: name, resource: "*"}.refused(notImplemented(statesService, name))
	}
	c.mu.Lock()
	machines := c.machines
	c.mu.Unlock()
	if machines == nil {
		return operation{action: name, resource: "*"}.refused(notImplemented(statesService, name+": nobody runs executions"))
	}
	op, err := understand(c, statesInput{name: name, body: asked.body, machines: machines})
	op.action = name
	if op.resource == "" {
		op.resource = "*"
	}
	if err != nil {
		return op.refused(err)
	}
	return op
}

// about is an operation on a resource that answers without a context.
func about(resource string, run func(now time.Time) (any, error)) operation {
	return operation{resource: resource, run: func(_ context.Context, now time.Time) (reply, error) {
		body, err := run(now)
		return reply{body: body}, err
	}}
}

// epoch is a time as AWS-JSON writes it: seconds, with milliseconds as decimals.
func epoch(at time.Time) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond)))
}

// epochOrNone is nil, and then left out, for no time.
func epochOrNone(at time.Time) *json.Number {
	if at.IsZero() {
		return nil
	}
	written := epoch(at)
	return &written
}

// The errors of Step Functions, all with status 400 (AWS-JSON 1.0). Their
// texts are as people have reported them.

func statesFailure(code, format string, args ...any) *APIError {
	return failure(http.StatusBadRequest, code, format, args...)
}

func noExecution(arn string) *APIError {
	return statesFailure("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
}

func noStateMachine(arn string) *APIError {
	return statesFailure("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
}

func invalidToken() *APIError {
	return statesFailure("InvalidToken", "Invalid Token: 'Invalid token'")
}

// namePattern finds what a name may not hold: white space, brackets,
// wildcards, special characters and control characters (StartExecution in
// Step Functions' API reference).
var namePattern = regexp.MustCompile("[\\s<>{}\\[\\]?*\"#%\\\\^|~`$&,;:/\\x00-\\x1f\\x7f-\\x9f]")

// validateName holds an execution's name against the API reference.
func validateName(name string) error {
	if name == "" || len(name) > 80 || namePattern.MatchString(name) {
		return statesFailure("InvalidName", "Invalid Name: '%s'", name)
	}
	return nil
}

// validateARN holds an ARN against the shape of one kind: stateMachine has a
// name, execution has a machine and a name.
func validateARN(arn, kind string) error {
	parts := strings.Split(arn, ":")
	fields := map[string]int{"stateMachine": 7, "execution": 8}[kind]
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "states" {
		return statesFailure("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", arn)
	}
	if parts[5] != kind || len(parts) != fields || slices.Contains(parts[3:], "") {
		return statesFailure("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", parts[5])
	}
	return nil
}

// validateJSON refuses what is not JSON, under the code of its member.
func validateJSON(member, code, what, text string) error {
	if err := longest(member, &text, largestData); err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return statesFailure(code, "Invalid %s: '%s'", what, err)
	}
	return nil
}

// startExecutionInput is StartExecution's request.
type startExecutionInput struct {
	StateMachineArn string  `json:"stateMachineArn"`
	Name            *string `json:"name"`
	Input           *string `json:"input"`
}

func (c *Cloud) startExecution(in statesInput) (operation, error) {
	var input startExecutionInput
	if err := in.decode(&input); err != nil {
		return operation{}, err
	}
	text := "{}"
	if input.Input != nil {
		text = *input.Input
	}
	op := about(input.StateMachineArn, func(time.Time) (any, error) {
		return c.start(in.machines, input.StateMachineArn, input.Name, text)
	})
	if err := validateARN(input.StateMachineArn, "stateMachine"); err != nil {
		return op, err
	}
	if input.Name != nil {
		if err := validateName(*input.Name); err != nil {
			return op, err
		}
	}
	return op, validateJSON("input", "InvalidExecutionInput", "State Machine Execution Input", text)
}

// start starts an execution. To start one with the name and the input of an
// execution that is still running answers as the first time did; any other
// use of its name is an error (StartExecution in the API reference).
func (c *Cloud) start(machines StateMachines, machineARN string, name *string, input string) (any, error) {
	if _, exists := machines.StateMachine(machineARN); !exists {
		return nil, noStateMachine(machineARN)
	}
	if name == nil {
		c.mu.Lock()
		issued := c.names.next()
		c.mu.Unlock()
		name = &issued
	}
	started, err := machines.Start(machineARN, *name, input)
	if errors.Is(err, ErrExecutionAlreadyExists) {
		arn := strings.Replace(machineARN, ":stateMachine:", ":execution:", 1) + ":" + *name
		running, exists := machines.Execution(arn)
		if !exists || !running.running() || running.Input != input {
			return nil, statesFailure("ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn)
		}
		started = running
	} else if err != nil {
		return nil, statesError(err)
	}
	return map[string]any{"executionArn": started.ARN, "startDate": epoch(started.Started)}, nil
}

// statesError turns an error of a StateMachines into AWS's. One that is not
// known is a fault of the service itself.
func statesError(err error) error {
	var refused *APIError
	if errors.As(err, &refused) {
		return refused
	}
	switch {
	case errors.Is(err, ErrInvalidToken):
		return invalidToken()
	case errors.Is(err, ErrTaskDoesNotExist):
		return statesFailure("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist anymore'")
	case errors.Is(err, ErrTaskTimedOut):
		return statesFailure("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
	case errors.Is(err, ErrExecutionNotRedrivable):
		return statesFailure("ExecutionNotRedrivable", "%s", err)
	}
	return failure(http.StatusInternalServerError, "InternalFailure", "%s", err)
}

func (c *Cloud) describeStateMachine(in statesInput) (operation, error) {
	var input struct {
		StateMachineArn string `json:"stateMachineArn"`
	}
	if err := in.decode(&input); err != nil {
		return operation{}, err
	}
	op := about(input.StateMachineArn, func(time.Time) (any, error) {
		machine, exists := in.machines.StateMachine(input.StateMachineArn)
		if !exists {
			return nil, noStateMachine(input.StateMachineArn)
		}
		return map[string]any{
			"stateMachineArn": machine.ARN, "name": machine.Name, "status": "ACTIVE", "type": "STANDARD",
			"definition": machine.Definition, "roleArn": machine.RoleARN, "creationDate": epoch(machine.Created),
		}, nil
	})
	return op, validateARN(input.StateMachineArn, "stateMachine")
}

// listStateMachines lists all state machines, by pages. IAM knows no resource for
// it (service authorization reference, Step Functions).
func (c *Cloud) listStateMachines(in statesInput) (operation, error) {
	var input struct {
		MaxResults int    `json:"maxResults"`
		NextToken  string `json:"nextToken"`
	}
	if err := in.decode(&input); err != nil {
		return operation{}, err
	}
	op := about("*", func(time.Time) (any, error) {
		page, next, err := statesPage(in.machines.StateMachines(), input.NextToken, input.MaxResults, func(m StateMachine) string { return m.ARN })
		if err != nil {
			return nil, err
		}
		listed := make([]map[string]any, len(page))
		for i, m := range page {
			listed[i] = map[string]any{
				"stateMachineArn": m.ARN, "name": m.Name, "type": "STANDARD", "creationDate": epoch(m.Created),
			}
		}
		return struct {
			StateMachines []map[string]any `json:"stateMachines"`
			NextToken     string           `json:"nextToken,omitempty"`
		}{listed, next}, nil
	})
	return op, validateMaxResults(input.MaxResults)
}
