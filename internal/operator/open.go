package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Ledger is what is read of the Ledger to find the deployments that are not over.
type Ledger interface {
	// Unannounced lists the Deployments whose Outcome was not announced yet, and Suspects
	// those that the safety net must look at once more. If some items cannot be read, they
	// return an error and the other items.
	Unannounced(ctx context.Context) ([]shift.Listed, error)
	Suspects(ctx context.Context) ([]shift.Listed, error)
	Record(ctx context.Context, id string) (shift.Record, error)
}

// Standing is a deployment that is not over.
type Standing struct {
	// Record has nothing but the ID if the Ledger has no record of the deployment.
	shift.Record
	// Since is when it was opened. For one that the safety net must look at once more, it is
	// since when that is known, and zero until the net's next sweep.
	Since time.Time
}

// OpenDeployments returns the deployments whose Outcome was not announced yet, the oldest
// first: they are open, or being put back, or were closed a moment ago. If it returns an
// error, the list may be incomplete.
func OpenDeployments(ctx context.Context, l Ledger) ([]Standing, error) {
	listed, err := l.Unannounced(ctx)
	return standing(ctx, l, listed, err)
}

// SuspectDeployments returns the deployments that were put back, and that the safety net
// must look at once more, the oldest first. If it returns an error, the list may be
// incomplete.
func SuspectDeployments(ctx context.Context, l Ledger) ([]Standing, error) {
	listed, err := l.Suspects(ctx)
	return standing(ctx, l, listed, err)
}

func standing(ctx context.Context, l Ledger, listed []shift.Listed, err error) ([]Standing, error) {
	var all []Standing
	for _, d := range listed {
		record, unread := l.Record(ctx, d.ID)
		if unread != nil {
			record = shift.Record{ID: d.ID}
		}
		if !errors.Is(unread, shift.ErrDeploymentUnknown) {
			err = errors.Join(err, unread)
		}
		all = append(all, Standing{Record: record, Since: d.Since})
	}
	slices.SortStableFunc(all, func(a, b Standing) int { return a.Since.Compare(b.Since) })
	if err != nil {
		return all, fmt.Errorf("list the deployments that are not over: %w", err)
	}
	return all, nil
}
