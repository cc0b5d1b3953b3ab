package asl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Options configure a Machine.
type Options struct {
	// ARN is the state machine's ARN,
	// "arn:<partition>:states:<region>:<account>:stateMachine:<name>". The ARNs of
	// executions are made from it.
	ARN string
	// RoleARN appears in the context object and in histories. It grants nothing.
	RoleARN string
	// OnEvent, if set, is called for each history event when it is recorded. It may
	// call the Machine, but must not redrive the execution.
	OnEvent func(*Execution, Event)
	// OnEnd, if set, is called each time an execution ends, after its last event. It
	// may call the Machine, but must not redrive the execution.
	OnEnd func(*Execution)
}

// Machine is a state machine with its executions.
type Machine struct {
	definition *Definition
	host       Host
	options    Options
	name       string
	executions []*Execution // oldest first
	byARN      map[string]*Execution
	tokens     map[string]*attempt // by every issued task token
}

// NewMachine returns a state machine with a definition.
func NewMachine(definition *Definition, host Host, options Options) *Machine {
	return &Machine{
		definition: definition,
		host:       host,
		options:    options,
		name:       options.ARN[strings.LastIndexByte(options.ARN, ':')+1:],
		byARN:      map[string]*Execution{},
		tokens:     map[string]*attempt{},
	}
}

// Update changes the machine's definition. Executions keep the definition that they
// started with (UpdateStateMachine in the API reference).
func (m *Machine) Update(definition *Definition) { m.definition = definition }

// ARN returns the state machine's ARN.
func (m *Machine) ARN() string { return m.options.ARN }

// Start starts an execution. An empty input means "{}". As in AWS, Start returns a
// running execution with the same name and input. Any other reuse of a name is an
// *Error with CodeExecutionAlreadyExists. The first state is entered after Start has
// returned, at the same time of the Host's clock.
func (m *Machine) Start(name string, input json.RawMessage) (*Execution, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
	if len(input) > maxDocumentBytes {
		return nil, &Error{CodeInvalidExecutionInput, fmt.Sprintf("Invalid State Machine Execution Input: the input is larger than %d bytes", maxDocumentBytes)}
	}
	doc, err := newDocument(input)
	if err != nil {
		return nil, &Error{CodeInvalidExecutionInput, fmt.Sprintf("Invalid State Machine Execution Input: '%s'", err)}
	}
	arn := m.executionARN(name)
	if other, taken := m.byARN[arn]; taken {
		if other.isRunning() && bytes.Equal(other.rawInput, input) {
			return other, nil
		}
		return nil, &Error{CodeExecutionAlreadyExists, fmt.Sprintf("Execution Already Exists: '%s'", arn)}
	}
	ex := &Execution{
		machine: m, definition: m.definition, arn: arn, name: name, started: m.host.Now(), status: Running,
		rawInput: bytes.Clone(input), input: doc,
	}
	ex.root = &walk{execution: ex, scope: m.definition.states, input: doc}
	m.executions = append(m.executions, ex)
	m.byARN[arn] = ex
	ex.run()
	ex.record(Event{
		Type:             ExecutionStarted,
		ExecutionStarted: &ExecutionStartedDetails{Input: doc, RoleARN: m.options.RoleARN},
	})
	return ex, nil
}

// executionARN returns the ARN of an execution of this machine.
func (m *Machine) executionARN(name string) string {
	return strings.Replace(m.options.ARN, ":stateMachine:", ":execution:", 1) + ":" + name
}

// checkName applies StartExecution's rules for names.
func checkName(name string) error {
	const forbidden = "<>{}[]?*\"#%\\^|~`$&,;:/"
	n := utf8.RuneCountInString(name)
	bad := strings.ContainsFunc(name, func(r rune) bool {
		return strings.ContainsRune(forbidden, r) || unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError
	})
	if n == 0 || n > 80 || bad {
		return &Error{CodeInvalidName, fmt.Sprintf("Invalid Name: '%s'", name)}
	}
	return nil
}

// Execution returns the execution with an ARN.
func (m *Machine) Execution(arn string) (*Execution, bool) {
	ex, found := m.byARN[arn]
	return ex, found
}

// Executions returns all executions, newest first.
func (m *Machine) Executions() []*Execution {
	newest := slices.Clone(m.executions)
	slices.Reverse(newest)
	return newest
}

// Stop ends a running execution at once, as ABORTED. No Catch runs, nothing is cleaned
// up, and the Lambda functions that it started keep running (LocalStack's snapshot of
// StopExecution). Stop does not change an execution that has ended.
func (m *Machine) Stop(arn, error, cause string) error {
	ex, err := m.findExecution(arn)
	if err != nil {
		return err
	}
	if err := checkFailure(error, cause); err != nil {
		return err
	}
	if ex.isRunning() {
		ex.failure = Failure{Error: error, Cause: cause}
		ex.end(Aborted, Event{Type: ExecutionAborted, ExecutionAborted: &FailureDetails{Error: error, Cause: cause}})
	}
	return nil
}

// findExecution returns the execution with an ARN, or an *Error.
func (m *Machine) findExecution(arn string) (*Execution, error) {
	ex, found := m.byARN[arn]
	if !found {
		return nil, &Error{CodeExecutionDoesNotExist, fmt.Sprintf("Execution Does Not Exist: '%s'", arn)}
	}
	return ex, nil
}

// checkFailure checks the API's limits of an error and its cause.
func checkFailure(error, cause string) error {
	const maxError, maxCause = 256, 32768
	if utf8.RuneCountInString(error) > maxError || utf8.RuneCountInString(cause) > maxCause {
		return &Error{CodeValidationException, fmt.Sprintf("error must have at most %d characters, cause at most %d", maxError, maxCause)}
	}
	return nil
}

// redrivePeriod is how long after its end an execution can be redriven.
const redrivePeriod = 14 * 24 * time.Hour

// Redrive continues an execution from the state that failed, was stopped or timed out,
// with the same input and definition. The execution's own timeout starts again (Step
// Functions developer guide, Restarting state machine executions with redrive). The
// execution continues after Redrive has returned. NotRedrivable says why a redrive is
// refused.
func (m *Machine) Redrive(arn string) error {
	ex, err := m.findExecution(arn)
	if err != nil {
		return err
	}
	if reason := ex.NotRedrivable(); reason != "" {
		return &Error{CodeExecutionNotRedrivable, reason}
	}
	ex.status, ex.failure, ex.stopped = Running, Failure{}, time.Time{}
	ex.redriven = m.host.Now()
	ex.redrives++
	ex.transitions++
	ex.run()
	ex.record(Event{Type: ExecutionRedriven, ExecutionRedriven: &RedrivenDetails{RedriveCount: ex.redrives}})
	return nil
}

// NotRedrivable returns why Redrive would refuse the execution now, or "". The reasons:
// it is running, it succeeded, it ended more than 14 days ago, it started more than a
// year ago, or its history has no room for two more events.
func (ex *Execution) NotRedrivable() string {
	now := ex.machine.host.Now()
	switch {
	case ex.status == Running, ex.status == Succeeded:
		return fmt.Sprintf("Execution is %s and cannot be redriven", ex.status)
	case now.Sub(ex.stopped) > redrivePeriod:
		return "Execution has exceeded the redrivable period of 14 days and cannot be redriven"
	case now.Sub(ex.started) > maxExecutionTime:
		return "Execution has exceeded the maximum open time of one year and cannot be redriven"
	case len(ex.events) >= maxEvents-1:
		return "Execution history event count limit exceeded and cannot be redriven"
	default:
		return ""
	}
}
