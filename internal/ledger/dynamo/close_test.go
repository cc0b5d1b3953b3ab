package dynamo_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestClosingReleasesEverythingButTheOpenItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.opened(t, first, orders, billing)
	asked := w.requestsOf(func() {
		closed, err := w.Close(t.Context(), r, ending(shift.Promoted))
		require.NoError(t, err)
		stored := w.record(t, first)
		assert.Equal(t, stored, closed)
		assert.Equal(t, shift.StatusClosed, stored.Status)
		assert.Equal(t, shift.Promoted, stored.Outcome)
		assert.Equal(t, "because", stored.Cause)
		assert.Equal(t, reasons("one", "two"), stored.Reasons)
		assert.Equal(t, midnight, stored.ClosedAt)
	})
	assert.Equal(t, []string{
		"deployment#" + first + " record",
		"open deployment#" + first,
		"target#lambda:billing:live candidate#2#" + first,
		"target#lambda:orders:live candidate#2#" + first,
	}, w.keys())

	require.Equal(t, "TransactWriteItems", asked[0].operation, "a described record knows its alarms")
	actions := asked[0].body["TransactItems"].([]any)
	require.Len(t, actions, 6)
	record := actions[0].(map[string]any)["Update"].(map[string]any)
	assert.Equal(t, "((#0 = :0) AND (attribute_exists (#1))) AND ((attribute_not_exists (#2)) OR (#2 <= :1))", record["ConditionExpression"])
	assert.Equal(t, "status", record["ExpressionAttributeNames"].(map[string]any)["#0"])
	assert.Equal(t, "deployment", record["ExpressionAttributeNames"].(map[string]any)["#1"])
	assert.Equal(t, "schema", record["ExpressionAttributeNames"].(map[string]any)["#2"])
	assert.Equal(t, map[string]any{"S": "open"}, record["ExpressionAttributeValues"].(map[string]any)[":0"])
	lock := actions[1].(map[string]any)["Delete"].(map[string]any)
	assert.Equal(t, "#0 = :0", lock["ConditionExpression"])
	assert.Equal(t, map[string]any{"#0": "holder"}, lock["ExpressionAttributeNames"])
	assert.Equal(t, map[string]any{":0": map[string]any{"S": first}}, lock["ExpressionAttributeValues"])
	assert.Equal(t, "ALL_OLD", lock["ReturnValuesOnConditionCheckFailure"])
}

func TestClosedItemsExpireAfter90Days(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	asked := w.requestsOf(func() { w.closed(t, first) })
	expiry := map[string]any{"N": strconv.FormatInt(midnight.Add(90*24*time.Hour).Unix(), 10)}
	for _, n := range []int{0, 2} { // the record, and the candidate item
		update := asked[1].body["TransactItems"].([]any)[n].(map[string]any)["Update"].(map[string]any)
		assert.Contains(t, update["ExpressionAttributeNames"], "#2")
		assert.Equal(t, flow.LedgerExpiry, nameOf(update, expiry))
	}
}

// nameOf finds the attribute that an update sets to a value.
func nameOf(update map[string]any, value any) any {
	for placeholder, v := range update["ExpressionAttributeValues"].(map[string]any) {
		if assert.ObjectsAreEqual(value, v) {
			for name, attribute := range update["ExpressionAttributeNames"].(map[string]any) {
				if strings.Contains(update["UpdateExpression"].(string), name+" = "+placeholder) {
					return attribute
				}
			}
		}
	}
	return nil
}

func TestRecordWithoutADeploymentIsClosedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.Open(t.Context(), first, release(orders), noon)
	require.NoError(t, err)
	_, err = w.Close(t.Context(), r, ending(shift.Rejected))
	require.NoError(t, err)
	for _, k := range w.keys() {
		assert.NotContains(t, k, "alarm#")
		assert.NotContains(t, k, "lock")
	}
}

func TestClosingNeedsTheStatusThatWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := w.opened(t, first, orders)
	_, err := w.Close(t.Context(), shift.Record{ID: second, Status: shift.StatusOpen, Deployment: &shift.Deployment{}}, ending(shift.Promoted))
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)

	restoring := w.restoring(t, first)
	r, err := w.Close(t.Context(), read, ending(shift.Promoted))
	require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
	assert.Equal(t, restoring, r)
	assert.Contains(t, w.keys(), "target#lambda:orders:live lock")

	closed, err := w.Close(t.Context(), restoring, ending(shift.RolledBack))
	require.NoError(t, err)
	for _, stale := range []shift.Record{read, restoring, closed} {
		r, err = w.Close(t.Context(), stale, ending(shift.Stranded))
		require.ErrorIs(t, err, shift.ErrDeploymentClosed)
		assert.Equal(t, shift.RolledBack, r.Outcome)
	}
	assert.Equal(t, closed, w.record(t, first))
}

func TestClosingIsRefusedWhenAnotherTryHasDescribedTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	undescribed, err := w.Open(t.Context(), first, release(orders), noon)
	require.NoError(t, err)
	described := w.opened(t, first, orders)
	r, err := w.Close(t.Context(), undescribed, ending(shift.Unchanged))
	require.ErrorContains(t, err, "which does not allow this")
	assert.Equal(t, described, r)
	assert.Contains(t, w.keys(), "target#lambda:orders:live lock")
}

func TestTheLockOfAnotherDeploymentIsNotReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.opened(t, second, billing)
	r := w.record(t, first)
	r.Arrivals = append(r.Arrivals, arrival(billing))
	_, err := w.Close(t.Context(), r, ending(shift.Promoted))
	require.ErrorContains(t, err, string(billing))
	assert.ErrorContains(t, err, second)
	assert.Contains(t, w.keys(), "target#lambda:billing:live lock")
	assert.Contains(t, w.keys(), "target#lambda:orders:live lock")
	assert.Equal(t, shift.StatusOpen, w.record(t, first).Status)
}

func TestReasonsAreBoundedWhereTheyAreStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := make([]shift.Reason, 50)
	for i := range many {
		many[i] = shift.Reason{Name: "X", Subject: strings.Repeat("s", 1000), Text: strings.Repeat("x", 1000)}
	}
	w.opened(t, first, orders)
	r, err := w.MarkRestoring(t.Context(), first, many, noon)
	require.NoError(t, err)
	assert.Equal(t, shift.BoundReasons(many), r.Reasons)
	e := ending(shift.RolledBack)
	e.Reasons = many
	r, err = w.Close(t.Context(), r, e)
	require.NoError(t, err)
	assert.Equal(t, shift.BoundReasons(many), r.Reasons)
}

func TestRejectionRefusesALateOpening(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrivals := release(orders).Arrivals
	closed, err := w.Reject(t.Context(), first, arrivals, ending(shift.Rejected))
	require.NoError(t, err)
	assert.Equal(t, closed, w.record(t, first))
	assert.Equal(t, arrivals, closed.Arrivals)
	assert.Equal(t, []string{"deployment#" + first + " record", "open deployment#" + first}, w.keys())
	unannounced, err := w.Unannounced(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []shift.Listed{{ID: first, Since: closed.ClosedAt}}, unannounced)

	_, err = w.Open(t.Context(), first, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	again, err := w.Reject(t.Context(), first, nil, ending(shift.Stranded))
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.Equal(t, closed, again)
	assert.Equal(t, closed, w.record(t, first))
}

func TestRejectionWithoutAnInputIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Reject(t.Context(), first, nil, ending(shift.Rejected))
	require.NoError(t, err)
	assert.Empty(t, w.record(t, first).Arrivals)
}

func TestRejectionOfAnOpenRecordMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.opened(t, first, orders)
	for range 2 {
		r, err := w.Reject(t.Context(), first, nil, ending(shift.Rejected))
		require.ErrorContains(t, err, "try again")
		assert.NotErrorIs(t, err, shift.ErrDeploymentRestoring, "it would not be retried")
		assert.Equal(t, open.ID, r.ID)
		w.restoring(t, first)
	}
}

func TestTheOpenItemIsDeletedWhenTheOutcomeIsAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.closed(t, first)
	announced, err := w.Announced(t.Context(), first)
	require.NoError(t, err)
	assert.False(t, announced)
	require.NoError(t, w.Retire(t.Context(), first))
	require.NoError(t, w.Retire(t.Context(), first))
	announced, err = w.Announced(t.Context(), first)
	require.NoError(t, err)
	assert.True(t, announced)
	assert.NotContains(t, w.keys(), "open deployment#"+first)
}
