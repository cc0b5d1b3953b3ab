package shift

import "github.com/sluice-aws/sluice/internal/shift/judge"

// WhenUnsure says what a Deployment does when it has waited for evidence in vain.
type WhenUnsure string

const (
	ProceedUnsure  WhenUnsure = "proceed"
	RollBackUnsure WhenUnsure = "rollback"
)

// Judging says how the Candidate is compared with Stable while both serve. The zero value
// compares nothing: Deployments from before the comparison have it.
type Judging struct {
	// Mode is for errors. An input cannot enforce Slow or Throttles where Mode only observes.
	Mode      judge.Mode `json:"mode,omitempty"`
	Slow      judge.Mode `json:"slow,omitempty"`
	Throttles judge.Mode `json:"throttles,omitempty"`
	Tolerates Tolerance  `json:"tolerates,omitzero"`
	Evidence  Evidence   `json:"evidence,omitzero"`
	// Control is the share that stays on Stable during the last bake, so that there is
	// still something to compare with. 0 is none.
	Control Weight `json:"controlPercent,omitempty"`
	// Synthetic is asked for requests while evidence is missing.
	Synthetic Synthetic `json:"synthetic,omitzero"`
}

// Tolerance is by how much the Candidate may be worse: so many times the odds of a bad
// request, or so many percentage points.
type Tolerance struct {
	Times  float64 `json:"times"`
	Points Weight  `json:"percent"`
}

// Evidence says when a Deployment knows enough to take the next Step.
type Evidence struct {
	// Excludes is the regression in percentage points that would have been seen.
	Excludes Weight `json:"excludesPercent"`
	// Patience is how many times the bake of a Step the Deployment waits for evidence at
	// most.
	Patience   int        `json:"patience"`
	WhenUnsure WhenUnsure `json:"whenUnsure"`
}

// DefaultJudging is what an input means that does not say how the versions are compared.
func DefaultJudging() Judging {
	return Judging{
		Mode: judge.Enforce, Slow: judge.Observe, Throttles: judge.Observe,
		Tolerates: Tolerance{Times: 1.5, Points: 5},
		Evidence:  Evidence{Excludes: 500, Patience: 3, WhenUnsure: ProceedUnsure},
		Control:   1000,
	}
}

// On says whether the Candidate is compared with Stable at all.
func (j Judging) On() bool { return j.Mode == judge.Enforce || j.Mode == judge.Observe }

// Enforces says whether the comparison can put the traffic back.
func (j Judging) Enforces() bool { return j.Mode == judge.Enforce }

// forChanges is what is left of the Judging for those Changes: nothing if none of them is
// Judged, and no Control if one of them is not, because a Deployment shifts all its Targets
// in lockstep. With a Lag there is no Control either: the last bake is then at 100 %, until
// all viewers are there.
func (j Judging) forChanges(changes []Change) Judging {
	judged := 0
	for _, c := range changes {
		if c.Judged {
			judged++
		}
	}
	if longestLag(changes) > 0 {
		j.Control = 0
	}
	return j.ForTargets(judged, len(changes))
}

// ForTargets is what is left of the Judging where so many of all Targets are judged.
func (j Judging) ForTargets(judged, all int) Judging {
	if judged == 0 {
		return Judging{}
	}
	if judged < all {
		j.Control = 0
	}
	return j
}

const (
	// metricsLate is how much longer than its patience a Deployment waits, because metrics
	// arrive late.
	metricsLate Seconds = 3 * 60
	// maxEvidenceWait bounds the wait for evidence after a long bake.
	maxEvidenceWait Seconds = 24 * 3600
	// maxEvidenceWaits bounds the waits of all Steps together: an execution lives at most a
	// year (MaxDuration).
	maxEvidenceWaits Seconds = 14 * 24 * 3600
	// maxEvidencePolls is how many polls the waits of all Steps take together. With a pause
	// (maxWaitPolls) they fit between HealthyEvents and HistoryBudget.
	maxEvidencePolls = 300
)

// evidenceWait is how long a Step of that bake waits for evidence at most. A Step without a
// bake is not watched, so it waits for nothing.
func (j Judging) evidenceWait(bake Seconds) Seconds {
	if !j.Enforces() || bake == 0 || j.Evidence.Patience == 0 {
		return 0
	}
	return min(Seconds(j.Evidence.Patience)*bake, maxEvidenceWait) + metricsLate
}

// withControl inserts a Step before the last one, if the last one bakes: it bakes with the
// Control on Stable, and then the last one takes the rest. The Approval of the last one is asked
// before the Step that is inserted. If the Step before leaves no more
// than the Control, half of it stays, and if it leaves no more than that, nothing can.
func (j Judging) withControl(steps []Step) []Step {
	if !j.Enforces() || j.Control <= 0 {
		return steps
	}
	before, last := None, steps[len(steps)-1]
	if len(steps) > 1 {
		before = steps[len(steps)-2].Weight
	}
	if last.Bake == 0 {
		return steps
	}
	weight := All - j.Control
	if weight <= before {
		weight = All - j.Control/2
	}
	if weight <= before || weight == All {
		return steps
	}
	controlled := append([]Step(nil), steps[:len(steps)-1]...)
	return append(controlled,
		Step{Weight: weight, Bake: last.Bake, Approval: last.Approval, Window: last.Window},
		Step{Weight: All, Window: last.Window})
}

// withEvidenceWaits returns the Plan with the waits for evidence of its Steps. If all of them
// together would take too long, or too many polls, the later Steps have none: a regression is
// best found early.
func (p Plan) withEvidenceWaits(j Judging) Plan {
	for i, s := range p.Steps {
		p.Steps[i].EvidenceWait = j.evidenceWait(s.Bake)
	}
	for i := p.Len() - 1; p.evidenceWaits() > maxEvidenceWaits || p.evidencePolls() > maxEvidencePolls; i-- {
		p.Steps[i].EvidenceWait = 0
	}
	return p
}

// LongestEvidenceWait is how long the Deployment may stay at one Step after its bake, to wait
// for evidence. It is 0 if it does not wait.
func (p Plan) LongestEvidenceWait() Seconds {
	longest := Seconds(0)
	for _, s := range p.Steps {
		longest = max(longest, s.EvidenceWait)
	}
	return longest
}

// evidenceWaits is how long all Steps together may wait for evidence.
func (p Plan) evidenceWaits() Seconds {
	var total Seconds
	for i := range p.Steps {
		total += p.Steps[i].EvidenceWait
	}
	return total
}

// Longest is how long the Plan takes at most, with all waits for evidence, for people and for
// windows. A person may pause it for longer.
func (p Plan) Longest() Seconds { return p.Duration() + p.evidenceWaits() + p.entryWaits() }

// evidencePoll is the least time between two polls of a wait for evidence. It leaves a part
// of maxEvidencePolls to the last polls of the Steps, which come earlier.
func (p Plan) evidencePoll() Seconds {
	const whole = maxEvidencePolls * 2 / 3
	return ceilDiv(p.evidenceWaits(), whole)
}

// evidencePolls is how often the Candidate is judged while the Deployment waits for evidence,
// if no Step ever has enough.
func (p Plan) evidencePolls() int {
	polls, least := 0, max(minPoll, p.evidencePoll())
	for i := range p.Steps {
		polls += int(ceilDiv(p.Steps[i].EvidenceWait, max(p.Steps[i].Poll, least)))
	}
	return polls
}
