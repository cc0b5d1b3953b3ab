package shift_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sluice/internal/shift"
)

// awaiting is a wait for an approval by one of the people who may give it.
func awaiting(who string, limit shift.Seconds, then shift.AfterWait) shift.Observation {
	return shift.Observation{
		Verdict: shift.Wait, Reason: shift.Reason{Name: "ApprovalAwaited", Subject: who, Text: who + " has not agreed yet"},
		Limit: shift.Limit{
			Length: limit, Then: then,
			Expired: shift.Reason{Name: "ApprovalExpired", Subject: who, Text: "nobody agreed"},
			Ended:   shift.Reason{Name: "ApprovalWaived", Subject: who, Text: "nobody objected"},
		},
	}
}

func TestAWaitNeverHardensByItself(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	for range 50 {
		p = checked(d, p, []shift.Observation{awaiting("ann", day, shift.RollBackAfterWait)}, 0)
		require.Equal(t, shift.Wait, p.Verdict)
		require.Equal(t, shift.NextBake, p.Next)
		require.Zero(t, p.Holds)
	}
	assert.Equal(t, 5*minute, p.Baked, "only what was slept before it waited")
}

// Each wait has its own limit, and what follows it.
func TestWaitsAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	both := []shift.Observation{awaiting("ann", 7*minute, shift.GoOnAfterWait), awaiting("bob", 12*minute, shift.RollBackAfterWait)}
	var slept shift.Seconds
	for p = checked(d, p, both, 0); p.Next == shift.NextBake; p = checked(d, p, both, 0) {
		require.Equal(t, shift.Wait, p.Verdict)
		if slept == 7*minute {
			assert.Equal(t, shift.Reason{Name: "ApprovalWaived", Subject: "ann", Text: "nobody objected"}, p.Reasons[1])
		}
		slept += p.Wait
	}
	assert.Equal(t, 12*minute, slept)
	assert.Equal(t, shift.Fail, p.Verdict)
	assert.Equal(t, "ApprovalExpired", p.Reasons[0].Name)
}

func TestWhatIsNoLongerWaitedForIsForgotten(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	wait := []shift.Observation{awaiting("ann", hour, shift.RollBackAfterWait)}
	p = checked(d, checked(d, p, wait, 0), wait, 0)
	require.NotZero(t, paused(p))
	p = checked(d, p, pass, 0)
	assert.Empty(t, p.Waits)
	assert.False(t, p.Waiting)
	assert.Zero(t, paused(checked(d, p, wait, 0)), "and begins anew")
}

// A poll at which something cannot be read does not say that nothing is waited for.
func TestAHoldDoesNotForgetAWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		then shift.AfterWait
		want shift.Next
	}{{shift.RollBackAfterWait, shift.NextRollback}, {shift.GoOnAfterWait, shift.NextShift}} {
		d, p := watched(t, day, shift.RollBackAfterWait)
		wait := []shift.Observation{awaiting("ann", 20*minute, test.then)}
		for n := 0; p.Next == shift.NextBake; n++ {
			require.Less(t, n, 30)
			p = checked(d, p, [][]shift.Observation{wait, hold}[n%2], 0)
		}
		assert.Equal(t, test.want, p.Next)
		assert.Equal(t, 20*minute, paused(p), "what was slept while it was waited for")
	}
}

func TestAWaitWithoutALimitSaysWhyItFails(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	wait := awaiting("ann", hour, shift.RollBackAfterWait)
	wait.Limit = shift.Limit{}
	p = checked(d, p, []shift.Observation{wait}, 0)
	assert.Equal(t, shift.Fail, p.Verdict)
	assert.Equal(t, []shift.Reason{wait.Reason}, p.Reasons)
}

// Whatever is waited for and for how long: it ends, within the history.
func TestWaitsOfAnyLengthEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, hooks := anyAccepted(t)
		d := opened(t, list, hooks)
		then := rapid.SampledFrom([]shift.AfterWait{shift.GoOnAfterWait, shift.RollBackAfterWait})
		var waits []shift.Observation
		for _, who := range []string{"ann", "bob"} {
			waits = append(waits, awaiting(who, shift.Seconds(rapid.Int64Range(1, int64(day)).Draw(t, "limit")), then.Draw(t, "then")))
		}
		p := d.Start()
		for p.Next != shift.NextFinish && p.Next != shift.NextRollback {
			if p.Next == shift.NextShift {
				p = d.AfterShift(p, nil, 0)
				continue
			}
			require.Positive(t, p.Wait)
			p = checked(d, p, waits, 0)
			require.LessOrEqual(t, p.Events, shift.HistoryBudget)
			for i, w := range p.Waits {
				require.LessOrEqual(t, w.Seconds, waits[i].Limit.Length)
			}
		}
	})
}

func TestAPauseOfAnEarlierVersionGoesOn(t *testing.T) {
	t.Parallel()
	read := func(text string) (p shift.Progress) {
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		return p
	}
	assert.Equal(t, shift.Progress{
		Step: 1, Wait: 60, Waiting: true, Waits: []shift.Waited{{Name: shift.Paused, Of: "2026-05-04T12:00:00Z", Since: noon, Seconds: 158}},
	}, read(`{"step": 1, "waitSeconds": 60, "pausing": true, "pausedSeconds": 158, "pausedAt": "2026-05-04T12:00:00Z"}`))
	ended := read(`{"step": 1, "pausedSeconds": 1200, "pausedAt": "2026-05-04T12:00:00Z"}`)
	assert.True(t, ended.Waits[0].Over, "one that had ended by itself is not taken up again")

	d, _ := watched(t, day, shift.RollBackAfterWait)
	p := d.AfterShift(d.Start(), nil, 0)
	p.Wait, p.Waiting, p.Waits = 60, true, []shift.Waited{{Name: shift.Paused, Of: "2026-05-04T12:00:00Z", Since: noon, Seconds: 158}}
	p = poll(d, p, pass, order(shift.Pause))
	assert.Equal(t, shift.Seconds(218), paused(p))
}
