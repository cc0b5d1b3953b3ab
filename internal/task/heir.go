package task

import (
	"context"
	"errors"
	"fmt"

	"sluice/internal/shift"
)

// Claims reads which other Deployments have held a Target.
type Claims interface {
	// History returns the history of all versions at a Target.
	History(ctx context.Context, t shift.Target) ([]shift.Arrived, error)
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
}

// findHeir returns the Deployment that relies on what a late write of a closed Deployment
// left at a Target, or "". undecided says that a Deployment holds the Target and has not
// yet recorded what it found. Callers read the Target before they call findHeir: a
// Deployment that opens in between then appears in the history before anything is deleted.
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

// recordIfKnown reads a record. It returns nil if the record has expired.
func recordIfKnown(ctx context.Context, claims Claims, id string) (*shift.Record, error) {
	record, err := claims.Record(ctx, id)
	if errors.Is(err, shift.ErrDeploymentUnknown) {
		return nil, nil
	}
	return &record, err
}
