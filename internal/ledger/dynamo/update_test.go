package dynamo_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders, billing)
	_, err := w.Intend(t.Context(), first, 2)
	require.NoError(t, err)
	landed := shift.Landed{Step: 2, Revisions: map[shift.Target]shift.Revision{orders: "r2"}}
	require.NoError(t, w.Land(t.Context(), first, landed))
	comparisons := []shift.Comparison{{
		Judged: shift.Judged{Target: orders, Observed: judge.Worse, Signals: []shift.JudgedSignal{}}, At: noon, Reason: shift.Reason{Name: shift.NothingFound, Text: "n"},
		WouldRollBack: &shift.WouldRollBack{At: noon, Reason: shift.Reason{Name: shift.CandidateWorseObserved, Text: "w"}},
	}}
	require.NoError(t, w.KeepComparisons(t.Context(), first, comparisons))
	w.restoring(t, first)
	require.NoError(t, w.Restore(t.Context(), first, []shift.Target{orders}))
	require.NoError(t, w.Restore(t.Context(), first, []shift.Target{orders, billing}))

	d := describe(first, orders, billing)
	r := w.record(t, first)
	assert.ElementsMatch(t, []string{"orders-5xx", "orders-slow"}, r.UntilOK)
	assert.ElementsMatch(t, []shift.Target{orders, billing}, r.Restored)
	assert.Empty(t, r.Seen)
	r.UntilOK, r.Restored, r.Seen = nil, nil, nil
	assert.Equal(t, shift.Record{
		ID: first, Arrivals: release(orders, billing).Arrivals, OpenedAt: noon, Deployment: &d, Status: shift.StatusRestoring,
		Intent: 2, Landed: landed, Comparisons: comparisons, Reasons: reasons("AlarmFired: orders-5xx"), MarkedAt: noon,
	}, r)
}

func TestRecordIsReadConsistently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := w.requestsOf(func() {
		_, err := w.Record(t.Context(), first)
		assert.ErrorIs(t, err, shift.ErrDeploymentUnknown)
		_, err = w.Announced(t.Context(), first)
		assert.NoError(t, err)
	})
	for _, r := range asked {
		assert.Equal(t, true, r.body["ConsistentRead"])
	}
}

func TestRecordThatCannotBeDecodedIsAnError(t *testing.T) {
	t.Parallel()
	record := `"id":{"S":"` + first + `"},"status":{"S":"open"},"arrivals":{"S":"[]"},"intent":{"N":"0"}`
	tests := []struct{ name, item, says string }{
		{"no id", `"status":{"S":"open"}`, "no id"},
		{"unknown status", `"id":{"S":"x"},"status":{"S":"half"}`, `"half"`},
		{"no status", `"id":{"S":"x"}`, `status is ""`},
		{"closed without an end", `"id":{"S":"x"},"status":{"S":"closed"}`, "no outcome"},
		{"closed without an outcome", `"id":{"S":"x"},"status":{"S":"closed"},"closedAt":{"S":"2026-03-01T12:00:00Z"}`, "no outcome"},
		{"closed without a time", `"id":{"S":"x"},"status":{"S":"closed"},"outcome":{"S":"Promoted"}`, "no closing time"},
		{"intent of another type", `"id":{"S":"x"},"status":{"S":"open"},"intent":{"S":"one"}`, "int"},
		{"intent below zero", `"id":{"S":"x"},"status":{"S":"open"},"intent":{"N":"-1"}`, "-1"},
		{"deployment that is no JSON", record + `,"deployment":{"S":"{"}`, "its deployment"},
		{"deployment with an impossible weight", record + `,"deployment":{"S":"{\"plan\":{\"steps\":[{\"percent\":101}]}}"}`, "101"},
		{"another one's deployment", record + `,"deployment":{"S":"{\"id\":\"other\"}"}`, `"other"`},
		{"arrivals of another shape", `"id":{"S":"x"},"status":{"S":"open"},"arrivals":{"S":"{}"}`, "its arrivals"},
		{"landed of another shape", record + `,"landed":{"S":"7"}`, "its landed"},
		{"command of another shape", record + `,"command":{"S":"7"}`, "its command"},
		{"a reason of another shape", record + `,"reasons":{"L":[{"BOOL":true}]}`, "a reason must be a map or a text"},
		{"comparisons of another shape", record + `,"comparisons":{"S":"7"}`, "its comparisons"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answer = func(string) (int, string, bool) {
				return 200, `{"Item":{` + tt.item + `},"Attributes":{` + tt.item + `}}`, true
			}
			for _, read := range []func(context.Context) (shift.Record, error){
				func(ctx context.Context) (shift.Record, error) { return w.Record(ctx, first) },
				func(ctx context.Context) (shift.Record, error) { return w.Intend(ctx, first, 1) },
			} {
				_, err := read(t.Context())
				require.ErrorContains(t, err, tt.says)
				assert.ErrorContains(t, err, "record item")
				assert.ErrorIs(t, err, shift.ErrLedgerDamaged)
			}
		})
	}
}

func TestIntentIsAcceptedOnlyWhileOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Intend(t.Context(), first, 1)
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
	assert.Empty(t, w.keys(), "a refused intent makes no record")

	w.opened(t, first, orders)
	asked := w.requestsOf(func() {
		r, err := w.Intend(t.Context(), first, 1)
		require.NoError(t, err)
		assert.Equal(t, 1, r.Intent)
		assert.NotNil(t, r.Deployment)
	})
	require.Len(t, asked, 1)
	assert.Equal(t, "((#0 = :0) AND (#1 <= :1)) AND ((attribute_not_exists (#2)) OR (#2 <= :2))", asked[0].body["ConditionExpression"])
	assert.Equal(t, "SET #1 = :3\n", asked[0].body["UpdateExpression"])
	assert.Equal(t, map[string]any{"#0": "status", "#1": "intent", "#2": "schema"}, asked[0].body["ExpressionAttributeNames"])
	assert.Equal(t, "ALL_NEW", asked[0].body["ReturnValues"])
	assert.Equal(t, "ALL_OLD", asked[0].body["ReturnValuesOnConditionCheckFailure"])

	w.restoring(t, first)
	r, err := w.Intend(t.Context(), first, 2)
	require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
	assert.ErrorContains(t, err, "AlarmFired: orders-5xx")
	assert.Equal(t, 1, r.Intent)
	w.closed(t, first)
	_, err = w.Intend(t.Context(), first, 2)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.Equal(t, 1, w.record(t, first).Intent)
}

func TestIntentNeverGoesDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	_, err := w.Intend(t.Context(), first, 2)
	require.NoError(t, err)
	r, err := w.Intend(t.Context(), first, 1)
	require.ErrorIs(t, err, shift.ErrStepPassed, "a write of it would take the weight back")
	assert.Equal(t, 2, r.Intent)
	assert.Equal(t, 2, w.record(t, first).Intent)
}

func TestWritesAreRefusedUnlessTheRecordIsOpen(t *testing.T) {
	t.Parallel()
	writes := map[string]func(*world, context.Context) error{
		"land": func(w *world, ctx context.Context) error {
			return w.Land(ctx, first, shift.Landed{Step: 1})
		},
		"stop ignoring": func(w *world, ctx context.Context) error {
			return w.StopIgnoring(ctx, first, []string{"orders-5xx"})
		},
		"keep comparisons": func(w *world, ctx context.Context) error {
			return w.KeepComparisons(ctx, first, []shift.Comparison{{At: noon}})
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.ErrorIs(t, write(w, t.Context()), shift.ErrDeploymentUnknown)
			before := w.opened(t, first, orders)
			require.NoError(t, write(w, t.Context()))
			assert.NotEqual(t, before, w.record(t, first))
			restoring := w.restoring(t, first)
			require.ErrorIs(t, write(w, t.Context()), shift.ErrDeploymentRestoring)
			assert.Equal(t, restoring, w.record(t, first))
			closed := w.closed(t, first)
			require.ErrorIs(t, write(w, t.Context()), shift.ErrDeploymentClosed)
			assert.Equal(t, closed, w.record(t, first))
		})
	}
}

func TestTheFirstDescriptionWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	late := describe(first, orders)
	late.Changes[0].Stable = "2"
	record, err := w.Describe(t.Context(), late, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, shift.Version("1"), record.Deployment.Changes[0].Stable)
	assert.Equal(t, shift.Version("1"), w.record(t, first).Deployment.Changes[0].Stable)

	_, err = w.MarkRestoring(t.Context(), first, nil, noon)
	require.NoError(t, err)
	_, err = w.Describe(t.Context(), late, nil, nil)
	require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
	w.closed(t, first)
	_, err = w.Describe(t.Context(), late, nil, nil)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
}

func TestAlarmsThatHaveBeenOKAreNoLongerIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	require.NoError(t, w.StopIgnoring(t.Context(), first, []string{"orders-5xx", "another"}))
	assert.Equal(t, []string{"orders-slow"}, w.record(t, first).UntilOK)
	require.NoError(t, w.StopIgnoring(t.Context(), first, []string{"orders-slow"}))
	assert.Empty(t, w.record(t, first).UntilOK)
	require.NoError(t, w.StopIgnoring(t.Context(), first, []string{"orders-slow"}))
	assert.Empty(t, w.requestsOf(func() { require.NoError(t, w.StopIgnoring(t.Context(), first, nil)) }))
}

func TestMarkRestoringAnswersInOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := func(why ...string) (r shift.Record, err error) {
		asked := w.requestsOf(func() { r, err = w.MarkRestoring(t.Context(), first, reasons(why...), noon) })
		require.Len(t, asked, 1)
		assert.Equal(t, "ALL_OLD", asked[0].body["ReturnValuesOnConditionCheckFailure"])
		return r, err
	}
	_, err := mark("none")
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)

	w.opened(t, first, orders)
	r, err := mark("first")
	require.NoError(t, err)
	assert.Equal(t, shift.StatusRestoring, r.Status)
	r, err = mark("second")
	require.NoError(t, err)
	assert.Equal(t, reasons("first"), r.Reasons, "the first reasons stay")

	closed := w.closed(t, first)
	r, err = mark("third")
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.Equal(t, closed, r)
}

func TestRestoredTargetsAreRememberedOnlyWhileRestoring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	back := []shift.Target{orders}
	require.ErrorIs(t, w.Restore(t.Context(), first, back), shift.ErrDeploymentUnknown)
	w.opened(t, first, orders)
	require.Error(t, w.Restore(t.Context(), first, back))
	assert.Empty(t, w.record(t, first).Restored)
	w.restoring(t, first)
	require.NoError(t, w.Restore(t.Context(), first, nil))
	require.NoError(t, w.Restore(t.Context(), first, back))
	assert.Equal(t, back, w.record(t, first).Restored)
	w.closed(t, first)
	require.ErrorIs(t, w.Restore(t.Context(), first, []shift.Target{billing}), shift.ErrDeploymentClosed)
}

// An alarm that was firing at the start counts once it has been OK. An event about its OK or
// ALARM from before the opening has no effect.
func TestOnlyEventsNewerThanTheOpeningMakeAnAlarmCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.ErrorIs(t, w.MarkCalmed(t.Context(), first, "orders-5xx", noon), shift.ErrDeploymentUnknown)
	fire := func(at time.Time) error {
		_, err := w.MarkFired(t.Context(), first, "orders-5xx", at, false, reasons("AlarmFired: orders-5xx"))
		return err
	}
	_, err := w.Open(t.Context(), first, release(orders), noon)
	require.NoError(t, err)
	require.ErrorIs(t, fire(noon.Add(time.Minute)), shift.ErrDeploymentOpening, "Open has not yet written what it has read")
	require.ErrorIs(t, w.MarkCalmed(t.Context(), first, "orders-5xx", noon.Add(time.Minute)), shift.ErrDeploymentOpening)
	_, err = w.Describe(t.Context(), describe(first, orders), []string{"orders-5xx", "orders-slow"},
		[]shift.Alarm{{Name: "orders-5xx", Since: noon}, {Name: "orders-slow", Since: noon}})
	require.NoError(t, err)

	require.NoError(t, w.MarkCalmed(t.Context(), first, "orders-5xx", noon))
	assert.ElementsMatch(t, []string{"orders-5xx", "orders-slow"}, w.record(t, first).UntilOK, "the event of the state that Open has read")
	require.ErrorIs(t, fire(noon.Add(2*time.Minute)), shift.ErrAlarmIgnored)

	require.NoError(t, w.MarkCalmed(t.Context(), first, "orders-5xx", noon.Add(time.Minute)))
	require.NoError(t, w.MarkCalmed(t.Context(), first, "orders-5xx", noon.Add(time.Minute)), "again")
	assert.Equal(t, []string{"orders-slow"}, w.record(t, first).UntilOK)
	require.NoError(t, fire(noon.Add(2*time.Minute)))

	restoring := w.record(t, first)
	require.NoError(t, w.MarkCalmed(t.Context(), first, "orders-slow", noon.Add(time.Minute)), "too late to matter")
	assert.Equal(t, restoring, w.record(t, first))
}

func given(o shift.Order, after time.Duration) shift.Command {
	return shift.Command{Order: o, Reason: "by me", At: noon.Truncate(time.Second).Add(after)}
}

func TestTheLatestCommandWinsInWhateverOrderTheyArrive(t *testing.T) {
	t.Parallel()
	pause, resume := given(shift.Pause, 0), given(shift.Resume, 30*time.Second)
	again := given(shift.Pause, time.Minute)
	tests := map[string]struct {
		arrive []shift.Command
		want   shift.Command
	}{
		"one":                         {[]shift.Command{pause}, pause},
		"one after the other":         {[]shift.Command{pause, resume}, resume},
		"the first one comes again":   {[]shift.Command{pause, resume, pause}, resume},
		"the first one comes late":    {[]shift.Command{resume, pause}, resume},
		"the last one comes twice":    {[]shift.Command{pause, resume, resume}, resume},
		"another one of the same":     {[]shift.Command{pause, resume, again}, again},
		"all of them again":           {[]shift.Command{pause, resume, again, pause, resume}, again},
		"two at once":                 {[]shift.Command{given(shift.Promote, 0), pause}, pause},
		"two at once, in other order": {[]shift.Command{pause, given(shift.Promote, 0)}, pause},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opened(t, first, orders)
			for n, c := range test.arrive {
				stored, err := w.Command(t.Context(), first, c)
				require.NoError(t, err)
				assert.Equal(t, *w.record(t, first).Command, stored, "command %d returns the one that is stored", n)
			}
			assert.Equal(t, test.want, *w.record(t, first).Command)
		})
	}
}

func TestACommandIsRefusedUnlessTheRecordIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	command := func(after time.Duration) error {
		_, err := w.Command(t.Context(), first, given(shift.Pause, after))
		return err
	}
	require.ErrorIs(t, command(0), shift.ErrDeploymentUnknown)
	w.opened(t, first, orders)
	require.NoError(t, command(0))
	restoring := w.restoring(t, first)
	require.ErrorIs(t, command(0), shift.ErrDeploymentRestoring)
	require.ErrorIs(t, command(time.Minute), shift.ErrDeploymentRestoring)
	assert.Equal(t, restoring, w.record(t, first))
	closed := w.closed(t, first)
	require.ErrorIs(t, command(2*time.Minute), shift.ErrDeploymentClosed)
	assert.Equal(t, closed, w.record(t, first))
}
