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

// findHeir names a Deployment that has taken for its own what a straggler of a closed one
// has left at a Target, "" for none. It is undecided while one that holds the Target has
// yet to say what was found there. The Target is read before its history, so that who
// opens in between meets what is there before it goes.
func findHeir(ctx context.Context, claims Claims, c shift.Change, closed shift.Record) (id string, undecided bool, err error) {
	history, err := claims.History(ctx, c.Target)
	if err != nil {
		return "", false, err
	}
	for _, a := range history {
		if !a.Since(closed) {
			continue
		}
		record, err := recordIfKnown(ctx, claims, a.DeploymentID)
		if err != nil {
			return "", false, fmt.Errorf("see what %s has found there: %w", a.DeploymentID, err)
		}
		switch a.Claims(c.Target, closed, record) {
		case shift.Claimed:
			return a.DeploymentID, false, nil
		case shift.ClaimPending:
			undecided = true
		}
	}
	return "", undecided, nil
}

// recordIfKnown reads a record; nil is one that has expired.
func recordIfKnown(ctx context.Context, claims Claims, id string) (*shift.Record, error) {
	record, err := claims.Record(ctx, id)
	if errors.Is(err, shift.ErrDeploymentUnknown) {
		return nil, nil
	}
	return &record, err
}
