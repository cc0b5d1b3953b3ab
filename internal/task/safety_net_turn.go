package task

import (
	"context"
	"errors"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// sweepQueue takes out of the queue who does not wait any more: an execution that has ended
// without anybody's notice would keep all behind it from their turn. running are the running
// executions, as far as they are known.
func (n SafetyNet) sweepQueue(ctx context.Context, running map[string]bool, at time.Time) error {
	var queue []shift.Waiting
	listed := func(ctx context.Context) (list []shift.Listed, err error) {
		queue, err = n.Ledger.Queue(ctx)
		for _, w := range queue {
			list = append(list, shift.Listed{ID: w.ID, Since: w.Since})
		}
		return list, err
	}
	return n.forEach(ctx, listed, func(ctx context.Context, w *shift.Listed) error {
		_, err := n.Ledger.Record(ctx, w.ID)
		switch {
		case err == nil: // it has opened, or was rejected
			return n.Ledger.Dequeue(ctx, w.ID)
		case !errors.Is(err, shift.ErrDeploymentUnknown):
			return err
		case running[w.ID]:
			return nil
		}
		gone, err := n.hasEnded(ctx, *w, at)
		if err != nil || !gone {
			return err
		}
		_, err = n.restoreOrReject(ctx, w.ID, []shift.Reason{shift.ExecutionEndedReason("")}, at)
		return err
	})
}
