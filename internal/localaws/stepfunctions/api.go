package stepfunctions

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/internal/localaws/identifier"
	"sluice/internal/localaws/protocol"
)

// Name is Step Functions' prefix in IAM, and the name that its requests are signed
// with.
const Name = "states"

// Failures are Step Functions'.
var Failures = protocol.Failures{}

// Executions speaks Step Functions' API for the StateMachines that run the
// executions. Several goroutines may call its methods at once.
type Executions struct {
	mu       sync.Mutex
	machines StateMachines
	names    *identifier.Sequence
}

// New returns a Step Functions that is not implemented until SetStateMachines.
func New() *Executions { return &Executions{names: identifier.NewSequence(4)} }

// Protocol is AWS-JSON 1.0.
func (s *Executions) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON10 }

// maxData is how long an execution's input and a task's output may be
// (Step Functions quotas).
const maxData = 256 << 10

// operations are those that are implemented. Each reads its request and
// says what it is about; none has an effect before its run.
var operations = map[string]func(*Executions, input) (protocol.Operation, error){
	"StartExecution":       (*Executions).startExecution,
	"DescribeExecution":    (*Executions).describeExecution,
	"StopExecution":        (*Executions).stopExecution,
	"ListExecutions":       (*Executions).listExecutions,
	"GetExecutionHistory":  (*Executions).getExecutionHistory,
	"RedriveExecution":     (*Executions).redriveExecution,
	"DescribeStateMachine": (*Executions).describeStateMachine,
	"ListStateMachines":    (*Executions).listStateMachines,
	"SendTaskSuccess":      (*Executions).sendTaskSuccess,
	"SendTaskFailure":      (*Executions).sendTaskFailure,
	"SendTaskHeartbeat":    (*Executions).sendTaskHeartbeat,
}

// input is a Step Functions request.
type input struct {
	name     string
	body     []byte
	machines StateMachines
}

func (in input) decode(into any) error {
	return protocol.Decode(Name, in.name, in.body, into)
}

// Operation finds the operation in X-Amz-Target.
func (s *Executions) Operation(asked protocol.Request) protocol.Operation {
	name := asked.Target("AWSStepFunctions")
	understand := operations[name]
	if understand == nil {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
	}
	s.mu.Lock()
	machines := s.machines
	s.mu.Unlock()
	if machines == nil {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name+": nobody runs executions"))
	}
	op, err := understand(s, input{name: name, body: asked.Body, machines: machines})
	op.Action = name
	if op.Resource == "" {
		op.Resource = "*"
	}
	if err != nil {
		return op.Refuse(err)
	}
	return op
}

// operationOn is an operation on a resource that answers without a context.
func operationOn(resource string, run func(now time.Time) (any, error)) protocol.Operation {
	return protocol.Operation{Resource: resource, Run: func(_ context.Context, now time.Time) (protocol.Reply, error) {
		body, err := run(now)
		return protocol.Reply{Body: body}, err
	}}
}

// optionalEpoch is nil, and then left out, for no time.
func optionalEpoch(at time.Time) *json.Number {
	if at.IsZero() {
		return nil
	}
	written := protocol.Epoch(at)
	return &written
}

// The errors of Step Functions, all with status 400 (AWS-JSON 1.0). Their
// texts are as people have reported them.

func newError(code, format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, code, format, args...)
}

func noExecution(arn string) *protocol.Error {
	return newError("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
}

func noStateMachine(arn string) *protocol.Error {
	return newError("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
}

func invalidToken() *protocol.Error {
	return newError("InvalidToken", "Invalid Token: 'Invalid token'")
}

// namePattern finds what a name may not hold: white space, brackets,
// wildcards, special characters and control characters (StartExecution in
// Step Functions' API reference).
var namePattern = regexp.MustCompile("[\\s<>{}\\[\\]?*\"#%\\\\^|~`$&,;:/\\x00-\\x1f\\x7f-\\x9f]")

// validateName holds an execution's name against the API reference.
func validateName(name string) error {
	if name == "" || len(name) > 80 || namePattern.MatchString(name) {
		return newError("InvalidName", "Invalid Name: '%s'", name)
	}
	return nil
}

// validateARN holds an ARN against the shape of one kind: stateMachine has a
// name, execution has a machine and a name.
func validateARN(arn, kind string) error {
	parts := strings.Split(arn, ":")
	fields := map[string]int{"stateMachine": 7, "execution": 8}[kind]
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "states" {
		return newError("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", arn)
	}
	if parts[5] != kind || len(parts) != fields || slices.Contains(parts[3:], "") {
		return newError("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", parts[5])
	}
	return nil
}

// validateJSON refuses what is not JSON, under the code of its member.
func validateJSON(member, code, what, text string) error {
	if err := protocol.CheckLength(member, &text, maxData); err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return newError(code, "Invalid %s: '%s'", what, err)
	}
	return nil
}

// startExecutionInput is StartExecution's request.
type startExecutionInput struct {
	StateMachineArn string  `json:"stateMachineArn"`
	Name            *string `json:"name"`
	Input           *string `json:"input"`
}

func (s *Executions) startExecution(in input) (protocol.Operation, error) {
	var input startExecutionInput
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	text := "{}"
	if input.Input != nil {
		text = *input.Input
	}
	op := operationOn(input.StateMachineArn, func(time.Time) (any, error) {
		return s.start(in.machines, input.StateMachineArn, input.Name, text)
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
func (s *Executions) start(machines StateMachines, machineARN string, name *string, input string) (any, error) {
	if _, exists := machines.StateMachine(machineARN); !exists {
		return nil, noStateMachine(machineARN)
	}
	if name == nil {
		s.mu.Lock()
		issued := s.names.Next()
		s.mu.Unlock()
		name = &issued
	}
	started, err := machines.Start(machineARN, *name, input)
	if errors.Is(err, ErrExecutionAlreadyExists) {
		arn := strings.Replace(machineARN, ":stateMachine:", ":execution:", 1) + ":" + *name
		running, exists := machines.Execution(arn)
		if !exists || !running.isRunning() || running.Input != input {
			return nil, newError("ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn)
		}
		started = running
	} else if err != nil {
		return nil, apiError(err)
	}
	return map[string]any{"executionArn": started.ARN, "startDate": protocol.Epoch(started.Started)}, nil
}

// statesError turns an error of a StateMachines into AWS's. One that is not
// known is a fault of the service itself.
func apiError(err error) error {
	var refused *protocol.Error
	if errors.As(err, &refused) {
		return refused
	}
	switch {
	case errors.Is(err, ErrInvalidToken):
		return invalidToken()
	case errors.Is(err, ErrTaskDoesNotExist):
		return newError("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist anymore'")
	case errors.Is(err, ErrTaskTimedOut):
		return newError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
	case errors.Is(err, ErrExecutionNotRedrivable):
		return newError("ExecutionNotRedrivable", "%s", err)
	}
	return protocol.NewError(http.StatusInternalServerError, "InternalFailure", "%s", err)
}

func (s *Executions) describeStateMachine(in input) (protocol.Operation, error) {
	var input struct {
		StateMachineArn string `json:"stateMachineArn"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op := operationOn(input.StateMachineArn, func(time.Time) (any, error) {
		machine, exists := in.machines.StateMachine(input.StateMachineArn)
		if !exists {
			return nil, noStateMachine(input.StateMachineArn)
		}
		return map[string]any{
			"stateMachineArn": machine.ARN, "name": machine.Name, "status": "ACTIVE", "type": "STANDARD",
			"definition": machine.Definition, "roleArn": machine.RoleARN, "creationDate": protocol.Epoch(machine.Created),
		}, nil
	})
	return op, validateARN(input.StateMachineArn, "stateMachine")
}

// listStateMachines lists all state machines, by pages. IAM knows no resource for
// it (service authorization reference, Step Functions).
func (s *Executions) listStateMachines(in input) (protocol.Operation, error) {
	var input struct {
		MaxResults int    `json:"maxResults"`
		NextToken  string `json:"nextToken"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op := operationOn("*", func(time.Time) (any, error) {
		page, next, err := cutPage(in.machines.StateMachines(), input.NextToken, input.MaxResults, func(m StateMachine) string { return m.ARN })
		if err != nil {
			return nil, err
		}
		listed := make([]map[string]any, len(page))
		for i, m := range page {
			listed[i] = map[string]any{
				"stateMachineArn": m.ARN, "name": m.Name, "type": "STANDARD", "creationDate": protocol.Epoch(m.Created),
			}
		}
		return struct {
			StateMachines []map[string]any `json:"stateMachines"`
			NextToken     string           `json:"nextToken,omitempty"`
		}{listed, next}, nil
	})
	return op, validateMaxResults(input.MaxResults)
}
