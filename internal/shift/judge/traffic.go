package judge

import "time"

// Traffic is what is known of a Target since the first Shift: the Shifts, and what
// CloudWatch reported since. The order does not matter, and minutes may be given several
// times.
type Traffic struct {
	Shifts  []Shift  `json:"shifts"`
	Minutes []Minute `json:"minutes"`
}

// window is the Traffic as one looks at it now: the minutes since the first Shift that have
// ended, each once, in the order of time.
type window struct {
	minutes  []Minute
	schedule schedule
	now      time.Time
}

func newWindow(t Traffic, now time.Time) window {
	w := window{schedule: newSchedule(t.Shifts), now: now}
	for _, m := range latestRevisions(t.Minutes) {
		if w.schedule.hasBegun(m) && !m.end().After(now) {
			w.minutes = append(w.minutes, m)
		}
	}
	return w
}

// lateness is how long after its end a minute's figures may be incomplete. AWS documents no
// bound. Figures of single versions have been read 14 minutes late.
const lateness = 3 * time.Minute

func (w window) isComplete(m Minute) bool { return !w.now.Before(m.end().Add(lateness)) }

// tallies counts a Signal in all minutes that count. A minute that may be incomplete counts
// only when both versions report. Later, a version that does not report has served no
// requests that anything is known of. Latency is not counted while new sandboxes start.
func (w window) tallies(signal Signal) []tally {
	var list []tally
	for _, m := range w.minutes {
		if signal.isLatency() && w.schedule.isSettling(m) {
			continue
		}
		stable, stableKnown := signal.count(m.Stable)
		candidate, candidateKnown := signal.count(m.Candidate)
		if !(stableKnown && candidateKnown) && !w.isComplete(m) {
			continue
		}
		t := tally{at: m.At, alone: w.schedule.isAlone(m)}
		if stableKnown && !t.alone {
			t.stable = stable
		}
		if candidateKnown {
			t.candidate = candidate
		}
		list = append(list, t)
	}
	return list
}
