package task

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// passingHook is a hook that passes. Its answers fail with the given errors, one after the
// other, and then arrive.
type passingHook struct {
	HookCaller
	failures []error
}

func (p *passingHook) Succeed(context.Context, string) error {
	if len(p.failures) == 0 {
		return nil
	}
	err := p.failures[0]
	p.failures = p.failures[1:]
	return err
}

func TestAnAnswerIsRepeatedUntilItArrivesOrNobodyWaits(t *testing.T) {
	t.Parallel()
	throttled, late := fmt.Errorf("report: %w", shift.ErrThrottled), fmt.Errorf("report: %w", shift.ErrHookNotAwaited)
	var always []error
	for range 100 {
		always = append(always, throttled)
	}
	for name, test := range map[string]struct {
		failures []error
		waits    int
		err      error
	}{
		"it arrives":                 {nil, 0, nil},
		"throttled, then it arrives": {[]error{throttled, errors.New("connection reset"), throttled}, 3, nil},
		"nobody waits any more":      {[]error{throttled, late}, 1, shift.ErrHookNotAwaited},
		"throttled for good":         {always, len(insistentDelays), shift.ErrThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waits := 0
			h := RunHooks{Hooks: &passingHook{failures: test.failures}, Wait: func(context.Context, time.Duration) { waits++ }}
			assert.ErrorIs(t, h.succeed(t.Context(), "token"), test.err)
			assert.Equal(t, test.waits, waits)
		})
	}
}

// describing describes every Change alike.
type describing struct{}

func (describing) DescribeChange(shift.Change) (any, error) { return nil, nil }

func (*passingHook) Ask(context.Context, string, shift.Question) error { return nil }

// The state machine retries what is throttled: it would ask the hook again, which has passed.
func TestAnAnswerThatDoesNotArriveIsNoReasonToAskTheHookAgain(t *testing.T) {
	t.Parallel()
	var always []error
	for range 100 {
		always = append(always, fmt.Errorf("report: %w", shift.ErrThrottled))
	}
	h := RunHooks{Hooks: &passingHook{failures: always}, Router: describing{}, Wait: atOnce}
	call := newStage(t, ordersChange).document(nil)
	call.State, call.Document.Hook = flow.BeforeHook.State, &shift.Hook{Function: "smoke"}
	_, err := h.Handle(t.Context(), call)
	require.ErrorContains(t, err, "throttled")
	assert.NotErrorIs(t, err, shift.ErrThrottled)
}
