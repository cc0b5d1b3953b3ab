package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// ShiftingLedger is what set-weight needs of the Ledger.
type ShiftingLedger interface {
	// Intend records that a Step is about to be written, on condition that the
	// record is open. It returns shift.ErrDeploymentRestoring or
	// shift.ErrDeploymentClosed otherwise, and shift.ErrStepPassed if a later Step is intended.
	Intend(ctx context.Context, id string, step int) (shift.Record, error)
	// Land records writes that succeeded, on condition that the record is open. It returns
	// shift.ErrDeploymentRestoring or shift.ErrDeploymentClosed otherwise.
	Land(ctx context.Context, id string, landed shift.Landed) error
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	EntryLedger
}

// RouteWriter reads Routes, and writes a Route if it still has the Revision that was read.
type RouteWriter interface {
	RouteReader
	// SetRoute writes a Route if the Target still has its Revision, and returns the new
	// Route. It returns shift.ErrRevisionMismatch.
	SetRoute(context.Context, shift.Target, shift.Route) (shift.Route, error)
	// Rotate gives the Target a new Revision without changing what it serves. It may write
	// the version beside in between. It returns the new Route, or
	// shift.ErrRevisionMismatch. After any other error it returns the Route that the Target
	// is known to have.
	Rotate(ctx context.Context, t shift.Target, found shift.Route, beside shift.Version) (shift.Route, error)
	// Create creates the Target. It returns shift.ErrRevisionMismatch if it exists.
	Create(context.Context, shift.Target, shift.Route) (shift.Route, error)
	// Delete deletes the Target.
	Delete(context.Context, shift.Target) error
	RulesReader
}

// SetWeight moves every Route to the Plan's next Step, unless something keeps it out.
type SetWeight struct {
	Ledger    ShiftingLedger
	Router    RouteWriter
	Announcer Announcer
	// Now and Pause are for calls that wait for their turn; nil is the real clock.
	Now   Clock
	Pause Pause
}

// move is one call of SetWeight: it takes all Targets to one Step.
type move struct {
	SetWeight
	deployment shift.Deployment
	from, step int // numbers of the Step that was taken last, 0 for none, and of this one
	// landed are the Revisions of the writes that are known to have succeeded, including
	// those of earlier tries.
	landed map[shift.Target]shift.Revision
	// receipts are those of the writes of this call.
	receipts map[shift.Target]string
	// own are the Revisions of the writes of this call, which it may undo.
	own map[shift.Target]shift.Revision
	// pace keeps a shift of many Targets from being throttled, which would cost it half a
	// minute or more. It leaves the burst to rollbacks.
	pace *paces
}

// maxUnpacedTargets is how many Targets are called without waiting for turns. That many
// calls are available again after Open.
const maxUnpacedTargets = 5

// Handle is the handler of flow.SetWeight. It records the intent before any write, and
// every write carries a Revision that was read before the intent. So either a restorer sees
// the intent, or the write is refused.
func (h SetWeight) Handle(ctx context.Context, call flow.Call[flow.Document]) (shift.Progress, error) {
	progress := call.Document.Deployment.Start()
	if call.Document.Progress != nil {
		progress = *call.Document.Progress
	}
	progress, may, err := h.enter(ctx, call, progress)
	if err != nil || !may {
		return progress, err
	}
	record, err := h.Ledger.Intend(ctx, call.Document.Deployment.ID, progress.NextStep)
	if err != nil {
		return shift.Progress{}, fmt.Errorf("record the intent of step %d: %w", progress.NextStep, err)
	}
	d, err := recordedDeployment(record, call.Document, progress.NextStep)
	if err != nil {
		return shift.Progress{}, err
	}
	m := move{SetWeight: h, deployment: d, from: progress.Step, step: progress.NextStep, own: map[shift.Target]shift.Revision{}, receipts: map[shift.Target]string{}}
	if len(d.Changes) > maxUnpacedTargets {
		m.pace = newPaces(h.Router, h.Now, h.Pause).withoutBurst()
	}
	m.landed = maps.Clone(record.Landed.At(m.step))
	if m.landed == nil {
		m.landed = map[shift.Target]shift.Revision{}
	}
	if err := m.writeAndLand(ctx, revisionsBefore(record, progress)); err != nil {
		return shift.Progress{}, err
	}
	next := d.AfterShift(progress, m.landed, call.Retry).Taken(d, h.Now.read()).WithReceipts(m.receipts)
	slog.InfoContext(ctx, "shifted", "deployment", d.ID, "step", next.Step, "weight", next.Weight.String(), "next", next.Next)
	announceProgress(ctx, h.Announcer, explain.Announce(d, shift.ShiftedTo, next, call.Now))
	return next, nil
}

// enter decides whether the next Step may be taken now. A Step that an earlier try may have
// written already is finished.
func (h SetWeight) enter(ctx context.Context, call flow.Call[flow.Document], p shift.Progress) (shift.Progress, bool, error) {
	record, err := h.Ledger.Record(ctx, call.Document.Deployment.ID)
	if err != nil {
		return p, false, fmt.Errorf("read the record: %w", err)
	}
	d, err := recordedDeployment(record, call.Document, p.NextStep)
	if err != nil {
		return p, false, err
	}
	if record.Status != shift.StatusOpen || record.Intent >= p.NextStep {
		return p, true, nil
	}
	found, err := withEntry(ctx, h.Ledger, d, p, record.Poll(call.Now, call.Retry))
	if err != nil {
		return p, false, err
	}
	next, may := d.Enter(p, found)
	if !may {
		slog.InfoContext(ctx, "not shifted yet", "deployment", d.ID, "step", next.Step, "verdict", next.Verdict.String(), "reasons", shift.Texts(next.Reasons), "next", next.Next)
		next = announceApproval(ctx, h.Announcer, d, next, call.Now)
	}
	return next, may, nil
}

// revisionsBefore are the Revisions that guard the writes: those of Sluice's own writes, by
// the ledger. The document could be forged, and name that of a Route that somebody else has
// written. It is only asked for what the ledger does not know, such as between two tries of
// a Step.
func revisionsBefore(record shift.Record, p shift.Progress) map[shift.Target]shift.Revision {
	if known := record.RevisionsAfter(p.Step); known != nil {
		return known
	}
	return p.Revisions
}

// writeAndLand writes all Routes and records that. If a write fails, it records those before.
func (m move) writeAndLand(ctx context.Context, revisions map[shift.Target]shift.Revision) error {
	err := m.writeAll(ctx, revisions)
	if err == nil || len(m.own) > 0 && !errors.Is(err, shift.ErrDeploymentRestoring) && !errors.Is(err, shift.ErrDeploymentClosed) {
		err = errors.Join(err, m.land(ctx))
	}
	return err
}

func (m move) writeAll(ctx context.Context, revisions map[shift.Target]shift.Revision) error {
	weight := m.deployment.Plan.Step(m.step).Weight
	written := 0
	for _, c := range m.deployment.Changes {
		if _, done := m.landed[c.Target]; done {
			continue
		}
		revision, err := m.writeOne(ctx, c, revisions[c.Target])
		if err != nil {
			return fmt.Errorf("set weight of %s to %s: %w", c.Target, weight, err)
		}
		m.landed[c.Target] = revision
		if written++; written%landEvery == 0 && written < len(m.deployment.Changes) {
			if err := m.land(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// landEvery is after how many writes a shift of many Targets records them. It then stops if
// the Deployment is being restored, so that the restorer gets the requests: it takes two
// seconds to write 32 Targets.
const landEvery = 6

// maxWriteTries is how often a write is tried if the Revision changes in between while the
// Route still sends traffic as expected, as when somebody keeps editing a description.
const maxWriteTries = 3

func (m move) writeOne(ctx context.Context, c shift.Change, revision shift.Revision) (shift.Revision, error) {
	if c.Creates() && m.from > 0 {
		return revision, nil // it has served its candidate since the first step
	}
	for range maxWriteTries {
		m.pace.awaitWrite(ctx, c.Target)
		written, err := m.write(ctx, c, revision)
		if err == nil {
			m.own[c.Target], m.landed[c.Target] = written.Revision, written.Revision
			if written.Receipt != "" {
				m.receipts[c.Target] = written.Receipt
			}
			return written.Revision, m.checkAnswer(c, written)
		}
		if !errors.Is(err, shift.ErrRevisionMismatch) {
			return "", err
		}
		landing, found, err := m.lookAfterRefusal(ctx, c)
		switch {
		case err != nil:
			return "", err
		case landing == shift.RouteLanded:
			return found.Revision, nil
		case landing == shift.RouteForeign:
			return "", fmt.Errorf("%w: %s, which Sluice did not write", shift.ErrRouteChanged, found)
		}
		// The Revision is newer than the intent, so a restorer may have written it. It is
		// safe to use only if the Ledger accepts the intent again.
		if _, err := m.Ledger.Intend(ctx, m.deployment.ID, m.step); err != nil {
			return "", m.undoIfOver(ctx, fmt.Errorf("record the intent of step %d again: %w", m.step, err))
		}
		revision = found.Revision
	}
	return "", fmt.Errorf("%w: it changed %d times while it was being written", shift.ErrRevisionMismatch, maxWriteTries)
}

// lookAfterRefusal finds out why a write was refused for its Revision.
func (m move) lookAfterRefusal(ctx context.Context, c shift.Change) (landing shift.Landing, found shift.Route, err error) {
	err = m.Pause.untilFresh(ctx, func() (bool, error) {
		seen, err := lookAt(ctx, m.Router, c)
		if err != nil {
			return false, fmt.Errorf("read it again after a refused write: %w", err)
		}
		found = seen.route
		landing = seen.change.Landing(found, m.deployment.Plan, m.from, m.step)
		return seen.exists() && landing != shift.RouteForeign, nil
	})
	return landing, found, err
}

// checkAnswer returns shift.ErrRouteRefused if the platform made another Route of a write
// than it was asked for. The write is recorded as landed, so a rollback knows it for its own.
func (m move) checkAnswer(c shift.Change, written shift.Route) error {
	wanted := c.At(m.deployment.Plan.Step(m.step).Weight)
	if written.Same(wanted) || written.Settling {
		return nil
	}
	return fmt.Errorf("%w: it has %s after %s was written", shift.ErrRouteRefused, written, wanted)
}

func (m move) write(ctx context.Context, c shift.Change, revision shift.Revision) (shift.Route, error) {
	wanted := c.At(m.deployment.Plan.Step(m.step).Weight)
	if c.Creates() {
		return m.Router.Create(ctx, c.Target, wanted)
	}
	wanted.Revision = revision
	return m.Router.SetRoute(ctx, c.Target, wanted)
}

// land records the writes that succeeded, so that the next try does not repeat them, and a
// restorer can undo them without a look. If the record is being restored, the writes were
// too late and are undone.
func (m move) land(ctx context.Context) error {
	err := m.Ledger.Land(ctx, m.deployment.ID, shift.Landed{Step: m.step, Revisions: m.landed})
	if err != nil {
		return m.undoIfOver(ctx, fmt.Errorf("record the writes of step %d: %w", m.step, err))
	}
	return nil
}

// undoIfOver undoes the writes of this call if the Ledger has refused something because the
// Deployment is restoring or closed. It returns the refusal.
func (m move) undoIfOver(ctx context.Context, err error) error {
	if errors.Is(err, shift.ErrDeploymentRestoring) || errors.Is(err, shift.ErrDeploymentClosed) {
		return m.undo(ctx, err)
	}
	return err
}

// undo undoes the writes of this call, and nothing else. While the Deployment is restoring, it
// undoes only the creation of a Target: whoever restores finds every other write, and needs
// the requests. A Route with another Revision was written by somebody since, and is left alone. If the Deployment was promoted in the
// meantime, a retry of this state has continued with these writes, and they stay.
func (m move) undo(ctx context.Context, cause error) error {
	record, err := m.Ledger.Record(ctx, m.deployment.ID)
	if err != nil || record.Outcome == shift.Promoted {
		return errors.Join(cause, err)
	}
	problems := []error{cause}
	for _, c := range m.deployment.Changes {
		revision, wrote := m.own[c.Target]
		if !wrote || record.Status == shift.StatusRestoring && !c.Creates() {
			continue
		}
		switch err := m.undoOne(ctx, c, revision); {
		case err == nil:
			slog.WarnContext(ctx, "late write undone", "deployment", m.deployment.ID, "target", c.Target, "step", m.step)
		case errors.Is(err, shift.ErrRevisionMismatch):
			slog.InfoContext(ctx, "late write left as it is: somebody has written since", "deployment", m.deployment.ID, "target", c.Target, "step", m.step)
		default:
			problems = append(problems, fmt.Errorf("undo the late write of %s: %w", c.Target, err))
		}
	}
	return errors.Join(problems...)
}

func (m move) undoOne(ctx context.Context, c shift.Change, revision shift.Revision) error {
	if c.Creates() {
		return m.deleteCreated(ctx, c, revision)
	}
	before := c.Before()
	before.Revision = revision
	_, err := m.Router.SetRoute(ctx, c.Target, before)
	return err
}

// deleteCreated deletes a Target that this call has created. The quarantine of the Target
// outlives this call, so nobody else can have created it since.
func (m move) deleteCreated(ctx context.Context, c shift.Change, revision shift.Revision) error {
	found, err := m.Router.Route(ctx, c.Target)
	if errors.Is(err, shift.ErrTargetNotFound) || err == nil && found.Revision != revision {
		return shift.ErrRevisionMismatch
	}
	if err != nil {
		return err
	}
	return m.Router.Delete(ctx, c.Target)
}
