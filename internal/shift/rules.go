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
	// ReadCalls and WriteCalls are how many of these calls it takes, at most, to read a Route and
	// to write one; 0 means 1. A write that is tried again makes them again.
	ReadCalls, WriteCalls int
	// Lag is how long after a write viewers may still see the previous Route. A Route may
	// tell a longer one.
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

// Limited is a Target with the Rules that a Plan has to keep to for it.
type Limited struct {
	Target Target
	Rules  Rules
}

// CheckPlan returns ErrInvalidPlan for Steps that one of the Targets cannot take. All of them
// move together, so the strictest decides, and the error names it. The error lists everything
// that is wrong, with the first Step that it is about. The last Step has no rule: all Targets
// can have all traffic on the Candidate, and its bake is as long as they need (WithLag).
func CheckPlan(targets []Limited, steps []Step) error {
	divided := steps[:max(len(steps)-1, 0)]
	if len(divided) == 0 {
		return nil
	}
	for _, t := range targets {
		if t.Rules.AllAtOnce {
			return fmt.Errorf("%w: the traffic of %s cannot be divided, and all targets of a deployment move together: use AllAtOnce, or shift it in a deployment of its own", ErrInvalidPlan, t.Target)
		}
	}
	var wrong []string
	for _, check := range []func([]Limited, int, Step) string{checkGrain, checkCeiling, checkBake} {
		for i, s := range divided {
			if problem := check(targets, i+1, s); problem != "" {
				wrong = append(wrong, problem)
				break
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrInvalidPlan, join(wrong))
}

// checkGrain says what is wrong with a Weight that is finer than a Target takes.
func checkGrain(targets []Limited, number int, s Step) string {
	var strictest Limited
	for _, t := range targets {
		if t.Rules.Grain > strictest.Rules.Grain && s.Weight%t.Rules.Grain != 0 {
			strictest = t
		}
	}
	grain := strictest.Rules.Grain
	if grain == 0 {
		return ""
	}
	below, above := s.Weight-s.Weight%grain, s.Weight-s.Weight%grain+grain
	remedy := above.String()
	if below > None {
		remedy = below.String() + " or " + remedy
	}
	return fmt.Sprintf("step %d is at %s, and %s takes multiples of %s: use %s", number, s.Weight, strictest.Target, grain, remedy)
}

// checkCeiling says what is wrong with a Weight that is larger than a Target takes.
func checkCeiling(targets []Limited, number int, s Step) string {
	var strictest Limited
	for _, t := range targets {
		lower := strictest.Rules.Ceiling == 0 || t.Rules.Ceiling < strictest.Rules.Ceiling
		if t.Rules.Ceiling > 0 && s.Weight > t.Rules.Ceiling && lower {
			strictest = t
		}
	}
	if strictest.Rules.Ceiling == 0 {
		return ""
	}
	return fmt.Sprintf("step %d is at %s, and %s takes at most %[4]s below 100%%: use %[4]s or less, or go on to 100%%", number, s.Weight, strictest.Target, strictest.Rules.Ceiling)
}

// checkBake says what is wrong with a bake that ends before the traffic has moved.
func checkBake(targets []Limited, number int, s Step) string {
	var strictest Limited
	for _, t := range targets {
		if t.Rules.Lag > strictest.Rules.Lag {
			strictest = t
		}
	}
	lag := strictest.Rules.Lag
	if s.Bake >= 2*lag {
		return ""
	}
	return fmt.Sprintf("step %d bakes for %s, and viewers of %s may see the step before for %s, so the step would be over before the traffic has moved: bake each step for at least %s",
		number, s.Bake, strictest.Target, lag, 2*lag)
}

// WithLag extends the bake of the last Step until all viewers see it. The AfterTraffic
// hooks run, and the Deployment is closed, only after that.
func WithLag(steps []Step, lag Seconds) []Step {
	lagging := append([]Step(nil), steps...)
	if len(lagging) > 0 {
		last := &lagging[len(lagging)-1]
		last.Bake = max(last.Bake, lag)
	}
	return lagging
}

func longestLag(changes []Change) Seconds {
	longest := Seconds(0)
	for _, c := range changes {
		longest = max(longest, c.Lag)
	}
	return longest
}
