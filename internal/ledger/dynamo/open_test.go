package dynamo_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestOpeningTakesEveryLockInOneTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := w.requestsOf(func() {
		r, err := w.Open(t.Context(), first, release(orders, billing), noon)
		require.NoError(t, err)
		assert.Equal(t, shift.Record{ID: first, OpenedAt: noon, Status: shift.StatusOpen, Arrivals: release(orders, billing).Arrivals}, r)
	})
	assert.Equal(t, []string{
		"alarm#orders-5xx deployment#" + first,
		"deployment#" + first + " record",
		"open deployment#" + first,
		"target#lambda:billing:live candidate#2#" + first,
		"target#lambda:billing:live lock",
		"target#lambda:orders:live candidate#2#" + first,
		"target#lambda:orders:live lock",
	}, w.keys())

	require.Len(t, asked, 1)
	require.Equal(t, "TransactWriteItems", asked[0].operation)
	actions := asked[0].body["TransactItems"].([]any)
	require.Len(t, actions, 7)
	for _, a := range actions {
		put := a.(map[string]any)["Put"].(map[string]any)
		assert.Equal(t, "attribute_not_exists (#0)", put["ConditionExpression"])
		assert.Equal(t, map[string]any{"#0": flow.LedgerPartitionKey}, put["ExpressionAttributeNames"])
		assert.Equal(t, "ALL_OLD", put["ReturnValuesOnConditionCheckFailure"])
	}
}

func TestOpenItemsLeadToTheDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := w.requestsOf(func() { w.opened(t, first, orders) })
	for _, n := range []int{1, 4} { // the open item, and the alarm item after the target's two
		item := asked[0].body["TransactItems"].([]any)[n].(map[string]any)["Put"].(map[string]any)["Item"].(map[string]any)
		assert.Equal(t, map[string]any{"S": first}, item["id"])
		assert.Equal(t, map[string]any{"S": "2026-03-01T12:00:00.123456789Z"}, item["openedAt"])
	}
}

func TestRetryFindsItsOwnLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stored := w.opened(t, first, orders)
	asked := w.requestsOf(func() {
		again, err := w.Open(t.Context(), first, release(orders), midnight)
		require.NoError(t, err)
		assert.Equal(t, stored, again)
	})
	assert.Len(t, asked, 1, "the record comes back with the refusal")
}

func TestOneOfTwoSimultaneousOpeningsWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var (
		wait sync.WaitGroup
		errs = make([]error, 8)
	)
	for i := range errs {
		targets := []shift.Target{orders, billing}
		if i%2 == 1 {
			targets = []shift.Target{billing, orders}
		}
		wait.Go(func() {
			_, errs[i] = w.Open(t.Context(), fmt.Sprintf("%s-%d", first, i), release(targets...), noon)
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		assert.ErrorIs(t, err, shift.ErrTargetHeld)
	}
	assert.Equal(t, 1, won)
	assert.Len(t, w.keys(), 7, "nothing is left of those that lost")
}

func TestHeldTargetNamesItsHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, billing)
	_, err := w.Open(t.Context(), second, release(orders, billing), noon)
	require.ErrorIs(t, err, shift.ErrTargetHeld)
	assert.ErrorContains(t, err, string(billing))
	assert.ErrorContains(t, err, first)
	assert.ErrorContains(t, err, `"whenHeld": "wait"`)
	_, err = w.Record(t.Context(), second)
	assert.ErrorIs(t, err, shift.ErrDeploymentUnknown)
}

func TestTargetBeingRestoredIsNotOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.restoring(t, first)
	_, err := w.Open(t.Context(), second, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrTargetBeingRestored)
	assert.ErrorContains(t, err, first)
}

func TestTargetIsFreeOnceItsDeploymentIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.closed(t, first)
	_, err := w.Open(t.Context(), second, release(orders), noon)
	assert.NoError(t, err)
}

func TestOpeningAgainAfterTheEndTouchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.restoring(t, first)
	r, err := w.Open(t.Context(), first, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
	assert.Equal(t, shift.StatusRestoring, r.Status)

	w.closed(t, first)
	w.opened(t, second, orders) // the lock is no longer the first one's
	before := w.keys()
	r, err = w.Open(t.Context(), first, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.ErrorContains(t, err, "Promoted")
	assert.ErrorContains(t, err, "2026-03-02T00:00:00Z")
	assert.Equal(t, shift.Promoted, r.Outcome)
	assert.Equal(t, before, w.keys())
}

func TestLargestReleaseIsOneTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	largest := shift.Release{}
	for i := range 40 {
		largest.Arrivals = append(largest.Arrivals, arrival(flow.LambdaTarget(fmt.Sprintf("f%d", i), "live")))
	}
	for i := range 18 {
		largest.Alarms = append(largest.Alarms, fmt.Sprintf("alarm-%d", i))
	}
	require.True(t, largest.FitsOneTransaction())
	asked := w.requestsOf(func() {
		_, err := w.Open(t.Context(), first, largest, noon)
		require.NoError(t, err)
	})
	assert.Len(t, asked[0].body["TransactItems"], 100)
	w.closed(t, first)
	assert.Len(t, w.keys(), 2+40, "the record, the open item and the history")
}

func TestConflictIsThrottling(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, reasons string }{
		{"with another transaction", `{"Code":"TransactionConflict"},{"Code":"None"},{"Code":"None"}`},
		{"of the account's throughput", `{"Code":"None"},{"Code":"None"},{"Code":"ThrottlingError"}`},
		{"of the table's throughput", `{"Code":"None"},{"Code":"ProvisionedThroughputExceeded"}`},
		{
			"with its own earlier try",
			`{"Code":"TransactionConflict"},{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"holder":{"S":"` + first + `"}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answer = func(string) (int, string, bool) {
				return 400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[` + tt.reasons + `]}`, true
			}
			_, err := w.Open(t.Context(), first, release(orders), noon)
			assert.ErrorIs(t, err, shift.ErrThrottled)
			_, err = w.Close(t.Context(), shift.Record{ID: first, Status: shift.StatusOpen, Deployment: &shift.Deployment{}}, ending(shift.Promoted))
			assert.ErrorIs(t, err, shift.ErrThrottled)
			_, err = w.Reject(t.Context(), first, nil, ending(shift.Rejected))
			assert.ErrorIs(t, err, shift.ErrThrottled)
		})
	}
}

// Step Functions starts Open again while an earlier try of it still runs, and DynamoDB checks
// the items of a transaction one by one: the lock may be there already while the record still
// conflicts. That is no other deployment.
func TestTheLockOfAnEarlierTryIsNotTakenForThatOfAnotherDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answer = func(operation string) (int, string, bool) {
		return 400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[
			{"Code":"TransactionConflict"},{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"holder":{"S":"` + first + `"}}},{"Code":"None"}]}`, operation == "TransactWriteItems"
	}
	_, err := w.Open(t.Context(), first, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrThrottled, "the next try finds the record")
	assert.NotErrorIs(t, err, shift.ErrTargetHeld)
}

func TestAHolderThatEndsInTheMeantimeIsNotARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.answer = func(operation string) (int, string, bool) {
		if operation != "GetItem" {
			return 0, "", false
		}
		w.answer = nil
		w.closed(t, first)
		return 0, "", false
	}
	_, err := w.Open(t.Context(), second, release(orders), noon)
	require.Error(t, err)
	assert.NotErrorIs(t, err, shift.ErrTargetHeld, "it would not be retried")
	assert.ErrorContains(t, err, "try again")
	_, err = w.Open(t.Context(), second, release(orders), noon)
	assert.NoError(t, err)
}

func TestLockWithoutARecordStaysHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.answer = func(operation string) (int, string, bool) { return 200, `{}`, operation == "GetItem" }
	_, err := w.Open(t.Context(), second, release(orders), noon)
	assert.ErrorIs(t, err, shift.ErrTargetHeld)
}

func TestServiceErrorsSayWhatWasBeingDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	record := shift.Record{ID: first, Status: shift.StatusOpen, Arrivals: release(orders).Arrivals}
	calls := map[string]func() error{
		"open":                   func() error { _, err := w.Open(t.Context(), first, release(orders), noon); return err },
		"describe":               func() error { _, err := w.Describe(t.Context(), describe(first, orders), nil, nil); return err },
		"read the record":        func() error { _, err := w.Record(t.Context(), first); return err },
		"intend step 3":          func() error { _, err := w.Intend(t.Context(), first, 3); return err },
		"landed writes":          func() error { return w.Land(t.Context(), first, shift.Landed{}) },
		"stop ignoring alarms":   func() error { return w.StopIgnoring(t.Context(), first, []string{"a"}) },
		"record the comparisons": func() error { return w.KeepComparisons(t.Context(), first, nil) },
		"as restoring":           func() error { _, err := w.MarkRestoring(t.Context(), first, nil, noon); return err },
		"restored targets":       func() error { return w.Restore(t.Context(), first, []shift.Target{orders}) },
		"as Promoted":            func() error { _, err := w.Close(t.Context(), record, ending(shift.Promoted)); return err },
		"reject":                 func() error { _, err := w.Reject(t.Context(), first, nil, ending(shift.Rejected)); return err },
		"delete the open item":   func() error { return w.Retire(t.Context(), first) },
		"read the open item":     func() error { _, err := w.Announced(t.Context(), first); return err },
		"version 2 at":           func() error { _, err := w.Arrivals(t.Context(), orders, "2"); return err },
	}
	codes := map[string]bool{
		"ThrottlingException":                    true,
		"ProvisionedThroughputExceededException": true,
		"RequestLimitExceeded":                   true,
		"TransactionConflictException":           true,
		"InternalServerError":                    false,
		"AccessDeniedException":                  false,
	}
	for code, throttled := range codes {
		w.answer = func(string) (int, string, bool) {
			return 400, `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `","message":"no"}`, true
		}
		for doing, call := range calls {
			asked := w.requestsOf(func() {
				err := call()
				require.ErrorContains(t, err, code)
				require.ErrorContains(t, err, doing)
				if !strings.Contains(doing, "version") {
					require.ErrorContains(t, err, first)
				}
				if throttled {
					require.ErrorIs(t, err, shift.ErrThrottled, doing)
				} else {
					require.NotErrorIs(t, err, shift.ErrThrottled, doing)
				}
			})
			require.Len(t, asked, 1, "%s is not tried again", doing)
		}
	}
}

func TestHolderReturnsTheDeploymentAndSinceWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nobody, err := w.Holder(t.Context(), orders)
	require.NoError(t, err)
	assert.Zero(t, nobody)
	w.opened(t, first, orders)
	holder, err := w.Holder(t.Context(), orders)
	require.NoError(t, err)
	assert.Equal(t, shift.Holder{DeploymentID: first, Since: noon}, holder)
}

func TestALockThatSomebodyElseHasWrittenIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answer = func(string) (int, string, bool) { return 200, `{"Item":{"pk":{"S":"x"},"sk":{"S":"lock"}}}`, true }
	_, err := w.Holder(t.Context(), orders)
	require.ErrorIs(t, err, shift.ErrLedgerDamaged)
}

// One item that cannot be decoded must not hide the others from the safety net.
func TestAListReturnsTheRestWhenAnItemCannotBeDecoded(t *testing.T) {
	t.Parallel()
	lists := map[string]func(*world, context.Context) ([]shift.Listed, error){
		"open":     func(w *world, ctx context.Context) ([]shift.Listed, error) { return w.Unannounced(ctx) },
		"suspects": func(w *world, ctx context.Context) ([]shift.Listed, error) { return w.Suspects(ctx) },
		"watchers": func(w *world, ctx context.Context) ([]shift.Listed, error) { return w.Watchers(ctx, "orders-5xx") },
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answer = func(string) (int, string, bool) {
				return 200, `{"Count":4,"ScannedCount":4,"Items":[{"id":{"S":"one"}},{"sk":{"S":"deployment#lost"}},{"id":{"S":"two"},"openedAt":{"S":"soon"}},{"id":{"S":"three"}}]}`, true
			}
			listed, err := list(w, t.Context())
			require.ErrorIs(t, err, shift.ErrLedgerDamaged)
			assert.ErrorContains(t, err, `"deployment#lost": it has no id`)
			assert.Equal(t, []shift.Listed{{ID: "one"}, {ID: "three"}}, listed)
		})
	}
}

func TestCheckFreeSaysWhatOpenWouldSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, billing)
	require.NoError(t, w.CheckFree(t.Context(), orders))
	_, refused := w.Open(t.Context(), second, release(billing), noon)
	require.ErrorIs(t, refused, shift.ErrTargetHeld)
	found := w.CheckFree(t.Context(), billing)
	require.ErrorIs(t, found, shift.ErrTargetHeld)
	assert.ErrorContains(t, refused, found.Error())
}
