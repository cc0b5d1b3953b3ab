package flow

import (
	"errors"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Errors about what people send. Package request returns them before anything is touched.
var (
	// ErrInvalidInput : the input of an execution is not valid.
	ErrInvalidInput = errors.New("invalid input")
	// ErrInvalidConfiguration : a function's tags, or the parameter that they name, are not
	// valid.
	ErrInvalidConfiguration = errors.New("invalid configuration")
	// ErrInvalidCommand : a command cannot be obeyed, and the person who gave it must be
	// told.
	ErrInvalidCommand = errors.New("invalid command")
)

// Names of errors as Step Functions sees them.
const (
	InvalidInput        = "InvalidInput"
	FunctionUpdating    = "FunctionUpdating"
	CandidatePending    = "CandidatePending"
	TargetBeingRestored = "TargetBeingRestored"
	NothingToShift      = "NothingToShift"
	RevertRefused       = "RevertRefused"
	StableDiffers       = "StableDiffers"
	DeploymentsFrozen   = "DeploymentsFrozen"
	Throttled           = "Throttled"
	HookFailed          = "HookFailed"
	HookNotStarted      = "HookNotStarted"
	DeploymentClosed    = "DeploymentClosed"
	// AlarmUnreadable and RouteChanged are names of the domain's Reasons, too.
	AlarmUnreadable = shift.AlarmNotRead
	RouteChanged    = shift.RouteChanged
	// DeploymentRestoring and DeploymentUnknown are the errors of a command that comes too
	// late.
	DeploymentRestoring = "DeploymentRestoring"
	DeploymentUnknown   = "DeploymentUnknown"
	// NotAsked is the error of an answer to a question that does not stand, and InvalidFreeze
	// that of a freeze that has ended or lasts too long.
	NotAsked      = "NotAsked"
	InvalidFreeze = "InvalidFreeze"
	// RoleDiffers and DeadLetterDiffers are returned only by the adapter of Lambda aliases.
	RoleDiffers       = "RoleDiffers"
	DeadLetterDiffers = "DeadLetterDiffers"
	// AccessDenied is the error of any service for a permission that is missing.
	AccessDenied = "AccessDenied"
	// HookTimedOut is the failure of a hook that does not answer.
	HookTimedOut = "HookTimedOut"
	// RollbackIncomplete ends an execution whose traffic could not be put back.
	RollbackIncomplete = "RollbackIncomplete"
	// Unexpected names an error that has no name of its own.
	Unexpected = "Unexpected"
)

// names gives each sentinel its wire name, and says whether it can heal by itself. An error
// that only one adapter returns has no sentinel here: it carries its own name.
var names = []struct {
	err   error
	name  string
	heals bool
}{
	{err: ErrInvalidInput, name: InvalidInput},
	{err: ErrInvalidConfiguration, name: "InvalidConfiguration"},
	{err: ErrInvalidCommand, name: "InvalidCommand"},
	{err: shift.ErrRevertRefused, name: RevertRefused}, // before what it was refused for
	{err: shift.ErrUnknownTarget, name: "UnknownTarget"},
	{err: shift.ErrPlanTooLong, name: "PlanTooLong"},
	{err: shift.ErrInvalidPlan, name: "InvalidPlan"},
	{err: shift.ErrDocumentTooLarge, name: "DocumentTooLarge"},
	{err: shift.ErrFunctionNotAllowed, name: "FunctionNotAllowed"},
	{err: shift.ErrConfigurationNotFound, name: "ConfigurationNotFound"},
	{err: shift.ErrConfigurationUnreadable, name: "ConfigurationUnreadable"},
	{err: shift.ErrFunctionNotFound, name: "FunctionNotFound"},
	{err: shift.ErrVersionNotFound, name: "VersionNotFound"},
	{err: shift.ErrFunctionUpdating, name: FunctionUpdating, heals: true},
	{err: shift.ErrTargetNotFound, name: "TargetNotFound"},
	{err: shift.ErrTargetWeighted, name: "TargetWeighted"},
	{err: shift.ErrTargetUnpublished, name: "AliasUnpublished"},
	{name: RoleDiffers},
	{name: DeadLetterDiffers},
	{err: shift.ErrStableDiffers, name: StableDiffers},
	{err: shift.ErrCandidatePending, name: CandidatePending, heals: true},
	{err: shift.ErrCandidateFailed, name: "CandidateFailed"},
	{err: shift.ErrAlarmNotFound, name: "AlarmNotFound"},
	{err: shift.ErrAlarmUnreadable, name: AlarmUnreadable, heals: true},
	{err: shift.ErrAlarmFiring, name: "AlarmFiring"},
	{err: shift.ErrNothingToShift, name: NothingToShift},
	{err: shift.ErrFrozen, name: DeploymentsFrozen},
	{err: shift.ErrNotAsked, name: NotAsked},
	{err: shift.ErrInvalidFreeze, name: InvalidFreeze},
	{err: shift.ErrTargetHeld, name: "TargetHeld"},
	{err: shift.ErrTargetBeingRestored, name: TargetBeingRestored, heals: true},
	{err: shift.ErrDeploymentClosed, name: DeploymentClosed},
	{err: shift.ErrDeploymentRestoring, name: DeploymentRestoring},
	{err: shift.ErrDeploymentOpening, name: "DeploymentOpening", heals: true},
	{err: shift.ErrExecutionUnknown, name: "ExecutionUnknown", heals: true},
	{err: shift.ErrDeploymentUnknown, name: DeploymentUnknown},
	{err: shift.ErrSchemaTooNew, name: "SchemaTooNew", heals: true},   // by deploying the newer version again
	{err: shift.ErrLedgerDamaged, name: "LedgerDamaged", heals: true}, // by hand
	{err: shift.ErrRevisionMismatch, name: "RevisionMismatch", heals: true},
	{err: shift.ErrRouteRefused, name: "RouteRefused"},
	{err: shift.ErrStepPassed, name: "StepPassed", heals: true}, // whoever is told so has been overtaken
	{err: shift.ErrRouteChanged, name: RouteChanged},
	{err: shift.ErrRouteSettling, name: "RouteSettling", heals: true},
	{err: shift.ErrThrottled, name: Throttled, heals: true},
	{err: shift.ErrHookNotStarted, name: HookNotStarted, heals: true},
	{err: shift.ErrHookNotFound, name: "HookNotFound"},
	{err: shift.ErrHookFailed, name: HookFailed},
	{err: shift.ErrSyntheticNotFound, name: "SyntheticNotFound"},
}

// permanent lists the names of the errors that cannot heal. They are never retried.
func permanent() []string {
	var list []string
	for _, n := range names {
		if !n.heals {
			list = append(list, n.name)
		}
	}
	return list
}

// WireError is an error as Lambda reports it. Its name decides which Retry and which Catch
// apply.
type WireError struct {
	Name    string
	Message string
}

// Error returns the message without the name.
func (e *WireError) Error() string { return e.Message }

// MaxMessage bounds the text of an error, in characters. It becomes part of the Document.
const MaxMessage = 2000

// Wire gives an error its wire name: that of its sentinel, or else the code from an AWS
// service, or else Unexpected. An error that already has a name keeps it.
func Wire(err error) *WireError {
	var wire *WireError
	if errors.As(err, &wire) {
		return wire
	}
	wire = &WireError{Name: Unexpected, Message: shift.BoundText(err.Error(), MaxMessage)}
	for _, n := range names {
		if n.err != nil && errors.Is(err, n.err) {
			wire.Name = n.name
			return wire
		}
	}
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) && isPlainCode(coded.ErrorCode()) {
		wire.Name = nameOfCode(coded.ErrorCode())
	}
	return wire
}

// nameOfCode is the name for a service's code. The services have two codes for a permission that
// is missing (CloudWatch and DynamoDB, Common Errors).
func nameOfCode(code string) string {
	if code == "AccessDeniedException" {
		return AccessDenied
	}
	return code
}

// isPlainCode says whether a service's code may be used as a name. It refuses names that
// Step Functions reserves, and text that is not a name.
func isPlainCode(code string) bool {
	return code != "" && len(code) <= 80 && !strings.HasPrefix(code, "States.") &&
		!strings.ContainsFunc(code, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_'
		})
}
