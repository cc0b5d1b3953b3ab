package dynamo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTheQueueIsInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, after := range map[string]time.Duration{"arn:c": time.Minute, "arn:a": time.Hour, "arn:b": 0} {
		require.NoError(t, w.Enqueue(t.Context(), shift.Waiting{ID: id, Arrivals: release(orders).Arrivals, Since: noon.Add(after)}))
	}
	require.NoError(t, w.Enqueue(t.Context(), shift.Waiting{ID: "arn:b", Arrivals: release(billing).Arrivals, Since: noon.Add(2 * time.Hour)}), "it keeps its place")
	queue, err := w.Queue(t.Context())
	require.NoError(t, err)
	var ids []string
	for _, e := range queue {
		ids = append(ids, e.ID)
		assert.Equal(t, release(orders).Arrivals, e.Arrivals)
	}
	assert.Equal(t, []string{"arn:b", "arn:c", "arn:a"}, ids)
	back := shift.Waiting{ID: "arn:back", Arrivals: release(orders).Arrivals, Since: noon.Add(3 * time.Hour), PutsBack: true}
	require.NoError(t, w.Enqueue(t.Context(), back))
	queue, err = w.Queue(t.Context())
	require.NoError(t, err)
	require.Equal(t, back, queue[0], "what puts traffic back goes first")
	require.NoError(t, w.Dequeue(t.Context(), back.ID))

	require.NoError(t, w.Dequeue(t.Context(), "arn:b"))
	require.NoError(t, w.Dequeue(t.Context(), "arn:b"), "again")
	queue, err = w.Queue(t.Context())
	require.NoError(t, err)
	assert.Len(t, queue, 2)
}

// Who has been replaced while it waited is out of the queue, and does not come back.
func TestARejectedDeploymentLeavesTheQueueForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waits := shift.Waiting{ID: first, Arrivals: release(orders).Arrivals, Since: noon}
	require.NoError(t, w.Enqueue(t.Context(), waits))
	_, err := w.Reject(t.Context(), first, waits.Arrivals, shift.Ending{Outcome: shift.Rejected, Cause: "superseded", At: noon})
	require.NoError(t, err)
	queue, err := w.Queue(t.Context())
	require.NoError(t, err)
	assert.Empty(t, queue)
	require.ErrorIs(t, w.Enqueue(t.Context(), waits), shift.ErrDeploymentClosed)
	_, err = w.Open(t.Context(), first, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
}

func TestAHeldTargetSaysByWhomAndSinceWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	_, err := w.Open(t.Context(), "arn:second", release(orders), noon)
	var held *shift.HeldError
	require.ErrorAs(t, err, &held)
	assert.Equal(t, shift.HeldError{Target: orders, By: first, Since: noon}, *held)
	require.ErrorIs(t, err, shift.ErrTargetHeld)
}
