package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func waiting(id string, after time.Duration, targets ...shift.Target) shift.Waiting {
	w := shift.Waiting{ID: id, Since: noon.Add(after)}
	for _, t := range targets {
		w.Arrivals = append(w.Arrivals, shift.Arrival{Target: t})
	}
	return w
}

func TestWhoCameBeforeGoesFirst(t *testing.T) {
	t.Parallel()
	queue := []shift.Waiting{
		waiting("c", time.Minute, "b"), waiting("b", 0, "a", "b"), waiting("a", 0, "a"), waiting("d", time.Hour, "a"), waiting("e", 0, "z"),
	}
	back := waiting("back", time.Hour, "p")
	back.PutsBack = true
	queue = append(queue, waiting("first", 0, "p"), back)
	for _, test := range []struct {
		id       string
		target   shift.Target
		putsBack bool
		ahead    []string
		queued   bool
	}{
		{"a", "a", false, nil, true},
		{"b", "a", false, []string{"a"}, true}, // at the same time: by the id
		{"c", "b", false, []string{"b"}, true},
		{"d", "a", false, []string{"a", "b"}, true},
		{"new", "a", false, []string{"a", "b", "d"}, false},
		{"new", "y", false, nil, false},
		{"back", "p", true, nil, true},
		{"first", "p", false, []string{"back"}, true},
		{"new", "p", false, []string{"back", "first"}, false},
		{"another way back", "p", true, []string{"back"}, false},
	} {
		ahead, queued := shift.Ahead(queue, shift.Waiting{ID: test.id, Arrivals: []shift.Arrival{{Target: test.target}}, PutsBack: test.putsBack})
		var ids []string
		for _, w := range ahead {
			ids = append(ids, w.ID)
		}
		assert.Equal(t, test.ahead, ids, test.id)
		assert.Equal(t, test.queued, queued, test.id)
	}
}

// play has a Deployment look for its turn until a holder of that length has ended.
func play(t *testing.T, lasts shift.Seconds, ahead int) (looks int, late shift.Seconds) {
	t.Helper()
	var turn shift.Turn
	for held := shift.Seconds(0); held < lasts; held += turn.Wait {
		var err error
		turn, err = turn.Next(shift.Place{Ahead: ahead, HeldBy: "holder", HeldFor: held}, 0)
		require.NoError(t, err)
	}
	return turn.Looks, turn.Waited + turn.Wait - lasts
}

// The next one in a queue is late by a tenth at most, and by a quarter of an hour if the holder has
// taken a day. Twenty that wait look some
// four times as often as one.
func TestAQueueLooksSparingly(t *testing.T) {
	t.Parallel()
	const minute, hour, day = 60, 3600, 24 * 3600
	for _, lasts := range []shift.Seconds{5 * minute, hour, 10 * hour, day, 10 * day, 300 * day} {
		looks, late := play(t, lasts, 0)
		assert.LessOrEqual(t, late, max(lasts/10, 30), lasts.String())
		if lasts <= day {
			assert.LessOrEqual(t, late, shift.Seconds(15*minute), lasts.String())
			assert.LessOrEqual(t, looks*3, 900, "transitions of a day")
		}
		assert.LessOrEqual(t, looks, 330, lasts.String())
		assert.Less(t, looks*shift.EventsOfTurn, 4500)
		all := 0
		for ahead := range 20 {
			n, _ := play(t, lasts, ahead)
			all += n
		}
		if lasts <= 10*hour {
			assert.LessOrEqual(t, all, 5*looks, "%s: twenty look %d times, and one %d times", lasts, all, looks)
		}
	}
}

func TestAWaitEnds(t *testing.T) {
	t.Parallel()
	turn := shift.Turn{Looks: 300, Waited: shift.MaxDuration - 10, Wait: 10, Retries: 2}
	_, err := turn.Next(shift.Place{HeldBy: "arn:holder"}, 0)
	require.ErrorIs(t, err, shift.ErrTargetHeld)
	assert.ErrorContains(t, err, "see why arn:holder does not end")

	next, err := shift.Turn{Looks: 300, Waited: 1_000_000, Wait: 10, Retries: 2}.Next(shift.Place{}, 3)
	require.NoError(t, err)
	assert.Equal(t, shift.Turn{Looks: 301, Waited: 1_000_010, Wait: 100_001, Retries: 5}, next)
}

func TestATurnSaysWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "waits for its turn", shift.Turn{}.String())
	assert.Equal(t, "waits for its turn, held up by one", shift.Turn{HeldBy: "arn:one"}.String())
	assert.Equal(t, "waits for its turn, behind 1 other", shift.Turn{Ahead: 1}.String())
	assert.Equal(t, "waits for its turn, behind 3 others", shift.Turn{Ahead: 3}.String())
	assert.Equal(t, "waits for its turn, held up by one, and replaces nobody yet: frozen", shift.Turn{HeldBy: "arn:one", KeptOut: "frozen"}.String())
}

// Who is to replace others does not miss the time at which it may.
func TestWhoReplacesLooksWhenItMayGo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ left, heldFor, wait shift.Seconds }{{600, 36_000, 600}, {600, 1200, 120}, {2, 36_000, 30}, {0, 3000, 300}} {
		next, err := shift.Turn{}.Next(shift.Place{HeldFor: test.heldFor, KeptOut: shift.KeptOut{Left: test.left, Why: []string{"frozen", "closed"}}}, 0)
		require.NoError(t, err)
		assert.Equal(t, test.wait, next.Wait, test)
		assert.Equal(t, "frozen; closed", next.KeptOut)
	}
}

// The looks count for the history: a plan that has waited for long rolls back in time.
func TestLooksCountForTheHistory(t *testing.T) {
	t.Parallel()
	release := shift.Release{Steps: shift.AllAtOnce()}
	at := func(turn *shift.Turn) int {
		d, err := shift.Open(shift.Opening{Release: release, Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2"}}, Turn: turn})
		require.NoError(t, err)
		assert.Equal(t, d.EventsAtStart+shift.EventsOfRetry, d.WithRetries(release, turn, 1).EventsAtStart)
		return d.EventsAtStart
	}
	assert.Equal(t, at(nil)+10*shift.EventsOfTurn+4*shift.EventsOfRetry, at(&shift.Turn{Looks: 10, Retries: 4}))
}
