package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/shift"
)

// RestoringLedger is what putting traffic back needs of the Ledger.
type RestoringLedger interface {
	// MarkRestoring refuses all further intents. It returns the record, and
	// shift.ErrDeploymentClosed beside it, or shift.ErrDeploymentUnknown.
	MarkRestoring(ctx context.Context, id string, reasons []string) (shift.Record, error)
	// Restore remembers Targets that are back, on condition that the record is
	// restoring.
	Restore(ctx context.Context, id string, targets []shift.Target) error
	// Close ends a record, on condition that its status is as it was read.
	Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error)
	// Announced says whether a closed record's Outcome was announced.
	Announced(ctx context.Context, id string) (bool, error)
	Retirer
}

// Restorer puts traffic back: the same code for whoever finds that it must be.
type Restorer struct {
	Ledger    RestoringLedger
	Router    RouteWriter
	Announcer Announcer
}

// restored is what came of one Target.
type restored struct {
	target   shift.Target
	text     string // for people
	stranded bool
}

// Restore brings every Target of a record that was marked restoring back to
// Stable, each independently of the others, closes the record with an
// explanation of why, and announces how it ended. What could be done is
// remembered before an error is returned, so that a retry goes on with the rest.
func (r Restorer) Restore(ctx context.Context, record shift.Record, why []string, at time.Time) (shift.Record, []string, error) {
	results, err := r.targets(ctx, record)
	if err != nil {
		return record, nil, err
	}
	ending := shift.Ending{Outcome: shift.Rejected, Reasons: record.Reasons, At: at}
	if record.Touched() {
		ending.Outcome = shift.RolledBack
	}
	var undone []string
	for _, result := range results {
		undone = append(undone, result.text)
		if result.stranded {
			ending.Outcome = shift.Stranded
		}
	}
	ending.Cause = shift.Explain(ending.Outcome, why, undone)
	closed, err := r.Ledger.Close(ctx, record, ending)
	if err != nil {
		return record, undone, fmt.Errorf("close the deployment: %w", err)
	}
	return closed, undone, announceOutcome(ctx, r.Announcer, r.Ledger, closed, at)
}

func (r Restorer) targets(ctx context.Context, record shift.Record) ([]restored, error) {
	var (
		results  []restored
		back     []shift.Target
		problems []error
	)
	for _, c := range record.Pending() {
		result, err := r.target(ctx, c, record)
		if err != nil {
			problems = append(problems, fmt.Errorf("restore %s: %w", c.Target, err))
			continue
		}
		slog.InfoContext(ctx, "restored", "deployment", record.ID, "target", c.Target, "result", result.text)
		results = append(results, result)
		if !result.stranded {
			back = append(back, c.Target)
		}
	}
	if len(problems) == 0 {
		return results, nil
	}
	if len(back) > 0 {
		if err := r.Ledger.Restore(ctx, record.ID, back); err != nil {
			problems = append(problems, fmt.Errorf("remember what is restored: %w", err))
		}
	}
	return nil, errors.Join(problems...)
}

func (r Restorer) target(ctx context.Context, c shift.Change, record shift.Record) (restored, error) {
	for range maxTries {
		found, err := r.Router.Route(ctx, c.Target)
		exists := !errors.Is(err, shift.ErrTargetNotFound)
		if err != nil && exists {
			return restored{}, err
		}
		way := c.Restoration(found, exists, record.Deployment.Plan, record.Intent)
		if !way.Ours {
			return restored{c.Target, fmt.Sprintf("%s was left alone: it has %s, which Sluice did not write", c.Target, found), true}, nil
		}
		err = r.take(ctx, c, found, way)
		if err == nil {
			return restored{c.Target, describe(c, found), false}, nil
		}
		if !errors.Is(err, shift.ErrRevisionMismatch) {
			return restored{}, err
		}
	}
	return restored{}, fmt.Errorf("%w: it changed %d times while it was being restored", shift.ErrRevisionMismatch, maxTries)
}

func describe(c shift.Change, found shift.Route) string {
	if c.Creates() {
		return fmt.Sprintf("%s is gone again, as before", c.Target)
	}
	return fmt.Sprintf("%s is back on %s (it had %s)", c.Target, c.Stable, found)
}

// take goes the way back. Every write carries the Revision that the one before
// it returned.
func (r Restorer) take(ctx context.Context, c shift.Change, found shift.Route, way shift.Restoration) error {
	if way.Delete {
		return r.Router.Delete(ctx, c.Target)
	}
	for _, route := range way.Writes {
		route.Revision = found.Revision
		written, err := r.Router.SetRoute(ctx, c.Target, route)
		if err != nil {
			return err
		}
		found = written
	}
	if len(way.Writes) == 0 {
		return nil
	}
	return c.CheckServes(found, c.Stable)
}
