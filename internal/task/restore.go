package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"sluice/internal/explain"
	"sluice/internal/shift"
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
	// Nudges says to write a Route even if it is already settling on Stable. The first such
	// write is needed because a read does not show earlier writes while Lambda moves the
	// weights. Later ones are needed now and then: Lambda gets stuck if it cannot start an
	// environment, and a write without weights releases it (gradientedge cdk-utils pull
	// request 1110). More writes than that do not speed it up.
	Nudges bool
}

// Mark makes the Ledger refuse all further intents of a Deployment, and returns its record.
type Mark func(context.Context) (shift.Record, error)

// look is what was found at a Target.
type look struct {
	route  shift.Route
	exists bool
	err    error
}

// MarkAndRestore reads the Targets, marks the Deployment as restoring, and restores it. It
// reads first, because a restorer may only use a Revision that it read while the record was
// still restoring or open. A restorer that is delayed between mark and read would undo what
// the next Deployment has done. If mark returns an error, that error is returned.
func (r Restorer) MarkAndRestore(ctx context.Context, targets []shift.Target, why []shift.Reason, mark Mark, at time.Time) (shift.Record, []shift.Undone, error) {
	looks := make([]look, len(targets))
	r.Together.run(ctx, len(targets), func(ctx context.Context, i int) { looks[i] = r.look(ctx, targets[i]) })
	record, err := mark(ctx)
	if err != nil {
		return record, nil, err
	}
	seen := make(map[shift.Target]look, len(targets))
	for i, t := range targets {
		seen[t] = looks[i]
	}
	if !slices.Equal(record.Reasons, shift.BoundReasons(why)) {
		why = record.Reasons // somebody else began to restore first, for other reasons
	}
	return r.restore(ctx, record, seen, why, at)
}

func (r Restorer) look(ctx context.Context, t shift.Target) look {
	route, err := r.Router.Route(ctx, t)
	if errors.Is(err, shift.ErrTargetNotFound) {
		return look{}
	}
	return look{route: route, exists: true, err: err}
}

// lookAgain reads a Target, and then checks that the record is still restoring.
func (r Restorer) lookAgain(ctx context.Context, t shift.Target, id string) (look, error) {
	found := r.look(ctx, t)
	if found.err != nil {
		return found, found.err
	}
	record, err := r.Ledger.Record(ctx, id)
	switch {
	case err != nil:
		return found, fmt.Errorf("see whether it is still to be restored: %w", err)
	case record.Status != shift.StatusRestoring:
		return found, record.CheckOpen()
	}
	return found, nil
}

// restore brings every Target of a restoring record back to Stable, closes the record with
// an explanation, and announces the Outcome. Each Target is restored independently of the
// others. If some of them fail, those that succeeded are recorded before the error is
// returned, so that a retry continues with the rest.
func (r Restorer) restore(ctx context.Context, record shift.Record, seen map[shift.Target]look, why []shift.Reason, at time.Time) (shift.Record, []shift.Undone, error) {
	results, err := r.restoreTargets(ctx, record, seen)
	if err != nil {
		return record, nil, err
	}
	ending, undone := record.End(results, at)
	ending.Cause = explain.Cause(ending.Outcome, why, undone)
	closed, err := r.Ledger.Close(ctx, record, ending)
	if err != nil {
		return record, undone, fmt.Errorf("close the deployment: %w", err)
	}
	return closed, undone, announceOutcome(ctx, r.Announcer, r.Ledger, closed, at)
}

func (r Restorer) restoreTargets(ctx context.Context, record shift.Record, seen map[shift.Target]look) ([]shift.Undone, error) {
	pending := record.Pending()
	results, problems := make([]shift.Undone, len(pending)), make([]error, len(pending))
	r.Together.run(ctx, len(pending), func(ctx context.Context, i int) {
		results[i], problems[i] = r.restoreTarget(ctx, pending[i], record, seen)
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

// earlierLook returns what was found at a Change's Target before the record was marked, and
// whether it may still be used.
func earlierLook(c shift.Change, seen map[shift.Target]look) (look, bool) {
	found, looked := seen[c.Target]
	if c.Creates() && !found.exists {
		// No Revision can refuse a CreateAlias. One whose intent was recorded before the mark
		// may have arrived after the read.
		looked = false
	}
	return found, looked
}

func (r Restorer) restoreTarget(ctx context.Context, c shift.Change, record shift.Record, seen map[shift.Target]look) (shift.Undone, error) {
	found, looked := earlierLook(c, seen)
	for range maxWriteTries {
		if !looked || found.err != nil {
			var err error
			if found, err = r.lookAgain(ctx, c.Target, record.ID); err != nil {
				return shift.Undone{}, err
			}
		}
		way := c.Restoration(found.route, found.exists, record.Deployment.Plan, record.Intent)
		if !way.Ours {
			return shift.Undone{Target: c.Target, Fate: shift.LeftAlone, Found: found.route.String()}, nil
		}
		if !r.Nudges && c.Settling(found.route, c.Stable) {
			return shift.Undone{}, c.CheckServes(found.route, c.Stable)
		}
		err := r.apply(ctx, c, found.route, way)
		if err == nil {
			return c.Undo(found.route), nil
		}
		if !errors.Is(err, shift.ErrRevisionMismatch) {
			return shift.Undone{}, err
		}
		looked = false
	}
	return shift.Undone{}, fmt.Errorf("%w: it changed %d times while it was being restored", shift.ErrRevisionMismatch, maxWriteTries)
}

// apply carries out a Restoration, and checks the result.
func (r Restorer) apply(ctx context.Context, c shift.Change, found shift.Route, way shift.Restoration) error {
	switch {
	case way.Delete:
		return r.Router.Delete(ctx, c.Target)
	case way.Rotate:
		rotated, err := r.rotate(ctx, c, found)
		if err != nil {
			return err
		}
		found = rotated
	case way.Write != nil:
		wanted := *way.Write
		wanted.Revision = found.Revision
		written, err := r.Router.SetRoute(ctx, c.Target, wanted)
		if err != nil {
			return err
		}
		found = written
	default:
		return nil
	}
	if c.Settles { // the answer to a write does not show that the platform is still moving traffic
		settling, err := r.Router.Route(ctx, c.Target)
		if err != nil {
			return err
		}
		found = settling
	}
	return c.CheckServes(found, c.Stable)
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
// back. last is false if they must be checked again, because a Deployment has not yet
// recorded what it found at one of them.
//
// The check is needed for two reasons. A late UpdateAlias is refused for its RevisionId,
// but a CreateAlias carries none. And a restorer that ends between its two writes leaves a
// zero weight.
func (r Restorer) takeBackStrays(ctx context.Context, record shift.Record, claims Claims) (last bool, err error) {
	if !record.MayStray() {
		return true, nil
	}
	again, problems := make([]bool, len(record.Deployment.Changes)), make([]error, len(record.Deployment.Changes))
	r.Together.run(ctx, len(problems), func(ctx context.Context, i int) {
		c := record.Deployment.Changes[i]
		undecided, err := r.takeBack(ctx, c, record, claims)
		if again[i] = undecided; err != nil {
			problems[i] = fmt.Errorf("take back a stray write of %s: %w", c.Target, err)
		}
	})
	return !slices.Contains(again, true), errors.Join(problems...)
}

// takeBack checks one Target. Only a deletion can harm somebody. Removing a zero weight
// does not change the traffic, and is refused if the Target was written since it was read.
func (r Restorer) takeBack(ctx context.Context, c shift.Change, record shift.Record, claims Claims) (undecided bool, err error) {
	found := r.look(ctx, c.Target)
	if found.err != nil || !found.exists {
		return false, found.err
	}
	way := c.Stray(found.route)
	if !way.Ours {
		return false, nil
	}
	if way.Delete && record.LeftToPeople() {
		slog.InfoContext(ctx, "stray write left", "target", c.Target, "found", found.route.String(), "to", "a person")
		return false, nil
	}
	if way.Delete {
		heir, undecided, err := findHeir(ctx, claims, c, record)
		if heir != "" || undecided || err != nil {
			slog.InfoContext(ctx, "stray write left", "target", c.Target, "found", found.route.String(), "to", heir)
			return undecided, err
		}
	}
	slog.WarnContext(ctx, "stray write", "target", c.Target, "found", found.route.String())
	err = r.apply(ctx, c, found.route, way)
	if errors.Is(err, shift.ErrRevisionMismatch) {
		return false, nil // somebody has written it since
	}
	return false, err
}
