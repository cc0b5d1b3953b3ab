package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluice-aws/sluice/internal/shift"
)

// mayReplaceNow says whether others are to give way now, or what keeps the first Step out. It returns
// an error for a Deployment that would be Rejected.
func (o opening) mayReplaceNow(ctx context.Context) (kept shift.KeptOut, may bool, err error) {
	if !o.replaces() {
		return kept, false, nil
	}
	if kept, err = o.keptOut(ctx); err != nil || len(kept.Why) > 0 {
		return kept, false, err
	}
	may, err = o.mayReplace(ctx)
	return kept, may, err
}

// mayReplace makes the checks of an opening that only read, as if those had gone already that are to
// give way: nobody is put back for a Deployment that would be Rejected. It returns false for one
// that an event has started and that would shift nothing.
func (o opening) mayReplace(ctx context.Context) (bool, error) {
	if reason, err := o.findEarlierDeployment(ctx); reason != nil || err != nil {
		return false, err
	}
	var changes []shift.Change
	for i, a := range o.release.Arrivals {
		c, err := o.readChangeAfter(ctx, a)
		switch {
		case err != nil:
			return false, err
		case o.release.IsLate(c):
			return false, nil
		case c.Stable == c.Candidate:
			continue
		}
		if err := o.checkCompatible(ctx, c, o.candidates[i]); err != nil {
			return false, err
		}
		changes = append(changes, c)
	}
	if len(changes) == 0 { // what serves before is to serve again
		return true, nil
	}
	return true, o.checkOpening(ctx, changes)
}

// checkOpening makes the checks of open.
func (o opening) checkOpening(ctx context.Context, changes []shift.Change) error {
	if err := o.checkRules(changes); err != nil {
		return err
	}
	alarms, firing, err := o.readAlarms(ctx)
	if err != nil {
		return err
	}
	_, err = shift.Open(shift.Opening{ID: o.id, Release: o.release, Changes: changes, Alarms: alarms, Firing: firing, At: o.Now.read().UTC(), Turn: o.turn()})
	return err
}

// readChangeAfter reads what a Target will serve when its holder has gone back.
func (o opening) readChangeAfter(ctx context.Context, a shift.Arrival) (shift.Change, error) {
	c := shift.Change{Target: a.Target, Candidate: a.Candidate, Detail: a.Detail}
	rules, err := o.Router.Rules(a.Target)
	if err != nil {
		return c, err
	}
	held, err := o.heldChange(ctx, a.Target)
	switch {
	case err != nil:
		return c, err
	case held != nil:
		c.Stable, c.Lag = held.Stable, held.Lag
	default:
		route, err := o.Router.Route(ctx, a.Target)
		if err != nil && !errors.Is(err, shift.ErrTargetNotFound) {
			return c, fmt.Errorf("read what %s serves: %w", a.Target, err)
		}
		c.Stable, c.Lag = route.Serving, max(rules.Lag, route.Lag)
	}
	if c.Creates() && !o.creates(rules) {
		return c, fmt.Errorf("%w: %s does not exist before the deployment that is to be replaced; create it, or let that one end", shift.ErrTargetNotFound, a.Target)
	}
	return c, a.CheckStable(c.Stable)
}

// heldChange returns what the holder of a Target shifts there, or nil if none does.
func (o opening) heldChange(ctx context.Context, t shift.Target) (*shift.Change, error) {
	holder, err := o.Ledger.Holder(ctx, t)
	if err != nil || holder.DeploymentID == "" {
		return nil, err
	}
	record, err := o.Ledger.Record(ctx, holder.DeploymentID)
	if errors.Is(err, shift.ErrDeploymentUnknown) {
		return nil, nil
	}
	if err != nil || record.Deployment == nil {
		return nil, err
	}
	for _, c := range record.Deployment.Changes {
		if c.Target == t {
			return &c, nil
		}
	}
	return nil, nil
}
