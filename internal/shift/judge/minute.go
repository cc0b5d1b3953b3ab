package judge

import (
	"slices"
	"time"
)

// Measured is what CloudWatch reported of one version of a Target in one minute.
type Measured struct {
	Requests  Number `json:"requests"`  // invocations
	Errors    Number `json:"errors"`    // invocations that failed
	Throttles Number `json:"throttles"` // requests refused; they are not among Requests
	Slow      Number `json:"slow"`      // share, 0 to 1, of Requests above LatencyLimits.Slow
	VerySlow  Number `json:"verySlow"`  // share, 0 to 1, of Requests above LatencyLimits.VerySlow
}

// fields lists the figures in the order in which two revisions are compared.
func (m Measured) fields() []Number {
	return []Number{m.Requests, m.Errors, m.Throttles, m.Slow, m.VerySlow}
}

// compare orders two revisions of the same minute. The one with more requests is the later
// one, since late data only adds requests. The other figures decide between equal ones.
func (m Measured) compare(other Measured) int {
	return slices.CompareFunc(m.fields(), other.fields(), Number.compare)
}

// Minute is what CloudWatch reported of both versions of a Target in one minute. A minute
// may be given several times, as it was read at different times: for each version the
// revision with more requests wins.
type Minute struct {
	At        time.Time `json:"at"` // the minute's start
	Stable    Measured  `json:"stable"`
	Candidate Measured  `json:"candidate"`
}

func (m Minute) end() time.Time { return m.At.Add(time.Minute) }

// latestRevisions returns every minute once, in the order of time. The order of the given
// minutes does not matter.
func latestRevisions(minutes []Minute) []Minute {
	latest := make(map[int64]Minute, len(minutes))
	for _, m := range minutes {
		m.At = m.At.UTC().Truncate(time.Minute)
		if known, ok := latest[m.At.Unix()]; ok {
			m.Stable = later(m.Stable, known.Stable)
			m.Candidate = later(m.Candidate, known.Candidate)
		}
		latest[m.At.Unix()] = m
	}
	sorted := make([]Minute, 0, len(latest))
	for _, m := range latest {
		sorted = append(sorted, m)
	}
	slices.SortFunc(sorted, func(a, b Minute) int { return a.At.Compare(b.At) })
	return sorted
}

func later(a, b Measured) Measured {
	return slices.MaxFunc([]Measured{a, b}, Measured.compare)
}
