package task

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Announcer publishes announcements about Deployments.
type Announcer interface {
	Announce(context.Context, shift.Announcement) error
}

// Retirer takes a Deployment off the Ledger's list of those whose Outcome is still to be
// announced.
type Retirer interface {
	Retire(ctx context.Context, id string) error
	// Announced says whether a closed record's Outcome was announced and the record
	// retired.
	Announced(ctx context.Context, id string) (bool, error)
}

// announceProgress announces a Deployment that goes on. Only Outcomes must be announced, so
// an error is logged and the shift continues. It returns whether it has announced it.
func announceProgress(ctx context.Context, to Announcer, a shift.Announcement) bool {
	err := to.Announce(ctx, a)
	if err != nil {
		slog.WarnContext(ctx, "progress not announced", "deployment", a.DeploymentID, "state", a.State, "error", err)
	}
	return err == nil
}

// announceOutcome announces how a closed Deployment ended, and retires it only after that.
// If the Lambda ends in between, the announcement is repeated.
func announceOutcome(ctx context.Context, to Announcer, ledger Retirer, closed shift.Record, at time.Time) error {
	if err := to.Announce(ctx, explain.AnnounceOutcome(closed, at)); err != nil {
		return fmt.Errorf("announce that the deployment ended as %s: %w", closed.Outcome, err)
	}
	if err := ledger.Retire(ctx, closed.ID); err != nil {
		return fmt.Errorf("retire the deployment: %w", err)
	}
	slog.InfoContext(ctx, "deployment ended", "deployment", closed.ID, "outcome", closed.Outcome, "reasons", shift.Texts(closed.Reasons))
	return nil
}

// announceIfPending announces the Outcome of a record that another try has closed, unless
// it was announced already.
func announceIfPending(ctx context.Context, to Announcer, ledger Retirer, closed shift.Record, at time.Time) error {
	announced, err := ledger.Announced(ctx, closed.ID)
	if err != nil {
		return fmt.Errorf("see whether the outcome was announced: %w", err)
	}
	if announced {
		return nil
	}
	return announceOutcome(ctx, to, ledger, closed, at)
}
