package dynamo_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// rolledBack closes a Deployment that has shifted, and may have created one of its Targets.
func (w *world) rolledBack(t *testing.T, id string, created, moved shift.Target) shift.Record {
	t.Helper()
	ctx := t.Context()
	_, err := w.Open(ctx, id, release(created, moved), noon)
	require.NoError(t, err)
	d := describe(id, created, moved)
	d.Changes[0].Stable = ""
	_, err = w.Describe(ctx, d, nil, nil)
	require.NoError(t, err)
	_, err = w.Intend(ctx, id, 1)
	require.NoError(t, err)
	closed, err := w.Close(ctx, w.restoring(t, id), ending(shift.RolledBack))
	require.NoError(t, err)
	return closed
}

func (w *world) suspect(t *testing.T) shift.Listed {
	t.Helper()
	suspects, err := w.Suspects(t.Context())
	require.NoError(t, err)
	require.Len(t, suspects, 1)
	return suspects[0]
}

func TestATargetThatMayHaveBeenCreatedStaysLockedUntilItsDeploymentIsAcquitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := w.rolledBack(t, first, orders, billing)
	_, err := w.Open(t.Context(), second, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrTargetBeingRestored)
	assert.ErrorContains(t, err, first)
	_, err = w.Open(t.Context(), second, release(billing), noon)
	require.NoError(t, err, "it was there before")

	require.Equal(t, []shift.Target{orders}, closed.Quarantined())
	require.NoError(t, w.Acquit(t.Context(), w.suspect(t), closed.Quarantined()))
	_, err = w.Open(t.Context(), second+"-2", release(orders), noon)
	assert.NoError(t, err)
	suspects, err := w.Suspects(t.Context())
	require.NoError(t, err)
	assert.Empty(t, suspects)
}

// Of two sweeps, the slower one must not end what the faster one has begun anew.
func TestASuspectIsChangedOnlyAsItWasListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := w.rolledBack(t, first, orders, billing)
	unseen := w.suspect(t)
	require.True(t, unseen.Since.IsZero())
	seen, err := w.Suspect(t.Context(), unseen, noon)
	require.NoError(t, err)
	assert.True(t, seen)
	seen, err = w.Suspect(t.Context(), unseen, midnight)
	require.NoError(t, err)
	assert.False(t, seen, "somebody else has seen it")
	listed := w.suspect(t)
	assert.Equal(t, noon, listed.Since)

	extended, err := w.Suspect(t.Context(), listed, midnight)
	require.NoError(t, err)
	assert.True(t, extended)
	require.NoError(t, w.Acquit(t.Context(), listed, closed.Quarantined()))
	assert.Equal(t, midnight, w.suspect(t).Since, "it was extended since it was listed")
	_, err = w.Open(t.Context(), second, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrTargetBeingRestored)

	require.NoError(t, w.Acquit(t.Context(), w.suspect(t), closed.Quarantined()))
	for _, earlier := range []shift.Listed{listed, unseen} {
		seen, err = w.Suspect(t.Context(), earlier, noon)
		require.NoError(t, err)
		assert.False(t, seen, "it was acquitted")
	}
	suspects, err := w.Suspects(t.Context())
	require.NoError(t, err)
	assert.Empty(t, suspects, "who is late does not bring it back")
	require.NoError(t, w.Acquit(t.Context(), listed, closed.Quarantined()), "doing so again does no harm")
}

// Earlier versions released every lock when a record was closed.
func TestAcquittingLeavesTheLockOfAnotherDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := w.rolledBack(t, first, orders, billing)
	_, err := w.Open(t.Context(), second, release(billing), noon)
	require.NoError(t, err)
	require.NoError(t, w.Acquit(t.Context(), w.suspect(t), append(closed.Quarantined(), billing)))
	holder, err := w.Holder(t.Context(), billing)
	require.NoError(t, err)
	assert.Equal(t, second, holder.DeploymentID)
}

// Earlier versions took a Deployment off the list of suspects and knew of no lock that it had
// kept. infra/README.md says how a person frees it.
func TestALockThatAnEarlierVersionHasLeftIsFreedByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rolledBack(t, first, orders, billing)
	remove := func(pk, sk string) {
		_, err := w.client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(tableName), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk},
		}})
		require.NoError(t, err)
	}
	remove("suspect", "deployment#"+first)
	_, err := w.Open(t.Context(), second, release(orders), noon)
	require.ErrorIs(t, err, shift.ErrTargetBeingRestored)
	remove("target#lambda:orders:live", "lock")
	_, err = w.Open(t.Context(), second, release(orders), noon)
	assert.NoError(t, err)
}

func TestOneHolderAtATimeHasTheLeaseOfTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lease := func(by string, now time.Time) bool {
		leased, err := w.Lease(t.Context(), by, now, now.Add(30*time.Second))
		require.NoError(t, err)
		return leased
	}
	assert.True(t, lease("a", noon))
	assert.False(t, lease("b", noon.Add(time.Second)))
	assert.True(t, lease("a", noon.Add(20*time.Second)), "its holder may extend it")
	assert.False(t, lease("b", noon.Add(40*time.Second)))
	assert.True(t, lease("b", noon.Add(51*time.Second)), "it has ended")
	assert.False(t, lease("a", noon.Add(52*time.Second)))
	require.NoError(t, w.Release(t.Context(), "a"), "it is not a's any more")
	assert.False(t, lease("a", noon.Add(53*time.Second)))
	require.NoError(t, w.Release(t.Context(), "b"))
	assert.True(t, lease("a", noon.Add(54*time.Second)))
	require.NoError(t, w.Release(t.Context(), "a"))
	require.NoError(t, w.Release(t.Context(), "a"), "doing so again does no harm")
}

func TestAnAcquittalThatFailsIsNotTakenForADoneOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answer = func(string) (int, string, bool) {
		return 400, `{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "no"}`, true
	}
	assert.ErrorContains(t, w.Acquit(t.Context(), shift.Listed{ID: "arn:first", Since: noon}, nil), "acquit arn:first: ")
}
