package world

import (
	"encoding/json"
	"strings"

	"sluice/internal/flow"
	"sluice/internal/shift"
	"sluice/internal/stackshift"
)

// announceToStacks delivers the Outcome of an execution that a stack of CloudFormation has started
// to stack-shift, as the stack's rule does.
func (w *World) announceToStacks(a shift.Announcement, detail json.RawMessage) {
	switch shift.Outcome(a.State) {
	case shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded:
	default:
		return
	}
	var fields map[string]any
	if !strings.Contains(a.DeploymentID, ":"+stackshift.ExecutionPrefix) || json.Unmarshal(detail, &fields) != nil {
		return
	}
	w.deliverTo(flow.StackShift, Delivery{Delay: defaultDelay}, flow.OwnSource, flow.AnnouncementDetailType, fields)
}
