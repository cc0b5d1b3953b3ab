package request

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// Occasion is why the safety net was invoked. Exactly one of its fields is set.
type Occasion struct {
	Alarm   *AlarmFired
	Calmed  *AlarmCalmed
	Ended   *ExecutionEnded
	Sweep   bool // to look after everything that is open
	Command *Commanded
	Asked   *Asked
}

// AlarmFired says that a CloudWatch alarm went to ALARM.
type AlarmFired struct {
	Name   string
	Reason string
	At     time.Time // zero where the event does not tell
	// WasOK says that the alarm was OK just before: then it is not one that has
	// been firing since the start.
	WasOK bool
}

// AlarmCalmed says that an alarm went to OK. If it was firing at the start, it counts from
// then on.
type AlarmCalmed struct {
	Name string
	At   time.Time // zero where the event does not tell
}

// ExecutionEnded says that an execution ended without success.
type ExecutionEnded struct {
	ID     string
	Status string // ABORTED, TIMED_OUT or FAILED
}

// Commanded is what a person asks of a Deployment that holds a Target.
//
// EventBridge, Lambda, or a caller who lost the answer may deliver it again, and late. So
// it either names its Deployment, or it is for the Deployment that held the Target when the
// command was given, and for no later one. The time at which it was given also decides
// which of two commands counts; see shift.Command.
//
// The command sluice first asks the safety net (Asked), and sends back the Deployment and
// the time from the answer, so only AWS's clock is involved. An event that somebody puts on
// a bus has the time from EventBridge, or the Time of its PutEvents call, in whole seconds.
// A direct invocation has the time that its caller wrote. A command without a time is
// refused, because it could not be told from its repetition.
type Commanded struct {
	Target shift.Target
	// DeploymentID is the Deployment that is meant. If it is empty, the one that held the
	// Target when the command was given is meant.
	DeploymentID string
	Command      shift.Command
}

// Asked is the question which Deployment holds a Target, and what time it is. A command
// that carries both answers is for that one Deployment, and may safely be repeated.
type Asked struct{ Target shift.Target }

// ErrNoOccasion is returned by DecodeOccasion for an event that the safety net does not
// handle.
var ErrNoOccasion = errors.New("not an event for the safety net")

// alarmTime is the format of times in CloudWatch's events.
const alarmTime = "2006-01-02T15:04:05.000-0700"

// maxEvent is somewhat more than the largest event that EventBridge delivers (PutEvents: an
// entry is smaller than 1 MB).
const maxEvent = 1 << 20

// DecodeOccasion reads an EventBridge event, or a command, which has the same form. Unknown
// fields are ignored, because AWS adds fields to its events. It returns
// flow.ErrInvalidCommand for a command that cannot be obeyed, and ErrNoOccasion for every
// other event that is not understood.
func DecodeOccasion(raw []byte) (Occasion, error) {
	if len(raw) > maxEvent {
		return Occasion{}, fmt.Errorf("%w: it has %d bytes", ErrNoOccasion, len(raw))
	}
	var event struct {
		DetailType string          `json:"detail-type"`
		Source     string          `json:"source"`
		Time       json.RawMessage `json:"time"` // who needs it sees whether it is one
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		return Occasion{}, fmt.Errorf("%w: %w", ErrNoOccasion, err)
	}
	switch {
	case event.DetailType == flow.AlarmDetailType && event.Source == flow.AlarmSource:
		return decodeAlarm(event.Detail, event.Time)
	case event.DetailType == flow.ExecutionDetailType && event.Source == flow.ExecutionSource:
		return decodeExecution(event.Detail)
	case event.DetailType == flow.SweepDetailType:
		return Occasion{Sweep: true}, nil
	case event.DetailType == flow.CommandDetailType:
		return decodeCommand(event.Detail, event.Time)
	case event.DetailType == flow.QuestionDetailType:
		return decodeQuestion(event.Detail)
	}
	return Occasion{}, fmt.Errorf("%w: its detail-type is %q, its source %q", ErrNoOccasion,
		shift.BoundText(event.DetailType, 80), shift.BoundText(event.Source, 80))
}

// decodeTime reads an event's own time, which EventBridge always sets. It is zero if the
// time is missing or cannot be read.
func decodeTime(text []byte) time.Time {
	var at time.Time
	if json.Unmarshal(text, &at) != nil {
		return time.Time{}
	}
	return at
}

// decodeAlarm reads the change of an alarm. If the time of the change is missing, it is
// left at zero, and the change still counts.
func decodeAlarm(detail, eventTime []byte) (Occasion, error) {
	type state struct {
		Value     string `json:"value"`
		Reason    string `json:"reason"`
		Timestamp string `json:"timestamp"`
	}
	var alarm struct {
		Name     string `json:"alarmName"`
		State    state  `json:"state"`
		Previous state  `json:"previousState"`
	}
	if err := json.Unmarshal(detail, &alarm); err != nil {
		return Occasion{}, fmt.Errorf("%w: an alarm's detail: %w", ErrNoOccasion, err)
	}
	// The event's own time has whole seconds; the state's has milliseconds.
	at := decodeTime(eventTime)
	if since, err := time.Parse(alarmTime, alarm.State.Timestamp); err == nil {
		at = since
	}
	// An alarm of this region whose name is an ARN must not be taken for that of another region.
	_, isARN := shift.ParseAlarmARN(alarm.Name)
	named := alarm.Name != "" && utf8.RuneCountInString(alarm.Name) <= maxAlarmName && !isARN
	switch state := shift.AlarmState(alarm.State.Value); {
	case named && state == shift.AlarmFiring:
		return Occasion{Alarm: &AlarmFired{
			Name: alarm.Name, Reason: shift.BoundText(alarm.State.Reason, 200), At: at,
			WasOK: alarm.Previous.Value == string(shift.AlarmOK),
		}}, nil
	case named && state == shift.AlarmOK:
		return Occasion{Calmed: &AlarmCalmed{Name: alarm.Name, At: at}}, nil
	}
	return Occasion{}, fmt.Errorf("%w: alarm %q went to %q", ErrNoOccasion,
		shift.BoundText(alarm.Name, maxAlarmName), shift.BoundText(alarm.State.Value, 80))
}

// maxARN is how long the ARN of an execution can be (Step Functions API, Arn).
const maxARN = 256

func decodeExecution(detail []byte) (Occasion, error) {
	var execution struct {
		ARN    string `json:"executionArn"`
		Status string `json:"status"`
	}
	if err := json.Unmarshal(detail, &execution); err != nil {
		return Occasion{}, fmt.Errorf("%w: an execution's detail: %w", ErrNoOccasion, err)
	}
	if execution.ARN == "" || len(execution.ARN) > maxARN || !flow.Unfinished(execution.Status) {
		return Occasion{}, fmt.Errorf("%w: execution %q is %q", ErrNoOccasion,
			shift.BoundText(execution.ARN, maxARN), shift.BoundText(execution.Status, 80))
	}
	return Occasion{Ended: &ExecutionEnded{ID: execution.ARN, Status: execution.Status}}, nil
}

func decodeCommand(detail, eventTime []byte) (Occasion, error) {
	var command struct {
		Target       shift.Target `json:"target"`
		DeploymentID string       `json:"deployment"`
		Order        shift.Order  `json:"command"`
		Reason       string       `json:"reason"`
	}
	if err := json.Unmarshal(detail, &command); err != nil {
		return Occasion{}, fmt.Errorf("%w: a command's detail: %w", flow.ErrInvalidCommand, err)
	}
	if err := checkTarget(command.Target); err != nil {
		return Occasion{}, err
	}
	if len(command.DeploymentID) > maxARN {
		return Occasion{}, fmt.Errorf("%w: a command is for the deployment %q, which is no execution's ARN", flow.ErrInvalidCommand, shift.BoundText(command.DeploymentID, 80))
	}
	given := decodeTime(eventTime)
	if given.Year() < 2000 || given.Year() > 2200 {
		return Occasion{}, fmt.Errorf("%w: a command's event has the time %s: it must say when it was given, as in 2026-05-04T12:00:00Z; EventBridge does so by itself, and so does the command sluice",
			flow.ErrInvalidCommand, shift.BoundText(cmp.Or(string(eventTime), "none"), 80))
	}
	orders := []shift.Order{shift.Abort, shift.Promote, shift.Pause, shift.Resume}
	if !slices.Contains(orders, command.Order) {
		return Occasion{}, fmt.Errorf("%w: the command is %q, and must be one of %v", flow.ErrInvalidCommand, shift.BoundText(string(command.Order), 80), orders)
	}
	return Occasion{Command: &Commanded{
		Target:       command.Target,
		DeploymentID: command.DeploymentID,
		Command:      shift.Command{Order: command.Order, Reason: shift.BoundText(command.Reason, 256), At: given},
	}}, nil
}

func checkTarget(t shift.Target) error {
	if err := flow.CheckTarget(t); err != nil || len(t) > maxARN {
		return fmt.Errorf("%w: a command is for %q, which is no target such as lambda:orders:live", flow.ErrInvalidCommand, shift.BoundText(string(t), 80))
	}
	return nil
}

func decodeQuestion(detail []byte) (Occasion, error) {
	var question struct {
		Target shift.Target `json:"target"`
	}
	if err := json.Unmarshal(detail, &question); err != nil {
		return Occasion{}, fmt.Errorf("%w: a question's detail: %w", flow.ErrInvalidCommand, err)
	}
	if err := checkTarget(question.Target); err != nil {
		return Occasion{}, err
	}
	return Occasion{Asked: &Asked{Target: question.Target}}, nil
}

// EncodeCommand writes what DecodeOccasion reads as a command.
func EncodeCommand(c Commanded) ([]byte, error) {
	detail := map[string]any{"target": c.Target, "command": c.Command.Order, "reason": c.Command.Reason}
	if c.DeploymentID != "" {
		detail["deployment"] = c.DeploymentID
	}
	return json.Marshal(map[string]any{"detail-type": flow.CommandDetailType, "time": c.Command.At, "detail": detail})
}

// EncodeQuestion writes what DecodeOccasion reads as a question.
func EncodeQuestion(a Asked) ([]byte, error) {
	return json.Marshal(map[string]any{"detail-type": flow.QuestionDetailType, "detail": map[string]any{"target": a.Target}})
}
