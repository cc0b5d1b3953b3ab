package codedeploy

import (
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The statuses of deployments that occur here (DeploymentInfo, status).
const (
	statusCreated    = "Created"
	statusInProgress = "InProgress"
	statusSucceeded  = "Succeeded"
	statusFailed     = "Failed"
	statusStopped    = "Stopped"
)

// The codes of errors that occur here (ErrorInformation, code).
const (
	codeAlarm         = "ALARM_ACTIVE"
	codeStopped       = "MANUAL_STOP"
	codeHook          = "HOOK_EXECUTION_FAILURE"
	codeConfiguration = "INVALID_LAMBDA_CONFIGURATION"
	codeFunction      = "INVALID_LAMBDA_FUNCTION"
	codeRevision      = "INVALID_REVISION"
	codeUnhealthy     = "CUSTOMER_APPLICATION_UNHEALTHY"
	codePermission    = "IAM_ROLE_PERMISSIONS"
	codeThrottled     = "THROTTLED"
	codeInternal      = "INTERNAL_ERROR"
)

// codes are what the Reasons of a deployment are to CodeDeploy, by their names.
var codes = map[string]string{
	shift.Aborted:    codeStopped,
	shift.AlarmFired: codeAlarm,
	"AlarmFiring":    codeAlarm,

	flow.HookFailed:     codeHook,
	flow.HookTimedOut:   codeHook,
	flow.HookNotStarted: codeHook,
	"HookNotFound":      codeHook,

	flow.StableDiffers:        codeConfiguration,
	"TargetWeighted":          codeConfiguration,
	"AliasUnpublished":        codeConfiguration,
	"TargetHeld":              codeConfiguration,
	"TargetBusy":              codeConfiguration, // of earlier versions
	flow.TargetBeingRestored:  codeConfiguration,
	flow.RoleDiffers:          codeConfiguration,
	flow.DeadLetterDiffers:    codeConfiguration,
	flow.NothingToShift:       codeConfiguration,
	"AlarmNotFound":           codeConfiguration,
	"InvalidConfiguration":    codeConfiguration,
	"ConfigurationNotFound":   codeConfiguration,
	"ConfigurationUnreadable": codeConfiguration,
	"SyntheticNotFound":       codeConfiguration,

	"FunctionNotFound":    codeFunction,
	"FunctionNotAllowed":  codeFunction,
	"VersionNotFound":     codeFunction,
	"TargetNotFound":      codeFunction,
	"CandidateFailed":     codeFunction,
	flow.CandidatePending: codeFunction,
	flow.FunctionUpdating: codeFunction,

	flow.InvalidInput:  codeRevision,
	"UnknownTarget":    codeRevision,
	"PlanTooLong":      codeRevision,
	"InvalidPlan":      codeRevision,
	"DocumentTooLarge": codeRevision,

	shift.CandidateWorse:  codeUnhealthy,
	shift.EvidenceMissing: codeUnhealthy,

	flow.AccessDenied: codePermission,
	flow.Throttled:    codeThrottled,
}

// verdict returns the status of a deployment that has ended, and the code of its error; no code if
// it succeeded. Whatever an alarm or a person has ended is Stopped, as in CodeDeploy.
func verdict(outcome shift.Outcome, reasons []shift.Reason) (status, code string) {
	switch outcome {
	case shift.Promoted, shift.Unchanged:
		return statusSucceeded, ""
	case shift.Stranded: // whoever goes by the code must not take it for a common rollback
		return statusFailed, codeInternal
	}
	code = codeInternal
	for _, r := range reasons {
		if known := codes[r.Name]; known != "" {
			code = known
			break
		}
	}
	if code == codeAlarm || code == codeStopped {
		return statusStopped, code
	}
	return statusFailed, code
}
