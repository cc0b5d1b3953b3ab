package task

import (
	"context"

	"github.com/sluice-aws/sluice/internal/shift"
)

// ArrivalReader says whether a write has reached all viewers.
type ArrivalReader interface {
	// Arrived says it by the Receipt that came with the write, or "".
	Arrived(ctx context.Context, t shift.Target, receipt string) (bool, error)
}

// ArrivalGate keeps a Deployment at a Step that has baked until the Step has reached all viewers.
type ArrivalGate struct{ Router ArrivalReader }

// Observe implements Gate.
func (g ArrivalGate) Observe(ctx context.Context, s shift.Subject) ([]shift.Observation, error) {
	var observations []shift.Observation
	for _, c := range s.ArrivalsDue() {
		arrived, err := g.Router.Arrived(ctx, c.Target, s.Progress.Receipts[c.Target])
		observations = append(observations, s.ObserveArrival(c, arrived, err))
	}
	return observations, nil
}
