package metric

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Served is what an alias has served in some time, all versions together.
type Served struct {
	// Covers is from the first hour with a request on. It is 0 if there was no request.
	Covers           time.Duration
	Requests, Errors float64
	// Beside is how many requests the function served in the same time that did not come through
	// the alias.
	Beside float64
}

// servedPeriod is the period of the points: CloudWatch keeps them for longer than any span that
// is asked for.
const servedPeriod = time.Hour

// Served reads what Targets have served in a span of time until now.
func (g *Gate) Served(ctx context.Context, targets []shift.Target, span time.Duration, now time.Time) (map[shift.Target]Served, error) {
	end := now.Truncate(servedPeriod).Add(servedPeriod)
	start := end.Add(-span)
	type of struct{ requests, failures, all *series }
	read := make([]of, len(targets))
	var list []*series
	for i, t := range targets {
		read[i] = of{
			requests: &series{of: source{target: t}, metric: invocations, statistic: sum, period: servedPeriod},
			failures: &series{of: source{target: t}, metric: failures, statistic: sum, period: servedPeriod},
			all:      &series{of: source{target: t, whole: true}, metric: invocations, statistic: sum, period: servedPeriod},
		}
		list = append(list, read[i].requests, read[i].failures, read[i].all)
	}
	if err := g.read(ctx, list, start, end); err != nil {
		return nil, fmt.Errorf("read what the targets have served: %w", err)
	}
	served := make(map[shift.Target]Served, len(targets))
	for i, t := range targets {
		s := Served{Requests: read[i].requests.total(), Errors: read[i].failures.total()}
		s.Beside = max(read[i].all.total()-s.Requests, 0)
		if first, any := read[i].requests.first(); any {
			s.Covers = now.Sub(first)
		}
		served[t] = s
	}
	return served, nil
}

func (s *series) total() (sum float64) {
	for _, value := range s.points {
		sum += value
	}
	return sum
}

// first returns the begin of the first period with a point.
func (s *series) first() (first time.Time, any bool) {
	for at := range s.points {
		if !any || at.Before(first) {
			first, any = at, true
		}
	}
	return first, any
}
