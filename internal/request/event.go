package request

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Occasion is why the safety net was invoked. Exactly one of its fields is set.
type Occasion struct {
	Alarm   *AlarmFired
	Calmed  *AlarmCalmed
	Ended   *ExecutionEnded
	Sweep   bool // to look after everything that is open
	Command *Commanded
	Asked   *Asked
	Freeze  *shift.Freeze // to freeze the account until then; one that has ended ends a freeze
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
	// Step is the one that an approval or a rejection is about. If it is 0, the one is meant
	// that people were asked about when the command was given.
	Step    int
	Command shift.Command
}

// Asked is the question which Deployment holds a Target, and what time it is. A command
// that carries both answers is for that one Deployment, and may safely be repeated. Without a Target
// the question is only what time it is, for an order to freeze.
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
	case event.DetailType == flow.FreezeDetailType:
		return decodeFreeze(event.Detail, event.Time)
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
		Step         int          `json:"step"`
		Reason       string       `json:"reason"`
		By           string       `json:"by"`
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
	given, err := decodeGiven(eventTime)
	if err != nil {
		return Occasion{}, err
	}
	orders := shift.Orders()
	if !slices.Contains(orders, command.Order) {
		return Occasion{}, fmt.Errorf("%w: the command is %q, and must be one of %v", flow.ErrInvalidCommand, shift.BoundText(string(command.Order), 80), orders)
	}
	return Occasion{Command: &Commanded{
		Target:       command.Target,
		DeploymentID: command.DeploymentID,
		Step:         command.Step,
		Command:      shift.Command{Order: command.Order, Reason: shift.BoundText(command.Reason, 256), At: given, By: shift.BoundText(command.By, maxGiver)},
	}}, nil
}

// maxGiver is how long the ARN of whoever gives a command may be. A role's name has at most 64
// characters, its session's 64, and a path 512.
const maxGiver = 800

// decodeGiven reads when a command was given.
func decodeGiven(eventTime []byte) (time.Time, error) {
	given := decodeTime(eventTime)
	if given.Year() < 2000 || given.Year() > 2200 {
		return time.Time{}, fmt.Errorf("%w: a command's event has the time %s: it must say when it was given, as in 2026-05-04T12:00:00Z; EventBridge does so by itself, and so does the command sluice",
			flow.ErrInvalidCommand, shift.BoundText(cmp.Or(string(eventTime), "none"), 80))
	}
	return given, nil
}

// decodeFreeze reads an order to freeze the account until a time, or without one to end a freeze.
func decodeFreeze(detail, eventTime []byte) (Occasion, error) {
	var freeze struct {
		Until  json.RawMessage `json:"until"`
		Reason string          `json:"reason"`
		By     string          `json:"by"`
	}
	if err := json.Unmarshal(detail, &freeze); err != nil {
		return Occasion{}, fmt.Errorf("%w: a freeze's detail: %w", flow.ErrInvalidCommand, err)
	}
	given, err := decodeGiven(eventTime)
	if err != nil {
		return Occasion{}, err
	}
	until := given
	if len(freeze.Until) > 0 {
		if until = decodeTime(freeze.Until); until.IsZero() {
			return Occasion{}, fmt.Errorf("%w: a freeze ends at %s: write a time, as in 2026-05-04T12:00:00Z, or leave it out to end a freeze",
				flow.ErrInvalidCommand, shift.BoundText(string(freeze.Until), 80))
		}
		if !until.After(given) {
			return Occasion{}, fmt.Errorf("%w: a freeze ends at %s, before it was ordered", flow.ErrInvalidCommand, until.UTC().Format(time.RFC3339))
		}
	}
	return Occasion{Freeze: &shift.Freeze{
		Until: until, At: given, Reason: shift.BoundText(freeze.Reason, 256), By: shift.BoundText(freeze.By, maxGiver),
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
	if question.Target == "" {
		return Occasion{Asked: &Asked{}}, nil
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
	if c.Step != 0 {
		detail["step"] = c.Step
	}
	if c.Command.By != "" {
		detail["by"] = c.Command.By
	}
	return json.Marshal(map[string]any{"detail-type": flow.CommandDetailType, "time": c.Command.At, "detail": detail})
}

// EncodeQuestion writes what DecodeOccasion reads as a question.
func EncodeQuestion(a Asked) ([]byte, error) {
	detail := map[string]any{}
	if a.Target != "" {
		detail["target"] = a.Target
	}
	return json.Marshal(map[string]any{"detail-type": flow.QuestionDetailType, "detail": detail})
}

// EncodeFreeze writes what DecodeOccasion reads as an order to freeze the account, or to end a
// freeze if the Freeze ends when it was ordered.
func EncodeFreeze(f shift.Freeze) ([]byte, error) {
	detail := map[string]any{"reason": f.Reason}
	if f.By != "" {
		detail["by"] = f.By
	}
	if f.Until.After(f.At) {
		detail["until"] = f.Until
	}
	return json.Marshal(map[string]any{"detail-type": flow.FreezeDetailType, "time": f.At, "detail": detail})
}
