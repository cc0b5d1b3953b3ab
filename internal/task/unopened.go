package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// RejectingLedger is what rollback and safety-net need of the Ledger to end a Deployment,
// whether it has opened or not.
type RejectingLedger interface {
	RestoringLedger
	// Reject stores a closed record for a Deployment that never opened, so that a late
	// opening of it is refused. If there is a record already, it returns that record and
	// shift.ErrDeploymentClosed, or an error that may heal if the record is not closed.
	Reject(ctx context.Context, id string, arrivals []shift.Arrival, e shift.Ending) (shift.Record, error)
}

// rejectUnopened closes a Deployment that never opened, and announces that.
func rejectUnopened(ctx context.Context, ledger RejectingLedger, to Announcer, id string, arrivals []shift.Arrival, why []shift.Reason, at time.Time) (shift.Record, error) {
	record, err := ledger.Reject(ctx, id, arrivals, shift.Ending{
		Outcome: shift.Rejected, Cause: explain.Cause(shift.Rejected, why, nil), Reasons: shift.BoundReasons(why), At: at,
	})
	if err != nil {
		return record, fmt.Errorf("record the rejection: %w", err)
	}
	return record, announceOutcome(ctx, to, ledger, record, at)
}

// restoreOrReject is restoreNow, and closes a Deployment that has not opened: its execution was
// stopped, or waits for a Target that another Deployment holds. A late opening is refused then,
// and whoever waits for the Outcome hears of it.
func (n SafetyNet) restoreOrReject(ctx context.Context, id string, why []shift.Reason, at time.Time) (shift.Record, error) {
	record, _, err := n.restorer().MarkAndRestore(ctx, why, func(ctx context.Context) (shift.Record, error) {
		return n.Ledger.MarkRestoring(ctx, id, why, at)
	}, at)
	if !errors.Is(err, shift.ErrDeploymentUnknown) {
		return n.ignoreEnded(ctx, record, err, at)
	}
	record, err = rejectUnopened(ctx, n.Ledger, n.Announcer, id, nil, why, at)
	return n.ignoreEnded(ctx, record, err, at)
}
