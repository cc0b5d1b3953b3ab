package shift

import (
	"fmt"
	"slices"
	"sort"
)

// Step is a Weight, how long to Bake at it, and how often to judge meanwhile.
type Step struct {
	Weight Weight  `json:"percent"`
	Bake   Seconds `json:"bakeSeconds"`
	// Poll is the wait between two judgements. It is 0 until a Plan is made of
	// the Step, and for a Step that does not bake.
	Poll Seconds `json:"pollSeconds,omitempty"`
	// EvidenceWait is how long the Deployment may stay at the Step after the bake, to wait
	// for evidence. A Plan sets it.
	EvidenceWait Seconds `json:"evidenceWaitSeconds,omitempty"`
	// Approval and Window say when the Step may be taken. Until then the Deployment waits at
	// the Step before, or before any traffic.
	Approval Approval `json:"approval,omitzero"`
	Window   Window   `json:"window,omitzero"`
}

// polls is the number of judgements while the Step bakes.
func (s Step) polls() int {
	if s.Bake == 0 {
		return 0
	}
	return int((s.Bake + s.Poll - 1) / s.Poll)
}

// Plan is how a Deployment shifts: Steps with strictly growing Weights, the
// last one 100 %.
type Plan struct {
	Steps []Step `json:"steps"`
}

const (
	minPoll Seconds = 60
	maxPoll Seconds = 5 * 60
	// pollsOfBake is how often a Step is judged, if that is between minPoll and maxPoll.
	// pollsOfJudgedBake is the same where the Candidate is compared with Stable, which finds
	// what is wrong the sooner the more often it looks.
	pollsOfBake       Seconds = 10
	pollsOfJudgedBake Seconds = 30
	// MaxDuration is the longest that a Plan with its Hooks may take. An execution lives at
	// most a year; the rest of it is for waiting, retrying and rolling back.
	MaxDuration Seconds = 330 * 24 * 3600
)

// NewPlan makes a Plan of Steps, and sets how often each is judged: every tenth of the
// bake, or every thirtieth if the Candidate is compared with Stable, at least 1 and at most
// 5 minutes apart. If the whole Deployment with those Hooks
// would reach HealthyEvents, the polls are stretched until it stays below. It returns
// ErrInvalidPlan for Steps that make no Plan, and ErrPlanTooLong when stretching does not
// suffice.
func NewPlan(steps []Step, hooks Hooks, judging Judging) (Plan, error) {
	if err := checkSteps(steps); err != nil {
		return Plan{}, err
	}
	p := Plan{Steps: slices.Clone(judging.withControl(steps))}
	if total := p.Duration() + hooks.Timeouts(); p.Duration() > MaxDuration || total > MaxDuration {
		return Plan{}, fmt.Errorf("%w: with its hooks it may take %s, and an execution lives at most a year: bake at most %s in all",
			ErrPlanTooLong, total, MaxDuration)
	}
	if err := p.checkWaits(hooks); err != nil {
		return Plan{}, err
	}
	polls := pollsOfBake
	if judging.On() {
		polls = pollsOfJudgedBake
	}
	p.stretch(polls, 1)
	if p.leastEvents(hooks) < HealthyEvents {
		return p.withEvidenceWaits(judging), nil
	}
	longest := slices.MaxFunc(steps, func(a, b Step) int { return int(a.Bake - b.Bake) }).Bake
	scale := sort.Search(int(longest/minPoll)+1, func(scale int) bool {
		p.stretch(polls, Seconds(max(scale, 1)))
		return p.leastEvents(hooks) < HealthyEvents
	})
	p.stretch(polls, Seconds(scale))
	if p.leastEvents(hooks) >= HealthyEvents && p.Len() > len(steps) {
		judging.Control = 0 // its Step is one too many
		return NewPlan(steps, hooks, judging)
	}
	if events := p.leastEvents(hooks); events >= HealthyEvents {
		return Plan{}, fmt.Errorf("%w: %d steps need %d history events even when each is judged only once, and a plan may use %d of the 25,000 that an execution has: use fewer steps",
			ErrPlanTooLong, len(steps), events, HealthyEvents)
	}
	return p.withEvidenceWaits(judging), nil
}

// checkWaits returns ErrPlanTooLong for a Plan that may wait for people and Windows for longer than
// an execution lives. The time to answer runs only while a Window is open.
func (p Plan) checkWaits(hooks Hooks) error {
	if waits := p.entryWaits(); p.Duration()+hooks.Timeouts()+waits > MaxDuration {
		return fmt.Errorf("%w: with its approvals and windows it may wait for %s, and an execution lives at most a year: shorten waitMinutes, ask for fewer approvals, or open the windows for longer",
			ErrPlanTooLong, waits)
	}
	return nil
}

// leastEvents is Events with one poll for each time that a wait for people or a Window ends a sleep.
func (p Plan) leastEvents(hooks Hooks) int {
	return p.Events(hooks) + EventsOfPoll*p.entryTime(1).cuts
}

func checkSteps(steps []Step) error {
	if len(steps) == 0 {
		return fmt.Errorf("%w: it has no steps", ErrInvalidPlan)
	}
	before := None
	for i, s := range steps {
		switch {
		case s.Weight <= before:
			return fmt.Errorf("%w: step %d is at %s, and must be above the %s before it", ErrInvalidPlan, i+1, s.Weight, before)
		case s.Weight > All:
			return fmt.Errorf("%w: step %d is above 100%%", ErrInvalidPlan, i+1)
		case s.Bake < 0:
			return fmt.Errorf("%w: step %d bakes for a negative time", ErrInvalidPlan, i+1)
		case s.Bake > MaxDuration:
			return fmt.Errorf("%w: step %d bakes for longer than %s", ErrPlanTooLong, i+1, MaxDuration)
		}
		before = s.Weight
	}
	if before != All {
		return fmt.Errorf("%w: the last step is at %s, and must be at 100%%", ErrInvalidPlan, before)
	}
	return nil
}

// stretch sets the polls of all Steps to scale times their ideal distance, which divides
// the bake by that number of polls. It is never more than the bake.
func (p Plan) stretch(polls, scale Seconds) {
	for i, s := range p.Steps {
		p.Steps[i].Poll = min(s.Bake, scale*min(max(s.Bake/polls, minPoll), maxPoll))
	}
}

// Duration is the sum of the bakes of all Steps.
func (p Plan) Duration() Seconds {
	var total Seconds
	for _, s := range p.Steps {
		total += s.Bake
	}
	return total
}

// Step returns a Step by its number, from 1 to Len. Step 0 is what is before the first one: no
// traffic, and no bake.
func (p Plan) Step(number int) Step {
	if number == 0 {
		return Step{}
	}
	return p.Steps[number-1]
}

// Len is the number of Steps.
func (p Plan) Len() int { return len(p.Steps) }

// WholeOnly returns the Plan for Targets that do not exist yet. They have no traffic to
// divide, so only the last Step remains. It asks people if any Step does.
func (p Plan) WholeOnly() Plan {
	whole := slices.Clone(p.Steps[len(p.Steps)-1:])
	for _, s := range p.Steps {
		if s.Approval.IsAsked() {
			whole[0].Approval = s.Approval
			break
		}
	}
	return Plan{Steps: whole}
}

// WeightAt returns the Weight of the Plan after it has baked for the given time.
func (p Plan) WeightAt(baked Seconds) Weight {
	weight := None
	for i, begins := range p.StepStarts() {
		if InSeconds(begins) <= baked {
			weight = p.Steps[i].Weight
		}
	}
	return weight
}
