package cloudwatch

import (
	"math"
	"regexp"
	"slices"
	"strconv"
)

// Statistic makes one number of the values of a period (CloudWatch statistics
// definitions in its user guide).
type Statistic struct {
	kind string
	// The range of a trimmed statistic, in percent of the values or as values. lower is
	// exclusive, upper is inclusive.
	lower, upper float64
	percent      bool
}

// The kinds of statistics that have a range.
const (
	percentile     = "p"
	percentileRank = "PR"
	trimmedMean    = "TM"
	winsorizedMean = "WM"
	trimmedCount   = "TC"
	trimmedSum     = "TS"
)

// The spellings of the statistics with a range. A number of percent has at most 10
// decimal places.
var (
	// shortStatistic is p99.9, and tm99, which means TM(:99%).
	shortStatistic = regexp.MustCompile(`^(p|tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)$`)
	// rangeStatistic is TM(10%:90%), PR(:300) or TC(0.5:).
	rangeStatistic = regexp.MustCompile(`^(PR|TM|WM|TC|TS)\((?:(\d+(?:\.\d{1,10})?)(%?))?:(?:(\d+(?:\.\d{1,10})?)(%?))?\)$`)

	longNames = map[string]string{"p": percentile, "tm": trimmedMean, "wm": winsorizedMean, "tc": trimmedCount, "ts": trimmedSum}
)

// ParseStatistic parses a Stat or an ExtendedStatistic: "Sum", "p99.9", "tm90",
// "TM(10%:90%)", "PR(:300)", "IQM". It returns false if CloudWatch does not know it.
func ParseStatistic(text string) (Statistic, bool) {
	if slices.Contains(statistics, text) {
		return Statistic{kind: text}, true
	}
	if text == "IQM" { // the interquartile mean
		return Statistic{kind: trimmedMean, lower: 25, upper: 75, percent: true}, true
	}
	if found := shortStatistic.FindStringSubmatch(text); found != nil {
		upper, err := strconv.ParseFloat(found[2], 64)
		return Statistic{kind: longNames[found[1]], upper: upper, percent: true}, err == nil && upper <= 100
	}
	found := rangeStatistic.FindStringSubmatch(text)
	if found == nil {
		return Statistic{}, false
	}
	return rangeOf(found[1], found[2], found[3], found[4], found[5])
}

// rangeOf returns the statistic with a range. An empty bound is open; both cannot be.
func rangeOf(kind, lower, lowerUnit, upper, upperUnit string) (Statistic, bool) {
	s := Statistic{kind: kind, lower: bound(lower, math.Inf(-1)), upper: bound(upper, math.Inf(1)), percent: lowerUnit+upperUnit != ""}
	if s.percent {
		s.lower, s.upper = bound(lower, 0), bound(upper, 100)
	}
	mixed := lower != "" && upper != "" && lowerUnit != upperUnit
	if mixed || lower+upper == "" || s.percent && (kind == percentileRank || s.upper > 100) {
		return Statistic{}, false
	}
	return s, s.lower < s.upper
}

// bound returns a bound of a range, or what an open one means.
func bound(text string, open float64) float64 {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return open
	}
	return number
}

// Of returns the statistic of the values. It returns false if there is none: a mean of no
// values.
func (s Statistic) Of(d Distribution) (value float64, exists bool) {
	if len(d) == 0 {
		return 0, false
	}
	switch n := float64(d.Count()); s.kind {
	case "SampleCount":
		return n, true
	case "Sum":
		return d.Sum(), true
	case "Average":
		return d.Sum() / n, true
	case "Minimum":
		return d[0].Value, true
	case "Maximum":
		return d[len(d)-1].Value, true
	case percentile:
		return d.Percentile(s.upper / 100), true
	case percentileRank:
		return 100 * float64(d.Within(s.lower, s.upper).Count()) / n, true
	}
	return s.trimmed(d)
}

// trimmed returns a statistic of the values in a range.
func (s Statistic) trimmed(d Distribution) (value float64, exists bool) {
	if s.kind == winsorizedMean {
		return s.winsorized(d), true
	}
	count, sum := s.within(d)
	switch s.kind {
	case trimmedCount:
		return count, true
	case trimmedSum:
		return sum, true
	}
	return sum / count, count > 0
}

// within returns the number and the sum of the values in the range. CloudWatch does not
// document what becomes of a value at a bound in percent; here it counts for its part
// within.
func (s Statistic) within(d Distribution) (count, sum float64) {
	if !s.percent {
		kept := d.Within(s.lower, s.upper)
		return float64(kept.Count()), kept.Sum()
	}
	n := float64(d.Count())
	from, until := s.lower/100*n, s.upper/100*n
	seen := 0.0
	for _, sample := range d {
		next := seen + float64(sample.Count)
		if part := min(next, until) - max(seen, from); part > 0 {
			count += part
			sum += part * sample.Value
		}
		seen = next
	}
	return count, sum
}

// winsorized returns the mean of all values, where those outside of the range count as its
// nearest bound.
func (s Statistic) winsorized(d Distribution) float64 {
	lower, upper := s.lower, s.upper
	if s.percent {
		lower, upper = d.Percentile(s.lower/100), d.Percentile(s.upper/100)
	}
	sum := 0.0
	for _, sample := range d {
		sum += min(max(sample.Value, lower), upper) * float64(sample.Count)
	}
	return sum / float64(d.Count())
}
