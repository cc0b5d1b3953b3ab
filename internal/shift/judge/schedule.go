package judge

import (
	"cmp"
	"slices"
	"time"
)

// Weight is the Candidate's share of traffic in basis points, 0 to 10000.
type Weight int

// All is all traffic.
const All Weight = 10000

// Share is the Weight as a share from 0 to 1.
func (w Weight) Share() float64 { return float64(min(max(w, 0), All)) / float64(All) }

// Shift is when a Weight was written.
type Shift struct {
	At     time.Time `json:"at"`
	Weight Weight    `json:"weight"`
}

// schedule is the Shifts in the order of time.
type schedule []Shift

func newSchedule(shifts []Shift) schedule {
	sorted := slices.Clone(shifts)
	slices.SortStableFunc(sorted, func(a, b Shift) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Weight, b.Weight))
	})
	return sorted
}

// hasBegun says whether a part of the minute is after the first Shift.
func (s schedule) hasBegun(m Minute) bool {
	return len(s) > 0 && m.end().After(s[0].At)
}

// isAlone says whether the Candidate had all traffic for a part of the minute. The minute
// of the Shift to 100 % is such a minute: Stable has served only its start, so both
// versions have not seen the same traffic.
func (s schedule) isAlone(m Minute) bool {
	weight := Weight(0)
	for _, shift := range s {
		if shift.At.Before(m.end()) {
			weight = shift.Weight
		}
	}
	return weight >= All
}

// settle is how long new sandboxes make a version slow after a Shift.
const settle = 2 * time.Minute

// isSettling says whether a part of the minute is less than two minutes after a Shift.
func (s schedule) isSettling(m Minute) bool {
	return slices.ContainsFunc(s, func(shift Shift) bool {
		return m.end().After(shift.At) && m.At.Before(shift.At.Add(settle))
	})
}

// current is the last Shift up to now. It is zero before the first one.
func (s schedule) current(now time.Time) Shift {
	for _, shift := range slices.Backward(s) {
		if !shift.At.After(now) {
			return shift
		}
	}
	return Shift{}
}
