package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// OpeningLedger is what open-deployment needs of the Ledger.
type OpeningLedger interface {
	// Open takes the lock of every Target, or returns the execution's own record. It
	// returns shift.ErrTargetHeld, shift.ErrTargetBeingRestored, shift.ErrDeploymentClosed
	// or shift.ErrDeploymentRestoring.
	Open(ctx context.Context, id string, release shift.Release, at time.Time) (shift.Record, error)
	// Describe completes the opening, on condition that the record is open. It stores which
	// alarms are ignored until they have been OK, and the alarms as they were read. It
	// returns the record, which an earlier try may have described.
	Describe(ctx context.Context, d shift.Deployment, untilOK []string, alarms []shift.Alarm) (shift.Record, error)
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// Arrivals returns the Target's history of one version, and History that of all.
	Arrivals(ctx context.Context, t shift.Target, v shift.Version) ([]shift.Arrived, error)
	History(ctx context.Context, t shift.Target) ([]shift.Arrived, error)
	// Close ends a record, on condition that it has not changed since it was read. It
	// returns the record as it is afterwards.
	Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error)
	// Freeze returns the freeze of the account.
	Freeze(ctx context.Context) (shift.Freeze, error)
	QueueLedger
	Retirer
}

// Router reads Routes, and checks its platform's rules for them.
type Router interface {
	// Route reads the current Route. It returns shift.ErrTargetNotFound.
	Route(context.Context, shift.Target) (shift.Route, error)
	// DescribeVersion reads one version.
	DescribeVersion(context.Context, shift.Target, shift.Version) (shift.Published, error)
	// Wake makes an idle version ready, which takes a while.
	Wake(context.Context, shift.Target, shift.Version) error
	// Settles says whether the platform may go on moving traffic by itself after a write.
	Settles(context.Context, shift.Target) (bool, error)
	// CheckStart returns an error for a Route that a Deployment cannot start with:
	// shift.ErrTargetWeighted if somebody else has divided the traffic.
	CheckStart(t shift.Target, found shift.Route, settles bool) error
	// CheckCompatible returns an error if the two versions cannot share the Target's
	// traffic.
	CheckCompatible(t shift.Target, stable, candidate shift.Published) error
	// CheckCandidate returns shift.ErrVersionNotFound for a Candidate that is not where the
	// Arrival's Detail says.
	CheckCandidate(context.Context, shift.Arrival) error
	RulesReader
}

// AlarmReader reads alarms. It returns one for each name, in the order of the names.
type AlarmReader interface {
	Alarms(ctx context.Context, names []string) ([]shift.Alarm, error)
}

// BaselineReader reads what Targets have served, to compare their versions with. It returns
// shift.ErrThrottled.
type BaselineReader interface {
	Baselines(ctx context.Context, judging shift.Judging, changes []shift.Change, now time.Time) (map[shift.Target]judge.Baseline, error)
}

// OpenDeployment makes a Deployment from a Release.
type OpenDeployment struct {
	Ledger    OpeningLedger
	Router    Router
	Alarms    AlarmReader
	Metrics   BaselineReader
	Announcer Announcer
	// RevertWindow is for how long a promoted Deployment can be reverted.
	RevertWindow shift.Seconds
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
	// Now is the clock; nil is time.Now. It gives the times at which a Target was locked
	// and, if there was nothing to shift, released. The call's own time would not do: it
	// does not advance while the state is retried, which includes the time that a
	// Deployment waits for its turn.
	Now Clock
	// Pause waits before an outdated read is repeated; nil is the real clock.
	Pause Pause
}

// opening is one call of OpenDeployment.
type opening struct {
	OpenDeployment
	id      string
	release shift.Release
	call    flow.Call[flow.Document]
	// candidates are those of the release, once they are ready.
	candidates []shift.Published
	// reverted is the record of the Deployment that is to be reverted.
	reverted shift.Record
}

// Handle is the handler of flow.Open. A release that nobody asked for is neither recorded
// in the Ledger nor announced.
func (h OpenDeployment) Handle(ctx context.Context, call flow.Call[flow.Document]) (shift.Deployment, error) {
	o := opening{OpenDeployment: h, id: call.ExecutionID, release: *call.Document.Release, call: call}
	if why := o.release.Unchanged; why != "" {
		return o.unchangedDeployment([]shift.Move{}, why), nil
	}
	if o.release.Reverts != "" {
		return o.revert(ctx)
	}
	d, err := o.handle(ctx)
	return d, request.AttributeToTag(o.release, err)
}

// handle takes the lock before it reads Stable. Otherwise another Deployment could change
// Stable in between.
func (o opening) handle(ctx context.Context) (shift.Deployment, error) {
	if err := o.checkFreeze(ctx); err != nil {
		return shift.Deployment{}, err
	}
	candidates, err := o.awaitCandidates(ctx)
	if err != nil {
		return shift.Deployment{}, err
	}
	o.candidates = candidates
	record, turn, err := o.lock(ctx)
	if turn != nil {
		return shift.Deployment{ID: o.id, Turn: turn}, nil
	}
	if errors.Is(err, shift.ErrDeploymentClosed) {
		return o.answerClosed(ctx, err)
	}
	if err != nil {
		return shift.Deployment{}, err
	}
	if record.Deployment != nil { // an earlier try had completed the opening
		return o.announceStart(ctx, record), nil
	}
	if err := o.checkNewest(ctx); err != nil {
		return shift.Deployment{}, err
	}
	changes, unchanged, err := o.readChangesFresh(ctx, candidates, record.OpenedAt)
	if err != nil {
		return shift.Deployment{}, err
	}
	if unchanged != nil {
		return o.endUnchanged(ctx, record, *unchanged)
	}
	return o.open(ctx, changes)
}

// readChangesFresh reads all Targets, and makes sure that what it returns is not outdated
// where that would matter. The Deployment that held a Target before may have written it a
// moment ago.
//
// Whoever has waited for its turn reads only when no read can be outdated any more. So does
// who finds nothing to shift, before saying so. An outdated Stable does no harm otherwise: the
// first write is refused.
func (o opening) readChangesFresh(ctx context.Context, candidates []shift.Published, locked time.Time) ([]shift.Change, *shift.Reason, error) {
	if reason, err := o.findEarlierDeployment(ctx); reason != nil || err != nil {
		return nil, reason, err
	}
	if !o.hasWaited() {
		changes, unchanged, err := o.readChanges(ctx, candidates)
		if unchanged == nil {
			return changes, nil, err
		}
	}
	if outdated := maxReadLag() - o.Now.read().Sub(locked); outdated > 0 {
		o.Pause.wait(ctx, outdated)
	}
	return o.readChanges(ctx, candidates)
}

// checkFreeze returns shift.ErrFrozen while the account is frozen, if the release does not want
// to wait for the end of the freeze. One that waits takes the lock, and waits before its first
// Step, where its alarms are watched.
func (o opening) checkFreeze(ctx context.Context) error {
	if o.release.Options.WhenFrozen != shift.FailWhenFrozen {
		return nil
	}
	freeze, err := o.Ledger.Freeze(ctx)
	if err == nil && freeze.Holds(o.Now.read()) {
		err = fmt.Errorf("%w: %s", shift.ErrFrozen, freeze)
	}
	return err
}

func (o opening) awaitCandidates(ctx context.Context) ([]shift.Published, error) {
	candidates := make([]shift.Published, len(o.release.Arrivals))
	for i, a := range o.release.Arrivals {
		candidate, err := o.Router.DescribeVersion(ctx, a.Target, a.Candidate)
		if err != nil {
			return nil, fmt.Errorf("read the candidate of %s: %w", a.Target, err)
		}
		if candidate.Readiness == shift.Idle {
			if err := o.Router.Wake(ctx, a.Target, a.Candidate); err != nil {
				return nil, err
			}
		}
		if err := candidate.CheckReady(a.Target); err != nil {
			return nil, err
		}
		candidates[i] = candidate
	}
	return candidates, nil
}

// answerClosed answers if this execution's record is already closed. If it ended as
// Unchanged, a retry ends the same way. In every other case the error is returned.
func (o opening) answerClosed(ctx context.Context, closed error) (shift.Deployment, error) {
	if !errors.Is(closed, shift.ErrDeploymentClosed) {
		return shift.Deployment{}, closed
	}
	record, err := o.Ledger.Record(ctx, o.id)
	if err != nil || record.Outcome != shift.Unchanged {
		return shift.Deployment{}, closed
	}
	return o.answerUnchanged(ctx, record, announceIfPending(ctx, o.Announcer, o.Ledger, record, record.ClosedAt)), nil
}

// readChanges reads all Targets, and returns a Reason if there is nothing to shift.
func (o opening) readChanges(ctx context.Context, candidates []shift.Published) ([]shift.Change, *shift.Reason, error) {
	changes := make([]shift.Change, len(candidates))
	err := o.Wait.inTurn(ctx, len(candidates), func(i int) (err error) {
		changes[i], err = o.readChange(ctx, o.release.Arrivals[i], candidates[i])
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range changes {
		if reason, err := o.findNewerDeployment(ctx, c); reason != nil || err != nil {
			return nil, reason, err
		}
	}
	if reason, nothing := shift.NothingToShift(changes); nothing {
		return nil, &reason, nil
	}
	changes = slices.DeleteFunc(changes, func(c shift.Change) bool { return c.Stable == c.Candidate })
	return changes, nil, o.checkRules(changes)
}

// checkRules returns shift.ErrInvalidPlan for a Plan that one of the Targets cannot take. Publish
// has checked the rules of their kinds. What a Target serves may tell a longer Lag.
func (o opening) checkRules(changes []shift.Change) error {
	limited := make([]shift.Limited, len(changes))
	for i, c := range changes {
		rules, err := o.Router.Rules(c.Target)
		if err != nil {
			return err
		}
		rules.Lag = c.Lag
		limited[i] = shift.Limited{Target: c.Target, Rules: rules}
	}
	return shift.CheckPlan(limited, o.release.Steps)
}

// findEarlierDeployment returns a Reason if the version of an event was already deployed,
// so that a late or repeated event does not ship it again. It runs under the lock: of two
// events that arrive together, the first has ended by then.
func (o opening) findEarlierDeployment(ctx context.Context) (*shift.Reason, error) {
	if o.release.Trigger != shift.Event {
		return nil, nil
	}
	for _, a := range o.release.Arrivals {
		arrived, err := o.Ledger.Arrivals(ctx, a.Target, a.Candidate)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", a.Target, err)
		}
		if before, found := shift.FindEarlierDeployment(arrived, o.id); found {
			reason := shift.DeployedBeforeReason(a.Target, before)
			return &reason, nil
		}
	}
	return nil, nil
}

// findNewerDeployment returns a Reason if a newer version was promoted while the Deployment
// waited for its turn, or before its event arrived.
func (o opening) findNewerDeployment(ctx context.Context, c shift.Change) (*shift.Reason, error) {
	if o.release.IsLate(c) {
		reason := shift.LateReason(c)
		return &reason, nil
	}
	if !o.release.MayBeOvertaken(c) {
		return nil, nil
	}
	arrived, err := o.Ledger.Arrivals(ctx, c.Target, c.Stable)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", c.Target, err)
	}
	if newer, found := o.release.FindOvertaking(arrived); found {
		reason := shift.OvertakenReason(c, newer)
		return &reason, nil
	}
	return nil, nil
}

// readChange reads one Target and checks that its traffic can be divided.
func (o opening) readChange(ctx context.Context, a shift.Arrival, candidate shift.Published) (shift.Change, error) {
	c := shift.Change{Target: a.Target, Candidate: a.Candidate, Detail: a.Detail, Note: candidate.Note}
	rules, err := o.Router.Rules(a.Target)
	if err != nil {
		return c, err
	}
	c.Lag = rules.Lag
	route, err := o.Router.Route(ctx, a.Target)
	switch {
	case errors.Is(err, shift.ErrTargetNotFound):
		if differs := a.CheckStable(""); differs != nil && o.creates(rules) {
			return c, differs
		}
		return o.planMissing(c, rules, err)
	case err != nil:
		return c, fmt.Errorf("read what %s serves: %w", a.Target, err)
	}
	if c, err = o.readStart(ctx, a, c, route, rules); err != nil {
		return c, err
	}
	if c.Stable == c.Candidate || o.release.IsLate(c) {
		return c, nil
	}
	c.Judged = rules.ComparesVersions && o.release.Compares()
	return c, o.checkCompatible(ctx, c, candidate)
}

// checkCompatible returns an error if the versions of a Change cannot share its Target's traffic.
func (o opening) checkCompatible(ctx context.Context, c shift.Change, candidate shift.Published) error {
	if c.Creates() {
		return nil
	}
	stable, err := o.Router.DescribeVersion(ctx, c.Target, c.Stable)
	if err != nil {
		return fmt.Errorf("read the stable version of %s: %w", c.Target, err)
	}
	return o.Router.CheckCompatible(c.Target, stable, candidate)
}

// readStart completes a Change by what the Target serves before the Deployment. It returns
// an error for a Route that no Deployment can start with.
func (o opening) readStart(ctx context.Context, a shift.Arrival, c shift.Change, route shift.Route, rules shift.Rules) (_ shift.Change, err error) {
	if rules.Settles {
		if c.Settles, err = o.Router.Settles(ctx, c.Target); err != nil {
			return c, fmt.Errorf("read whether %s settles by itself: %w", c.Target, err)
		}
	}
	if route, err = o.rereadOdd(ctx, route, a, c.Settles); err != nil {
		return c, err
	}
	c.Stable, c.Revision, c.Lag = route.Serving, route.Revision, max(rules.Lag, route.Lag)
	if rules.KeepsDetail {
		c.RouteDetail = route.Detail
		return c, route.CheckDetail(c.Target)
	}
	return c, nil
}

// rereadOdd reads a Route again before it is refused, because it is divided or not what is
// expected: the Deployment that held the Target may have ended a moment ago. It cannot detect
// an outdated read of a Route that looks right. In that case the first write is refused.
func (o opening) rereadOdd(ctx context.Context, route shift.Route, a shift.Arrival, settles bool) (shift.Route, error) {
	problem, reread := error(nil), false
	err := o.Pause.untilFresh(ctx, func() (_ bool, err error) {
		if reread {
			if route, err = o.Router.Route(ctx, a.Target); err != nil {
				return false, fmt.Errorf("read again what %s serves: %w", a.Target, err)
			}
		}
		reread = true
		problem = cmp.Or(o.Router.CheckStart(a.Target, route, settles), a.CheckStable(route.Serving))
		return !errors.Is(problem, shift.ErrTargetWeighted) && !errors.Is(problem, shift.ErrStableDiffers), nil
	})
	return route, cmp.Or(err, problem)
}

// planMissing returns the Change of a Target that does not exist. Its traffic cannot be
// divided, and nothing serves it, so the Deployment may create it if the release allows it.
// Otherwise it has existed until a moment ago (PublishVersion, checkNames).
func (o opening) planMissing(c shift.Change, rules shift.Rules, notFound error) (shift.Change, error) {
	if o.creates(rules) {
		c.Maker = shift.MakerOf(o.id)
		return c, nil
	}
	return c, fmt.Errorf("%w; somebody has deleted it since the execution began: create it again, or name another one", notFound)
}

// creates says whether the Deployment may create a Target of these rules.
func (o opening) creates(rules shift.Rules) bool {
	return o.release.Options.CreateTarget && rules.Creates
}

func (o opening) open(ctx context.Context, changes []shift.Change) (shift.Deployment, error) {
	alarms, firing, err := o.readAlarms(ctx)
	if err != nil {
		return shift.Deployment{}, err
	}
	baselines, err := o.readBaselines(ctx, changes)
	if err != nil {
		return shift.Deployment{}, err
	}
	d, err := shift.Open(shift.Opening{
		ID: o.id, Release: o.release, Changes: changes, Alarms: alarms, Firing: firing, Baselines: baselines, At: o.Now.read().UTC(), Retries: o.call.Retry,
		Turn:         o.turn(),
		RevertWindow: o.RevertWindow,
	})
	if err != nil {
		return shift.Deployment{}, err
	}
	if err := (flow.Document{Release: &o.release, Deployment: &d}).CheckSize(); err != nil {
		return shift.Deployment{}, err
	}
	for _, w := range d.Warnings {
		slog.WarnContext(ctx, "an alarm cannot fire as it is meant to", "deployment", o.id, "alarm", w.Subject, "name", w.Name, "warning", w.Text)
	}
	record, err := o.Ledger.Describe(ctx, d, firing, alarms)
	if err != nil {
		return o.answerClosed(ctx, fmt.Errorf("record the deployment: %w", err))
	}
	d = o.announceStart(ctx, record)
	slog.InfoContext(ctx, "deployment opened", "deployment", o.id, "targets", d.Moves(), "steps", d.Plan.Len(), "firing", len(firing))
	return d, nil
}

// readAlarms reads the alarms, and which of them fire. It returns an error if they must not.
func (o opening) readAlarms(ctx context.Context) (alarms []shift.Alarm, firing []string, err error) {
	if alarms, err = o.Alarms.Alarms(ctx, o.release.Alarms); err != nil {
		return nil, nil, fmt.Errorf("read the alarms: %w", err)
	}
	firing, err = o.release.Options.CheckAtStart(alarms)
	return alarms, firing, err
}

// readBaselines reads what the judged Targets served before. Where the comparison only
// observes, a history that cannot be read does not keep a Deployment from opening.
func (o opening) readBaselines(ctx context.Context, changes []shift.Change) (map[shift.Target]judge.Baseline, error) {
	judged := slices.DeleteFunc(slices.Clone(changes), func(c shift.Change) bool { return !c.Judged })
	if len(judged) == 0 {
		return nil, nil
	}
	baselines, err := o.Metrics.Baselines(ctx, o.release.Judging, judged, o.Now.read())
	if err != nil && !o.release.Judging.Enforces() && !errors.Is(err, shift.ErrThrottled) {
		slog.WarnContext(ctx, "the versions are compared without a history", "deployment", o.id, "error", err.Error())
		return nil, nil
	}
	return baselines, err
}

// announceStart announces a Deployment whose opening this try or an earlier one has
// completed.
func (o opening) announceStart(ctx context.Context, record shift.Record) shift.Deployment {
	d := record.Deployment.WithRetries(o.release, o.turn(), o.call.Retry)
	announceProgress(ctx, o.Announcer, explain.Announce(d, shift.Started, d.Start(), d.OpenedAt))
	return d
}

func (o opening) endUnchanged(ctx context.Context, record shift.Record, reason shift.Reason) (shift.Deployment, error) {
	if o.release.Options.Unchanged == shift.FailUnchanged {
		return shift.Deployment{}, fmt.Errorf("%w: %s", shift.ErrNothingToShift, explain.Unchanged(reason, record.Moves()))
	}
	closed, err := o.Ledger.Close(ctx, record, shift.Ending{
		Outcome: shift.Unchanged, Cause: explain.Unchanged(reason, record.Moves()), Reasons: []shift.Reason{reason}, At: o.Now.read(),
	})
	if closed.Status == shift.StatusOpen && closed.Deployment != nil {
		return o.announceStart(ctx, closed), nil // another try has found something to shift
	}
	if err != nil { // another try may have closed it
		return o.answerClosed(ctx, fmt.Errorf("close the deployment: %w", err))
	}
	return o.answerUnchanged(ctx, closed, announceOutcome(ctx, o.Announcer, o.Ledger, closed, closed.ClosedAt)), nil
}

// answerUnchanged answers for a record that is closed as Unchanged. If that could not be
// announced, the safety net announces it. The error would end the execution as Rejected, which
// is not how the record ended.
func (o opening) answerUnchanged(ctx context.Context, closed shift.Record, notAnnounced error) shift.Deployment {
	if notAnnounced != nil {
		slog.WarnContext(ctx, "the outcome is left to the safety net to announce", "deployment", o.id, "error", notAnnounced)
	}
	return o.unchangedDeployment(closed.Moves(), closed.Cause)
}

func (o opening) unchangedDeployment(moves []shift.Move, reason string) shift.Deployment {
	return shift.Deployment{ID: o.id, Unchanged: unchangedSummary(moves, reason)}
}

func unchangedSummary(moves []shift.Move, reason string) *shift.Summary {
	return &shift.Summary{Outcome: shift.Unchanged, Changes: moves, Reason: reason}
}
