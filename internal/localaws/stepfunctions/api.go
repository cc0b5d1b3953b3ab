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
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/localaws/identifier"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is Step Functions' prefix in IAM and its signing name.
const Name = "states"

// Failures are the errors that any Step Functions call may return.
var Failures = protocol.Failures{}

// Executions answers Step Functions' API for the StateMachines that runs the
// executions. Several goroutines may call its methods at once.
type Executions struct {
	mu             sync.Mutex
	machines       StateMachines
	generatedNames *identifier.Sequence
}

// New returns an Executions. Its operations fail with NotImplemented until
// SetStateMachines is called.
func New() *Executions { return &Executions{generatedNames: identifier.NewSequence(4)} }

// Protocol returns AWS-JSON 1.0.
func (s *Executions) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON10 }

// maxDataLength is the maximum length of an execution's input and a task's output, in
// bytes (Step Functions quotas).
const maxDataLength = 256 << 10

// operations are the implemented operations. Each function parses a request into an
// operation. Nothing takes effect before the operation's Run is called.
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
func (s *Executions) Operation(request protocol.Request) protocol.Operation {
	name := request.Target("AWSStepFunctions")
	parse := operations[name]
	if parse == nil {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
	}
	s.mu.Lock()
	machines := s.machines
	s.mu.Unlock()
	if machines == nil {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name+": no StateMachines is set"))
	}
	op, err := parse(s, input{name: name, body: request.Body, machines: machines})
	op.Action = name
	if op.Resource == "" {
		op.Resource = "*"
	}
	if err != nil {
		return op.Refuse(err)
	}
	return op
}

// operationOn returns an operation on a resource. Its run does not need a context.
func operationOn(resource string, run func(now time.Time) (any, error)) protocol.Operation {
	return protocol.Operation{Resource: resource, Run: func(_ context.Context, now time.Time) (protocol.Reply, error) {
		body, err := run(now)
		return protocol.Reply{Body: body}, err
	}}
}

// optionalEpoch returns nil for the zero time, so that JSON leaves the member out.
func optionalEpoch(at time.Time) *json.Number {
	if at.IsZero() {
		return nil
	}
	epoch := protocol.Epoch(at)
	return &epoch
}

// The errors of Step Functions, all with status 400 (AWS-JSON 1.0). Their texts come
// from public reports.

func newError(code, format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, code, format, args...)
}

func executionNotFound(arn string) *protocol.Error {
	return newError("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
}

func stateMachineNotFound(arn string) *protocol.Error {
	return newError("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
}

func invalidToken() *protocol.Error {
	return newError("InvalidToken", "Invalid Token: 'Invalid token'")
}

// forbiddenInName matches a character that a name must not contain: white space,
// brackets, wildcards, special characters, control characters and noncharacters
// (StartExecution in Step Functions' API reference).
var forbiddenInName = regexp.MustCompile("[\\s\\p{Z}<>{}\\[\\]?*\"#%\\\\^|~`$&,;:/\\x00-\\x1f\\x7f-\\x9f\\x{FFFE}\\x{FFFF}\\x{10FFFF}]")

// validateName checks an execution's name against the API reference.
func validateName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > 80 || forbiddenInName.MatchString(name) {
		return newError("InvalidName", "Invalid Name: '%s'", name)
	}
	return nil
}

// maxARNLength is the maximum length of an ARN (Arn in Step Functions' API model).
const maxARNLength = 256

// validateARN checks that an ARN has the form of its kind: a stateMachine ARN ends with
// a name, an execution ARN with the machine's name and its own.
func validateARN(arn, kind string) error {
	if err := protocol.CheckLength(kind+"Arn", &arn, maxARNLength); err != nil {
		return err
	}
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

// validateJSON checks the length of a text and that it is JSON. code is the error's
// code for a text that is not JSON.
func validateJSON(member, code, what, text string) error {
	if err := protocol.CheckLength(member, &text, maxDataLength); err != nil {
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

// start starts an execution. If an execution with the same name and input is still
// running, start returns that execution. Any other reuse of a name is an error
// (StartExecution in the API reference).
func (s *Executions) start(machines StateMachines, machineARN string, name *string, input string) (any, error) {
	if _, exists := machines.StateMachine(machineARN); !exists {
		return nil, stateMachineNotFound(machineARN)
	}
	if name == nil {
		s.mu.Lock()
		issued := s.generatedNames.Next()
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

// apiError converts an error of a StateMachines to AWS's error. An unknown error
// becomes an internal failure.
func apiError(err error) error {
	var awsError *protocol.Error
	if errors.As(err, &awsError) {
		return awsError
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
			return nil, stateMachineNotFound(input.StateMachineArn)
		}
		return map[string]any{
			"stateMachineArn": machine.ARN, "name": machine.Name, "status": "ACTIVE", "type": "STANDARD",
			"definition": machine.Definition, "roleArn": machine.RoleARN, "creationDate": protocol.Epoch(machine.Created),
		}, nil
	})
	return op, validateARN(input.StateMachineArn, "stateMachine")
}

// listStateMachines lists all state machines in pages. IAM has no resource for this
// operation (service authorization reference, Step Functions).
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
		items := make([]map[string]any, len(page))
		for i, m := range page {
			items[i] = map[string]any{
				"stateMachineArn": m.ARN, "name": m.Name, "type": "STANDARD", "creationDate": protocol.Epoch(m.Created),
			}
		}
		return struct {
			StateMachines []map[string]any `json:"stateMachines"`
			NextToken     string           `json:"nextToken,omitempty"`
		}{items, next}, nil
	})
	return op, validateMaxResults(input.MaxResults)
}
