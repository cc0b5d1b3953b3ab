package flow

import "time"

// StackShift is the name of the Lambda that CloudFormation invokes for its stacks, and
// StackShiftTimeout is its timeout. It waits for no execution: the announcements end its waiting.
const (
	StackShift        = "stack-shift"
	StackShiftTimeout = 120 * time.Second
)
