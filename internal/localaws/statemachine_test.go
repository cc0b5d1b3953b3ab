package localaws_test

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/sluice-aws/sluice/internal/localaws"
)

const (
	machineARN   = "arn:aws:states:us-east-1:123456789012:stateMachine:sluice"
	executionARN = "arn:aws:states:us-east-1:123456789012:execution:sluice:one"
)

// machines is a StateMachines with one machine. Its executions run until they are
// stopped. It has three tokens: "waiting", "answered" and "late".
type machines struct {
	clock *clock

	mu         sync.Mutex
	others     []string             // names of additional machines
	executions []localaws.Execution // newest first
	events     int
	sent       []string
}

func newMachines(clock *clock) *machines {
	return &machines{clock: clock}
}

func (m *machines) StateMachines() []localaws.StateMachine {
	one, _ := m.StateMachine(machineARN)
	all := []localaws.StateMachine{one}
	for _, name := range m.others {
		all = append(all, localaws.StateMachine{ARN: machineARN + name, Name: "sluice" + name, Created: m.clock.Now()})
	}
	return all
}

func (m *machines) StateMachine(arn string) (localaws.StateMachine, bool) {
	return localaws.StateMachine{
		ARN: machineARN, Name: "sluice", Definition: `{"StartAt":"Publish"}`, RoleARN: "arn:aws:iam::123456789012:role/sluice", Created: m.clock.Now(),
	}, arn == machineARN
}

func (m *machines) Start(machine, name, input string) (localaws.Execution, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	arn := fmt.Sprintf("arn:aws:states:us-east-1:123456789012:execution:sluice:%s", name)
	for _, e := range m.executions {
		if e.ARN == arn {
			return localaws.Execution{}, fmt.Errorf("start %s: %w", name, localaws.ErrExecutionAlreadyExists)
		}
	}
	started := localaws.Execution{ARN: arn, StateMachineARN: machine, Name: name, Status: localaws.ExecutionRunning, Started: m.clock.Now(), Input: input}
	m.executions = append([]localaws.Execution{started}, m.executions...)
	return started, nil
}

func (m *machines) Execution(arn string) (localaws.Execution, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.find(arn); e != nil {
		return *e, true
	}
	return localaws.Execution{}, false
}

func (m *machines) find(arn string) *localaws.Execution {
	for i := range m.executions {
		if m.executions[i].ARN == arn {
			return &m.executions[i]
		}
	}
	return nil
}

func (m *machines) Executions(string) []localaws.Execution {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]localaws.Execution(nil), m.executions...)
}

func (m *machines) History(string) []localaws.HistoryEvent {
	history := []localaws.HistoryEvent{{
		ID: 1, Time: m.clock.Now(), Type: "ExecutionStarted", DetailsName: "executionStartedEventDetails",
		Details: json.RawMessage(`{"input":"{}","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::123456789012:role/sluice"}`),
	}}
	for len(history) < m.events {
		id := int64(len(history) + 1)
		history = append(history, localaws.HistoryEvent{ID: id, PreviousID: id - 1, Time: m.clock.Now(), Type: "TaskStateEntered"})
	}
	return history
}

// end ends an execution with a status.
func (m *machines) end(arn, status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.find(arn)
	e.Status, e.Stopped = status, m.clock.Now()
}

func (m *machines) Stop(arn, errorName, cause string) (localaws.Execution, error) {
	m.end(arn, localaws.ExecutionAborted)
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.find(arn)
	e.Error, e.Cause = errorName, cause
	return *e, nil
}

func (m *machines) Redrive(arn string) (localaws.Execution, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.find(arn)
	if e.Status == localaws.ExecutionSucceeded {
		return localaws.Execution{}, fmt.Errorf("%w: it succeeded", localaws.ErrExecutionNotRedrivable)
	}
	e.Status, e.RedriveCount, e.Redriven = localaws.ExecutionRunning, e.RedriveCount+1, m.clock.Now()
	return *e, nil
}

func (m *machines) SendTaskSuccess(token, output string) error {
	return m.send(token, "success "+output)
}

func (m *machines) SendTaskFailure(token, errorName, cause string) error {
	return m.send(token, "failure "+errorName+" "+cause)
}

func (m *machines) SendTaskHeartbeat(token string) error {
	return m.send(token, "heartbeat")
}

func (m *machines) send(token, what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch token {
	case "waiting":
		m.sent = append(m.sent, what)
		return nil
	case "answered":
		return localaws.ErrTaskDoesNotExist
	case "late":
		return localaws.ErrTaskTimedOut
	default:
		return localaws.ErrInvalidToken
	}
}

func (m *machines) TokenStateMachine(token string) string {
	if token == "made up" {
		return ""
	}
	return machineARN
}
