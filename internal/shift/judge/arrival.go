package judge

import "math"

// Arrival is how many requests reached the Candidate at the current Weight, in the minutes
// whose figures are complete.
type Arrival struct {
	Weight    Weight `json:"weight"`
	Requests  int64  `json:"requests"`  // of both versions
	Candidate int64  `json:"candidate"` // of the Candidate
	// Chance is how likely so few requests, or fewer, reach the Candidate at its Weight.
	Chance float64 `json:"chance"`
}

// Expected is how many requests the Candidate should have served.
func (a Arrival) Expected() int64 {
	return int64(math.Round(float64(a.Requests) * a.Weight.Share()))
}

// unlikely is the chance below which requests are missing. A call that hangs is reported
// only when it ends.
const unlikely = 1e-6

// isShort says whether requests are missing. At high traffic a difference that does not matter
// is unlikely, too: figures that arrive late are enough. A Candidate that hangs loses more.
func (a Arrival) isShort() bool {
	return a.Chance < unlikely && float64(a.Candidate) < missedFrom*float64(a.Expected())
}

// missedFrom is the share of the expected requests below which requests are missing.
const missedFrom = 0.9

// arrival counts the requests since the last Shift. Minutes that began before it are left
// out: their Weight has changed within.
func (w window) arrival() Arrival {
	shift := w.schedule.current(w.now)
	a := Arrival{Weight: shift.Weight, Chance: 1}
	if shift.Weight >= All {
		return a
	}
	for _, m := range w.minutes {
		if m.At.Before(shift.At) || !w.isComplete(m) {
			continue
		}
		stable, _ := m.Stable.Requests.count()
		candidate, _ := m.Candidate.Requests.count()
		a.Requests, a.Candidate = a.Requests+stable+candidate, a.Candidate+candidate
	}
	a.Chance = chanceOfAtMost(float64(a.Candidate), float64(a.Requests), shift.Weight.Share())
	return a
}
