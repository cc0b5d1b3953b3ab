package shift_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// stage is a judged canary whose first Step was taken at noon.
type stage struct {
	deployment shift.Deployment
	progress   shift.Progress
	noon       time.Time
}

func judgedCanary(t testing.TB, change func(*shift.Judging)) stage {
	t.Helper()
	judging := shift.DefaultJudging()
	if change != nil {
		change(&judging)
	}
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 600}, {Weight: shift.All}}, shift.Hooks{}, judging)
	require.NoError(t, err)
	d := shift.Deployment{
		Plan: plan, Judging: judging, Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2", Judged: true}},
		Baselines: map[shift.Target]judge.Baseline{orders: {Errors: judge.Record{Count: judge.Count{Requests: 100_000, Bad: 100}, Clump: 1}}},
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return stage{deployment: d, progress: d.AfterShift(d.Start(), nil, 0).Taken(d, noon), noon: noon}
}

// after is the Subject of a poll so many minutes after the first Step, all of them baked.
func (s stage) after(minutes int) shift.Subject {
	p := s.progress
	p.Baked, p.Wait = shift.Seconds(60*(minutes-1)), 60
	return shift.Subject{Deployment: s.deployment, Progress: p, Now: s.noon.Add(time.Duration(minutes) * time.Minute)}
}

// served are minutes with the same requests and errors of both versions in each.
func (s stage) served(minutes, stable, stableErrors, candidate, candidateErrors int) []judge.Minute {
	version := func(requests, failures int) judge.Measured {
		return judge.Measured{Requests: judge.Reported(float64(requests)), Errors: judge.Reported(float64(failures)), Throttles: judge.Reported(0)}
	}
	list := make([]judge.Minute, minutes)
	for i := range list {
		list[i] = judge.Minute{At: s.noon.Add(time.Duration(i) * time.Minute), Stable: version(stable, stableErrors), Candidate: version(candidate, candidateErrors)}
	}
	return list
}

func TestWhatAComparisonLeadsTo(t *testing.T) {
	t.Parallel()
	observe := func(j *shift.Judging) { j.Mode = judge.Observe }
	rollback := func(j *shift.Judging) { j.Evidence.WhenUnsure = shift.RollBackUnsure }
	impatient := func(j *shift.Judging) { j.Evidence.Patience = 0 }
	tests := []struct {
		name         string
		judging      func(*shift.Judging)
		at           int // minutes after the first step; the bake takes 10
		served       [4]int
		verdict      shift.Verdict
		reason, text string
		then         shift.AfterWait
		waitsAtMost  shift.Seconds
	}{
		{name: "a worse candidate", at: 3, served: [4]int{900, 1, 100, 20}, verdict: shift.Fail, reason: shift.CandidateWorse,
			text: "lambda:orders:live: the candidate fails 20% of 300 requests, stable 0.11% of 2,700 requests, since 12:00 UTC; chance alone: less than once in 1,000,000,000 deployments"},
		{name: "a worse candidate that is only observed", judging: observe, at: 3, served: [4]int{900, 1, 100, 20}, verdict: shift.Pass, reason: shift.CandidateWorseObserved,
			text: "lambda:orders:live: the candidate fails 20% of 300 requests, stable 0.11% of 2,700 requests, since 12:00 UTC; chance alone: less than once in 1,000,000,000 deployments"},
		{name: "nothing found", at: 3, served: [4]int{900, 1, 100, 0}, verdict: shift.Pass, reason: shift.NothingFound,
			text: "lambda:orders:live: the candidate has not shown to be worse in 300 requests; up to 0.99% more could fail unseen"},
		{name: "few requests while it bakes", at: 3, served: [4]int{9, 0, 1, 0}, verdict: shift.Pass, reason: shift.CannotTell,
			text: "lambda:orders:live: cannot tell: 3 requests; up to 62% more could fail unseen"},
		{name: "few requests after the bake", at: 10, served: [4]int{9, 0, 1, 0}, verdict: shift.Wait, reason: shift.CannotTell,
			text: "lambda:orders:live: cannot tell: 10 requests; up to 26% more could fail unseen", then: shift.GoOnAfterWait, waitsAtMost: 1980},
		{name: "few requests after the bake, and who is unsure goes back", judging: rollback, at: 10, served: [4]int{9, 0, 1, 0}, verdict: shift.Wait, reason: shift.CannotTell,
			text: "lambda:orders:live: cannot tell: 10 requests; up to 26% more could fail unseen", then: shift.RollBackAfterWait, waitsAtMost: 1980},
		{name: "few requests after the bake, without patience", judging: impatient, at: 10, served: [4]int{9, 0, 1, 0}, verdict: shift.Pass, reason: shift.CannotTell,
			text: "lambda:orders:live: cannot tell: 10 requests; up to 26% more could fail unseen"},
		{name: "few requests after the bake, observed", judging: observe, at: 10, served: [4]int{9, 0, 1, 0}, verdict: shift.Pass, reason: shift.CannotTell,
			text: "lambda:orders:live: cannot tell: 10 requests; up to 26% more could fail unseen"},
		{name: "both sick, before the bake is over", at: 3, served: [4]int{900, 300, 100, 33}, verdict: shift.Wait, reason: shift.CannotTell,
			text: "lambda:orders:live: both versions fail, not the candidate: the candidate 33% of 300 requests, stable 33% of 2,700 requests", then: shift.GoOnAfterWait, waitsAtMost: 1980},
		{name: "the candidate answers hardly any request", at: 10, served: [4]int{900, 0, 1, 0}, verdict: shift.Wait, reason: shift.CannotTell,
			text: "lambda:orders:live: requests are missing: the candidate has reported 7 of about 631 that it should have got; it may hang, or its metrics are late", then: shift.GoOnAfterWait, waitsAtMost: 1980},
		{name: "no metric at all", at: 10, verdict: shift.Wait, reason: shift.CannotTell,
			text: "lambda:orders:live: cannot tell: CloudWatch has reported no request of the candidate", then: shift.GoOnAfterWait, waitsAtMost: 1980},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := judgedCanary(t, tt.judging)
			minutes := s.served(tt.at, tt.served[0], tt.served[1], tt.served[2], tt.served[3])
			if tt.served == [4]int{} {
				minutes = nil
			}
			o := s.after(tt.at).ObserveMinutes(s.deployment.Changes[0], minutes)
			assert.Equal(t, tt.verdict, o.Verdict)
			assert.Equal(t, shift.Reason{Name: tt.reason, Subject: string(orders), Text: tt.text}, o.Reason)
			assert.Equal(t, tt.then, o.Limit.Then)
			assert.Equal(t, tt.waitsAtMost, o.Limit.Length)
			require.NotNil(t, o.Judged)
			assert.Equal(t, orders, o.Judged.Target)
		})
	}
}

// A quiet function waits for evidence, says what it waits for, and then does as it was told.
func TestPatienceEndsTheWaitForEvidence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		unsure shift.WhenUnsure
		next   shift.Next
		reason string
	}{
		{shift.ProceedUnsure, shift.NextShift, shift.CannotTell},
		{shift.RollBackUnsure, shift.NextRollback, shift.EvidenceMissing},
	} {
		t.Run(string(tt.unsure), func(t *testing.T) {
			t.Parallel()
			s := judgedCanary(t, func(j *shift.Judging) { j.Evidence.WhenUnsure = tt.unsure })
			p, now, waited := s.progress, s.noon, shift.Seconds(0)
			for p.Next == shift.NextBake {
				now = now.Add(p.Wait.Duration())
				if p.Waiting {
					waited += p.Wait
				}
				o := shift.Subject{Deployment: s.deployment, Progress: p, Now: now}.ObserveMinutes(s.deployment.Changes[0], nil)
				p = s.deployment.AfterPoll(p, shift.Poll{Observations: []shift.Observation{o}, Now: now})
			}
			assert.Equal(t, tt.next, p.Next)
			assert.Equal(t, tt.reason, shift.FirstReason(p.Reasons).Name)
			assert.Contains(t, shift.FirstReason(p.Reasons).Text, "waited 33m")
			assert.EqualValues(t, 3*600+180, waited)
			assert.EqualValues(t, 600, p.Baked, "waiting is not baking")
		})
	}
}

func TestWhoPromotesDoesNotWaitForEvidence(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	o := s.after(10).ObserveMinutes(s.deployment.Changes[0], nil)
	require.Equal(t, shift.Wait, o.Verdict)
	p := s.deployment.AfterPoll(s.after(10).Progress, shift.Poll{Observations: []shift.Observation{o}, Command: &shift.Command{Order: shift.Promote}, Now: s.noon})
	assert.Equal(t, shift.NextShift, p.Next)
	assert.Equal(t, 2, p.NextStep)

	worse := s.after(3).ObserveMinutes(s.deployment.Changes[0], s.served(3, 900, 1, 100, 20))
	p = s.deployment.AfterPoll(s.after(3).Progress, shift.Poll{Observations: []shift.Observation{worse}, Command: &shift.Command{Order: shift.Promote}, Now: s.noon})
	assert.Equal(t, shift.NextRollback, p.Next, "an order does not override a bad judgement")
}

func TestMetricsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	denied := errors.New("AccessDenied: no")
	s := judgedCanary(t, nil)
	assert.Equal(t, shift.Hold, s.after(3).MetricsUnreadable(denied).Verdict)
	assert.Equal(t, shift.Pass, s.after(3).MetricsThrottled(shift.ErrThrottled).Verdict)
	late := s.after(10).MetricsThrottled(shift.ErrThrottled)
	assert.Equal(t, shift.Wait, late.Verdict, "throttling never puts traffic back by itself")
	assert.Equal(t, shift.GoOnAfterWait, late.Limit.Then)

	observing := judgedCanary(t, func(j *shift.Judging) { j.Mode = judge.Observe })
	assert.Equal(t, shift.Pass, observing.after(3).MetricsUnreadable(denied).Verdict)
	assert.Contains(t, observing.after(3).MetricsUnreadable(denied).Reason.Text, "AccessDenied: no")
}

func TestWhatWasJudgedStaysInTheProgressUntilItIsJudgedAgain(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	first := s.after(3)
	o := first.ObserveMinutes(s.deployment.Changes[0], s.served(3, 900, 1, 100, 0))
	p := s.deployment.AfterPoll(first.Progress, shift.Poll{Observations: []shift.Observation{o}, Now: first.Now})
	require.Len(t, p.Judged, 1)
	assert.Equal(t, judge.NothingFound, p.Judged[0].Conclusion)
	require.Len(t, p.Judged[0].Signals, 1)
	assert.EqualValues(t, 300, p.Judged[0].Signals[0].Candidate.Requests)
	p = s.deployment.AfterPoll(p, shift.Poll{Observations: []shift.Observation{first.MetricsUnreadable(errors.New("no"))}, Now: first.Now})
	assert.Len(t, p.Judged, 1, "a poll that could not compare changes nothing about it")
	assert.Len(t, s.deployment.AfterShift(p, nil, 0).Judged, 1, "nor does the next step")

	text, err := json.Marshal(p)
	require.NoError(t, err)
	var again shift.Progress
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, p, again)
}

// Somebody promotes a deployment after its first of three steps. What both versions serve
// from then on is no comparison any more, because the candidate has all traffic.
func TestAfterAPromotionTheLastStepIsTheOneThatWasTaken(t *testing.T) {
	t.Parallel()
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 600}, {Weight: 5000, Bake: 600}, {Weight: shift.All}}, shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	s := judgedCanary(t, nil)
	s.deployment.Plan = plan
	p := s.deployment.AfterShift(s.deployment.Start(), nil, 0).Taken(s.deployment, s.noon.Add(-time.Hour))
	p.NextStep = plan.Len()
	p = s.deployment.AfterShift(p, nil, 0).Taken(s.deployment, s.noon)
	o := shift.Subject{Deployment: s.deployment, Progress: p, Now: s.noon.Add(10 * time.Minute)}.ObserveMinutes(s.deployment.Changes[0], s.served(10, 900, 1, 100, 50))
	assert.NotEqual(t, shift.Fail, o.Verdict)
}

// The false alarms that a deployment may have are divided among the targets that it judges.
func TestEachTargetHasItsPartOfTheFalseAlarms(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	threshold := func() float64 {
		return s.after(3).ObserveMinutes(s.deployment.Changes[0], s.served(3, 900, 1, 100, 1)).Judged.Signals[0].Threshold
	}
	alone := threshold()
	s.deployment.Changes = append(s.deployment.Changes, shift.Change{Target: "lambda:other:live", Stable: "1", Candidate: "2", Judged: true},
		shift.Change{Target: "lambda:third:live", Stable: "1", Candidate: "2"})
	assert.InDelta(t, 2*alone, threshold(), 1)
}

// A deployment shifts its targets in lockstep: where one of them cannot be compared, none
// keeps a control.
func TestAControlNeedsThatAllTargetsAreJudged(t *testing.T) {
	t.Parallel()
	steps := []shift.Step{{Weight: 1000, Bake: 600}, {Weight: shift.All, Bake: 600}}
	for _, tt := range []struct {
		judged []bool
		steps  int
		mode   judge.Mode
	}{
		{[]bool{true, true}, 3, judge.Enforce},
		{[]bool{true, false}, 2, judge.Enforce},
		{[]bool{false, false}, 2, ""},
	} {
		changes := make([]shift.Change, len(tt.judged))
		for i, judged := range tt.judged {
			changes[i] = shift.Change{Target: orders, Stable: "1", Candidate: "2", Judged: judged}
		}
		d, err := shift.Open(shift.Opening{Release: shift.Release{Steps: steps, Judging: shift.DefaultJudging()}, Changes: changes})
		require.NoError(t, err)
		assert.Equal(t, tt.steps, d.Plan.Len(), "%v", tt.judged)
		assert.Equal(t, tt.mode, d.Judging.Mode, "%v", tt.judged)
	}
}

func TestVersionsAreComparedOnceBothServe(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	judged := s.deployment.Changes
	s.deployment.Changes = append(s.deployment.Changes, shift.Change{Target: "lambda:other:live", Stable: "1", Candidate: "2"})
	assert.Equal(t, judged, s.after(3).JudgedChanges())
	before := s.after(3)
	before.Progress.Shifts = nil
	assert.Empty(t, before.JudgedChanges(), "no step was taken")
	off := s.after(3)
	off.Deployment.Judging = shift.Judging{}
	assert.Empty(t, off.JudgedChanges())
}

func TestTheTimesOfTheStepsAreKeptWhereVersionsAreCompared(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	at := s.noon.Add(1500 * time.Millisecond).In(time.FixedZone("CET", 3600))
	first := s.deployment.Start().Taken(s.deployment, at)
	assert.Equal(t, s.noon.Add(time.Second), first.FirstShiftAt)
	assert.Equal(t, []shift.Seconds{0}, first.Shifts)
	second := first.Taken(s.deployment, at.Add(10*time.Minute))
	assert.Equal(t, s.noon.Add(time.Second), second.FirstShiftAt)
	assert.Equal(t, []shift.Seconds{0, 600}, second.Shifts)
	assert.Equal(t, []shift.Seconds{0}, first.Shifts)
	assert.Equal(t, shift.Progress{}, shift.Progress{}.Taken(shift.Deployment{}, at))
}

// The program reads these numbers, and people what is made of them.
func TestWhatIsKeptOfAComparisonIsItsNumbers(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, func(j *shift.Judging) { j.Slow, j.Throttles = judge.Enforce, judge.Observe })
	minutes := s.served(4, 900, 1, 100, 0)
	for i := range minutes[1:] {
		minutes[1+i].Candidate.Errors = judge.Reported(20)
		minutes[1+i].Candidate.Throttles = judge.Reported(50)
	}
	subject := s.after(4)
	c := s.deployment.Changes[0]
	finding := judge.Judge(s.deployment.Judging.Settings(), s.deployment.Baselines[orders],
		judge.Traffic{Shifts: []judge.Shift{{At: s.noon, Weight: 1000}}, Minutes: minutes}, 1, subject.Now)
	o := subject.ObserveMinutes(c, minutes)
	four := func(x float64) float64 { y, _ := strconv.ParseFloat(fmt.Sprintf("%.4g", x), 64); return y }
	want := shift.Judged{Target: orders, Conclusion: judge.Worse, Observed: judge.Worse, Signals: []shift.JudgedSignal{}}
	for _, signal := range []judge.Signal{judge.Errors, judge.Throttles} {
		r, _ := finding.Reading(signal)
		require.Equal(t, judge.Worse, r.Conclusion, signal)
		want.Signals = append(want.Signals, shift.JudgedSignal{
			Signal: signal, Conclusion: judge.Worse, Stable: r.SinceThen.Stable, Candidate: r.SinceThen.Candidate, Odds: four(r.SinceThen.Odds),
			Evidence: four(r.E), Threshold: four(r.Threshold), Hidden: four(r.Hidden), Since: r.Since,
		})
	}
	assert.Equal(t, &want, o.Judged)
	assert.EqualValues(t, 300, o.Judged.Signals[0].Candidate.Requests)
	assert.Equal(t, judge.OncePer(want.Signals[0].Evidence, want.Signals[0].Threshold), o.Judged.Signals[0].OncePer())
	assert.Equal(t, shift.Fail, o.Verdict)
	require.NotNil(t, o.WouldFail, "the throttles are only observed")
	assert.Contains(t, o.WouldFail.Text, "is throttled in")
	assert.Equal(t, string(orders), o.WouldFail.Subject)
}

func TestAloneAtOneHundredPercentTheCandidatesRequestsCountTogether(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	p := s.deployment.AfterShift(s.progress, nil, 0).Taken(s.deployment, s.noon.Add(2*time.Minute))
	subject := shift.Subject{Deployment: s.deployment, Progress: p, Now: s.noon.Add(6 * time.Minute)}
	minutes := append(s.served(2, 900, 1, 100, 0), s.served(6, 0, 0, 1000, 300)[2:]...)
	o := subject.ObserveMinutes(s.deployment.Changes[0], minutes)
	assert.Equal(t, shift.Pass, o.Verdict, "nothing is beside it")
	assert.Equal(t, shift.CandidateWorseAlone, o.Reason.Name)
	assert.Equal(t, "lambda:orders:live: the candidate fails 30% of 4,000 requests since 12:02 UTC, at 100%, where nothing is left to compare it with", o.Reason.Text)
	assert.Equal(t, judge.Count{Requests: 4200, Bad: 1200}, o.Judged.Signals[0].Candidate)
}

func TestSettingsOfTheComparisonAreThoseOfTheInput(t *testing.T) {
	t.Parallel()
	j := shift.Judging{
		Mode: judge.Enforce, Slow: judge.Observe, Throttles: judge.Off, Tolerates: shift.Tolerance{Times: 2, Points: 50}, Evidence: shift.Evidence{Excludes: 250},
	}
	assert.Equal(t, judge.Settings{
		Errors: judge.Enforce, Slow: judge.Observe, Throttles: judge.Off, Tolerates: judge.Tolerance{Times: 2, Percent: 0.5}, ExcludesPercent: 2.5,
	}, j.Settings())
}

func TestSharesAndNumbersAreShownShort(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{
		0: "0%", 0.00012345: "0.012%", 0.09: "9%", 0.0999: "10%", 0.105: "10%", 0.3333: "33%", 0.99: "99%", 0.994: "99%", 0.99949: "100%", 0.9995: "100%", 1: "100%", 0.01: "1%", 0.1: "10%", 0.095: "9.5%", 0.2: "20%", 2: "100%",
	} {
		assert.Equal(t, want, shift.PercentText(share), share)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 999_999: "999,999", 1_000_000: "1,000,000"} {
		assert.Equal(t, want, shift.Thousands(n))
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	c := s.deployment.Changes[0]
	apart := s.served(2, 900, 0, 0, 0)
	apart[1] = s.served(2, 0, 0, 5, 0)[1]
	for text, minutes := range map[string][]judge.Minute{
		"CloudWatch has reported no request of the candidate":       s.served(2, 900, 0, 0, 0),
		"CloudWatch has reported no request of stable":              s.served(2, 0, 0, 100, 0),
		"there is no minute in which both versions served requests": apart,
		"6 requests; up to 39% more could fail unseen":              s.served(2, 90, 0, 3, 0),
	} {
		o := s.after(2).ObserveMinutes(c, minutes)
		assert.Equal(t, shift.Reason{Name: shift.CannotTell, Subject: string(orders), Text: "lambda:orders:live: cannot tell: " + text}, o.Reason)
	}
}

func TestAWaitForEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, func(j *shift.Judging) { j.Evidence.WhenUnsure = shift.RollBackUnsure })
	c := s.deployment.Changes[0]
	const text = "lambda:orders:live: cannot tell: CloudWatch has reported no request of the candidate"
	o := s.after(10).ObserveMinutes(c, nil)
	o.Judged = nil
	assert.Equal(t, shift.Observation{
		Verdict: shift.Wait, Reason: shift.Reason{Name: shift.CannotTell, Subject: string(orders), Text: text},
		Limit: shift.Limit{
			Of: "1", Length: 1980, Then: shift.RollBackAfterWait, Poll: 10,
			Expired: shift.Reason{Name: shift.EvidenceMissing, Subject: string(orders), Text: text + "; waited 33m for it"},
			Ended:   shift.Reason{Name: shift.CannotTell, Subject: string(orders), Text: text + "; waited 33m for it, and goes on"},
		},
	}, o)
	waits := s.after(10)
	waits.Progress.Waiting, waits.Progress.Baked = true, 599
	assert.Equal(t, shift.Pass, waits.ObserveMinutes(c, nil).Verdict, "what was slept for a wait is no bake")
	waits.Progress.Baked = 600
	assert.Equal(t, shift.Wait, waits.ObserveMinutes(c, nil).Verdict)

	late := s.after(10).MetricsThrottled(shift.ErrThrottled)
	unread := shift.Reason{Name: shift.MetricsNotRead, Text: "the versions cannot be compared: throttled"}
	assert.Equal(t, shift.Observation{
		Verdict: shift.Wait, Reason: unread, Limit: shift.Limit{Of: "1", Length: 1980, Then: shift.GoOnAfterWait, Poll: 10, Ended: unread},
	}, late)
	impatient := judgedCanary(t, func(j *shift.Judging) { j.Evidence.Patience = 0 })
	assert.Equal(t, shift.Observation{Verdict: shift.Pass, Reason: unread}, impatient.after(10).MetricsThrottled(shift.ErrThrottled))
	observing := judgedCanary(t, func(j *shift.Judging) { j.Mode = judge.Observe })
	assert.Equal(t, shift.Observation{Verdict: shift.Pass, Reason: unread}, observing.after(10).MetricsThrottled(shift.ErrThrottled))
}

// What is asked of CloudWatch and of the judge are the weights at their times.
func TestWeightsAreJudgedFromTheTimesAtWhichTheyWereTaken(t *testing.T) {
	t.Parallel()
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 600}, {Weight: 5000, Bake: 600}, {Weight: shift.All}}, shift.Hooks{}, shift.DefaultJudging())
	require.NoError(t, err)
	s := judgedCanary(t, nil)
	s.deployment.Plan = plan
	d := s.deployment
	p := d.AfterShift(d.Start(), nil, 0).Taken(d, s.noon)
	p = d.AfterShift(p, nil, 0).Taken(d, s.noon.Add(4*time.Minute))
	p.Wait = 60
	now := s.noon.Add(8 * time.Minute)
	minutes := s.served(8, 900, 1, 100, 0)
	for i := range minutes {
		if i >= 4 {
			minutes[i] = s.served(8, 500, 1, 500, 1)[i]
		}
	}
	o := shift.Subject{Deployment: d, Progress: p, Now: now}.ObserveMinutes(d.Changes[0], minutes)
	assert.Equal(t, shift.NothingFound, o.Reason.Name, "as many requests have arrived as each weight makes plausible")
	assert.Contains(t, o.Reason.Text, "in 2,400 requests")

	short := s.served(8, 900, 1, 100, 0)
	o = shift.Subject{Deployment: d, Progress: p, Now: now}.ObserveMinutes(d.Changes[0], short)
	assert.Contains(t, o.Reason.Text, "requests are missing: the candidate has reported 100 of about 500", "at 50 % since 12:04")
}

// A doubt that is to be waited for hides no finding, and no finding ends its wait.
func TestAWaitIsNotReplacedByWhatIsOnlyObserved(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, func(j *shift.Judging) { j.Throttles = judge.Observe })
	minutes := s.served(10, 9, 0, 1, 0)
	for i := range minutes {
		minutes[i].Candidate.Throttles = judge.Reported(50)
	}
	o := s.after(10).ObserveMinutes(s.deployment.Changes[0], minutes)
	assert.Equal(t, shift.Wait, o.Verdict)
	assert.Equal(t, shift.CannotTell, o.Reason.Name)
	require.NotNil(t, o.WouldFail)
	o = s.after(5).ObserveMinutes(s.deployment.Changes[0], minutes[:5])
	assert.Equal(t, shift.Pass, o.Verdict)
	assert.Equal(t, shift.CandidateWorseObserved, o.Reason.Name)
}

func TestWhoOnlyObservesDoesNotWaitForUrgentDoubtsEither(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, func(j *shift.Judging) { j.Mode = judge.Observe })
	s.deployment.Plan.Steps[0].EvidenceWait = 600
	o := s.after(10).ObserveMinutes(s.deployment.Changes[0], s.served(10, 900, 300, 100, 33))
	assert.Equal(t, shift.Pass, o.Verdict)
	assert.Equal(t, shift.CannotTell, o.Reason.Name)
}

func TestThrottledMetricsThatOnlyObserveAreNoReasonToWait(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, func(j *shift.Judging) { j.Mode = judge.Observe })
	s.deployment.Plan.Steps[0].EvidenceWait = 600
	assert.Equal(t, shift.Pass, s.after(10).MetricsThrottled(shift.ErrThrottled).Verdict)
}

func TestRequestsAtOneHundredPercentAreToldTogether(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, nil)
	p := s.deployment.AfterShift(s.progress, nil, 0).Taken(s.deployment, s.noon.Add(2*time.Minute))
	subject := shift.Subject{Deployment: s.deployment, Progress: p, Now: s.noon.Add(6 * time.Minute)}
	o := subject.ObserveMinutes(s.deployment.Changes[0], append(s.served(2, 900, 1, 100, 0), s.served(6, 0, 0, 1000, 1)[2:]...))
	assert.Contains(t, o.Reason.Text, "has not shown to be worse in 4,200 requests")
}
