package shift

import "fmt"

// Rules are the limits of a router for its kind of Target: on Plans, and on calls.
type Rules struct {
	// Grain is the smallest share of traffic that can be set. Every Weight must be a
	// multiple of it.
	Grain Weight
	// Ceiling is the largest Weight below 100 %, or 0 for no limit.
	Ceiling Weight
	// AllAtOnce says that traffic cannot be divided.
	AllAtOnce bool
	// CallsPerSecond is how many calls per second the platform accepts from an account.
	CallsPerSecond int
	// Lag is how long after a write viewers may still see the previous Route.
	Lag Seconds
	// Settles says that the platform may go on moving traffic by itself after a write. The
	// router then says for each Target whether it does.
	Settles bool
	// Creates says that a Deployment may create a Target that does not exist.
	Creates bool
	// KeepsDetail says that a write needs the Detail of the Route from before the
	// Deployment, which is then kept with the Deployment.
	KeepsDetail bool
	// ComparesVersions says that the platform's metrics tell Stable's requests from the
	// Candidate's.
	ComparesVersions bool
}

// CheckPlan returns ErrInvalidPlan for Steps that a Target of this kind cannot take.
func (r Rules) CheckPlan(t Target, steps []Step) error {
	for i, s := range steps {
		isLast := i == len(steps)-1
		switch {
		case isLast:
		case r.AllAtOnce:
			return fmt.Errorf("%w: the traffic of %s cannot be divided: use AllAtOnce", ErrInvalidPlan, t)
		case r.Grain > 0 && s.Weight%r.Grain != 0:
			return fmt.Errorf("%w: step %d is at %s, and %s takes multiples of %s", ErrInvalidPlan, i+1, s.Weight, t, r.Grain)
		case r.Ceiling > 0 && s.Weight > r.Ceiling:
			return fmt.Errorf("%w: step %d is at %s, and %s takes at most %s below 100%%", ErrInvalidPlan, i+1, s.Weight, t, r.Ceiling)
		case s.Bake < 2*r.Lag:
			return fmt.Errorf("%w: step %d bakes for %s, and viewers of %s may see the step before for %s: the step would be over before the traffic has moved; bake for at least %s",
				ErrInvalidPlan, i+1, s.Bake, t, r.Lag, 2*r.Lag)
		}
	}
	return nil
}

// withLag extends the bake of the last Step until all viewers see it. The AfterTraffic
// hooks run, and the Deployment is closed, only after that.
func withLag(steps []Step, changes []Change) []Step {
	lagging := append([]Step(nil), steps...)
	last := &lagging[len(lagging)-1]
	for _, c := range changes {
		last.Bake = max(last.Bake, c.Lag)
	}
	return lagging
}
