package shift_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
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

func TestEachWaitIsCountedByItself(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	wait := func(name, subject, of string, length shift.Seconds) shift.Observation {
		return shift.Observation{Verdict: shift.Wait, Reason: shift.Reason{Name: name, Subject: subject, Text: name},
			Limit: shift.Limit{Of: of, Length: length, Then: shift.GoOnAfterWait, Ended: shift.Reason{Name: "Ended", Text: "it ended"}}}
	}
	unread := shift.Observation{Verdict: shift.Hold, Reason: shift.Reason{Name: "A", Text: "unread"}}
	a, b, over := shift.Waited{Name: "A", Since: noon, Seconds: 30}, shift.Waited{Name: "B", Since: noon, Seconds: 40}, shift.Waited{Name: "A", Since: noon, Seconds: 600, Over: true}
	slept := func(w shift.Waited) shift.Waited { w.Seconds += 60; return w }
	for name, test := range map[string]struct {
		waits    []shift.Waited
		waiting  bool
		observed []shift.Observation
		want     []shift.Waited
		verdict  shift.Verdict
		sleep    shift.Seconds
	}{
		"a new one":                       {nil, false, []shift.Observation{wait("A", "", "", 600)}, []shift.Waited{{Name: "A", Since: noon}}, shift.Wait, 60},
		"it goes on":                      {[]shift.Waited{a}, true, []shift.Observation{wait("A", "", "", 600)}, []shift.Waited{slept(a)}, shift.Wait, 60},
		"it was not slept for":            {[]shift.Waited{a}, false, []shift.Observation{wait("A", "", "", 600)}, []shift.Waited{a}, shift.Wait, 60},
		"it nears its limit":              {[]shift.Waited{a}, true, []shift.Observation{wait("A", "", "", 100)}, []shift.Waited{slept(a)}, shift.Wait, 10},
		"another one of the same name":    {[]shift.Waited{a}, true, []shift.Observation{wait("A", "s", "", 600)}, []shift.Waited{{Name: "A", Subject: "s", Since: noon}}, shift.Wait, 60},
		"another one by another name":     {[]shift.Waited{b}, true, []shift.Observation{wait("A", "", "", 600)}, []shift.Waited{{Name: "A", Since: noon}}, shift.Wait, 60},
		"another one of another time":     {[]shift.Waited{a}, true, []shift.Observation{wait("A", "", "of", 600)}, []shift.Waited{{Name: "A", Of: "of", Since: noon}}, shift.Wait, 60},
		"it is over already":              {[]shift.Waited{over}, true, []shift.Observation{wait("A", "", "", 600)}, []shift.Waited{over}, shift.Pass, 0},
		"it is not seen":                  {[]shift.Waited{a}, true, nil, nil, shift.Pass, 0},
		"it is not seen as one is unread": {[]shift.Waited{a, b}, true, []shift.Observation{unread}, []shift.Waited{slept(a), slept(b)}, shift.Hold, 60},
		"one is seen, and another unread": {[]shift.Waited{a, b}, true, []shift.Observation{wait("A", "", "", 600), unread}, []shift.Waited{slept(a), slept(b)}, shift.Hold, 60},
		"one is over, and another unread": {[]shift.Waited{over, b}, false, []shift.Observation{unread}, []shift.Waited{over, b}, shift.Hold, 60},
		"a long one is polled less often": {nil, false, []shift.Observation{wait("A", "", "", 55_000)}, []shift.Waited{{Name: "A", Since: noon}}, shift.Wait, 100},
		"a little longer":                 {nil, false, []shift.Observation{wait("A", "", "", 55_001)}, []shift.Waited{{Name: "A", Since: noon}}, shift.Wait, 101},
		"the shorter one of two":          {nil, false, []shift.Observation{wait("A", "", "", 55_000), wait("B", "", "", 70)}, []shift.Waited{{Name: "A", Since: noon}, {Name: "B", Since: noon}}, shift.Wait, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := d.AfterShift(d.Start(), nil, 0)
			p.Waits, p.Waiting, p.Wait, p.Baked = test.waits, test.waiting, 60, 300
			got := d.AfterPoll(p, shift.Poll{Observations: test.observed, Now: noon})
			assert.Equal(t, test.want, got.Waits)
			assert.Equal(t, test.verdict, got.Verdict)
			assert.Equal(t, test.sleep, got.Wait)
		})
	}
}
