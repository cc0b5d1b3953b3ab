package world

import "time"

// metricDelay is how long after the end of a minute its metrics can be read. Lambda emits
// metrics each minute. That they take up to another minute is an assumption.
const metricDelay = time.Minute

// points returns the values of an alarm's last periods that can be read now, the newest first.
// A value is nil if nothing was served. complete says whether the world is old enough to have
// all of the periods.
func (t *traffic) points(a Alarm, s *stream, of series, now time.Time) (values []*float64, complete bool) {
	perPeriod := int64(a.Period / time.Minute)
	readable := int64(now.Add(-metricDelay).Sub(t.began) / time.Minute) // minutes that ended
	if now.Add(-metricDelay).Before(t.began) {
		readable = 0
	}
	last := readable / perPeriod // periods that ended
	complete = last >= int64(a.Periods)
	for period := last - 1; period >= max(0, last-int64(a.Periods)); period-- {
		values = append(values, s.value(a, of, period*perPeriod, (period+1)*perPeriod))
	}
	return values, complete
}

// value returns an alarm's statistic over some minutes.
func (s *stream) value(a Alarm, of series, from, to int64) *float64 {
	var all point
	for minute := from; minute < to; minute++ {
		p := s.minutes[of][minute]
		if p == nil {
			continue
		}
		if all.invocations == 0 {
			all.fastest = p.fastest
		}
		all.invocations += p.invocations
		all.errors += p.errors
		all.duration += p.duration
		all.slowest, all.fastest = max(all.slowest, p.slowest), min(all.fastest, p.fastest)
	}
	if all.invocations == 0 {
		return nil
	}
	v := all.statistic(a.Metric, a.Statistic)
	return &v
}

// statistic aggregates the values that Lambda reports, as CloudWatch does. For each request
// Lambda reports an Errors value of 0 or 1 and an Invocations value of 1.
func (p point) statistic(m Metric, s Statistic) float64 {
	n := float64(p.invocations)
	sum, lowest, highest := n, 1.0, 1.0
	switch m {
	case Errors:
		sum, lowest, highest = float64(p.errors), 0, 0
		if p.errors > 0 {
			highest = 1
		}
		if p.errors == p.invocations {
			lowest = 1
		}
	case Duration:
		sum, lowest, highest = p.duration, p.fastest, p.slowest
	}
	switch s {
	case Average:
		return sum / n
	case Minimum:
		return lowest
	case Maximum:
		return highest
	case SampleCount:
		return n
	}
	return sum
}
