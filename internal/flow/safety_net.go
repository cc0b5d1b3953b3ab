package flow

import (
	"slices"
	"time"

	"sluice/internal/shift"
)

// SafetyNet is the name of the Lambda that stands outside of the state machine,
// and SafetyNetTimeout how long it may run.
const (
	SafetyNet        = "safety-net"
	SafetyNetTimeout = 120 * time.Second
)

// What kinds of events wake the safety net (EventBridge events reference: CloudWatch
// Alarm State Change, Step Functions Execution Status Change), and Sluice's own three.
const (
	AlarmDetailType     = "CloudWatch Alarm State Change"
	ExecutionDetailType = "Step Functions Execution Status Change"
	SweepDetailType     = "Sluice Sweep"
	CommandDetailType   = "Sluice Command"
	QuestionDetailType  = "Sluice Question"
)

// Where AWS's events come from. Nobody else can send any with such a source
// (EventBridge, PutEvents: a source may not begin with aws.).
const (
	AlarmSource     = "aws.cloudwatch"
	ExecutionSource = "aws.states"
)

// Endings are the statuses that an execution ends in without having promoted
// anything.
func Endings() []string { return []string{"ABORTED", "TIMED_OUT", "FAILED"} }

// Unfinished says whether a status is one of Endings.
func Unfinished(status string) bool { return slices.Contains(Endings(), status) }

// Answer is what the safety net answers to a command, and to a question. To
// everything else it answers with an empty one.
type Answer struct {
	// DeploymentID is the Deployment that was told, or holds the Target.
	DeploymentID string `json:"deploymentId,omitempty"`
	// At is what time it is, for a question.
	At time.Time `json:"at,omitzero"`
	// Instead is the order that stands, where a command came too late: a later one had
	// been given before it arrived.
	Instead shift.Order `json:"instead,omitempty"`
	// Outcome, Reasons and Cause are how an abort has ended it, if it has already. Every
	// other order is obeyed at the Deployment's next poll.
	Outcome shift.Outcome  `json:"outcome,omitempty"`
	Reasons []shift.Reason `json:"reasons,omitempty"`
	Cause   string         `json:"cause,omitempty"`
}
