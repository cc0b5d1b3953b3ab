package task

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The queue of restorations is the list of the Deployments that are restoring. It is worked
// off by one invocation at a time, whoever has its lease. When many Deployments go back at
// once, each with an invocation of its own, they would refuse one another the few requests
// per second that a platform accepts from an account, and hold the account's concurrency for
// minutes. So each tries once, and leaves the rest to the one that has the lease.
const (
	// queueLease is how long an invocation that dies keeps others from the queue.
	queueLease = 30 * time.Second
	// queueBatch is how many Deployments are restored before the lease is renewed.
	queueBatch = 60
	// queueReserve is how much time an invocation leaves for its end.
	queueReserve = 20 * time.Second
)

// isQueued says whether a restoration that was throttled waits in the queue. If the mark
// itself was throttled, it does not.
func isQueued(record shift.Record, err error) bool {
	return errors.Is(err, shift.ErrThrottled) && record.Status == shift.StatusRestoring
}

// queueIfThrottled works off the queue of restorations after one of them was throttled.
func (n SafetyNet) queueIfThrottled(ctx context.Context, err error, record shift.Record, at time.Time) error {
	if !isQueued(record, err) {
		return err
	}
	slog.InfoContext(ctx, "throttled, queued", "error", flow.Wire(err).Message)
	return n.workOffQueue(ctx, at)
}

// workOffQueue restores all Deployments that are restoring, unless another invocation does.
// After it has released the lease it looks once more: who found the lease taken before that
// relies on it.
func (n SafetyNet) workOffQueue(ctx context.Context, began time.Time) error {
	n.Router = n.insistentRouter()
	q := queue{SafetyNet: n, holder: rand.Text(), began: began, done: map[string]bool{}}
	for waits := true; waits && !q.isEnding(ctx); {
		leased, err := q.lease(ctx)
		if err != nil || !leased {
			return errors.Join(append(q.problems, err)...)
		}
		if err := errors.Join(q.work(ctx), n.Ledger.Release(ctx, q.holder)); err != nil {
			return errors.Join(append(q.problems, err)...)
		}
		waiting, err := q.list(ctx)
		if err != nil {
			return errors.Join(append(q.problems, err)...)
		}
		waits = len(waiting) > 0
	}
	return errors.Join(q.problems...)
}

// work restores what waits in the queue, and stops early if its time is over, or if it has
// lost the lease: then another invocation goes on, or the next sweep.
func (q *queue) work(ctx context.Context) error {
	waiting, err := q.list(ctx)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(waiting, queueBatch) {
		q.restore(ctx, batch)
		if leased, err := q.lease(ctx); err != nil || !leased || q.isEnding(ctx) {
			return err
		}
	}
	return nil
}

// insistentRouter repeats throttled calls, and leaves the burst to others.
func (n SafetyNet) insistentRouter() RouteWriter {
	router := n.Router.(restoringRouter)
	router.pace, router.delays = newPaces(router.RouteWriter, n.Now, n.Pause).withoutBurst(), insistentDelays
	return router
}

// queue is one invocation's work on the queue of restorations.
type queue struct {
	SafetyNet
	holder string
	began  time.Time
	// done are the Deployments that this invocation has restored, or cannot restore.
	done     map[string]bool
	problems []error
}

func (q *queue) lease(ctx context.Context) (bool, error) {
	now := q.Now.read()
	return q.Ledger.Lease(ctx, q.holder, now, now.Add(queueLease))
}

// isEnding says whether the invocation has no time for more work.
func (q *queue) isEnding(ctx context.Context) bool {
	return ctx.Err() != nil || q.Now.read().Sub(q.began) > flow.SafetyNetTimeout-queueReserve
}

// list returns the records that are restoring and not done.
func (q *queue) list(ctx context.Context) ([]shift.Record, error) {
	listed, err := q.Ledger.Unannounced(ctx)
	if err != nil && len(listed) == 0 {
		return nil, fmt.Errorf("list the open deployments: %w", err)
	}
	listed = slices.DeleteFunc(listed, func(d shift.Listed) bool { return q.done[d.ID] })
	records, problems := make([]shift.Record, len(listed)), make([]error, len(listed))
	q.Together.run(ctx, len(listed), func(ctx context.Context, i int) {
		records[i], problems[i] = q.Ledger.Record(ctx, listed[i].ID)
	})
	for i, err := range problems {
		if err != nil {
			q.done[listed[i].ID] = true
			q.problems = append(q.problems, fmt.Errorf("%s: %w", listed[i].ID, err))
		}
	}
	return slices.DeleteFunc(records, func(r shift.Record) bool { return r.Status != shift.StatusRestoring }), nil
}

// restore restores some of the queue. Those that are throttled for long stay in it.
func (q *queue) restore(ctx context.Context, batch []shift.Record) {
	problems := make([]error, len(batch))
	q.Together.run(ctx, len(batch), func(ctx context.Context, i int) {
		problems[i] = q.restoreOne(ctx, batch[i])
	})
	for i, err := range problems {
		if errors.Is(err, shift.ErrThrottled) {
			continue
		}
		q.done[batch[i].ID] = true
		if err != nil {
			q.problems = append(q.problems, fmt.Errorf("%s: %w", batch[i].ID, err))
		}
	}
}

func (q *queue) restoreOne(ctx context.Context, r shift.Record) error {
	var throttled error
	err := q.retry(ctx, func() error {
		now := q.Now.read()
		record, err := q.restoreNow(ctx, r.ID, r.Reasons, now)
		if errors.Is(err, shift.ErrThrottled) { // the router has repeated it long enough
			throttled = err
			return nil
		}
		return ignoreSettling(ctx, err, record, now)
	})
	if err != nil {
		return err
	}
	return throttled
}
