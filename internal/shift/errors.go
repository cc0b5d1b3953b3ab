package shift

import (
	"errors"
	"fmt"
)

// The errors that callers tell apart. Each is wrapped with what was being done, to what,
// and with the remedy.
var (
	// ErrUnknownTarget is returned for a Target of a kind that has no router.
	ErrUnknownTarget = errors.New("unknown kind of target")
	// ErrUnknownStrategy is returned by Strategy for an unknown name.
	ErrUnknownStrategy = errors.New("unknown strategy")
	// ErrInvalidPlan is returned by NewPlan and the strategies when the numbers make no Plan.
	ErrInvalidPlan = errors.New("invalid plan")
	// ErrPlanTooLong is returned by NewPlan for a Plan that no execution can hold.
	ErrPlanTooLong = errors.New("plan too long")
	// ErrDocumentTooLarge is returned by Publish and Open when the document would not fit into a state.
	ErrDocumentTooLarge = errors.New("document too large")

	// ErrFunctionNotAllowed is returned by Publish for a function that Sluice may not shift.
	ErrFunctionNotAllowed = errors.New("function may not be shifted")
	// ErrConfigurationNotFound is returned by Publish when a function's tag names a parameter that does not exist.
	ErrConfigurationNotFound = errors.New("configuration not found")
	// ErrConfigurationUnreadable is returned by Publish for a parameter that is not plain text.
	ErrConfigurationUnreadable = errors.New("configuration cannot be read")

	// ErrFunctionNotFound is returned when a Target's function does not exist.
	ErrFunctionNotFound = errors.New("function not found")
	// ErrVersionNotFound is returned when a given Candidate does not exist.
	ErrVersionNotFound = errors.New("version not found")
	// ErrFunctionUpdating is returned by Publish while an update of the function is in progress.
	ErrFunctionUpdating = errors.New("function is being updated")
	// ErrTargetNotFound is returned when a Target does not exist.
	ErrTargetNotFound = errors.New("target not found")
	// ErrTargetWeighted is returned by Open for a Target that somebody else is shifting.
	ErrTargetWeighted = errors.New("target already has weights")
	// ErrTargetUnpublished is returned by Open for a Target that serves code that can still change.
	ErrTargetUnpublished = errors.New("target serves an unpublished version")
	// ErrStableDiffers is returned by Open for a Target that does not serve what the input expects.
	ErrStableDiffers = errors.New("stable differs from what is expected")
	// ErrCandidatePending is returned by Open until the Candidate can be invoked.
	ErrCandidatePending = errors.New("candidate is not active yet")
	// ErrCandidateFailed is returned by Open for a Candidate that can never be invoked.
	ErrCandidateFailed = errors.New("candidate failed")
	// ErrAlarmNotFound is returned by Open for a named alarm that does not exist.
	ErrAlarmNotFound = errors.New("alarm not found")
	// ErrAlarmUnreadable is returned by Open for an alarm whose state cannot be read.
	ErrAlarmUnreadable = errors.New("alarm cannot be read")
	// ErrAlarmIgnored is returned by the Ledger for an alarm that does not count until it has been OK.
	ErrAlarmIgnored = errors.New("alarm is ignored until it has been OK")
	// ErrAlarmFiring is returned by Open for an alarm that is in ALARM before the start.
	ErrAlarmFiring = errors.New("alarm is already firing")
	// ErrRevertRefused is returned by Open for a Deployment that cannot be reverted, or not any more.
	ErrRevertRefused = errors.New("it cannot be reverted")
	// ErrNothingToShift is returned by Open if the input asks to fail then.
	ErrNothingToShift = errors.New("nothing to shift")

	// ErrNotAsked is returned for an answer to a question that nobody has asked, or that has been answered.
	ErrNotAsked = errors.New("no step waits for this answer")
	// ErrFrozen is returned by Open while the account is frozen, if the input asks to fail then.
	ErrFrozen = errors.New("deployments are frozen")
	// ErrInvalidFreeze is returned for a freeze that has ended already, or would last too long.
	ErrInvalidFreeze = errors.New("invalid freeze")

	// ErrTargetHeld is returned when another Deployment holds a Target.
	ErrTargetHeld = errors.New("target is held by another deployment")
	// ErrTargetBeingRestored is returned while the safety net still restores the Target.
	ErrTargetBeingRestored = errors.New("target is being restored")
	// ErrDeploymentClosed is returned when the Deployment has already ended.
	ErrDeploymentClosed = errors.New("deployment is closed")
	// ErrDeploymentRestoring is returned when the Deployment is being rolled back.
	ErrDeploymentRestoring = errors.New("deployment is being restored")
	// ErrDeploymentOpening is returned by the Ledger until Open has recorded when it read the alarms.
	ErrDeploymentOpening = errors.New("deployment is still being opened")
	// ErrExecutionUnknown is returned for an execution that is not known, not yet or no more.
	ErrExecutionUnknown = errors.New("execution is not known")
	// ErrDeploymentUnknown is returned when the Ledger has no such Deployment.
	ErrDeploymentUnknown = errors.New("deployment is not in the ledger")

	// ErrSchemaTooNew is returned for a document or a record that a newer version of Sluice has written.
	ErrSchemaTooNew = errors.New("written by a newer version of Sluice")
	// ErrLedgerDamaged is returned for an item of the Ledger that cannot be read: somebody has to look at it.
	ErrLedgerDamaged = errors.New("the ledger has an item that this version of Sluice did not write")

	// ErrRevisionMismatch is returned by a Router when the Route no longer has the Revision that was read.
	ErrRevisionMismatch = errors.New("route has another revision")
	// ErrRouteRefused is returned by a Router for a Route that its platform never accepts.
	ErrRouteRefused = errors.New("route is refused")
	// ErrStepPassed is returned by the Ledger for the intent of a Step before the one that is intended already.
	ErrStepPassed = errors.New("step is passed")
	// ErrRouteChanged is returned when somebody else has written a Route.
	ErrRouteChanged = errors.New("route was changed by somebody else")
	// ErrRouteTaken is returned for a write that cannot be made because somebody else has taken what
	// the Route would need, such as a name. It is an ErrRouteChanged.
	ErrRouteTaken = fmt.Errorf("%w, who has taken what it needs", ErrRouteChanged)
	// ErrRouteSettling is returned while a platform moves traffic by itself.
	ErrRouteSettling = errors.New("route is settling")
	// ErrThrottled is returned when AWS asks to slow down.
	ErrThrottled = errors.New("throttled")
	// ErrHookNotStarted is returned if a hook could not be started at the moment. Nothing of it
	// has run.
	ErrHookNotStarted = errors.New("hook could not be started")
	// ErrHookNotFound is returned for a hook that does not exist, or may not be invoked.
	ErrHookNotFound = errors.New("hook not found")
	// ErrHookFailed is returned when a hook fails or refuses.
	ErrHookFailed = errors.New("hook failed")
	// ErrSyntheticNotFound is returned for a function for synthetic requests that does not exist, or may not be invoked.
	ErrSyntheticNotFound = errors.New("no such function, or Sluice may not invoke it")
	// ErrHookUnknown is returned for the answer to a question that was never asked, or whose time
	// is over.
	ErrHookUnknown = errors.New("no hook with this id is awaited")
	// ErrHookAnswered is returned for the second answer of a hook, if it is not the same as the
	// first.
	ErrHookAnswered = errors.New("the hook has answered otherwise")
	// ErrHookNotAwaited is returned for the answer of a hook that timed out, or whose execution was stopped.
	ErrHookNotAwaited = errors.New("nobody waits for the hook any more")
)
