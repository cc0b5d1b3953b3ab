package judge

import (
	"math"
	"time"
)

// Record is what Stable's history tells about one Signal.
type Record struct {
	Count
	// Clump is how many bad requests count as one, 1 to 20.
	Clump float64 `json:"clump"`
	// Sway is the standard deviation of the true share of bad requests between spans of
	// five minutes: what is left when chance is taken away.
	Sway float64 `json:"sway"`
}

// Baseline is what Stable's history tells before the first Shift: a summary that is small
// enough to be kept with a deployment. Its zero value is "no history": then nothing is bet
// against the record, each bad request counts as one, and latency is not judged.
type Baseline struct {
	Errors    Record        `json:"errors"`
	Slow      Record        `json:"slow"`
	VerySlow  Record        `json:"verySlow"`
	Throttles Record        `json:"throttles"`
	Latency   LatencyLimits `json:"latency"`
}

// NewBaseline sums up minutes of Stable from before the first Shift (three hours are
// measured). It reads only the Stable side of each. A minute that is left out had no
// requests. The limits must be those by which the minutes' slow requests were counted.
func NewBaseline(history []Minute, limits LatencyLimits) Baseline {
	history = latestRevisions(history)
	return Baseline{
		Errors:    newRecord(Errors, history),
		Slow:      newRecord(Slow, history),
		VerySlow:  newRecord(VerySlow, history),
		Throttles: newRecord(Throttles, history),
		Latency:   limits,
	}
}

func (b Baseline) record(signal Signal) Record {
	switch signal {
	case Errors:
		return b.Errors
	case Slow:
		return b.Slow
	case VerySlow:
		return b.VerySlow
	default:
		return b.Throttles
	}
}

func newRecord(signal Signal, history []Minute) Record {
	var r Record
	var counts []Count
	var times []time.Time
	for _, m := range history {
		count, known := signal.count(m.Stable)
		if !known {
			continue
		}
		r.Count = r.plus(count)
		counts, times = append(counts, count), append(times, m.At)
	}
	r.Clump = clumpOfHistory(counts)
	r.Sway = swayOf(spans(counts, times), r.Rate())
	return r
}

const spanMinutes = 5

// spans sums up the counts of every five minutes from the first minute on. A last span that
// is not complete is left out.
func spans(counts []Count, times []time.Time) []Count {
	if len(counts) == 0 {
		return nil
	}
	minute := func(i int) int { return int(times[i].Sub(times[0]) / time.Minute) }
	sums := make(map[int]Count)
	complete := (minute(len(times)-1) + 1) / spanMinutes
	for i, count := range counts {
		span := minute(i) / spanMinutes
		sums[span] = sums[span].plus(count)
	}
	var list []Count
	for span := range complete {
		if sum := sums[span]; sum.Requests > 0 {
			list = append(list, sum)
		}
	}
	return list
}

// swayOf is the standard deviation of the spans' true shares around a mean.
func swayOf(spans []Count, mean float64) float64 {
	sum := 0.0
	for _, span := range spans {
		difference := span.Rate() - mean
		sum += difference*difference - mean*(1-mean)/float64(span.Requests)
	}
	if len(spans) < 2 {
		return 0
	}
	return math.Sqrt(max(sum, 0) / float64(len(spans)))
}
