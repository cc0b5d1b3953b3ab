package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// RestoringLedger is what a Restorer needs of the Ledger.
type RestoringLedger interface {
	// MarkRestoring makes the Ledger refuse all further intents. It returns the record. It
	// also returns shift.ErrDeploymentClosed if the record is closed, or
	// shift.ErrDeploymentUnknown.
	MarkRestoring(ctx context.Context, id string, reasons []shift.Reason, at time.Time) (shift.Record, error)
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// Restore records Targets that are restored, on condition that the record is restoring.
	Restore(ctx context.Context, id string, targets []shift.Target) error
	// Close ends a record. It fails if the record's status has changed since it was read,
	// or if another try has described it since.
	Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error)
	Retirer
}

// Restorer puts traffic back. Rollback and the safety net share it.
type Restorer struct {
	Ledger    RestoringLedger
	Router    RouteWriter
	Announcer Announcer
	// Together runs a function for several Targets at once; nil is Concurrently.
	Together Together
	// Now is the clock; nil is time.Now. It says until when viewers may see the Candidate.
	Now Clock
	// Pause waits before an outdated read is repeated; nil is the real clock.
	Pause Pause
	// Nudges says to write a Route even if it is already settling on Stable. The first such
	// write is needed because a read does not show earlier writes while Lambda moves the
	// weights. Later ones are needed now and then: Lambda gets stuck if it cannot start an
	// environment, and a write without weights releases it (gradientedge cdk-utils pull
	// request 1110). More writes than that do not speed it up.
	Nudges bool
}

// Mark makes the Ledger refuse all further intents of a Deployment, and returns its record.
type Mark func(context.Context) (shift.Record, error)

// MarkAndRestore marks the Deployment as restoring, and restores it. If mark returns an
// error, that error is returned.
//
// From the mark on, the Ledger accepts no intent of the Deployment. What may still arrive are
// writes whose intent was accepted before. They carry a Revision from before the mark, so
// every write of a restorer fences them off. A restorer in turn writes only with a Revision
// that belongs to this restoration: the one that a write of the Deployment itself returned,
// or one that was read before the record was seen to be restoring still. If the restorer is
// held up, and another one closes the record meanwhile, its write is refused: the other one
// closes only after its own write has given the Target another Revision, or after somebody
// else's has.
//
// What no Revision protects is the creation and the deletion of a Target; see
// shift.Record.Quarantined.
func (r Restorer) MarkAndRestore(ctx context.Context, why []shift.Reason, mark Mark, at time.Time) (shift.Record, []shift.Undone, error) {
	record, err := mark(ctx)
	if err != nil {
		return record, nil, err
	}
	if !slices.Equal(record.Reasons, shift.BoundReasons(why)) {
		why = record.Reasons // somebody else began to restore first, for other reasons
	}
	return r.restore(ctx, record, why, at)
}

// restore brings every Target of a restoring record back to Stable, closes the record with
// an explanation, and announces the Outcome. Each Target is restored independently of the
// others. If some of them fail, those that succeeded are recorded before the error is
// returned, so that a retry continues with the rest.
func (r Restorer) restore(ctx context.Context, record shift.Record, why []shift.Reason, at time.Time) (shift.Record, []shift.Undone, error) {
	results, err := r.restoreTargets(ctx, record)
	if err != nil {
		return record, nil, err
	}
	ending, undone := record.End(results, at)
	undone = record.WithLag(undone, r.Now.read())
	ending.Cause = explain.Cause(ending.Outcome, why, undone)
	closed, err := r.Ledger.Close(ctx, record, ending)
	if err != nil {
		return record, undone, fmt.Errorf("close the deployment: %w", err)
	}
	return closed, undone, announceOutcome(ctx, r.Announcer, r.Ledger, closed, at)
}

func (r Restorer) restoreTargets(ctx context.Context, record shift.Record) ([]shift.Undone, error) {
	pending := record.Pending()
	results, problems := make([]shift.Undone, len(pending)), make([]error, len(pending))
	moved := make([]*movement, len(pending))
	r.Together.run(ctx, len(pending), func(ctx context.Context, i int) {
		results[i], moved[i], problems[i] = r.restoreTarget(ctx, pending[i], record)
	})
	r.Together.run(ctx, len(pending), func(ctx context.Context, i int) { // after all writes, which matter more
		if moved[i] != nil {
			problems[i] = r.checkHasMoved(ctx, *moved[i])
		}
	})
	var back []shift.Target
	for i, c := range pending {
		if problems[i] != nil {
			problems[i] = fmt.Errorf("restore %s: %w", c.Target, problems[i])
			continue
		}
		slog.InfoContext(ctx, "restored", "deployment", record.ID, "target", c.Target, "result", explain.Fate(results[i]))
		if results[i].Fate != shift.LeftAlone {
			back = append(back, c.Target)
		}
	}
	if errors.Join(problems...) == nil {
		return results, nil
	}
	if len(back) > 0 {
		if err := r.Ledger.Restore(ctx, record.ID, back); err != nil {
			problems = append(problems, fmt.Errorf("remember what is restored: %w", err))
		}
	}
	return nil, joinProblems(problems)
}

// joinProblems joins errors, and leaves out Targets that are settling: these only need
// time. If all of them are settling, it returns ErrRouteSettling.
func joinProblems(problems []error) error {
	others := slices.DeleteFunc(slices.Clone(problems), func(err error) bool { return errors.Is(err, shift.ErrRouteSettling) })
	if err := errors.Join(others...); err != nil {
		return err
	}
	return errors.Join(problems...)
}

// restoreTarget puts one Target back. If the Ledger knows what the last write of the
// Deployment has left there, it writes at once. That write is refused if anything has
// changed since. Then, or if the Ledger does not know, it looks first. It may return a movement
// that has to be checked.
func (r Restorer) restoreTarget(ctx context.Context, c shift.Change, record shift.Record) (shift.Undone, *movement, error) {
	found, known := r.landed(c, record)
	for range maxWriteTries {
		if !known {
			var err error
			if found, err = r.lookForOwn(ctx, c, record); err != nil {
				return shift.Undone{}, nil, err
			}
		}
		c := found.change
		way := record.Restoration(c, found.route, found.exists())
		if !way.Ours {
			return shift.Undone{Target: c.Target, Fate: shift.LeftAlone, Found: found.route.String()}, nil, nil
		}
		if !r.Nudges && c.Settling(found.route, c.Stable) {
			return shift.Undone{}, nil, c.CheckServes(found.route, c.Stable)
		}
		moved, err := r.apply(ctx, c, found.route, way)
		if err == nil {
			return c.Undo(found.route), moved, nil
		}
		if isStale := errors.Is(err, shift.ErrRevisionMismatch) || known && isMissing(err); !isStale {
			undone, err := leaveTaken(c, found.route, err)
			return undone, nil, err
		}
		known = false
	}
	return shift.Undone{}, nil, fmt.Errorf("%w: it changed %d times while it was being restored", shift.ErrRevisionMismatch, maxWriteTries)
}

// isMissing says whether a write did not find its Target, or the version that it names: a function
// that was deleted has neither.
func isMissing(err error) bool {
	return errors.Is(err, shift.ErrTargetNotFound) || errors.Is(err, shift.ErrVersionNotFound)
}

// leaveTaken leaves a Target alone if somebody else has taken what it needs to be put back. It
// returns any other error.
func leaveTaken(c shift.Change, found shift.Route, err error) (shift.Undone, error) {
	if !errors.Is(err, shift.ErrRouteTaken) {
		return shift.Undone{}, err
	}
	const maxWhy = 400 // characters
	return shift.Undone{Target: c.Target, Fate: shift.LeftAlone, Found: found.String(), Why: shift.BoundText(err.Error(), maxWhy)}, nil
}

// landed returns what the last write of the Deployment has left at a Target, if the Ledger
// knows it. It does not say whether the platform is still moving traffic, nor whether a
// Target that was created is still the Deployment's own.
func (r Restorer) landed(c shift.Change, record shift.Record) (look, bool) {
	if c.Creates() || c.Settles {
		return look{}, false
	}
	route, known := record.LandedRoute(c)
	return look{route: route, change: c}, known
}

// lookForOwn reads a Target until it finds a Route of the Deployment, or until no read can
// be outdated any more: all of them begin after the mark, so the last one shows what every
// writer whose intent was accepted has left, or what has fenced it off. After each read it
// checks that the record is still restoring.
func (r Restorer) lookForOwn(ctx context.Context, c shift.Change, record shift.Record) (found look, err error) {
	err = r.Pause.untilFresh(ctx, func() (bool, error) {
		if found, err = lookAt(ctx, r.Router, c); err != nil {
			return false, err
		}
		now, err := r.Ledger.Record(ctx, record.ID)
		switch {
		case err != nil:
			return false, fmt.Errorf("see whether it is still to be restored: %w", err)
		case now.Status != shift.StatusRestoring:
			return false, now.CheckOpen()
		}
		return found.exists() && record.Restoration(found.change, found.route, true).Ours, nil
	})
	return found, err
}

// movement is a write after which the platform may go on moving traffic by itself, as another
// revision has become the serving one.
type movement struct {
	change          shift.Change
	before, written shift.Route
}

// apply carries out a Restoration, and checks the result. It returns a movement if the answer of
// the platform does not show everything.
func (r Restorer) apply(ctx context.Context, c shift.Change, found shift.Route, way shift.Restoration) (*movement, error) {
	switch {
	case way.Delete:
		return nil, r.Router.Delete(ctx, c.Target)
	case !way.Rotate && way.Write == nil:
		return nil, nil
	}
	written, err := r.write(ctx, c, found, way)
	if err != nil {
		return nil, err
	}
	if c.Settles || written.Settling || found.Serving != c.Stable && r.maySettle(c.Target) {
		return &movement{c, found, written}, nil
	}
	return nil, c.CheckServes(written, c.Stable)
}

// maySettle says whether there are Targets of a kind that move traffic by themselves. Any other
// Target has what was written as soon as the write is accepted.
func (r Restorer) maySettle(t shift.Target) bool {
	rules, err := r.Router.Rules(t)
	return err != nil || rules.Settles
}

// applyAndCheck is apply, with the check of its movement.
func (r Restorer) applyAndCheck(ctx context.Context, c shift.Change, found shift.Route, way shift.Restoration) error {
	moved, err := r.apply(ctx, c, found, way)
	if err != nil || moved == nil {
		return err
	}
	return r.checkHasMoved(ctx, *moved)
}

// checkHasMoved looks whether the platform is still moving traffic. The Deployment does not always
// know in advance that it will: provisioned concurrency may have been added since it was opened. If
// it has not been, a read that does not show the write yet is no reason to try again.
func (r Restorer) checkHasMoved(ctx context.Context, m movement) error {
	now, err := lookAt(ctx, r.Router, m.change)
	if err != nil {
		return err
	}
	isOutdated := !now.exists() || now.route.Revision == m.before.Revision
	if isOutdated && !now.change.Settles {
		now.route = m.written
	}
	return now.change.CheckServes(now.route, m.change.Stable)
}

// write writes what a Restoration wants, and returns what the answer says.
func (r Restorer) write(ctx context.Context, c shift.Change, found shift.Route, way shift.Restoration) (shift.Route, error) {
	if way.Rotate {
		return r.rotate(ctx, c, found)
	}
	wanted := *way.Write
	wanted.Revision = found.Revision
	return r.Router.SetRoute(ctx, c.Target, wanted)
}

// rotate gives a Target that is on Stable a new Revision, so that writes still in flight
// are refused.
func (r Restorer) rotate(ctx context.Context, c shift.Change, found shift.Route) (shift.Route, error) {
	rotated, err := r.Router.Rotate(ctx, c.Target, found, c.Candidate)
	switch {
	case err != nil:
		return found, fmt.Errorf("give %s another revision: %w", c.Target, err)
	case rotated.Revision == found.Revision:
		return found, fmt.Errorf("give %s another revision: it has kept the one it had, and a write that is still on its way would not be refused", c.Target)
	}
	return rotated, nil
}

// takeBackStrays checks the Targets of a Deployment once more, some time after it was put
// back. It returns whether that was the last time.
//
// The check is needed for two reasons. A late UpdateAlias is refused for its RevisionId,
// but a CreateAlias carries none. And a restorer that ends between its two writes leaves a
// zero weight.
func (r Restorer) takeBackStrays(ctx context.Context, record shift.Record, extend func(context.Context) (bool, error)) (last bool, err error) {
	if !record.MayStray() {
		return true, nil
	}
	again, problems := make([]bool, len(record.Deployment.Changes)), make([]error, len(record.Deployment.Changes))
	r.Together.run(ctx, len(problems), func(ctx context.Context, i int) {
		c := record.Deployment.Changes[i]
		deletes, err := r.takeBack(ctx, c, record, extend)
		if again[i] = deletes; err != nil {
			problems[i] = fmt.Errorf("take back a stray write of %s: %w", c.Target, err)
		}
	})
	return !slices.Contains(again, true), errors.Join(problems...)
}

// takeBack checks one Target, and returns whether it has to be checked again. Only a deletion
// can harm somebody. Removing a zero weight does not change the traffic, and is refused if
// the Target was written since it was read.
//
// Before a deletion, extend has to begin the quarantine of the Target anew: the deletion may
// be held up, and must arrive before another Deployment may create the Target.
func (r Restorer) takeBack(ctx context.Context, c shift.Change, record shift.Record, extend func(context.Context) (bool, error)) (again bool, err error) {
	found, err := lookAt(ctx, r.Router, c)
	if err != nil || !found.exists() {
		return false, err
	}
	c = found.change
	way := c.Stray(found.route)
	if !way.Ours {
		return false, nil
	}
	if way.Delete && record.LeftToPeople() {
		slog.InfoContext(ctx, "stray write left", "target", c.Target, "found", found.route.String(), "to", "a person")
		return false, nil
	}
	slog.WarnContext(ctx, "stray write", "target", c.Target, "found", found.route.String())
	if way.Delete {
		extended, err := extend(ctx)
		if err != nil || !extended {
			return true, err
		}
	}
	err = r.applyAndCheck(ctx, c, found.route, way)
	if errors.Is(err, shift.ErrRevisionMismatch) {
		return way.Delete, nil // somebody has written it since
	}
	return way.Delete, err
}
