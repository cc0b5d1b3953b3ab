package judge

import "time"

// tally is what one Signal counted on both versions in one minute.
type tally struct {
	at                time.Time
	stable, candidate Count
	alone             bool // the Candidate had all traffic, so that nothing is beside it
}

// isCompared says whether both versions served requests of the same traffic.
func (t tally) isCompared() bool {
	return !t.alone && t.stable.Requests > 0 && t.candidate.Requests > 0
}

// isEvidence says whether the minute tells anything about the Candidate.
func (t tally) isEvidence() bool {
	return t.isCompared() || t.alone && t.candidate.Requests > 0
}
