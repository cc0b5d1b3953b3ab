package task

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// EntryLedger is what it takes to know whether a Step may be taken.
type EntryLedger interface {
	// Freeze returns the freeze of the account.
	Freeze(ctx context.Context) (shift.Freeze, error)
	// Ask records that people are asked about a Step, and returns the record. Only answers
	// that are given later count. It returns shift.ErrDeploymentRestoring or
	// shift.ErrDeploymentClosed unless the record is open.
	Ask(ctx context.Context, id string, step int, at time.Time) (shift.Record, error)
}

// withEntry adds to what was found what keeps the next Step from being taken. People are asked
// before they are waited for.
func withEntry(ctx context.Context, ledger EntryLedger, d shift.Deployment, p shift.Progress, found shift.Poll) (shift.Poll, error) {
	var err error
	if found.Freeze, err = ledger.Freeze(ctx); err != nil {
		return found, err
	}
	if step := d.AsksAbout(p, found); step > 0 {
		record, err := ledger.Ask(ctx, d.ID, step, found.Now)
		if err != nil {
			return found, fmt.Errorf("ask for the approval of step %d: %w", step, err)
		}
		found.Asked, found.Answers = record.Asked, record.Answers
	}
	return found, nil
}

// announceApproval announces that a Step waits for a person. If that fails, the next poll does it
// again, with the same id.
func announceApproval(ctx context.Context, to Announcer, d shift.Deployment, p shift.Progress, at time.Time) shift.Progress {
	if p.Next != shift.NextBake || !p.Unannounced() {
		return p
	}
	if announceProgress(ctx, to, explain.Announce(d, shift.ApprovalAsked, p, at)) {
		return p.WithAnnounced()
	}
	return p
}
