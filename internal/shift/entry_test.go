package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

// asking is a Deployment of two Steps. The second one is taken only with an approval.
func asking(t testing.TB, then shift.AfterWait) shift.Deployment {
	t.Helper()
	steps := []shift.Step{{Weight: 1000, Bake: 5 * minute}, {Weight: shift.All, Approval: shift.Approval{Wait: hour, WhenNobodyAnswers: then}}}
	return opened(t, steps, shift.Hooks{})
}

// baked is the Progress before the poll at which the first Step has baked.
func baked(d shift.Deployment) shift.Progress {
	p := d.AfterShift(d.Start(), nil, 0)
	for p.Baked+p.Wait < 5*minute {
		p = poll(d, p, nil, nil)
	}
	return p
}

func pollWith(d shift.Deployment, p shift.Progress, found shift.Poll) shift.Progress {
	if found.Now.IsZero() {
		found.Now = noon
	}
	return d.AfterPoll(p, found)
}

func answered(step int, order shift.Order) []shift.Answer {
	return []shift.Answer{{Step: step, Command: shift.Command{Order: order, Reason: "seen", At: noon, By: "arn:aws:sts::1:assumed-role/Admin/ann"}}}
}

func TestAnAnswerDecidesOverItsStepAlone(t *testing.T) {
	t.Parallel()
	d := asking(t, shift.RollBackAfterWait)
	d.PauseLimit, d.WhenPauseEnds = day, shift.RollBackAfterWait
	for name, test := range map[string]struct {
		found shift.Poll
		next  shift.Next
		first string
	}{
		"nobody has answered":        {shift.Poll{}, shift.NextBake, shift.AwaitingApproval},
		"it is approved":             {shift.Poll{Answers: answered(2, shift.Approve)}, shift.NextShift, ""},
		"it is rejected":             {shift.Poll{Answers: answered(2, shift.Reject)}, shift.NextRollback, shift.ApprovalRejected},
		"another one is approved":    {shift.Poll{Answers: answered(1, shift.Approve)}, shift.NextBake, shift.AwaitingApproval},
		"another one is rejected":    {shift.Poll{Answers: answered(1, shift.Reject)}, shift.NextBake, shift.AwaitingApproval},
		"it is promoted by hand":     {shift.Poll{Command: order(shift.Promote)}, shift.NextShift, shift.PromotedByHand},
		"an alarm fires":             {shift.Poll{Answers: answered(2, shift.Approve), Observations: fail}, shift.NextRollback, fail[0].Reason.Name},
		"the account is frozen":      {shift.Poll{Answers: answered(2, shift.Approve), Freeze: shift.Freeze{Until: noon.Add(time.Hour)}}, shift.NextBake, shift.Frozen},
		"promoted, and frozen":       {shift.Poll{Command: order(shift.Promote), Freeze: shift.Freeze{Until: noon.Add(time.Hour)}}, shift.NextBake, shift.Frozen},
		"the freeze is over":         {shift.Poll{Answers: answered(2, shift.Approve), Freeze: shift.Freeze{Until: noon}}, shift.NextShift, ""},
		"approved, and paused since": {shift.Poll{Answers: answered(2, shift.Approve), Command: order(shift.Pause)}, shift.NextBake, shift.Paused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pollWith(d, baked(d), test.found)
			assert.Equal(t, test.next, p.Next)
			assert.Equal(t, test.first, shift.FirstReason(p.Reasons).Name)
		})
	}
	rejected := pollWith(d, baked(d), shift.Poll{Answers: answered(2, shift.Reject)})
	assert.Equal(t, "ApprovalRejected: step 2 was rejected (assumed-role/Admin/ann): seen", rejected.Reasons[0].String())
}

// Before a Step has baked, nothing keeps the next one out yet, and nobody is asked.
func TestNobodyIsAskedBeforeAStepHasBaked(t *testing.T) {
	t.Parallel()
	d := asking(t, shift.RollBackAfterWait)
	p := d.AfterShift(d.Start(), nil, 0)
	assert.False(t, d.EntryDue(p, nil))
	assert.True(t, d.EntryDue(p, order(shift.Promote)))
	assert.True(t, d.EntryDue(baked(d), nil))
	p = pollWith(d, p, shift.Poll{Freeze: shift.Freeze{Until: noon.Add(time.Hour)}})
	assert.Empty(t, p.Reasons)
	assert.False(t, p.Waiting)

	assert.Equal(t, 2, d.AsksAbout(baked(d), shift.Poll{}))
	assert.Zero(t, d.AsksAbout(baked(d), shift.Poll{Asked: shift.AskedStep{Step: 2}}), "it is asked once")
	assert.Zero(t, d.AsksAbout(baked(d), shift.Poll{Command: order(shift.Promote)}))
	assert.Zero(t, d.AsksAbout(d.Start(), shift.Poll{}), "the first step asks nobody")
}

func TestAReleaseIsKeptOutByAFreezeAndItsWindow(t *testing.T) {
	t.Parallel()
	r := shift.Release{Steps: []shift.Step{{Weight: shift.All, Approval: shift.Approval{Wait: hour}}}}
	assert.Empty(t, r.KeptOut(shift.Freeze{}, noon), "people are asked when it holds its targets")
	r.Steps[0].Window = shift.Window{Days: shift.EveryDay, From: 14 * 60, To: 16 * 60, Zone: "UTC"}
	assert.Equal(t, shift.Seconds(2*hour), r.KeptOut(shift.Freeze{}, noon).Left)
	kept := r.KeptOut(shift.Freeze{Until: noon.Add(3 * time.Hour)}, noon)
	assert.Equal(t, shift.Seconds(3*hour), kept.Left)
	require.Len(t, kept.Why, 2)
	assert.Contains(t, kept.Why[0], "frozen until")
	assert.Contains(t, kept.Why[1], "step 1 waits for its window")
}

func TestAStepIsEnteredOnlyIfNothingKeepsItOut(t *testing.T) {
	t.Parallel()
	d := asking(t, shift.RollBackAfterWait)
	start := d.Start()
	p, may := d.Enter(start, shift.Poll{Now: noon})
	assert.True(t, may)
	assert.Equal(t, start, p)

	reverting := d
	reverting.Reverts = "an execution"
	_, may = reverting.Enter(start, shift.Poll{Now: noon, Freeze: shift.Freeze{Until: noon.Add(time.Hour)}})
	assert.True(t, may, "a freeze does not keep a revert from putting traffic back")
	taking := d
	taking.TakesBack = true
	_, may = taking.Enter(start, shift.Poll{Now: noon, Freeze: shift.Freeze{Until: noon.Add(time.Hour)}})
	assert.True(t, may, "nor what takes back a stack's update")
	p, may = d.Enter(start, shift.Poll{Now: noon, Freeze: shift.Freeze{Until: noon.Add(time.Hour)}})
	require.False(t, may)
	assert.Equal(t, 0, p.Step)
	assert.Equal(t, 1, p.NextStep)
	assert.Equal(t, shift.NextBake, p.Next)
	assert.Equal(t, minute, p.Wait)
	assert.True(t, p.Waiting)
	assert.Equal(t, start.Events+shift.EventsOfStep, p.Events)

	p = pollWith(d, p, shift.Poll{Observations: fail})
	assert.Equal(t, shift.NextRollback, p.Next, "alarms count before the first step")

	// A promotion that was decided already passes the approval, and not the freeze.
	p = baked(d)
	p.NextStep = 2
	promoted := opened(t, []shift.Step{{Weight: 1000}, {Weight: 2000}, d.Plan.Step(2)}, shift.Hooks{})
	q := promoted.AfterShift(promoted.Start(), nil, 0)
	q.NextStep = 3
	_, may = promoted.Enter(q, shift.Poll{Now: noon})
	assert.True(t, may)
	q, may = promoted.Enter(q, shift.Poll{Now: noon, Freeze: shift.Freeze{Until: noon.Add(time.Hour)}})
	assert.False(t, may)
	assert.Equal(t, 2, q.NextStep)

	p, may = d.Enter(p, shift.Poll{Now: noon, Answers: answered(2, shift.Reject)})
	assert.False(t, may)
	assert.Equal(t, shift.NextRollback, p.Next)
}

// A wait that has reached its limit stays over while a freeze keeps the next Step out.
func TestAnEndedPauseDoesNotComeBackAfterAFreeze(t *testing.T) {
	t.Parallel()
	d := opened(t, []shift.Step{{Weight: 1000, Bake: 5 * minute}, {Weight: shift.All}}, shift.Hooks{})
	d.PauseLimit, d.WhenPauseEnds = 10*minute, shift.GoOnAfterWait
	paused := shift.Poll{Command: order(shift.Pause)}
	p := pollWith(d, d.AfterShift(d.Start(), nil, 0), paused)
	for p.Next == shift.NextBake {
		p = pollWith(d, p, paused)
	}
	require.Equal(t, shift.NextShift, p.Next)
	require.Len(t, p.Waits, 1)

	frozen := shift.Freeze{Until: noon.Add(time.Hour)}
	p, may := d.Enter(p, shift.Poll{Command: paused.Command, Freeze: frozen, Now: noon})
	require.False(t, may)
	for range 3 {
		p = pollWith(d, p, shift.Poll{Command: paused.Command, Freeze: frozen})
		require.Equal(t, shift.Frozen, shift.FirstReason(p.Reasons).Name)
	}
	p = pollWith(d, p, paused)
	assert.Equal(t, shift.NextShift, p.Next, "%v", p.Reasons)
	again := shift.Command{Order: shift.Pause, At: noon.Add(time.Minute)}
	p = pollWith(d, p, shift.Poll{Command: &again})
	assert.Equal(t, shift.Paused, shift.FirstReason(p.Reasons).Name, "another pause is one of its own")
}

// The time for an answer stands still while something else keeps the Step out.
func TestTheTimeForAnAnswerStandsStillMeanwhile(t *testing.T) {
	t.Parallel()
	d := asking(t, shift.RollBackAfterWait)
	p := baked(d)
	now := noon
	polls := 0
	for ; now.Before(noon.Add(3 * time.Hour)); polls++ {
		p = pollWith(d, p, shift.Poll{Now: now, Freeze: shift.Freeze{Until: noon.Add(3 * time.Hour)}})
		require.Equal(t, shift.NextBake, p.Next)
		now = now.Add(p.Wait.Duration())
	}
	assert.Less(t, polls, 50, "the polls grow rarer, as for one wait")
	require.Equal(t, noon.Add(3*time.Hour), now, "it is polled when the freeze ends")
	began := now
	for p.Next == shift.NextBake {
		p = pollWith(d, p, shift.Poll{Now: now})
		now = now.Add(p.Wait.Duration())
	}
	assert.Equal(t, shift.ApprovalExpired, p.Reasons[0].Name)
	assert.Equal(t, time.Hour, now.Sub(began))
}

// office is a Window of 35 hours a week.
var office = shift.Window{Days: 0b0111110, From: 9 * 60, To: 16 * 60, Zone: "Europe/Berlin"}

// awaited is what a Deployment has slept until it ends, if nobody answers.
type awaited struct {
	// inside is the longest sleep that began while the Window was open, and outside the longest
	// of all others.
	inside, outside, open time.Duration
	polls                 int
}

// await plays the wait for an answer about a Deployment's first Step.
func await(t testing.TB, d shift.Deployment) (a awaited) {
	t.Helper()
	w, now := d.Plan.Step(1).Window, noon
	p, may := d.Enter(d.Start(), shift.Poll{Now: now})
	require.False(t, may)
	for ; p.Next == shift.NextBake; a.polls++ {
		slept := p.Wait.Duration()
		require.Positive(t, slept)
		longest := &a.outside
		if opens, _ := w.Opens(now); !opens.After(now) {
			longest, a.open = &a.inside, a.open+slept
			closes, known := w.Closes(now)
			require.False(t, known && now.Add(slept).After(closes), "a sleep that counts ends with the window")
		}
		*longest = max(*longest, slept)
		now = now.Add(slept)
		p = pollWith(d, p, shift.Poll{Now: now})
	}
	require.Equal(t, shift.ApprovalExpired, shift.FirstReason(p.Reasons).Name)
	require.Less(t, p.Events, shift.HistoryBudget)
	return a
}

// The time for an answer runs only while the window is open, and an answer is heard soon then,
// however many nights lie between.
func TestALongApprovalThroughAWindowIsHeardUntilItsEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		days            int
		window          shift.Window
		inside, outside time.Duration
	}{
		{1, shift.Window{}, 5 * time.Minute, 0},
		{7, shift.Window{}, 19 * time.Minute, 0},
		{30, shift.Window{}, 80 * time.Minute, 0},
		{1, office, 5 * time.Minute, 15 * time.Minute},
		{7, office, 20 * time.Minute, 90 * time.Minute},
		{30, office, 80 * time.Minute, 5 * time.Hour},
		{7, shift.Window{Days: 0b0100010, From: 22 * 60, To: 4 * 60, Zone: "America/New_York"}, 70 * time.Minute, 5 * time.Hour},
	} {
		limit := shift.Seconds(test.days) * day
		steps := []shift.Step{{Weight: shift.All, Window: test.window, Approval: shift.Approval{Wait: limit, WhenNobodyAnswers: shift.RollBackAfterWait}}}
		a := await(t, opened(t, steps, shift.Hooks{}))
		assert.Equal(t, limit.Duration(), a.open, "%d days in %s", test.days, test.window)
		assert.LessOrEqual(t, a.inside, test.inside, "%d days in %s", test.days, test.window)
		assert.LessOrEqual(t, a.outside, test.outside, "%d days in %s", test.days, test.window)
		if test.days == 1 && !test.window.IsSet() {
			assert.LessOrEqual(t, 3*a.polls, 900, "transitions")
		}
	}
}

// Who is never open for long enough is told before anything begins.
func TestAnApprovalThatCannotBeWaitedForIsRefused(t *testing.T) {
	t.Parallel()
	rare := shift.Window{Days: 1, From: 600, To: 615, Zone: "UTC"}
	a := shift.Approval{Wait: day, WhenNobodyAnswers: shift.RollBackAfterWait}
	_, err := shift.NewPlan([]shift.Step{{Weight: shift.All, Approval: a, Window: rare}}, shift.Hooks{}, shift.Judging{})
	require.ErrorIs(t, err, shift.ErrPlanTooLong)
	require.ErrorContains(t, err, "shorten waitMinutes, ask for fewer approvals, or open the windows for longer")
	a.Wait = hour
	_, err = shift.NewPlan([]shift.Step{{Weight: shift.All, Approval: a, Window: rare}}, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
}

// anyWindow draws a Window.
func anyWindow(t *rapid.T) shift.Window {
	w := shift.Window{
		Days: shift.Weekdays(rapid.IntRange(1, int(shift.EveryDay)).Draw(t, "days")), Zone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin"}).Draw(t, "zone"),
		From: shift.DayTime(15 * rapid.IntRange(0, 95).Draw(t, "from")), To: shift.DayTime(15 * rapid.IntRange(0, 96).Draw(t, "to")),
	}
	if w.Check() != nil {
		t.Skip("no window")
	}
	return w
}

// However many approvals a Plan has, and whenever its Steps may be taken: all of them fit into the
// history.
func TestApprovalsOfAnyPlanFitIntoTheHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "steps")
		steps, open := []shift.Step(nil), shift.Window{}
		if rapid.Bool().Draw(t, "windows") {
			open = anyWindow(t)
		}
		for i := range n {
			steps = append(steps, shift.Step{
				Weight: shift.Weight(int(shift.All) * (i + 1) / n), Bake: shift.Seconds(rapid.IntRange(0, 7200).Draw(t, "bake")),
				Approval: shift.Approval{Wait: shift.Seconds(rapid.Int64Range(60, int64(40*day)/int64(n)).Draw(t, "wait")), WhenNobodyAnswers: shift.GoOnAfterWait},
			})
			if rapid.Bool().Draw(t, "window") {
				steps[i].Window = open
			}
		}
		if _, err := shift.NewPlan(steps, shift.Hooks{}, shift.Judging{}); err != nil {
			t.Skip("too long")
		}
		d := opened(t, steps, shift.Hooks{})
		p, now := d.Start(), noon
		for p.Next != shift.NextFinish {
			require.NotEqual(t, shift.NextRollback, p.Next, "step %d: %v", p.Step, p.Reasons)
			if p.Next == shift.NextShift {
				next, may := d.Enter(p, shift.Poll{Now: now})
				if p = next; may {
					p = d.AfterShift(p, nil, 0)
				}
				continue
			}
			require.Positive(t, p.Wait)
			now = now.Add(p.Wait.Duration())
			p = pollWith(d, p, shift.Poll{Now: now})
		}
		require.Less(t, now.Sub(noon), shift.MaxDuration.Duration())
	})
}

func TestAnAnswerIsForTheQuestionThatStands(t *testing.T) {
	t.Parallel()
	record := func(change func(*shift.Record)) shift.Record {
		r := shift.Record{ID: "d", Status: shift.StatusOpen, Intent: 1, Asked: shift.AskedStep{Step: 2, At: noon.Add(400 * time.Millisecond)}}
		change(&r)
		return r
	}
	same := func(*shift.Record) {}
	for name, test := range map[string]struct {
		record shift.Record
		step   int
		at     time.Time
		want   string
	}{
		"the one that is asked":         {record(same), 0, noon.Add(time.Minute), ""},
		"by its number":                 {record(same), 2, noon.Add(time.Minute), ""},
		"in the same second":            {record(same), 0, noon, ""},
		"given before":                  {record(same), 0, noon.Add(-time.Second), "step 2 is asked about since 2026-05-04T12:00:00Z, after the answer was given"},
		"about another step":            {record(same), 1, noon.Add(time.Minute), "the answer is about step 1, and step 2 was asked about last"},
		"nobody was asked":              {record(func(r *shift.Record) { r.Asked = shift.AskedStep{} }), 0, noon, "nobody was asked"},
		"the step is taken":             {record(func(r *shift.Record) { r.Intent = 2 }), 0, noon, "step 2 is taken already"},
		"answered already":              {record(func(r *shift.Record) { r.Answers = answered(2, shift.Approve) }), 0, noon.Add(time.Minute), "step 2 was answered already"},
		"the same answer again":         {record(func(r *shift.Record) { r.Answers = answered(2, shift.Approve) }), 0, noon, ""},
		"an answer to an earlier step":  {record(func(r *shift.Record) { r.Answers = answered(1, shift.Approve) }), 0, noon, ""},
		"it is on its way back already": {record(func(r *shift.Record) { r.Status = shift.StatusRestoring }), 0, noon, "putting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.record.CheckAnswer(test.step, shift.Command{Order: shift.Approve, At: test.at})
			switch test.want {
			case "":
				require.NoError(t, err)
			case "putting":
				require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
			default:
				require.ErrorIs(t, err, shift.ErrNotAsked)
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestAFreezeEndsAndIsBounded(t *testing.T) {
	t.Parallel()
	f := shift.Freeze{Until: noon.Add(time.Hour), Reason: "the sale", By: "arn:aws:iam::1:user/ann", At: noon}
	assert.True(t, f.Holds(noon))
	assert.False(t, f.Holds(noon.Add(time.Hour)))
	assert.Equal(t, "frozen until Mon 4 May 13:00 UTC (user/ann): the sale", f.String())
	require.NoError(t, f.Check(noon))
	require.ErrorIs(t, f.Check(noon.Add(time.Hour)), shift.ErrInvalidFreeze)
	f.Until = noon.Add(shift.MaxFreeze)
	require.NoError(t, f.Check(noon))
	f.Until = f.Until.Add(time.Second)
	require.ErrorIs(t, f.Check(noon), shift.ErrInvalidFreeze)
}

// The control step that the comparison inserts belongs to the last step of the plan.
func TestTheLastApprovalIsAskedBeforeTheControlStep(t *testing.T) {
	t.Parallel()
	a := shift.Approval{Wait: hour, WhenNobodyAnswers: shift.RollBackAfterWait}
	w := shift.Window{Days: shift.EveryDay, From: 60, To: 120, Zone: "UTC"}
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: hour}, {Weight: shift.All, Bake: hour, Approval: a, Window: w}}, shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	require.Equal(t, 3, plan.Len())
	assert.Equal(t, a, plan.Step(2).Approval)
	assert.False(t, plan.Step(3).Approval.IsAsked())
	assert.Equal(t, w, plan.Step(2).Window)
	assert.Equal(t, w, plan.Step(3).Window)
	assert.Equal(t, a, shift.Plan{Steps: []shift.Step{{Weight: 1000, Approval: a}, {Weight: shift.All}}}.WholeOnly().Step(1).Approval, "where traffic cannot be divided, people are still asked")
}
