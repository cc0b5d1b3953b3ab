package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func order(o shift.Order) *shift.Command {
	return &shift.Command{Order: o, Reason: "by me", At: noon}
}

// watched is a Deployment of 10 % for an hour, 50 % for an hour and 100 % for ten
// minutes, that was just shifted to its first Step.
func watched(t *testing.T, limit shift.Seconds, ends shift.AfterWait) (shift.Deployment, shift.Progress) {
	t.Helper()
	d := opened(t, []shift.Step{{Weight: 1000, Bake: hour}, {Weight: 5000, Bake: hour}, {Weight: shift.All, Bake: 10 * minute}}, shift.Hooks{})
	d.PauseLimit, d.WhenPauseEnds = limit, ends
	return d, d.AfterShift(d.Start(), nil, 0)
}

// poll is one judgement, with what somebody has asked for.
func poll(d shift.Deployment, p shift.Progress, o []shift.Observation, c *shift.Command) shift.Progress {
	return d.AfterPoll(p, shift.Poll{Observations: o, Command: c, Now: noon})
}

// paused is how long the pause has lasted that the Progress tells of; 0 for none.
func paused(p shift.Progress) shift.Seconds {
	if len(p.Waits) == 0 {
		return 0
	}
	return p.Waits[0].Seconds
}

func TestWithoutACommandTheJudgementStands(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	assert.Equal(t, checked(d, p, pass, 0), poll(d, p, pass, nil))
	assert.Equal(t, checked(d, p, pass, 0), poll(d, p, pass, order(shift.Resume)))
}

func TestNoCommandMakesUpForAFailingCandidate(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Order{shift.Promote, shift.Pause, shift.Resume} {
		d, p := watched(t, day, shift.RollBackAfterWait)
		got, want := poll(d, p, fail, order(o)), checked(d, p, fail, 0)
		got.Waits = nil
		assert.Equal(t, want, got, string(o))
	}
	d, p := watched(t, day, shift.RollBackAfterWait)
	assert.Equal(t, shift.NextBake, poll(d, p, hold, order(shift.Promote)).Next, "nor for one that cannot be judged")
}

func TestPromoteGoesToTheLastStepAtOnce(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	p = poll(d, p, pass, order(shift.Promote))
	assert.Equal(t, shift.NextShift, p.Next)
	assert.Equal(t, reasons("promoted by hand: by me"), p.Reasons)
	p = d.AfterShift(p, nil, 0)
	assert.Equal(t, 3, p.Step)
	assert.Equal(t, shift.All, p.Weight)
	assert.Equal(t, shift.NextBake, p.Next, "the last step's bake")
	assert.Equal(t, shift.NextFinish, poll(d, p, pass, order(shift.Promote)).Next, "ends, too")
}

func TestAPauseKeepsTheWeightAndDoesNotBake(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	p = poll(d, p, pass, nil)
	require.False(t, p.Waiting)
	p = poll(d, p, pass, order(shift.Pause))
	assert.Equal(t, 10*minute, p.Baked, "what was slept before the pause was obeyed")
	for range 20 {
		require.Equal(t, shift.NextBake, p.Next)
		require.True(t, p.Waiting)
		require.Equal(t, 10*minute, p.Baked)
		require.Equal(t, shift.Weight(1000), p.Weight)
		p = poll(d, p, pass, order(shift.Pause))
	}
	assert.Equal(t, 20*5*minute, paused(p))
	p = poll(d, p, pass, order(shift.Resume))
	assert.Equal(t, 10*minute, p.Baked, "what was slept last was the pause's, too")
	assert.Zero(t, paused(p))
	assert.False(t, p.Waiting)
	assert.Equal(t, shift.NextBake, p.Next)
}

// A pause that may last for a month is looked at so seldom that its sleep is longer than
// the bake of the Step.
func TestTheLongSleepOfAPauseIsNoBake(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Order{shift.Resume, shift.Pause} {
		d, p := watched(t, 30*day, shift.RollBackAfterWait)
		p = poll(d, p, pass, order(shift.Pause))
		require.Greater(t, p.Wait, hour)
		next := order(o)
		next.At = noon.Add(time.Hour)
		p = poll(d, p, pass, next)
		assert.Equal(t, shift.NextBake, p.Next, string(o))
		assert.Equal(t, 5*minute, p.Baked, string(o))
	}
}

func TestAPauseLastsForItsWholeTimeHoweverLongTheSleepBeforeItWas(t *testing.T) {
	t.Parallel()
	for _, limit := range []shift.Seconds{1, minute, 5 * minute, 7 * minute} {
		d, p := watched(t, limit, shift.RollBackAfterWait)
		var slept shift.Seconds
		for p = poll(d, p, pass, order(shift.Pause)); p.Next == shift.NextBake; p = poll(d, p, pass, order(shift.Pause)) {
			slept += p.Wait
		}
		assert.Equal(t, limit, slept)
		assert.Equal(t, shift.NextRollback, p.Next)
	}
}

func TestAPauseIsAReasonToWait(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	p = poll(d, p, pass, order(shift.Pause))
	assert.Equal(t, shift.Wait, p.Verdict)
	assert.Equal(t, reasons("paused by hand: by me"), p.Reasons)
	assert.Equal(t, []shift.Waited{{Name: shift.Paused, Of: "2026-05-04T12:00:00Z", Since: noon}}, p.Waits)
}

// Three Holds in a row are a Fail, also while the Deployment is paused.
func TestAPauseHidesNoHold(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	for range 2 {
		p = poll(d, p, hold, order(shift.Pause))
		require.Equal(t, shift.Hold, p.Verdict)
		require.True(t, p.Waiting)
	}
	assert.Equal(t, shift.NextRollback, poll(d, p, hold, order(shift.Pause)).Next)
}

func TestAPromotionEndsAPauseForGood(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterWait)
	p = poll(d, p, pass, order(shift.Pause))
	p = d.AfterShift(poll(d, p, pass, order(shift.Promote)), nil, 0)
	assert.False(t, p.Waiting)
	assert.Empty(t, p.Waits)
}

func TestAPauseThatNobodyEndsIsPutBack(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.RollBackAfterWait)
	for p.Next == shift.NextBake {
		p = poll(d, p, pass, order(shift.Pause))
		require.LessOrEqual(t, paused(p), 20*minute)
	}
	assert.Equal(t, shift.NextRollback, p.Next)
	assert.Equal(t, reasons("PauseExpired: nobody resumed within 20m"), p.Reasons)
}

func TestAPauseThatEndsByItselfGoesOnToTheEndAndIsNotTakenUpAgain(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.GoOnAfterWait)
	for polls := 0; p.Next != shift.NextFinish; polls++ {
		require.Less(t, polls, 100, "it never ends: %s", way(p))
		require.NotEqual(t, shift.NextRollback, p.Next)
		if p.Next == shift.NextShift {
			p = d.AfterShift(p, nil, 0)
			continue
		}
		p = poll(d, p, pass, order(shift.Pause))
	}
	assert.Equal(t, d.Plan.Duration()+20*minute, p.Total)
}

// again is a pause that is asked for later than what order asks for.
func again(later time.Duration) *shift.Command {
	return &shift.Command{Order: shift.Pause, Reason: "again", At: noon.Add(later)}
}

func TestAPauseIsObeyedAfterAnotherHasEndedByItself(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.GoOnAfterWait)
	for p.Next == shift.NextBake {
		p = poll(d, p, pass, order(shift.Pause))
	}
	p = d.AfterShift(p, nil, 0)
	for range 4 { // of 20 minutes, polled every five
		p = poll(d, p, pass, again(3*time.Hour))
		require.Equal(t, reasons("paused by hand: again"), p.Reasons)
		require.Equal(t, 5*minute, p.Baked)
	}
	p = poll(d, p, pass, again(3*time.Hour))
	assert.Equal(t, reasons("the pause has ended by itself"), p.Reasons)
	p = poll(d, p, pass, again(3*time.Hour))
	assert.Equal(t, 10*minute, p.Baked, "and is not taken up again")
}

func TestAPauseThatIsAskedForAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.RollBackAfterWait)
	for range 4 {
		p = poll(d, p, pass, order(shift.Pause))
	}
	require.Equal(t, 15*minute, paused(p))
	for range 4 {
		p = poll(d, p, pass, again(time.Minute))
		require.Equal(t, shift.NextBake, p.Next)
	}
	assert.Equal(t, 15*minute, paused(p))
	assert.Equal(t, shift.NextRollback, poll(d, p, pass, again(time.Minute)).Next)
}

func TestAPauseAfterAResumeHasItsWholeTime(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.RollBackAfterWait)
	for range 3 {
		p = poll(d, p, pass, order(shift.Pause))
	}
	p = poll(d, p, pass, order(shift.Resume))
	p = poll(d, p, pass, again(time.Minute))
	assert.True(t, p.Waiting)
	assert.Zero(t, paused(p))
}

// I9: somebody who pauses again and again takes the history's room, and is put back
// before there is none left.
func TestPausesInARowEndBeforeTheHistoryDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, hooks := anyAccepted(t)
		d := opened(t, list, hooks)
		d.WhenPauseEnds = rapid.SampledFrom([]shift.AfterWait{shift.GoOnAfterWait, shift.RollBackAfterWait}).Draw(t, "ends")
		d.PauseLimit = shift.Seconds(rapid.Int64Range(60, int64(shift.MaxDuration)).Draw(t, "limit"))
		every := rapid.IntRange(1, 600).Draw(t, "polls between two")
		p := d.Start()
		for polls := 0; p.Next != shift.NextFinish && p.Next != shift.NextRollback; polls++ {
			if p.Next == shift.NextShift {
				p = d.AfterShift(p, nil, 0)
				continue
			}
			p = poll(d, p, pass, again(time.Duration(polls/every)*time.Minute))
			require.LessOrEqual(t, p.Events, shift.HistoryBudget)
		}
		if p.Next == shift.NextRollback {
			require.Contains(t, []string{shift.HistoryBudgetUsed, shift.PauseExpired}, p.Reasons[0].Name)
		}
	})
}

func TestACommandIsForWhoHeldTheTargetWhenItWasGiven(t *testing.T) {
	t.Parallel()
	const target = shift.Target("lambda:orders:live")
	tests := []struct {
		name  string
		since time.Duration // after the command
		meant bool
	}{
		{"long before", -time.Hour, true},
		{"at the same time", 0, true},
		{"in the same second, which is all that EventBridge tells", 999 * time.Millisecond, true},
		{"in the next second", time.Second, false},
		{"long after", time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			given := noon.Truncate(time.Second)
			err := shift.Holder{DeploymentID: "two", Since: given.Add(test.since)}.CheckMeant(target, given)
			if test.meant {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
			assert.ErrorContains(t, err, "two holds lambda:orders:live only since")
		})
	}
	err := shift.Holder{}.CheckMeant(target, noon)
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
	assert.ErrorContains(t, err, "no deployment holds lambda:orders:live")
}

func TestOfTwoCommandsTheLaterStandsAndWhereNobodyCanTellTheMoreCareful(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	at := func(o shift.Order, after time.Duration) shift.Command {
		return shift.Command{Order: o, At: noon.Truncate(time.Second).Add(after)}
	}
	for name, test := range map[string]struct{ loses, stands shift.Command }{
		"the later one":                                           {at(shift.Pause, 1*ms), at(shift.Resume, 2*ms)},
		"the later of two events":                                 {at(shift.Pause, 0), at(shift.Resume, time.Second)},
		"a resume in the next second":                             {at(shift.Pause, 0), at(shift.Resume, 1001*ms)},
		"at once, a pause before a resume":                        {at(shift.Resume, 5*ms), at(shift.Pause, 5*ms)},
		"at once, a resume before a promotion":                    {at(shift.Promote, 5*ms), at(shift.Resume, 5*ms)},
		"two events of a second":                                  {at(shift.Promote, 0), at(shift.Pause, 0)},
		"an event's pause, perhaps at its second's end":           {at(shift.Resume, 999*ms), at(shift.Pause, 0)},
		"an event's resume, perhaps at its second's beginning":    {at(shift.Resume, 0), at(shift.Pause, 1*ms)},
		"an event's promotion, perhaps at its second's beginning": {at(shift.Promote, 0), at(shift.Pause, 1*ms)},
	} {
		assert.Less(t, test.loses.Precedence(), test.stands.Precedence(), name)
	}
	assert.Equal(t, at(shift.Pause, 0).Precedence(), at(shift.Pause, 0).Precedence(), "the same one again")
}

// A time of whole seconds may be cut off: it stands for any in its second.
func TestNoCommandStandsAgainstAPauseThatMayHaveBeenLater(t *testing.T) {
	t.Parallel()
	type given struct {
		shift.Command
		first, last time.Time // when it may have been given
	}
	any := rapid.Custom(func(t *rapid.T) given {
		pick := func(name string, from ...time.Duration) time.Duration { return rapid.SampledFrom(from).Draw(t, name) }
		at := noon.Truncate(time.Second).Add(pick("s", 0, 1, 2)*time.Second +
			pick("ms", 0, 1, 500, 999)*time.Millisecond + pick("ns", 0, 1, 999_999))
		if rapid.Bool().Draw(t, "cut off") {
			at = at.Truncate(time.Second)
		}
		last := at
		if at.Nanosecond() == 0 {
			last = at.Add(time.Second - 1)
		}
		o := rapid.SampledFrom([]shift.Order{shift.Promote, shift.Resume, shift.Pause}).Draw(t, "order")
		return given{shift.Command{Order: o, At: at}, at.Truncate(time.Millisecond), last}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := any.Draw(t, "one"), any.Draw(t, "another")
		if a.Precedence() == b.Precedence() {
			require.Equal(t, a.Order, b.Order, "only one of them can stand")
		}
		switch {
		case a.last.Before(b.first):
			require.Less(t, a.Precedence(), b.Precedence())
		case !b.last.Before(a.first) && a.Order == shift.Pause && b.Order != shift.Pause:
			require.Greater(t, a.Precedence(), b.Precedence())
		}
	})
}

// I9: however long somebody may pause, it is the pause that ends, not the history;
// and when the deployment goes on by itself, there is room for the rest of its plan.
func TestAPauseOfAnyLengthLeavesRoomForThePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, hooks := anyAccepted(t)
		d := opened(t, list, hooks)
		d.WhenPauseEnds = shift.GoOnAfterWait
		d.PauseLimit = shift.Seconds(rapid.Int64Range(60, int64(shift.MaxDuration)).Draw(t, "limit"))
		p := d.Start()
		for p.Next != shift.NextFinish {
			require.NotEqual(t, shift.NextRollback, p.Next, "%v", p.Reasons)
			if p.Next == shift.NextShift {
				p = d.AfterShift(p, nil, 0)
				continue
			}
			p = poll(d, p, pass, order(shift.Pause))
			require.LessOrEqual(t, paused(p), d.PauseLimit)
		}
	})
}

func TestAnOrderWithoutAReasonIsToldAsSuch(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	d.PauseLimit = hour
	for reason, want := range map[string]string{"": "paused by hand", "lunch": "paused by hand: lunch"} {
		p := d.AfterPoll(d.AfterShift(d.Start(), nil, 0), shift.Poll{Command: &shift.Command{Order: shift.Pause, Reason: reason, At: noon}, Now: noon})
		assert.Equal(t, []shift.Reason{{Name: shift.Paused, Text: want}}, p.Reasons)
	}
}
