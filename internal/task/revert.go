package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sluice-aws/sluice/internal/shift"
)

// hinders are the errors for which a revert cannot begin, although the Deployment could be
// reverted: a version is gone, or somebody has changed a Target by hand since.
var hinders = []error{
	shift.ErrTargetNotFound, shift.ErrFunctionNotFound, shift.ErrVersionNotFound, shift.ErrCandidateFailed,
	shift.ErrStableDiffers, shift.ErrTargetWeighted, shift.ErrTargetUnpublished, shift.ErrRouteChanged, shift.ErrUnknownTarget,
}

// revert opens a Deployment that reverts another one. What it shifts is in the record of that
// one. It is refused if the other one cannot be reverted any more.
func (o opening) revert(ctx context.Context) (shift.Deployment, error) {
	d, err := o.openRevert(ctx)
	isHindered := slices.ContainsFunc(hinders, func(known error) bool { return errors.Is(err, known) })
	if isHindered && !errors.Is(err, shift.ErrRevertRefused) {
		err = fmt.Errorf("%w: %w", shift.ErrRevertRefused, err)
	}
	return d, err
}

func (o opening) openRevert(ctx context.Context) (_ shift.Deployment, err error) {
	o.reverted, err = o.Ledger.Record(ctx, o.release.Reverts)
	switch {
	case errors.Is(err, shift.ErrDeploymentUnknown):
		return shift.Deployment{}, fmt.Errorf("%w: the ledger has no deployment of %s, not yet or no more", shift.ErrRevertRefused, o.release.Reverts)
	case err != nil:
		return shift.Deployment{}, fmt.Errorf("read what is to be reverted: %w", err)
	}
	if err := o.reverted.CheckRevert(o.Now.read(), o.RevertWindow); err != nil {
		return shift.Deployment{}, err
	}
	o.release.Arrivals = o.reverted.Return()
	for i, a := range o.release.Arrivals {
		if err := o.Router.CheckCandidate(ctx, a); err != nil {
			return shift.Deployment{}, err
		}
		found, err := o.Router.DescribeVersion(ctx, a.Target, a.Candidate)
		if err != nil {
			return shift.Deployment{}, fmt.Errorf("read what %s served before: %w", a.Target, err)
		}
		if found.Detail != "" {
			o.release.Arrivals[i].Detail = found.Detail
		}
	}
	return o.handle(ctx)
}

// checkNewest returns shift.ErrRevertRefused if something newer was promoted since what is to be
// reverted. It runs under the lock.
func (o opening) checkNewest(ctx context.Context) error {
	if o.release.Reverts == "" {
		return nil
	}
	for _, a := range o.release.Arrivals {
		history, err := o.Ledger.History(ctx, a.Target)
		if err != nil {
			return fmt.Errorf("read the history of %s: %w", a.Target, err)
		}
		if err := o.reverted.CheckNewest(a.Target, history); err != nil {
			return err
		}
	}
	return nil
}
