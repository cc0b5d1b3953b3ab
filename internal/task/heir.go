package task

import (
	"context"
	"errors"
	"fmt"

	"sluice/internal/shift"
)

// Claims tells who else has had to do with a Target.
type Claims interface {
	// History is the history of all versions at a Target.
	History(ctx context.Context, t shift.Target) ([]shift.Arrived, error)
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
}

// heir names a Deployment that has taken for its own what a straggler of a closed one
// has left at a Target, "" for none. It is undecided while one that holds the Target has
// yet to say what was found there. The Target is read before its history, so that who
// opens in between meets what is there before it goes.
func heir(ctx context.Context, claims Claims, c shift.Change, closed shift.Record) (id string, undecided bool, err error) {
	history, err := claims.History(ctx, c.Target)
	if err != nil {
		return "", false, err
	}
	for _, a := range history {
		if !a.Since(closed) {
			continue
		}
		since, err := claims.Record(ctx, a.DeploymentID)
		switch {
		case errors.Is(err, shift.ErrDeploymentUnknown):
			return a.DeploymentID, false, nil // its record has expired before its entry; nobody knows what it said
		case err != nil:
			return "", false, fmt.Errorf("see what %s has found there: %w", a.DeploymentID, err)
		case since.Adopts(c.Target):
			return a.DeploymentID, false, nil
		}
		undecided = undecided || since.Opening()
	}
	return "", undecided, nil
}
