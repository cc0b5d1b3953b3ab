package explain

import (
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// What several pieces of advice begin or end with.
const (
	notMoved    = "No traffic was moved. "
	notAtFault  = "Nothing says that the candidate is at fault. "
	askTheHook  = "See in the hook's logs what it found, fix the candidate or the hook, and start a new execution."
	askStepFunc = "See why the execution ended, and start a new one."
)

// advice is what a person can do after an Outcome, by the name of its first Reason. The
// empty name is for all other Reasons.
var advice = map[shift.Outcome]map[string]string{
	shift.Unchanged: {"": notMoved + "Nothing needs to be done."},
	shift.Rejected: {
		"":                     notMoved + "Fix this and start a new execution.",
		shift.Aborted:          notMoved + "Start a new execution when this is to be tried again.",
		shift.AlarmFired:       notMoved + "See why the alarm fires, and start a new execution when it is OK.",
		shift.ExecutionEnded:   notMoved + askStepFunc,
		flow.HookFailed:        notMoved + askTheHook,
		flow.HookTimedOut:      notMoved + askTheHook,
		flow.NothingToShift:    notMoved + "Publish a version that the target does not serve yet, and start a new execution.",
		shift.ApprovalRejected: notMoved + "See why it was rejected, and start a new execution when this version, or a fixed one, is to be tried again.",
		shift.ApprovalExpired:  notMoved + "Start a new execution when somebody can approve it, or with a longer waitMinutes.",
		shift.WindowExpired:    notMoved + "Change the window so that it opens, and start a new execution.",
		shift.FreezeExpired:    notMoved + "Start a new execution when the freeze has ended.",
		flow.DeploymentsFrozen: notMoved + "Start a new execution when the freeze has ended, or one that waits for that (whenFrozen).",
		flow.StableDiffers:     notMoved + "See which version should serve, and start a new execution that expects what serves then.",
		flow.Throttled:         notMoved + "Start a new execution when less is going on in the account.",
		shift.Superseded:       notMoved + "See how the deployment ends that has taken its place; start a new execution if this one is wanted after it.",
		flow.RevertRefused:     notMoved + "See what serves now; the version that should can be shifted by a new execution at any time.",
	},
	shift.RolledBack: {
		"":                      notAtFault + "Fix this and start a new execution.",
		shift.Superseded:        "See how the deployment goes on that has taken its place. " + notAtFault + "Start a new execution if this one is wanted after it.",
		shift.Aborted:           "Start a new execution when this version, or a fixed one, is to be tried again.",
		shift.AlarmFired:        "Look at the candidate's logs, fix it, and start a new execution with the fixed candidate.",
		shift.AlarmNotRead:      notAtFault + "See why the alarm cannot be read, and start a new execution.",
		shift.CandidateWorse:    "Look at the candidate's logs from that time on, fix it, and start a new execution with the fixed candidate.",
		shift.EvidenceMissing:   notAtFault + "Start a new execution with a longer bake, a larger share, or when more requests arrive; or set judge.evidence.whenUnsure to proceed.",
		shift.MetricsNotRead:    notAtFault + "See why CloudWatch's metrics cannot be read, and start a new execution.",
		shift.ExecutionEnded:    notAtFault + askStepFunc,
		shift.HistoryBudgetUsed: notAtFault + "Start a new execution, with fewer or longer steps.",
		flow.HookFailed:         askTheHook,
		flow.HookTimedOut:       askTheHook,
		shift.PauseExpired:      notAtFault + "Start a new execution, with a longer pauseLimitMinutes if pauses take so long.",
		flow.RollbackIncomplete: "The safety net has put the traffic back since. See why Rollback could not, before you start a new execution.",
		shift.ApprovalRejected:  "See why it was rejected, and start a new execution when this version, or a fixed one, is to be tried again.",
		shift.ApprovalExpired:   notAtFault + "Start a new execution when somebody can approve its steps, or with a longer waitMinutes.",
		shift.WindowExpired:     notAtFault + "Change the window so that it opens, and start a new execution.",
		shift.FreezeExpired:     notAtFault + "Start a new execution when the freeze has ended.",
		shift.RouteChanged:      notAtFault + "See who else changes the target, and start a new execution when nobody else does.",
		flow.Throttled:          notAtFault + "Start a new execution when less is going on in the account.",
	},
	shift.Stranded: {"": "A person must look: see what the target should serve, set it by hand, then start a new execution."},
}

// Advice returns what a person can do after an Outcome with these Reasons. It is empty
// after Promoted.
func Advice(o shift.Outcome, reasons []shift.Reason) string {
	if fitting, known := advice[o][shift.FirstReason(reasons).Name]; known {
		return fitting
	}
	return advice[o][""]
}
