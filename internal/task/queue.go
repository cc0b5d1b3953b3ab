package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// QueueLedger is what open-deployment needs of the Ledger to wait for its turn, and to have
// others give way.
type QueueLedger interface {
	// Queue lists who waits for their turn, in the order in which they came.
	Queue(ctx context.Context) ([]shift.Waiting, error)
	// Enqueue puts a Deployment at the end of the queue, unless it stands there already. It
	// returns shift.ErrDeploymentClosed for one that has been closed.
	Enqueue(ctx context.Context, w shift.Waiting) error
	// Dequeue takes it out again. Doing so again does no harm.
	Dequeue(ctx context.Context, id string) error
	// Holder returns the Deployment that holds a Target.
	Holder(ctx context.Context, t shift.Target) (shift.Holder, error)
	// MarkRestoring makes the Ledger refuse all further intents of a Deployment. It returns
	// shift.ErrDeploymentClosed if its record is closed.
	MarkRestoring(ctx context.Context, id string, reasons []shift.Reason, at time.Time) (shift.Record, error)
	// Reject stores a closed record for a Deployment that has not opened.
	Reject(ctx context.Context, id string, arrivals []shift.Arrival, e shift.Ending) (shift.Record, error)
}

// lock takes the locks of all Targets if it is this Deployment's turn. It returns a Turn if the
// Deployment has to wait. One that replaces others has those give way that came before it: those
// that wait are Rejected, and the one that holds a Target is marked as restoring, as an abort would
// do. Its own Rollback, or the next sweep, puts its traffic back. While its own first Step may not be
// taken, or while one waits that puts traffic back, it has nobody give way, and waits for its turn.
func (o opening) lock(ctx context.Context) (shift.Record, *shift.Turn, error) {
	ahead, queued, err := o.ahead(ctx)
	if err != nil {
		return shift.Record{}, nil, err
	}
	if len(ahead) > 0 {
		if ahead[0].PutsBack { // nobody replaces it, and it goes first
			return o.waitBehind(ctx, queued, ahead, shift.KeptOut{})
		}
		kept, may, err := o.mayReplaceNow(ctx)
		if err != nil {
			return shift.Record{}, nil, err
		}
		if !may {
			return o.waitBehind(ctx, queued, ahead, kept)
		}
		if err := o.replaceWaiting(ctx, queued); err != nil {
			return shift.Record{}, nil, err
		}
		queued = true
	}
	return o.take(ctx, queued)
}

// take takes the locks, unless another Deployment holds one.
func (o opening) take(ctx context.Context, queued bool) (shift.Record, *shift.Turn, error) {
	record, err := o.Ledger.Open(ctx, o.id, o.release, o.Now.read())
	var held *shift.HeldError
	switch {
	case err == nil:
		if queued {
			err = o.Ledger.Dequeue(ctx, o.id)
		}
		return record, nil, err
	case errors.As(err, &held) && o.replaces():
		return o.replaceHolder(ctx, queued, held)
	case errors.As(err, &held):
		return o.wait(ctx, queued, o.placeBehind(held), err)
	case errors.Is(err, shift.ErrTargetBeingRestored) && o.waits():
		err = errors.Join(err, o.enqueue(ctx, queued))
	}
	return record, nil, fmt.Errorf("open the deployment: %w", err)
}

func (o opening) replaces() bool { return o.release.Options.WhenHeld == shift.ReplaceWhenHeld }

// keptOut returns what keeps the first Step out of a Deployment that replaces others.
func (o opening) keptOut(ctx context.Context) (shift.KeptOut, error) {
	freeze, err := o.Ledger.Freeze(ctx)
	if err != nil {
		return shift.KeptOut{}, fmt.Errorf("read whether the account is frozen: %w", err)
	}
	return o.release.KeptOut(freeze, o.Now.read()), nil
}

// waits says whether the Deployment stands in the queue if it cannot open at once.
func (o opening) waits() bool {
	return o.replaces() || o.release.Options.WhenHeld == shift.WaitWhenHeld
}

func heldUpBy(first shift.Waiting) error {
	return fmt.Errorf(`%w: %s has waited for its turn since %s; wait until it has ended, or set "whenHeld": "wait"`,
		shift.ErrTargetHeld, first.ID, first.Since.UTC().Format("15:04:05 UTC"))
}

// ahead returns who waits for one of the Targets and came before. A revert lets nobody go first.
func (o opening) ahead(ctx context.Context) (ahead []shift.Waiting, queued bool, err error) {
	if o.release.Reverts != "" {
		return nil, false, nil
	}
	if o.hasWaited() { // somebody may have replaced it, or stopped it
		if err := o.checkUnclosed(ctx); err != nil {
			return nil, false, err
		}
	}
	queue, err := o.Ledger.Queue(ctx)
	if err != nil && len(queue) == 0 {
		return nil, false, err
	}
	ahead, queued = shift.Ahead(queue, o.waiting())
	ahead, err = o.stillWaiting(ctx, ahead)
	if err != nil || len(ahead) == 0 || o.call.Retry == 0 {
		return ahead, queued, err
	}
	opened, err := o.hasOpened(ctx)
	if opened {
		ahead = nil
	}
	return ahead, queued, err
}

// stillWaiting leaves out those at the head of the queue that have opened, or ended, and were not
// taken out of it yet.
func (o opening) stillWaiting(ctx context.Context, ahead []shift.Waiting) ([]shift.Waiting, error) {
	for i, w := range ahead {
		_, err := o.Ledger.Record(ctx, w.ID)
		if errors.Is(err, shift.ErrDeploymentUnknown) {
			return ahead[i:], nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// checkUnclosed returns shift.ErrDeploymentClosed if the Deployment has ended before it opened.
func (o opening) checkUnclosed(ctx context.Context) error {
	record, err := o.Ledger.Record(ctx, o.id)
	switch {
	case errors.Is(err, shift.ErrDeploymentUnknown):
		return nil
	case err != nil:
		return fmt.Errorf("see whether it was closed: %w", err)
	case record.Status == shift.StatusClosed:
		return record.CheckOpen()
	}
	return nil
}

// hasOpened says whether a try before has taken the locks. Who has begun to wait since is not ahead.
func (o opening) hasOpened(ctx context.Context) (bool, error) {
	record, err := o.Ledger.Record(ctx, o.id)
	if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) {
		return false, fmt.Errorf("see whether it has opened already: %w", err)
	}
	return err == nil && record.Status == shift.StatusOpen, nil
}

// turn is how the Deployment has waited so far; nil if it has not.
func (o opening) turn() *shift.Turn {
	if o.call.Document.Deployment == nil {
		return nil
	}
	return o.call.Document.Deployment.Turn
}

// hasWaited says whether time has passed since Open was entered first.
func (o opening) hasWaited() bool { return o.call.Retry > 0 || o.turn() != nil }

func (o opening) placeBehind(held *shift.HeldError) shift.Place {
	return shift.Place{HeldBy: held.By, HeldFor: max(shift.InSeconds(o.Now.read().Sub(held.Since)), 0)}
}

// waitBehind waits until those have gone who came before.
func (o opening) waitBehind(ctx context.Context, queued bool, ahead []shift.Waiting, kept shift.KeptOut) (shift.Record, *shift.Turn, error) {
	place, err := o.placeIn(ctx, ahead)
	if err != nil {
		return shift.Record{}, nil, err
	}
	place.KeptOut = kept
	return o.wait(ctx, queued, place, heldUpBy(ahead[0]))
}

// placeIn is the place of a Deployment that others have to go before. It looks the more often the
// shorter the first of them has waited for the holder.
func (o opening) placeIn(ctx context.Context, ahead []shift.Waiting) (shift.Place, error) {
	place := shift.Place{Ahead: len(ahead)}
	for _, a := range o.release.Arrivals {
		if !ahead[0].Concerns(a.Target) {
			continue
		}
		holder, err := o.Ledger.Holder(ctx, a.Target)
		if err != nil {
			return place, err
		}
		if holder.DeploymentID != "" {
			place.HeldBy, place.HeldFor = holder.DeploymentID, max(shift.InSeconds(o.Now.read().Sub(holder.Since)), 0)
		}
		break
	}
	return place, nil
}

// wait returns the Turn of a Deployment that has to wait, or the error for one that does not want
// to.
func (o opening) wait(ctx context.Context, queued bool, place shift.Place, held error) (shift.Record, *shift.Turn, error) {
	if !o.waits() {
		return shift.Record{}, nil, fmt.Errorf("open the deployment: %w", held)
	}
	if err := o.enqueue(ctx, queued); err != nil {
		return shift.Record{}, nil, err
	}
	before := shift.Turn{}
	if t := o.turn(); t != nil {
		before = *t
	}
	next, err := before.Next(place, o.call.Retry)
	if err != nil {
		return shift.Record{}, nil, err
	}
	slog.InfoContext(ctx, "waiting for its turn", "deployment", o.id, "ahead", next.Ahead, "held by", next.HeldBy, "kept out by", next.KeptOut, "looks", next.Looks, "seconds", int(next.Wait))
	return shift.Record{}, &next, nil
}

// waiting is how the Deployment stands in the queue, but for the time.
func (o opening) waiting() shift.Waiting {
	return shift.Waiting{ID: o.id, Arrivals: o.release.Arrivals, PutsBack: o.release.PutsBack()}
}

func (o opening) enqueue(ctx context.Context, queued bool) error {
	if queued {
		return nil
	}
	own := o.waiting()
	own.Since = o.Now.read()
	return o.Ledger.Enqueue(ctx, own)
}

// replaceWaiting rejects those who have waited for longer, but none that puts traffic back. One that
// has opened in the meantime holds its Targets, and is met there. It stands in the queue itself before:
// of two that replace each other, the one that came later stays.
func (o opening) replaceWaiting(ctx context.Context, queued bool) error {
	if err := o.enqueue(ctx, queued); err != nil {
		return err
	}
	queue, err := o.Ledger.Queue(ctx)
	if err != nil && len(queue) == 0 {
		return err
	}
	ahead, queued := shift.Ahead(queue, o.waiting())
	if !queued { // it was replaced itself
		return errors.Join(o.checkUnclosed(ctx), err)
	}
	why := []shift.Reason{shift.SupersededBy(o.id)}
	for _, w := range ahead {
		if w.PutsBack {
			continue
		}
		at := o.Now.read()
		record, err := o.Ledger.Reject(ctx, w.ID, w.Arrivals, shift.Ending{
			Outcome: shift.Rejected, Cause: explain.Cause(shift.Rejected, why, nil), Reasons: why, At: at,
		})
		if record.ID != "" && err != nil { // it has a record, so it waits no longer
			continue
		}
		if err != nil {
			return fmt.Errorf("replace %s, which waits: %w", w.ID, err)
		}
		slog.InfoContext(ctx, "replaced", "deployment", w.ID, "by", o.id)
		if err := announceOutcome(ctx, o.Announcer, o.Ledger, record, at); err != nil {
			slog.WarnContext(ctx, "the outcome is left to the safety net to announce", "deployment", w.ID, "error", err)
		}
	}
	return nil
}

// replaceHolder has the Deployment give way that holds a Target. One that puts traffic back is not
// replaced: that would bring back what was taken away. It is waited for.
func (o opening) replaceHolder(ctx context.Context, queued bool, held *shift.HeldError) (shift.Record, *shift.Turn, error) {
	holder, err := o.Ledger.Record(ctx, held.By)
	switch {
	case err != nil:
		return shift.Record{}, nil, fmt.Errorf("read what is to be replaced: %w", err)
	case holder.PutsBack || holder.Deployment != nil && holder.Deployment.PutsBack(): // an earlier version noted only the latter
		return o.wait(ctx, queued, o.placeBehind(held), held)
	}
	kept, may, err := o.mayReplaceNow(ctx)
	switch {
	case err != nil:
		return shift.Record{}, nil, err
	case !may:
		place := o.placeBehind(held)
		place.KeptOut = kept
		return o.wait(ctx, queued, place, held)
	}
	if err := o.enqueue(ctx, queued); err != nil { // before: of two that replace, the later one stands
		return shift.Record{}, nil, err
	}
	_, err = o.Ledger.MarkRestoring(ctx, held.By, []shift.Reason{shift.SupersededBy(o.id)}, o.Now.read())
	if err != nil && !errors.Is(err, shift.ErrDeploymentClosed) {
		return shift.Record{}, nil, fmt.Errorf("replace %s: %w", held.By, err)
	}
	slog.InfoContext(ctx, "replaced", "deployment", held.By, "by", o.id)
	return shift.Record{}, nil, fmt.Errorf("%w: %s, held by %s, which this deployment replaces", shift.ErrTargetBeingRestored, held.Target, held.By)
}
