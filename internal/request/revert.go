package request

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// The fields of an input that reverts a promoted deployment.
const (
	fieldRevert = "revert"
	fieldReason = "reason"
)

// maxRevertReason bounds the reason of a revert, in characters.
const maxRevertReason = 256

func isRevert(root strictjson.Value) bool {
	return root.IsObject() && root.Members().Field(fieldRevert).Present()
}

// revert reads an input that reverts a promoted deployment. What it shifts is in the Ledger.
func (r Reader) revert(in strictjson.Object) shift.Release {
	of := in.Field(fieldRevert)
	if of.IsString() && !r.isSibling(of.Text()) {
		of.Problem("must be the ARN of the execution of this state machine whose deployment is to be reverted: arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME")
	}
	release := shift.Release{Reverts: of.Text(), RevertReason: shift.BoundText(in.Field(fieldReason).Text(), maxRevertReason)}
	return release.AsRevert()
}

// isSibling says whether a text is the ARN of an execution, and of the same state machine as the
// Reader's own, if that is known.
func (r Reader) isSibling(text string) bool {
	parts := strings.Split(text, ":")
	if len(parts) != 8 || len(text) > maxARN || parts[0] != "arn" || parts[2] != "states" || parts[5] != "execution" || parts[7] == "" {
		return false
	}
	own := strings.Split(strings.Replace(r.ExecutionID, ":stateMachine:", ":execution:", 1), ":")
	return len(own) < 7 || strings.Join(own[:7], ":") == strings.Join(parts[:7], ":")
}
