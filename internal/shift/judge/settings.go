package judge

import (
	"errors"
	"fmt"
)

// ErrInvalidSettings is returned by Settings.Validate for settings that mean nothing.
var ErrInvalidSettings = errors.New("invalid settings of the judge")

// Mode is what a Signal's finding may do.
type Mode string

const (
	Enforce Mode = "enforce" // the finding decides
	Observe Mode = "observe" // the finding is told, and decides nothing
	Off     Mode = "off"     // the signal is not judged
)

// Tolerance is how much worse a Candidate may look before it is worse. Both must be reached.
type Tolerance struct {
	Times   float64 `json:"times"`   // times the odds of a bad request
	Percent float64 `json:"percent"` // percentage points more bad requests
}

// Settings are how a Candidate is judged.
type Settings struct {
	Errors    Mode      `json:"errors"`
	Slow      Mode      `json:"slow"` // of Slow and VerySlow
	Throttles Mode      `json:"throttles"`
	Tolerates Tolerance `json:"tolerates"`
	// ExcludesPercent is the regression, in percentage points, that the evidence must
	// exclude before anything else than "cannot tell" is said.
	ExcludesPercent float64 `json:"excludesPercent"`
}

// DefaultSettings enforces errors and observes the other Signals.
func DefaultSettings() Settings {
	return Settings{
		Errors: Enforce, Slow: Observe, Throttles: Observe,
		Tolerates:       Tolerance{Times: 1.5, Percent: 0.05},
		ExcludesPercent: 5,
	}
}

// Validate returns ErrInvalidSettings with everything that is wrong, and what to write
// instead.
func (s Settings) Validate() error {
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%w: "+format, append([]any{ErrInvalidSettings}, args...)...))
	}
	for _, signal := range []Signal{Errors, Slow, Throttles} {
		if mode := s.mode(signal); mode != Enforce && mode != Observe && mode != Off {
			report("%s is %q: use enforce, observe or off", signal, mode)
		}
	}
	if !(s.Tolerates.Times >= 1 && s.Tolerates.Times <= maxTimes) {
		report("tolerates.times is %g: use 1 to %d", s.Tolerates.Times, maxTimes)
	}
	if !(s.Tolerates.Percent >= 0 && s.Tolerates.Percent <= 100) {
		report("tolerates.percent is %g: use 0 to 100", s.Tolerates.Percent)
	}
	if !(s.ExcludesPercent > 0 && s.ExcludesPercent <= 100) {
		report("excludesPercent is %g: use more than 0, up to 100", s.ExcludesPercent)
	}
	return errors.Join(problems...)
}

// maxTimes bounds Tolerance.Times. Beyond it nothing would ever be worse.
const maxTimes = 1000

func (s Settings) mode(signal Signal) Mode {
	switch signal {
	case Errors:
		return s.Errors
	case Slow, VerySlow:
		return s.Slow
	default:
		return s.Throttles
	}
}
