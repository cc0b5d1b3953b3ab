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

// Options are what a Machine is told beside its definition.
type Options struct {
	// ARN is the state machine's, "arn:<partition>:states:<region>:<account>:stateMachine:<name>".
	// The ARNs of executions are made from it.
	ARN string
	// RoleARN stands in the context object and in histories. It grants nothing.
	RoleARN string
	// OnEvent, when set, is told of each history event as it is recorded. It may
	// call the Machine, but not redrive the execution.
	OnEvent func(*Execution, Event)
	// OnEnd, when set, is told of each execution that ended, after its last
	// event; of a redriven one again. It may call the Machine, but not redrive
	// the execution.
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
	tokens     map[string]*attempt // every task token that was given out
}

// NewMachine makes a state machine of a definition.
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

// Update gives the machine another definition. Executions that have begun keep the one
// that they began with (UpdateStateMachine in the API reference).
func (m *Machine) Update(definition *Definition) { m.definition = definition }

// ARN is the state machine's ARN.
func (m *Machine) ARN() string { return m.options.ARN }

// Start starts an execution. No input is "{}". As in AWS, the same name and
// input as of a running execution gives that execution; any other use of a name
// is an *Error with CodeExecutionAlreadyExists. The first state is entered
// after Start has returned, at the same time of the Host's clock.
func (m *Machine) Start(name string, input json.RawMessage) (*Execution, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
	if len(input) > maxDocument {
		return nil, &Error{CodeInvalidExecutionInput, fmt.Sprintf("Invalid State Machine Execution Input: the input is larger than %d bytes", maxDocument)}
	}
	doc, err := newDocument(input)
	if err != nil {
		return nil, &Error{CodeInvalidExecutionInput, fmt.Sprintf("Invalid State Machine Execution Input: '%s'", err)}
	}
	arn := m.executionARN(name)
	if other, taken := m.byARN[arn]; taken {
		if other.running() && bytes.Equal(other.text, input) {
			return other, nil
		}
		return nil, &Error{CodeExecutionAlreadyExists, fmt.Sprintf("Execution Already Exists: '%s'", arn)}
	}
	ex := &Execution{
		machine: m, definition: m.definition, arn: arn, name: name, started: m.host.Now(), status: Running,
		text: bytes.Clone(input), input: doc,
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

// executionARN is the ARN of an execution of this machine.
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

// Execution is the execution with that ARN.
func (m *Machine) Execution(arn string) (*Execution, bool) {
	ex, found := m.byARN[arn]
	return ex, found
}

// Executions are all executions, newest first.
func (m *Machine) Executions() []*Execution {
	newest := slices.Clone(m.executions)
	slices.Reverse(newest)
	return newest
}

// Stop ends a running execution at once, as ABORTED. No Catch runs, nothing is
// cleaned up, and the Lambda functions that it started go on (LocalStack's
// snapshot of StopExecution). An execution that has ended stays as it is.
func (m *Machine) Stop(arn, error, cause string) error {
	ex, err := m.existing(arn)
	if err != nil {
		return err
	}
	if err := checkFailure(error, cause); err != nil {
		return err
	}
	if ex.running() {
		ex.failure = Failure{Error: error, Cause: cause}
		ex.end(Aborted, Event{Type: ExecutionAborted, ExecutionAborted: &FailureDetails{Error: error, Cause: cause}})
	}
	return nil
}

// existing is the execution with that ARN, or an *Error.
func (m *Machine) existing(arn string) (*Execution, error) {
	ex, found := m.byARN[arn]
	if !found {
		return nil, &Error{CodeExecutionDoesNotExist, fmt.Sprintf("Execution Does Not Exist: '%s'", arn)}
	}
	return ex, nil
}

// checkFailure applies the API's bounds for an error and its cause.
func checkFailure(error, cause string) error {
	const longestError, longestCause = 256, 32768
	if utf8.RuneCountInString(error) > longestError || utf8.RuneCountInString(cause) > longestCause {
		return &Error{CodeValidationException, fmt.Sprintf("error must have at most %d characters, cause at most %d", longestError, longestCause)}
	}
	return nil
}

// redrivePeriod is how long after its end an execution may be redriven.
const redrivePeriod = 14 * 24 * time.Hour

// Redrive lets an execution go on from the state that failed, was stopped or
// timed out, with the same input and definition; its own timeout starts again
// (Step Functions developer guide, Restarting state machine executions with
// redrive). It goes on after Redrive has returned. Why it may not is what
// NotRedrivable says.
func (m *Machine) Redrive(arn string) error {
	ex, err := m.existing(arn)
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

// NotRedrivable is why Redrive would refuse the execution now, or empty: it is
// running, it succeeded, it ended more than 14 days ago, it started more than a
// year ago, or its history has no room for two more events.
func (ex *Execution) NotRedrivable() string {
	now := ex.machine.host.Now()
	switch {
	case ex.status == Running, ex.status == Succeeded:
		return fmt.Sprintf("Execution is %s and cannot be redriven", ex.status)
	case now.Sub(ex.stopped) > redrivePeriod:
		return "Execution has exceeded the redrivable period of 14 days and cannot be redriven"
	case now.Sub(ex.started) > longestExecution:
		return "Execution has exceeded the maximum open time of one year and cannot be redriven"
	case len(ex.events) >= maxEvents-1:
		return "Execution history event count limit exceeded and cannot be redriven"
	default:
		return ""
	}
}
