package flow

import (
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// SafetyNet is the name of the Lambda outside of the state machine. SafetyNetTimeout is its
// timeout.
const (
	SafetyNet        = "safety-net"
	SafetyNetTimeout = 120 * time.Second
)

// What kinds of events wake the safety net (EventBridge events reference: CloudWatch
// Alarm State Change, Step Functions Execution Status Change), and Sluice's own four.
const (
	AlarmDetailType     = "CloudWatch Alarm State Change"
	ExecutionDetailType = "Step Functions Execution Status Change"
	SweepDetailType     = "Sluice Sweep"
	CommandDetailType   = "Sluice Command"
	QuestionDetailType  = "Sluice Question"
	FreezeDetailType    = "Sluice Freeze"
)

// Where AWS's events come from. Nobody else can send any with such a source
// (EventBridge, PutEvents: a source may not begin with aws.).
const (
	AlarmSource     = "aws.cloudwatch"
	ExecutionSource = "aws.states"
)

// Endings are the statuses of executions that ended without a promotion.
func Endings() []string { return []string{"ABORTED", "TIMED_OUT", "FAILED"} }

// Unfinished says whether a status is one of Endings.
func Unfinished(status string) bool { return slices.Contains(Endings(), status) }

// Answer is the safety net's answer to a command or a question. For every other event it is
// empty.
type Answer struct {
	// DeploymentID is the Deployment that received the command, or that holds the Target.
	DeploymentID string `json:"deploymentId,omitempty"`
	// At is the current time, in the answer to a question.
	At time.Time `json:"at,omitzero"`
	// Instead is the order that counts if a later one than the command's was stored before
	// it arrived.
	Instead shift.Order `json:"instead,omitempty"`
	// Outcome, Reasons and Cause say how an abort has ended the Deployment, if it has.
	// Every other order is obeyed at the Deployment's next poll.
	Outcome shift.Outcome  `json:"outcome,omitempty"`
	Reasons []shift.Reason `json:"reasons,omitempty"`
	Cause   string         `json:"cause,omitempty"`
	// Step is the Step that an approval or a rejection answers.
	Step int `json:"step,omitempty"`
	// Freeze is the one that stands after an order to freeze, or to end a freeze. Its Until has
	// passed if deployments are not frozen.
	Freeze *shift.Freeze `json:"freeze,omitempty"`
}
