package dynamo_test

import (
	"context"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const denied = `{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "not authorized"}`

// failing denies one request, counted from 1, and all after it.
func (w *world) failing(from int) {
	calls := 0
	w.answer = func(string) (int, string, bool) {
		calls++
		return http.StatusBadRequest, denied, calls >= from
	}
}

// Every request of every call is denied in turn, and the call says so.
func TestNoFailureOfTheTableIsLost(t *testing.T) {
	t.Parallel()
	why := []shift.Reason{{Name: shift.Aborted, Text: "no"}}
	last := func(_ any, err error) error { return err }
	for name, test := range map[string]struct {
		before func(*testing.T, *world)
		do     func(context.Context, *world) error
	}{
		"Open": {nil, func(ctx context.Context, w *world) error { return last(w.Open(ctx, first, release(orders), noon)) }},
		"Open, of what is held": {func(t *testing.T, w *world) { w.opened(t, second, orders) }, func(ctx context.Context, w *world) error {
			err := last(w.Open(ctx, first, release(orders), noon))
			if w.answer == nil {
				require.ErrorIs(t, err, shift.ErrTargetHeld)
				return nil
			}
			return err
		}},
		"Describe": {func(t *testing.T, w *world) { _, _ = w.Open(t.Context(), first, release(orders), noon) },
			func(ctx context.Context, w *world) error {
				return last(w.Describe(ctx, describe(first, orders), nil, nil))
			}},
		"Record":          {open, func(ctx context.Context, w *world) error { return last(w.Record(ctx, first)) }},
		"Announced":       {open, func(ctx context.Context, w *world) error { return last(w.Announced(ctx, first)) }},
		"Retire":          {open, func(ctx context.Context, w *world) error { return w.Retire(ctx, first) }},
		"Intend":          {open, func(ctx context.Context, w *world) error { return last(w.Intend(ctx, first, 1)) }},
		"Land":            {open, func(ctx context.Context, w *world) error { return w.Land(ctx, first, shift.Landed{Step: 1}) }},
		"StopIgnoring":    {open, func(ctx context.Context, w *world) error { return w.StopIgnoring(ctx, first, []string{"orders-5xx"}) }},
		"KeepComparisons": {open, func(ctx context.Context, w *world) error { return w.KeepComparisons(ctx, first, nil) }},
		"MarkRestoring":   {open, func(ctx context.Context, w *world) error { return last(w.MarkRestoring(ctx, first, why, noon)) }},
		"MarkFired": {watching, func(ctx context.Context, w *world) error {
			return last(w.MarkFired(ctx, first, "orders-5xx", midnight, true, why))
		}},
		"MarkCalmed": {watching, func(ctx context.Context, w *world) error { return w.MarkCalmed(ctx, first, "orders-5xx", midnight) }},
		"Command": {open, func(ctx context.Context, w *world) error {
			return last(w.Command(ctx, first, shift.Command{Order: shift.Pause, At: noon}))
		}},
		"Restore": {func(t *testing.T, w *world) { open(t, w); w.restoring(t, first) },
			func(ctx context.Context, w *world) error { return w.Restore(ctx, first, []shift.Target{orders}) }},
		"Close": {open, func(ctx context.Context, w *world) error {
			return last(w.Close(ctx, shift.Record{ID: first, Status: shift.StatusOpen, Deployment: &shift.Deployment{}, Arrivals: release(orders).Arrivals}, ending(shift.Promoted)))
		}},
		"Close, of what is not described": {func(t *testing.T, w *world) { _, _ = w.Open(t.Context(), first, release(orders), noon) }, func(ctx context.Context, w *world) error {
			return last(w.Close(ctx, shift.Record{ID: first, Status: shift.StatusOpen, Arrivals: release(orders).Arrivals}, ending(shift.Unchanged)))
		}},
		"Reject": {nil, func(ctx context.Context, w *world) error {
			return last(w.Reject(ctx, first, nil, ending(shift.Rejected)))
		}},
		"Arrivals":    {open, func(ctx context.Context, w *world) error { return last(w.Arrivals(ctx, orders, "2")) }},
		"History":     {open, func(ctx context.Context, w *world) error { return last(w.History(ctx, orders)) }},
		"Watchers":    {open, func(ctx context.Context, w *world) error { return last(w.Watchers(ctx, "orders-5xx")) }},
		"Unannounced": {open, func(ctx context.Context, w *world) error { return last(w.Unannounced(ctx)) }},
		"Suspects":    {open, func(ctx context.Context, w *world) error { return last(w.Suspects(ctx)) }},
		"Suspect":     {suspected, func(ctx context.Context, w *world) error { return last(w.Suspect(ctx, shift.Listed{ID: first}, noon)) }},
		"Acquit": {suspected, func(ctx context.Context, w *world) error {
			return w.Acquit(ctx, shift.Listed{ID: first}, []shift.Target{orders})
		}},
		"Holder":  {open, func(ctx context.Context, w *world) error { return last(w.Holder(ctx, orders)) }},
		"Lease":   {nil, func(ctx context.Context, w *world) error { return last(w.Lease(ctx, "me", noon, midnight)) }},
		"Release": {nil, func(ctx context.Context, w *world) error { return w.Release(ctx, "me") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prepared := func() *world {
				w := newWorld(t)
				if test.before != nil {
					test.before(t, w)
				}
				return w
			}
			w := prepared()
			requests := w.requestsOf(func() { require.NoError(t, test.do(t.Context(), w)) })
			require.NotEmpty(t, requests)
			for from := range requests {
				w = prepared()
				w.failing(from + 1)
				err := test.do(t.Context(), w)
				require.ErrorContains(t, err, "not authorized", "request %d", from+1)
			}
		})
	}
}

func open(t *testing.T, w *world) {
	t.Helper()
	w.opened(t, first, orders)
}

// watching describes a Deployment whose alarm is ignored until it has been OK.
func watching(t *testing.T, w *world) {
	t.Helper()
	_, err := w.Open(t.Context(), first, release(orders), noon)
	require.NoError(t, err)
	_, err = w.Describe(t.Context(), describe(first, orders), []string{"orders-5xx"}, []shift.Alarm{{Name: "orders-5xx", Since: noon}})
	require.NoError(t, err)
}

func suspected(t *testing.T, w *world) {
	t.Helper()
	w.rolledBack(t, first, orders, billing)
}

func TestWhatCannotBeWrittenAsJSONIsNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open(t, w)
	var err error
	requests := w.requestsOf(func() {
		err = w.KeepComparisons(t.Context(), first, []shift.Comparison{{Judged: shift.Judged{Signals: []shift.JudgedSignal{{Odds: math.NaN()}}}}})
	})
	require.ErrorContains(t, err, "encode the comparisons: ")
	assert.Empty(t, requests)

	never := time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	requests = w.requestsOf(func() { _, err = w.Command(t.Context(), first, shift.Command{Order: shift.Pause, At: never}) })
	require.ErrorContains(t, err, "encode the command: ")
	assert.Empty(t, requests)

	d := describe(first, orders)
	d.OpenedAt = never
	requests = w.requestsOf(func() { _, err = w.Describe(t.Context(), d, nil, nil) })
	require.ErrorContains(t, err, "encode the deployment: ")
	assert.Empty(t, requests)
}

func TestADescriptionOfAnOpenRecordIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Open(t.Context(), first, release(orders), noon)
	require.NoError(t, err)
	d := describe(first, orders)
	got, err := w.Describe(t.Context(), d, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, w.record(t, first), got)
	w.restoring(t, first)
	_, err = w.Describe(t.Context(), d, nil, nil)
	require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
	w.closed(t, first)
	_, err = w.Describe(t.Context(), d, nil, nil)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
}
