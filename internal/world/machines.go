package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// machines implements localaws.StateMachines: the Step Functions API's view of the
// interpreter.
type machines struct{ world *World }

// StateMachines implements localaws.StateMachines: there is only one.
func (m machines) StateMachines() []localaws.StateMachine {
	return []localaws.StateMachine{{
		ARN: m.world.place.machineARN(), Name: machineName, Definition: m.world.definition.text,
		RoleARN: m.world.place.roleARN(machineName), Created: m.world.began,
	}}
}

// StateMachine implements localaws.StateMachines.
func (m machines) StateMachine(arn string) (localaws.StateMachine, bool) {
	return m.StateMachines()[0], arn == m.world.place.machineARN()
}

// Start implements localaws.StateMachines.
func (m machines) Start(_, name, input string) (localaws.Execution, error) {
	m.world.learn(json.RawMessage(input))
	x, err := m.world.Start(name, json.RawMessage(input))
	if err != nil {
		return localaws.Execution{}, toCloudError(err)
	}
	return m.execution(x), nil
}

// Execution implements localaws.StateMachines.
func (m machines) Execution(arn string) (localaws.Execution, bool) {
	x, known := m.world.machine.Execution(arn)
	if !known {
		return localaws.Execution{}, false
	}
	return m.execution(x), true
}

// Executions implements localaws.StateMachines.
func (m machines) Executions(string) []localaws.Execution {
	all := m.world.machine.Executions()
	list := make([]localaws.Execution, len(all))
	for i, x := range all {
		list[i] = m.execution(x)
	}
	return list
}

// History implements localaws.StateMachines.
func (m machines) History(arn string) []localaws.HistoryEvent {
	x, known := m.world.machine.Execution(arn)
	if !known {
		return nil
	}
	events := m.world.histories[x]
	for _, e := range x.History()[len(events):] {
		name, details := details(e)
		events = append(events, localaws.HistoryEvent{
			ID: e.ID, PreviousID: e.PreviousEventID, Time: e.Timestamp, Type: string(e.Type), DetailsName: name, Details: details,
		})
	}
	m.world.histories[x] = events
	return events
}

// details returns the one member of an event with its details, and its name.
func details(e asl.Event) (string, json.RawMessage) {
	text, err := json.Marshal(e)
	if err != nil {
		return "", nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return "", nil
	}
	for name, value := range members {
		if strings.HasSuffix(name, "EventDetails") {
			return name, value
		}
	}
	return "", nil
}

// Stop implements localaws.StateMachines.
func (m machines) Stop(arn, name, cause string) (localaws.Execution, error) {
	if err := m.world.machine.Stop(arn, name, cause); err != nil {
		return localaws.Execution{}, toCloudError(err)
	}
	x, _ := m.world.machine.Execution(arn)
	return m.execution(x), nil
}

// Redrive implements localaws.StateMachines.
func (m machines) Redrive(arn string) (localaws.Execution, error) {
	if err := m.world.machine.Redrive(arn); err != nil {
		return localaws.Execution{}, toCloudError(err)
	}
	x, _ := m.world.machine.Execution(arn)
	return m.execution(x), nil
}

// SendTaskSuccess implements localaws.StateMachines.
func (m machines) SendTaskSuccess(token, output string) error {
	return toCloudError(m.world.machine.SendTaskSuccess(token, json.RawMessage(output)))
}

// SendTaskFailure implements localaws.StateMachines.
func (m machines) SendTaskFailure(token, name, cause string) error {
	return toCloudError(m.world.machine.SendTaskFailure(token, name, cause))
}

// SendTaskHeartbeat implements localaws.StateMachines.
func (m machines) SendTaskHeartbeat(token string) error {
	return toCloudError(m.world.machine.SendTaskHeartbeat(token))
}

// TokenStateMachine implements localaws.StateMachines: there is only one.
func (m machines) TokenStateMachine(string) string { return m.world.place.machineARN() }

// toCloudError converts an error of the interpreter into the cloud's error of the same code.
func toCloudError(err error) error {
	var refusal *asl.Error
	if !errors.As(err, &refusal) {
		return err
	}
	for code, known := range map[string]error{
		asl.CodeExecutionAlreadyExists: localaws.ErrExecutionAlreadyExists,
		asl.CodeExecutionNotRedrivable: localaws.ErrExecutionNotRedrivable,
		asl.CodeInvalidToken:           localaws.ErrInvalidToken,
		asl.CodeTaskTimedOut:           localaws.ErrTaskTimedOut,
	} {
		if refusal.Code == code {
			return fmt.Errorf("%w: %s", known, refusal.Message)
		}
	}
	return err
}

// isShown reports whether an execution is already visible to an API that lags this long.
func (w *World) isShown(x *asl.Execution, lag time.Duration) bool {
	return x.Status() != asl.Running || !w.clock.now.Before(lastStart(x).Add(lag))
}

// lastStart returns when an execution was started, or redriven.
func lastStart(x *asl.Execution) time.Time {
	if x.Redriven().After(x.Started()) {
		return x.Redriven()
	}
	return x.Started()
}

func (m machines) execution(x *asl.Execution) localaws.Execution {
	return localaws.Execution{
		Unlisted: !m.world.isShown(x, m.world.lag.Listed), Undescribed: !m.world.isShown(x, m.world.lag.Known),
		ARN: x.ARN(), StateMachineARN: m.world.place.machineARN(), Name: x.Name(), Status: string(x.Status()),
		Started: x.Started(), Stopped: x.Stopped(), Input: string(x.Input()), Output: string(x.Output()),
		Error: x.Failure().Error, Cause: x.Failure().Cause,
		RedriveCount: x.RedriveCount(), Redriven: x.Redriven(), NotRedrivable: x.NotRedrivable(),
	}
}
