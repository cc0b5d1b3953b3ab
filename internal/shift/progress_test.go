package shift_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

const orders = shift.Target("lambda:orders:live")

// opened is a Deployment of one Target from version 1 to 2.
func opened(t require.TestingT, list []shift.Step, hooks shift.Hooks) shift.Deployment {
	d, err := shift.Open(shift.Opening{
		ID:      "execution",
		Release: shift.Release{Steps: list, Hooks: hooks},
		Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2", Revision: "r0"}},
	})
	require.NoError(t, err)
	return d
}

func canary() []shift.Step {
	return []shift.Step{{Weight: 1000, Bake: 5 * minute}, {Weight: shift.All}}
}

var (
	pass []shift.Observation
	hold = []shift.Observation{{Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: orders-5xx: throttled")}}
	fail = []shift.Observation{{Verdict: shift.Fail, Reason: shift.AlarmFiredReason("orders-5xx", "because")}}
)

// checked is a poll that found something, after some retries.
func checked(d shift.Deployment, p shift.Progress, observations []shift.Observation, retries int) shift.Progress {
	return d.AfterPoll(p, shift.Poll{Observations: observations, Now: noon, Retries: retries})
}

// way writes down where a Progress stands.
func way(p shift.Progress) string {
	return fmt.Sprintf("%d/%d %s baked %s, %s %s", p.Step, p.Steps, p.Weight, p.Baked, p.Next, p.Wait)
}

func TestACanaryGoesItsWay(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.Start()
	assert.Equal(t, "0/2 0% baked 0s, shift 0s", way(p))
	assert.Equal(t, map[shift.Target]shift.Revision{orders: "r0"}, p.Revisions)
	p = d.AfterShift(p, map[shift.Target]shift.Revision{orders: "r1"}, 0)
	assert.Equal(t, "1/2 10% baked 0s, bake 1m", way(p))
	assert.Equal(t, map[shift.Target]shift.Revision{orders: "r1"}, p.Revisions)
	for i := 1; i <= 4; i++ {
		p = checked(d, p, pass, 0)
		assert.Equal(t, fmt.Sprintf("1/2 10%% baked %dm, bake 1m", i), way(p))
	}
	p = checked(d, p, pass, 0)
	assert.Equal(t, "1/2 10% baked 5m, shift 0s", way(p))
	p = d.AfterShift(p, map[shift.Target]shift.Revision{orders: "r2"}, 0)
	assert.Equal(t, "2/2 100% baked 0s, finish 0s", way(p))
	assert.Equal(t, 5*minute, p.Total)
	assert.Equal(t, 5, p.Checks)
	assert.Equal(t, d.Plan.Events(shift.Hooks{}), p.Events+d.EventsReserved)
}

func TestTheLastPollIsNeverLongerThanWhatIsLeftOfTheBake(t *testing.T) {
	t.Parallel()
	d := opened(t, []shift.Step{{Weight: shift.All, Bake: 150}}, shift.Hooks{})
	p := d.AfterShift(d.Start(), nil, 0)
	var waits []shift.Seconds
	for p.Next == shift.NextBake {
		waits = append(waits, p.Wait)
		p = checked(d, p, pass, 0)
	}
	assert.Equal(t, []shift.Seconds{60, 60, 30}, waits)
	assert.Equal(t, shift.NextFinish, p.Next)
}

func TestOneFailPutsTrafficBack(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := checked(d, d.AfterShift(d.Start(), nil, 0), fail, 0)
	assert.Equal(t, shift.NextRollback, p.Next)
	assert.Equal(t, shift.Fail, p.Verdict)
	assert.Equal(t, reasons("AlarmFired: orders-5xx is in ALARM: because"), p.Reasons)
	assert.Zero(t, p.Wait)
	assert.Equal(t, shift.Weight(1000), p.Weight, "the weight that the traffic still has")
}

func TestThreeHoldsInARowAreAFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		judgements [][]shift.Observation
		want       shift.Next
		holds      int
	}{
		{"one", [][]shift.Observation{hold}, shift.NextBake, 1},
		{"two", [][]shift.Observation{hold, hold}, shift.NextBake, 2},
		{"three", [][]shift.Observation{hold, hold, hold}, shift.NextRollback, 3},
		{"a pass between them starts anew", [][]shift.Observation{hold, hold, pass, hold, hold}, shift.NextBake, 2},
		{"a fail needs no third", [][]shift.Observation{hold, fail}, shift.NextRollback, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, []shift.Step{{Weight: 1000, Bake: hour}, {Weight: shift.All}}, shift.Hooks{})
			p := d.AfterShift(d.Start(), nil, 0)
			for _, j := range test.judgements {
				require.Equal(t, shift.NextBake, p.Next)
				p = checked(d, p, j, 0)
			}
			assert.Equal(t, test.want, p.Next)
			assert.Equal(t, test.holds, p.Holds)
		})
	}
}

func TestHoldsDoNotCarryOverToTheNextStep(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.AfterShift(d.Start(), nil, 0)
	p.Holds = 2
	assert.Zero(t, d.AfterShift(p, nil, 0).Holds)
}

func TestTheCauseOfThreeHoldsBeginsWithTheirReason(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.AfterShift(d.Start(), nil, 0)
	for range 3 {
		p = checked(d, p, hold, 0)
	}
	assert.Equal(t, shift.Fail, p.Verdict)
	assert.Equal(t, reasons("AlarmUnreadable: orders-5xx: throttled", "held 3 times in a row"), p.Reasons)
}

func TestAHoldAtTheEndOfABakeKeepsTheWeightForAnotherPoll(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.AfterShift(d.Start(), nil, 0)
	for range 4 {
		p = checked(d, p, pass, 0)
	}
	p = checked(d, p, hold, 0)
	assert.Equal(t, "1/2 10% baked 5m, bake 1m", way(p))
	p = checked(d, p, pass, 0)
	assert.Equal(t, "1/2 10% baked 6m, shift 0s", way(p))
	assert.Equal(t, 6*minute, p.Total)
}

func TestRetriesCountForTheHistory(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	start := d.Start()
	p := d.AfterShift(start, nil, 4)
	assert.Equal(t, start.Events+7+4*3, p.Events)
	assert.Equal(t, p.Events+9+2*3, checked(d, p, pass, 2).Events)
}

func TestADeploymentIsPutBackWhileTheHistoryHasRoomForIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events int // after the judgement, with what the end needs
		want   shift.Next
	}{
		{"just below", shift.HistoryBudget - 1, shift.NextBake},
		{"at the budget", shift.HistoryBudget, shift.NextRollback},
		{"beyond", 24_000, shift.NextRollback},
	}
	for _, test := range tests {
		for name, judgement := range map[string][]shift.Observation{"pass": pass, "hold": hold} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				t.Parallel()
				d := opened(t, canary(), shift.Hooks{})
				p := d.AfterShift(d.Start(), nil, 0)
				p.Events = test.events - d.EventsReserved - 9
				p = checked(d, p, judgement, 0)
				assert.Equal(t, test.want, p.Next)
				if test.want == shift.NextRollback {
					assert.Equal(t, shift.Fail, p.Verdict)
					assert.Equal(t, shift.HistoryBudgetUsed, p.Reasons[0].Name)
				}
			})
		}
	}
}

func TestADoneDeploymentFinishesWhateverItsHistory(t *testing.T) {
	t.Parallel()
	d := opened(t, []shift.Step{{Weight: shift.All}}, shift.Hooks{})
	p := d.Start()
	p.Events = 24_000
	assert.Equal(t, shift.NextFinish, d.AfterShift(p, nil, 0).Next, "everything is shifted: undoing it needs more room than ending")
}

func TestReasonsStaySmallHoweverManyAlarmsFire(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	many := make([]shift.Observation, 90)
	for i := range many {
		many[i] = shift.Observation{Verdict: shift.Fail, Reason: shift.Reason{Name: "X", Subject: strings.Repeat("s", 5000), Text: strings.Repeat("é", 5000)}}
	}
	p := checked(d, d.AfterShift(d.Start(), nil, 0), many, 0)
	require.Len(t, p.Reasons, 10)
	for _, r := range p.Reasons {
		assert.LessOrEqual(t, len([]rune(r.String())), 256)
		assert.LessOrEqual(t, len([]rune(r.Subject)), 352)
	}
}

func TestProgressNeverSharesItsRevisionsWithTheOneBefore(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	start := d.Start()
	d.AfterShift(start, map[shift.Target]shift.Revision{orders: "r1"}, 0)
	assert.Equal(t, shift.Revision("r0"), start.Revisions[orders])
}

func TestProgressSurvivesTheStateMachine(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := checked(d, d.AfterShift(d.Start(), map[shift.Target]shift.Revision{orders: "r1"}, 1), hold, 2)
	text, err := json.Marshal(p)
	require.NoError(t, err)
	var again shift.Progress
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, p, again)
	assert.JSONEq(t, `{
		"step": 1, "steps": 2, "nextStep": 2, "weightPercent": 10, "waitSeconds": 60, "bakedSeconds": 60, "totalSeconds": 60,
		"checks": 1, "holds": 1, "revisions": {"lambda:orders:live": "r1"}, "eventsUsed": 42,
		"next": "bake", "verdict": "Hold", "reasons": [{"name": "AlarmUnreadable", "subject": "orders-5xx", "text": "orders-5xx: throttled"}]
	}`, string(text))
}

// The course that Plan.Course predicts is the one that Progress takes.
func TestAHealthyDeploymentTakesExactlyTheCourseOfItsPlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list, hooks := anyAccepted(t)
		d := opened(t, list, hooks)
		walk(t, d, hooks)
	})
}

// walk takes a healthy Deployment to its end.
func walk(t *rapid.T, d shift.Deployment, hooks shift.Hooks) {
	p, baked, shifts, reads := d.Start(), shift.Seconds(0), 0, 0
	for p.Next != shift.NextFinish {
		before := p
		switch p.Next {
		case shift.NextShift:
			p, shifts = d.AfterShift(p, nil, 0), shifts+1
			require.Greater(t, p.Weight, before.Weight, "I4")
			require.Equal(t, d.Plan.Step(p.Step).Weight, p.Weight, "I4")
		case shift.NextBake:
			require.Positive(t, p.Wait, "a bake without a wait would never end")
			baked += p.Wait
			if (shift.Subject{Deployment: d, Progress: p}).RoutesDue() {
				reads++
			}
			p = checked(d, p, pass, 0)
			require.Equal(t, before.Weight, p.Weight, "I4")
		default:
			require.Fail(t, "a healthy deployment is never put back", "%+v", p)
		}
		require.Empty(t, p.Reasons)
		require.NotNil(t, p.Reasons, "an empty list in JSON, not null")
	}
	require.Equal(t, shift.All, p.Weight)
	require.Equal(t, d.Plan.Duration(), baked)
	require.Equal(t, baked, p.Total)
	require.Equal(t, d.Plan.Polls(), p.Checks)
	require.Equal(t, d.Plan.RouteReads(), reads)
	require.Equal(t, d.Plan.Len(), shifts)
	require.Equal(t, d.Plan.Events(hooks), p.Events+d.EventsReserved-shift.EventsOfRetry*shift.HookRetries*hooks.Count())
}

// Whatever the judgements are, a Deployment ends within the history.
func TestNoCourseOfJudgementsOutgrowsTheHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := opened(t, canary(), shift.Hooks{})
		p := d.Start()
		retries := rapid.IntRange(0, 60).Draw(t, "retries")
		holds := rapid.IntRange(0, 2).Draw(t, "holds in a row")
		for i := 0; p.Next == shift.NextShift || p.Next == shift.NextBake; i++ {
			require.Less(t, p.Events+d.EventsReserved, shift.HistoryBudget)
			if p.Next == shift.NextShift {
				p = d.AfterShift(p, nil, retries)
				continue
			}
			judgement := pass
			if i%(holds+1) != 0 {
				judgement = hold
			}
			p = checked(d, p, judgement, retries)
		}
		require.Less(t, p.Events, 25_000)
	})
}

func TestAShiftFromAProgressWithoutRevisionsKeepsThoseOfItsWrites(t *testing.T) {
	t.Parallel()
	plan, err := shift.NewPlan(shift.AllAtOnce(), shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	d := shift.Deployment{Plan: plan}
	written := map[shift.Target]shift.Revision{orders: "r1"}
	assert.Equal(t, written, d.AfterShift(shift.Progress{NextStep: 1}, written, 0).Revisions)
}

// A Target that was not written, since it had its Weight already, keeps its Revision.
func TestAShiftKeepsTheRevisionsThatWereNotWritten(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	before := d.Start()
	before.Revisions["lambda:invoices:live"] = "i0"
	after := d.AfterShift(before, map[shift.Target]shift.Revision{orders: "r1"}, 0)
	assert.Equal(t, map[shift.Target]shift.Revision{orders: "r1", "lambda:invoices:live": "i0"}, after.Revisions)
	assert.Equal(t, shift.Revision("r0"), before.Revisions[orders], "what was is left as it was")
}

func TestADocumentThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for _, into := range []any{&shift.Progress{}, &shift.Arrival{}, &shift.Change{}, &shift.Reason{}} {
		require.Error(t, json.Unmarshal([]byte(`7`), into), "%T", into)
		require.Error(t, json.Unmarshal([]byte(`{"step": "x", "target": 7, "name": 7}`), into), "%T", into)
	}
}

// Earlier versions wrote the detail of a Candidate as the ARN of its function.
func TestWhatEarlierVersionsWroteIsRead(t *testing.T) {
	t.Parallel()
	var arrival shift.Arrival
	require.NoError(t, json.Unmarshal([]byte(`{"target": "lambda:orders:live", "candidate": "2", "functionArn": "arn"}`), &arrival))
	assert.Equal(t, shift.Arrival{Target: orders, Candidate: "2", Detail: "arn"}, arrival)
	require.NoError(t, json.Unmarshal([]byte(`{"target": "lambda:orders:live", "candidate": "2", "detail": "newer", "functionArn": "arn"}`), &arrival))
	assert.Equal(t, "newer", arrival.Detail)
	var c shift.Change
	require.NoError(t, json.Unmarshal([]byte(`{"target": "lambda:orders:live", "candidate": "2", "functionArn": "arn", "note": "created by first"}`), &c))
	assert.Equal(t, shift.Change{Target: orders, Candidate: "2", Detail: "arn", Maker: "first"}, c)
	var r shift.Reason
	require.NoError(t, json.Unmarshal([]byte(`"Broken: no"`), &r))
	assert.Equal(t, shift.Reason{Name: "Broken", Text: "no"}, r)
	require.NoError(t, json.Unmarshal([]byte(`{"name": "Broken", "subject": "a", "text": "no"}`), &r))
	assert.Equal(t, shift.Reason{Name: "Broken", Subject: "a", Text: "no"}, r)
}

// Who promotes waits for nothing that is only missing; a person's own pause is another thing.
func TestAPromotionEndsOnlyTheDoubts(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.AfterShift(d.Start(), nil, 0)
	limit := shift.Limit{Length: hour, Then: shift.GoOnAfterWait}
	for _, test := range []struct {
		verdict shift.Verdict
		reason  string
		order   shift.Order
		next    shift.Next
	}{
		{shift.Wait, shift.CannotTell, shift.Promote, shift.NextShift},
		{shift.Wait, shift.MetricsNotRead, shift.Promote, shift.NextShift},
		{shift.Wait, "ApprovalAwaited", shift.Promote, shift.NextBake},
		{shift.Wait, shift.CannotTell, shift.Resume, shift.NextBake},
		{shift.Fail, shift.CannotTell, shift.Promote, shift.NextRollback},
		{shift.Hold, shift.MetricsNotRead, shift.Promote, shift.NextBake},
	} {
		o := shift.Observation{Verdict: test.verdict, Reason: shift.Reason{Name: test.reason, Text: "doubt"}, Limit: limit}
		observations := []shift.Observation{o}
		got := d.AfterPoll(p, shift.Poll{Observations: observations, Command: &shift.Command{Order: test.order}, Now: noon})
		assert.Equal(t, test.next, got.Next, "%v", test)
		assert.Equal(t, test.verdict, observations[0].Verdict, "what was observed is left as it was")
	}
}

func TestAFullHistoryIsTold(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.Start()
	p.Events = shift.HistoryBudget
	p = d.AfterShift(p, nil, 0)
	assert.Equal(t, []shift.Reason{{Name: shift.HistoryBudgetUsed,
		Text: "23007 of the 25,000 history events are used; retries, holds and pauses took what the plan had left"}}, p.Reasons)
	assert.Equal(t, shift.NextRollback, p.Next)
}
