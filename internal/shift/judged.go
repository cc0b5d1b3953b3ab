package shift

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Judged is what the comparison of both versions said of a Target at a poll, in numbers.
type Judged struct {
	Target     Target           `json:"target"`
	Conclusion judge.Conclusion `json:"conclusion"`
	// Observed is what the signals that decide nothing say. It is empty if there are none.
	Observed judge.Conclusion `json:"observed,omitempty"`
	Signals  []JudgedSignal   `json:"signals"`
}

// JudgedSignal is one kind of bad request.
type JudgedSignal struct {
	Signal     judge.Signal     `json:"signal"`
	Conclusion judge.Conclusion `json:"conclusion"`
	Stable     judge.Count      `json:"stable"`
	Candidate  judge.Count      `json:"candidate"`
	// Odds is how many times higher the Candidate's odds of a bad request are.
	Odds float64 `json:"odds"`
	// Evidence is what a stake of 1 has become that was bet on the Candidate being worse.
	// Threshold is the value from which on the Candidate counts as worse.
	Evidence  float64 `json:"evidence"`
	Threshold float64 `json:"threshold"`
	// Hidden is up to which share of the Candidate's requests could be worse, unseen.
	Hidden float64 `json:"couldHide"`
	// Since is when it most likely began. It is zero unless the Candidate is worse.
	Since time.Time `json:"since,omitzero"`
}

// OncePer says how rare chance alone makes such evidence: at most once in so many deployments.
func (s JudgedSignal) OncePer() int64 { return judge.OncePer(s.Evidence, s.Threshold) }

// newJudged keeps of a Finding what people and programs are told: the errors, and every other
// signal by which the Candidate is worse.
func newJudged(t Target, f judge.Finding) Judged {
	j := Judged{Target: t, Conclusion: f.Enforced, Observed: f.Observed, Signals: []JudgedSignal{}}
	for _, r := range f.Readings {
		if r.Signal != judge.Errors && r.Conclusion != judge.Worse {
			continue
		}
		counts := r.All
		if r.Conclusion == judge.Worse {
			counts = r.SinceThen
		}
		j.Signals = append(j.Signals, JudgedSignal{
			Signal: r.Signal, Conclusion: r.Conclusion, Stable: counts.Stable, Candidate: plus(counts.Candidate, counts.Alone),
			Odds: round(counts.Odds), Evidence: round(r.E), Threshold: round(r.Threshold), Hidden: round(r.Hidden), Since: r.Since,
		})
	}
	return j
}

func plus(a, b judge.Count) judge.Count {
	return judge.Count{Requests: a.Requests + b.Requests, Bad: a.Bad + b.Bad}
}

// round keeps four significant digits: more would only fill the document.
func round(x float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	return rounded
}

// Taken returns the Progress with the time at which its Step was taken. Only a Deployment
// that judges keeps it.
func (p Progress) Taken(d Deployment, at time.Time) Progress {
	p = d.withLagTold(p, at)
	if !d.Judging.On() {
		return p
	}
	at = at.UTC().Truncate(time.Second)
	if len(p.Shifts) == 0 {
		p.FirstShiftAt = at
	}
	p.Shifts = append(slices.Clone(p.Shifts), InSeconds(at.Sub(p.FirstShiftAt)))
	return p
}

// shifts are the Weights since the first Step, with their times. Steps are taken one after
// the other; only the last one may come early, when somebody has promoted the Deployment.
func (s Subject) shifts() []judge.Shift {
	shifts := make([]judge.Shift, len(s.Progress.Shifts))
	for i, after := range s.Progress.Shifts {
		number := min(i+1, s.Progress.Step)
		if i == len(shifts)-1 {
			number = s.Progress.Step
		}
		shifts[i] = judge.Shift{
			At:     s.Progress.FirstShiftAt.Add(after.Duration()),
			Weight: judge.Weight(s.Deployment.Plan.Step(number).Weight),
		}
	}
	return shifts
}

// JudgedChanges returns the Changes whose versions are compared at this poll.
func (s Subject) JudgedChanges() []Change {
	if !s.Deployment.Judging.On() || len(s.Progress.Shifts) == 0 {
		return nil
	}
	return s.Deployment.judgedChanges()
}

func (d Deployment) judgedChanges() []Change {
	return slices.DeleteFunc(slices.Clone(d.Changes), func(c Change) bool { return !c.Judged })
}

// ObserveMinutes compares both versions of a Target by the minutes since the first Step.
func (s Subject) ObserveMinutes(c Change, minutes []judge.Minute) Observation {
	d := s.Deployment
	finding := judge.Judge(d.Judging.Settings(), d.Baselines[c.Target],
		judge.Traffic{Shifts: s.shifts(), Minutes: minutes}, len(d.judgedChanges()), s.Now)
	judged := newJudged(c.Target, finding)
	o := s.judgeFinding(c, finding)
	o.Judged, o.WouldFail = &judged, s.wouldFail(c, finding)
	return o
}

// Settings are the Judging's for the comparison.
func (j Judging) Settings() judge.Settings {
	return judge.Settings{
		Errors: j.Mode, Slow: j.Slow, Throttles: j.Throttles,
		Tolerates:       judge.Tolerance{Times: j.Tolerates.Times, Percent: percentOf(j.Tolerates.Points)},
		ExcludesPercent: percentOf(j.Evidence.Excludes),
	}
}

func percentOf(w Weight) float64 { return float64(w) / 100 }

// judgeFinding is what a Deployment does about a Finding.
func (s Subject) judgeFinding(c Change, f judge.Finding) Observation {
	for _, r := range f.Readings {
		if r.Conclusion == judge.Worse && r.Mode == judge.Enforce {
			return Observation{Verdict: Fail, Reason: s.reason(CandidateWorse, c, tellWorse(r))}
		}
	}
	o := s.judgeDoubt(c, f)
	for _, r := range f.Readings {
		switch {
		case r.Conclusion == judge.Worse && o.Verdict == Pass:
			return Observation{Verdict: Pass, Reason: s.reason(CandidateWorseObserved, c, tellWorse(r))}
		case r.WorseAlone && o.Verdict == Pass:
			return Observation{Verdict: Pass, Reason: s.reason(CandidateWorseAlone, c, tellWorseAlone(r))}
		}
	}
	return o
}

// judgeDoubt is what follows where the Candidate is not found to be worse.
func (s Subject) judgeDoubt(c Change, f judge.Finding) Observation {
	r, _ := f.Reading(judge.Errors)
	text, urgent := tellDoubt(f, r)
	switch {
	case r.Conclusion == judge.NothingFound:
		return Observation{Verdict: Pass, Reason: s.reason(NothingFound, c, text)}
	case !s.Deployment.Judging.Enforces(), !urgent && !s.baked(), s.evidenceWait() == 0:
		return Observation{Verdict: Pass, Reason: s.reason(CannotTell, c, text)}
	}
	return s.waitForEvidence(c, text)
}

// baked says whether the Step's bake is over at this poll.
func (s Subject) baked() bool { return s.Deployment.baked(s.Progress) }

func (d Deployment) baked(p Progress) bool {
	baked := p.Baked
	if !p.Waiting {
		baked += p.Wait
	}
	return baked >= d.Plan.Step(p.Step).Bake
}

func (s Subject) evidenceWait() Seconds {
	return s.Deployment.Plan.Step(s.Progress.Step).EvidenceWait
}

// waitForEvidence keeps the Deployment at its Step. Its Limit is the same for everything that
// keeps it from knowing enough, so that one doubt after the other does not add up.
func (s Subject) waitForEvidence(c Change, text string) Observation {
	waited := fmt.Sprintf("%s; waited %s for it", text, s.evidenceWait())
	limit := s.evidenceLimit(s.reason(CannotTell, c, waited+", and goes on"))
	if s.Deployment.Judging.Evidence.WhenUnsure == RollBackUnsure {
		limit.Then, limit.Expired = RollBackAfterWait, s.reason(EvidenceMissing, c, waited)
	}
	return Observation{Verdict: Wait, Reason: s.reason(CannotTell, c, text), Limit: limit}
}

// evidenceLimit bounds a wait at this Step, after which the Plan goes on.
func (s Subject) evidenceLimit(ended Reason) Limit {
	return Limit{
		Of: strconv.Itoa(s.Progress.Step), Length: s.evidenceWait(), Then: GoOnAfterWait,
		Poll: s.Deployment.Plan.evidencePoll(), Ended: ended,
	}
}

// reason names the Target in the text, too, as a Deployment may have several.
func (s Subject) reason(name string, c Change, text string) Reason {
	return Reason{Name: name, Subject: string(c.Target), Text: string(c.Target) + ": " + text}
}

// MetricsUnreadable reports that CloudWatch's metrics could not be read at a poll.
func (s Subject) MetricsUnreadable(err error) Observation {
	o := Observation{Verdict: Hold, Reason: Reason{Name: MetricsNotRead, Text: fmt.Sprintf("the versions cannot be compared: %v", err)}}
	if !s.Deployment.Judging.Enforces() {
		o.Verdict = Pass
	}
	return o
}

// MetricsThrottled reports that CloudWatch has throttled the reading of metrics. That alone
// never puts traffic back: at the end of the bake it is waited for, and then the Plan goes on.
func (s Subject) MetricsThrottled(err error) Observation {
	o := s.MetricsUnreadable(err)
	if o.Verdict != Hold {
		return o
	}
	o.Verdict = Pass
	if s.evidenceWait() > 0 && s.baked() {
		o.Verdict, o.Limit = Wait, s.evidenceLimit(o.Reason)
	}
	return o
}

// tellWorse is the evidence against a Candidate in one sentence.
func tellWorse(r judge.Reading) string {
	return fmt.Sprintf("the candidate %s %s, stable %s, since %s; chance alone: less than once in %s deployments",
		doing[r.Signal], tellShare(r.SinceThen.Candidate), tellShare(r.SinceThen.Stable), r.Since.UTC().Format(clock), Thousands(r.OncePer))
}

func tellWorseAlone(r judge.Reading) string {
	return fmt.Sprintf("the candidate %s %s since %s, at 100%%, where nothing is left to compare it with",
		doing[r.Signal], tellShare(r.SinceThen.Alone), r.Since.UTC().Format(clock))
}

// clock shows a time of today.
const clock = "15:04 UTC"

// doing says what a version does to its bad requests.
var doing = map[judge.Signal]string{
	judge.Errors: "fails", judge.Slow: "is slow in", judge.VerySlow: "is very slow in", judge.Throttles: "is throttled in",
}

func tellShare(c judge.Count) string {
	return fmt.Sprintf("%s of %s requests", PercentText(c.Rate()), Thousands(c.Requests))
}

// PercentText shows a share with two significant digits.
func PercentText(share float64) string {
	switch percent := share * 100; {
	case percent >= 99.95:
		return "100%"
	case percent >= 10:
		return fmt.Sprintf("%.0f%%", percent)
	case percent == 0:
		return "0%"
	default:
		return strconv.FormatFloat(percent, 'g', 2, 64) + "%"
	}
}

// Thousands groups the digits of a number: 15,000.
func Thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// tellDoubt says what keeps a Deployment from knowing enough, or what could still hide.
// urgent says that it should not go on meanwhile.
func tellDoubt(f judge.Finding, r judge.Reading) (text string, urgent bool) {
	switch r.Conclusion {
	case judge.BothSick:
		return fmt.Sprintf("both versions fail, not the candidate: the candidate %s, stable %s", tellShare(r.All.Candidate), tellShare(r.All.Stable)), true
	case judge.RequestsMissing:
		return fmt.Sprintf("requests are missing: the candidate has reported %s of about %s that it should have got; it may hang, or its metrics are late",
			Thousands(f.Arrival.Candidate), Thousands(f.Arrival.Expected())), true
	case judge.CannotTell:
		return "cannot tell: " + tellMissing(r), false
	}
	return fmt.Sprintf("the candidate has not shown to be worse in %s requests; up to %s more could fail unseen",
		Thousands(r.All.Candidate.Requests+r.All.Alone.Requests), PercentText(r.Hidden)), false
}

func tellMissing(r judge.Reading) string {
	switch r.Missing {
	case judge.CandidateFigures:
		return "CloudWatch has reported no request of the candidate"
	case judge.StableFigures:
		return "CloudWatch has reported no request of stable"
	case judge.SharedMinutes:
		return "there is no minute in which both versions served requests"
	}
	return fmt.Sprintf("%s requests; up to %s more could fail unseen", Thousands(r.All.Candidate.Requests), PercentText(r.Hidden))
}
