package flow_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// sentinels are all that the domain declares, by their own names.
var sentinels = []struct {
	sentinel string
	err      error
	wire     string
	heals    bool
}{
	{"ErrUnknownTarget", shift.ErrUnknownTarget, "UnknownTarget", false},
	{"ErrPlanTooLong", shift.ErrPlanTooLong, "PlanTooLong", false},
	{"ErrInvalidPlan", shift.ErrInvalidPlan, "InvalidPlan", false},
	{"ErrDocumentTooLarge", shift.ErrDocumentTooLarge, "DocumentTooLarge", false},
	{"ErrFunctionNotAllowed", shift.ErrFunctionNotAllowed, "FunctionNotAllowed", false},
	{"ErrConfigurationNotFound", shift.ErrConfigurationNotFound, "ConfigurationNotFound", false},
	{"ErrConfigurationUnreadable", shift.ErrConfigurationUnreadable, "ConfigurationUnreadable", false},
	{"ErrFunctionNotFound", shift.ErrFunctionNotFound, "FunctionNotFound", false},
	{"ErrVersionNotFound", shift.ErrVersionNotFound, "VersionNotFound", false},
	{"ErrFunctionUpdating", shift.ErrFunctionUpdating, "FunctionUpdating", true},
	{"ErrTargetNotFound", shift.ErrTargetNotFound, "TargetNotFound", false},
	{"ErrTargetWeighted", shift.ErrTargetWeighted, "TargetWeighted", false},
	{"ErrTargetUnpublished", shift.ErrTargetUnpublished, "AliasUnpublished", false},
	{"ErrStableDiffers", shift.ErrStableDiffers, "StableDiffers", false},
	{"ErrCandidatePending", shift.ErrCandidatePending, "CandidatePending", true},
	{"ErrCandidateFailed", shift.ErrCandidateFailed, "CandidateFailed", false},
	{"ErrAlarmNotFound", shift.ErrAlarmNotFound, "AlarmNotFound", false},
	{"ErrAlarmUnreadable", shift.ErrAlarmUnreadable, "AlarmUnreadable", true},
	{"ErrAlarmFiring", shift.ErrAlarmFiring, "AlarmFiring", false},
	{"ErrRevertRefused", shift.ErrRevertRefused, "RevertRefused", false},
	{"ErrNothingToShift", shift.ErrNothingToShift, "NothingToShift", false},
	{"ErrFrozen", shift.ErrFrozen, "DeploymentsFrozen", false},
	{"ErrNotAsked", shift.ErrNotAsked, "NotAsked", false},
	{"ErrInvalidFreeze", shift.ErrInvalidFreeze, "InvalidFreeze", false},
	{"ErrTargetHeld", shift.ErrTargetHeld, "TargetHeld", false},
	{"ErrTargetBeingRestored", shift.ErrTargetBeingRestored, "TargetBeingRestored", true},
	{"ErrDeploymentClosed", shift.ErrDeploymentClosed, "DeploymentClosed", false},
	{"ErrDeploymentRestoring", shift.ErrDeploymentRestoring, "DeploymentRestoring", false},
	{"ErrDeploymentUnknown", shift.ErrDeploymentUnknown, "DeploymentUnknown", false},
	{"ErrSchemaTooNew", shift.ErrSchemaTooNew, "SchemaTooNew", true},
	{"ErrLedgerDamaged", shift.ErrLedgerDamaged, "LedgerDamaged", true},
	{"ErrRevisionMismatch", shift.ErrRevisionMismatch, "RevisionMismatch", true},
	{"ErrRouteChanged", shift.ErrRouteChanged, "RouteChanged", false},
	{"ErrRouteSettling", shift.ErrRouteSettling, "RouteSettling", true},
	{"ErrHookNotStarted", shift.ErrHookNotStarted, "HookNotStarted", true},
	{"ErrHookNotFound", shift.ErrHookNotFound, "HookNotFound", false},
	{"ErrThrottled", shift.ErrThrottled, "Throttled", true},
	{"ErrRouteRefused", shift.ErrRouteRefused, "RouteRefused", false},
	{"ErrDeploymentOpening", shift.ErrDeploymentOpening, "DeploymentOpening", true},
	{"ErrExecutionUnknown", shift.ErrExecutionUnknown, "ExecutionUnknown", true},
	{"ErrStepPassed", shift.ErrStepPassed, "StepPassed", true},
	{"ErrSyntheticNotFound", shift.ErrSyntheticNotFound, "SyntheticNotFound", false},
	{"ErrHookFailed", shift.ErrHookFailed, "HookFailed", false},
}

// unwired are the sentinels that no handler returns.
var unwired = []string{
	"ErrUnknownStrategy", // becomes a problem of an InputError
	"ErrRouteTaken",      // is an ErrRouteChanged
	"ErrAlarmIgnored",    // tells the safety net to do nothing
	"ErrHookNotAwaited",  // nobody waits for the answer of run-hooks either
	"ErrHookUnknown",     // becomes an error of CodeDeploy's
	"ErrHookAnswered",    // becomes an error of CodeDeploy's
}

func TestEverySentinelOfTheDomainHasItsNameOnTheWire(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../shift/errors.go", nil, 0)
	require.NoError(t, err)
	var declared, listed []string
	ast.Inspect(file, func(n ast.Node) bool {
		if value, ok := n.(*ast.ValueSpec); ok {
			declared = append(declared, value.Names[0].Name)
		}
		return true
	})
	for _, s := range sentinels {
		listed = append(listed, s.sentinel)
	}
	assert.ElementsMatch(t, declared, append(listed, unwired...))
	for _, s := range sentinels {
		t.Run(s.wire, func(t *testing.T) {
			t.Parallel()
			wire := flow.Wire(fmt.Errorf("set weight of %s: %w", "lambda:orders:live", fmt.Errorf("%w: and why", s.err)))
			assert.Equal(t, s.wire, wire.Name)
			assert.Equal(t, "set weight of lambda:orders:live: "+s.err.Error()+": and why", wire.Error())
		})
	}
}

func TestExactlyWhatCannotHealIsNeverRetried(t *testing.T) {
	t.Parallel()
	want := []string{flow.InvalidInput, "InvalidConfiguration", "InvalidCommand", "RoleDiffers", "DeadLetterDiffers"}
	for _, s := range sentinels {
		if !s.heals {
			want = append(want, s.wire)
		}
	}
	for _, spec := range flow.Specs() {
		for _, rule := range spec.Retries {
			if rule.Attempts == 0 {
				assert.ElementsMatch(t, want, rule.Errors, spec.State)
			}
		}
	}
}

type coded struct{ code string }

func (c coded) Error() string     { return "refused by AWS" }
func (c coded) ErrorCode() string { return c.code }

func TestAnErrorWithoutASentinelIsNamedByItsCodeUnlessThatCouldDeceive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"no name at all", errors.New("boom"), "Unexpected"},
		{"AWS's code", coded{"ProvisionedConcurrencyConfigNotFoundException"}, "ProvisionedConcurrencyConfigNotFoundException"},
		{"a missing permission of one service", coded{"AccessDeniedException"}, "AccessDenied"},
		{"a missing permission of another", coded{"AccessDenied"}, "AccessDenied"},
		{"AWS's code with a dot", coded{"Lambda.ServiceException"}, "Lambda.ServiceException"},
		{"a sentinel goes before a code", fmt.Errorf("%w: %w", shift.ErrThrottled, coded{"TooManyRequestsException"}), "Throttled"},
		{"a name that Step Functions reserves", coded{"States.Timeout"}, "Unexpected"},
		{"the name that matches everything", coded{"States.ALL"}, "Unexpected"},
		{"no code", coded{""}, "Unexpected"},
		{"a code with a blank", coded{"a b"}, "Unexpected"},
		{"a code with a line break", coded{"a\nb"}, "Unexpected"},
		{"a code with other letters", coded{"é"}, "Unexpected"},
		{"a hostile code", coded{strings.Repeat("x", 81)}, "Unexpected"},
		{"an error that has its name already", fmt.Errorf("again: %w", &flow.WireError{Name: "TargetHeld", Message: "held"}), "TargetHeld"},
		{"an input", fmt.Errorf("%w: no function", flow.ErrInvalidInput), "InvalidInput"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, flow.Wire(test.err).Name)
		})
	}
}

func TestAMessageOnTheWireIsOneShortLine(t *testing.T) {
	t.Parallel()
	wire := flow.Wire(errors.New("first\nsecond " + strings.Repeat("é", 10_000)))
	assert.True(t, strings.HasPrefix(wire.Message, "first second "))
	assert.Equal(t, 2000, utf8.RuneCountInString(wire.Message))
}

func TestNamesOnTheWireAreDistinct(t *testing.T) {
	t.Parallel()
	names := []string{flow.InvalidInput, flow.HookTimedOut, flow.RollbackIncomplete}
	for _, s := range sentinels {
		names = append(names, s.wire)
	}
	slices.Sort(names)
	assert.Len(t, slices.Compact(slices.Clone(names)), len(names))
}
