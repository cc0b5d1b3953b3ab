package shift_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sluice/internal/shift"
)

func order(o shift.Order) *shift.Command {
	return &shift.Command{Order: o, Reason: "by me", At: noon}
}

// watched is a Deployment of 10 % for an hour, 50 % for an hour and 100 % for ten
// minutes, that was just shifted to its first Step.
func watched(t *testing.T, limit shift.Seconds, ends shift.WhenPauseEnds) (shift.Deployment, shift.Progress) {
	t.Helper()
	d := opened(t, []shift.Step{{Weight: 1000, Bake: hour}, {Weight: 5000, Bake: hour}, {Weight: shift.All, Bake: 10 * minute}}, shift.Hooks{})
	d.PauseLimit, d.WhenPauseEnds = limit, ends
	return d, d.Shifted(d.Start(), nil, 0)
}

// poll is one judgement, with what somebody has asked for.
func poll(d shift.Deployment, p shift.Progress, j shift.Judgement, c *shift.Command) shift.Progress {
	return d.Obeyed(p, d.Checked(p, j, 0), c)
}

func TestWithoutACommandTheJudgementStands(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterPause)
	assert.Equal(t, d.Checked(p, pass, 0), poll(d, p, pass, nil))
	assert.Equal(t, d.Checked(p, pass, 0), poll(d, p, pass, order(shift.Resume)))
}

func TestNoCommandMakesUpForAFailingCandidate(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Order{shift.Promote, shift.Pause, shift.Resume} {
		d, p := watched(t, day, shift.RollBackAfterPause)
		assert.Equal(t, d.Checked(p, fail, 0), poll(d, p, fail, order(o)), string(o))
	}
	d, p := watched(t, day, shift.RollBackAfterPause)
	assert.Equal(t, shift.NextBake, poll(d, p, hold, order(shift.Promote)).Next, "nor for one that cannot be judged")
}

func TestPromoteGoesToTheLastStepAtOnce(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterPause)
	p = poll(d, p, pass, order(shift.Promote))
	assert.Equal(t, shift.NextShift, p.Next)
	assert.Equal(t, []string{"promoted by hand: by me"}, p.Reasons)
	p = d.Shifted(p, nil, 0)
	assert.Equal(t, 3, p.Step)
	assert.Equal(t, shift.All, p.Weight)
	assert.Equal(t, shift.NextBake, p.Next, "the last step's bake")
	assert.Equal(t, shift.NextFinish, poll(d, p, pass, order(shift.Promote)).Next, "ends, too")
}

func TestAPauseKeepsTheWeightAndDoesNotBake(t *testing.T) {
	t.Parallel()
	d, p := watched(t, day, shift.RollBackAfterPause)
	p = poll(d, p, pass, nil)
	baked := p.Baked
	for range 20 {
		p = poll(d, p, pass, order(shift.Pause))
		require.Equal(t, shift.NextBake, p.Next)
		require.Equal(t, baked, p.Baked)
		require.Equal(t, shift.Weight(1000), p.Weight)
	}
	assert.Equal(t, 20*5*minute, p.Paused)
	p = poll(d, p, pass, order(shift.Resume))
	assert.Equal(t, baked+5*minute, p.Baked)
	assert.Zero(t, p.Paused)
}

func TestAPauseThatNobodyEndsIsPutBack(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.RollBackAfterPause)
	for p.Next == shift.NextBake {
		p = poll(d, p, pass, order(shift.Pause))
		require.LessOrEqual(t, p.Paused, 20*minute)
	}
	assert.Equal(t, shift.NextRollback, p.Next)
	assert.Equal(t, []string{"PauseExpired: nobody resumed within 20m"}, p.Reasons)
}

func TestAPauseThatEndsByItselfGoesOnToTheEndAndIsNotTakenUpAgain(t *testing.T) {
	t.Parallel()
	d, p := watched(t, 20*minute, shift.ResumeAfterPause)
	for polls := 0; p.Next != shift.NextFinish; polls++ {
		require.Less(t, polls, 100, "it never ends: %s", way(p))
		require.NotEqual(t, shift.NextRollback, p.Next)
		if p.Next == shift.NextShift {
			p = d.Shifted(p, nil, 0)
			continue
		}
		p = poll(d, p, pass, order(shift.Pause))
	}
	assert.Equal(t, d.Plan.Duration()+20*minute, p.Total)
}

// I9: however long somebody may pause, it is the pause that ends, not the history;
// and when the deployment goes on by itself, there is room for the rest of its plan.
func TestAPauseOfAnyLengthLeavesRoomForThePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, hooks := anyAccepted(t)
		d := opened(t, list, hooks)
		d.WhenPauseEnds = shift.ResumeAfterPause
		d.PauseLimit = shift.Seconds(rapid.Int64Range(60, int64(shift.MaxDuration)).Draw(t, "limit"))
		longest := slices.MaxFunc(d.Plan.Steps, func(a, b shift.Step) int { return int(a.Poll - b.Poll) }).Poll
		p := d.Start()
		for p.Next != shift.NextFinish {
			require.NotEqual(t, shift.NextRollback, p.Next, "%v", p.Reasons)
			if p.Next == shift.NextShift {
				p = d.Shifted(p, nil, 0)
				continue
			}
			p = poll(d, p, pass, order(shift.Pause))
			require.LessOrEqual(t, p.Paused, d.PauseLimit+longest, "what was slept when it began counts too")
		}
	})
}
