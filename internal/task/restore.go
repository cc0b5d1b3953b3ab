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

// RestoringLedger is what putting traffic back needs of the Ledger.
type RestoringLedger interface {
	// MarkRestoring refuses all further intents. It returns the record, and
	// shift.ErrDeploymentClosed beside it, or shift.ErrDeploymentUnknown.
	MarkRestoring(ctx context.Context, id string, reasons []shift.Reason, at time.Time) (shift.Record, error)
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// Restore remembers Targets that are back, on condition that the record is
	// restoring.
	Restore(ctx context.Context, id string, targets []shift.Target) error
	// Close ends a record, on condition that its status is as it was read, and that it
	// is described if it was then.
	Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error)
	Retirer
}

// Restorer puts traffic back: the same code for whoever finds that it must be.
type Restorer struct {
	Ledger    RestoringLedger
	Router    RouteWriter
	Announcer Announcer
	// Together runs something for several Targets at once; nil is Concurrently.
	Together Together
	// Nudges writes a Route even when it is settling on Stable. Once is needed: what was
	// written before does not show while Lambda sets the weights. Now and then is: where
	// Lambda is stuck, which it is when no environment could be started, a write without
	// weights sets it free (gradientedge cdk-utils pull request 1110). More writes do not
	// speed it up.
	Nudges bool
}

// Mark refuses all further intents of a Deployment, and returns its record.
type Mark func(context.Context) (shift.Record, error)

// look is what was found at a Target.
type look struct {
	route  shift.Route
	exists bool
	err    error
}

// MarkAndRestore looks at the Targets, marks the Deployment as restoring, and
// restores it. It looks first: a Revision may only be used by a restorer who knows
// that the record was still restoring after it was read. Otherwise one who was
// held up would undo what the next Deployment has done. It returns what mark did,
// if that is an error.
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
		why = record.Reasons // somebody else was first to restore, and knows why
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

// lookAgain is a look at a Target of a record that is still restoring afterwards.
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

// restore brings every Target of a record that was marked restoring back to
// Stable, each independently of the others, closes the record with an explanation
// of why, and announces how it ended. What could be done is remembered before an
// error is returned, so that a retry goes on with the rest.
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

// joinProblems leaves out of several problems the Targets that settle: these need nothing but
// time. Its error is ErrRouteSettling when there are no others.
func joinProblems(problems []error) error {
	others := slices.DeleteFunc(slices.Clone(problems), func(err error) bool { return errors.Is(err, shift.ErrRouteSettling) })
	if err := errors.Join(others...); err != nil {
		return err
	}
	return errors.Join(problems...)
}

// earlierLook returns what was seen of a Change's Target before the record was marked, and
// whether that still counts.
func earlierLook(c shift.Change, seen map[shift.Target]look) (look, bool) {
	found, looked := seen[c.Target]
	if c.Creates() && !found.exists {
		// There is no Revision to fence off a CreateAlias. One that was intended before the
		// mark may have come after the look.
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

// apply goes the way back.
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
	if c.Settles { // what a write answers does not tell what the platform makes of it next
		settling, err := r.Router.Route(ctx, c.Target)
		if err != nil {
			return err
		}
		found = settling
	}
	return c.CheckServes(found, c.Stable)
}

// rotate fences off what may still be on its way to a Target that is on Stable.
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

// takeBackStrays looks once more at the Targets of a Deployment that was put back
// a while ago, and says whether that was the last time: not while somebody is about to
// say what was found there. A stray UpdateAlias is refused for its RevisionId, but a
// CreateAlias carries nothing that could be; and a restorer that died between its two
// writes leaves a zero weight.
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

// takeBack does so for one Target. Only what is deleted can be a loss to somebody: what
// takes a zero weight away leaves the traffic as it is, and is refused when the
// Target was written since it was read.
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
