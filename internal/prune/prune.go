// Package prune deletes old versions of functions, but for those that something needs. Start at
// Pruner.
package prune

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Ledger is what is read of the Ledger.
type Ledger interface {
	Record(ctx context.Context, id string) (shift.Record, error)
	// Unannounced lists the Deployments that are open, and Queue those that wait.
	Unannounced(ctx context.Context) ([]shift.Listed, error)
	Queue(ctx context.Context) ([]shift.Waiting, error)
	// History returns the history of a Target.
	History(ctx context.Context, t shift.Target) ([]shift.Arrived, error)
}

// Functions are the functions whose versions are deleted.
type Functions interface {
	// Inventory reads the versions of a function, and what is configured for them. It returns
	// shift.ErrFunctionNotFound.
	Inventory(ctx context.Context, function string) (Inventory, error)
	// GetsEvents says whether an event source, such as a queue, invokes that very version.
	GetsEvents(ctx context.Context, function string, v shift.Version) (bool, error)
	// DeleteVersion deletes a version. One that is gone already is no error. It returns
	// ErrRefused if Lambda does not want to.
	DeleteVersion(ctx context.Context, function string, v shift.Version) error
}

// ErrRefused : Lambda keeps a version, because an alias refers to it, or because it is
// replicated for CloudFront.
var ErrRefused = errors.New("lambda does not delete it")

// Inventory are the published versions of a function, and which of them are configured for
// something.
type Inventory struct {
	Versions []shift.Version
	// Aliases are the versions that each alias refers to, with a weight or without.
	Aliases map[string][]shift.Version
	// Provisioned are the versions with provisioned concurrency of their own.
	Provisioned []shift.Version
}

// Pruner deletes old versions of functions.
type Pruner struct {
	Ledger    Ledger
	Functions Functions
	// Window is for how long a Deployment can be reverted that does not say so itself.
	Window shift.Seconds
	// closing is the Deployment that has just been closed, if any.
	closing string
}

// Plan says which versions of a function would go, and why the others stay. It deletes nothing.
func (p Pruner) Plan(ctx context.Context, function string, keep int, now time.Time) ([]shift.Pruned, error) {
	found, err := p.Functions.Inventory(ctx, function)
	if err != nil {
		return nil, err
	}
	needs := found.needs()
	noted, err := p.needsOfLedger(ctx, function, found, now)
	if err != nil {
		return nil, err
	}
	plan := shift.Prune(found.Versions, keep, append(needs, noted...))
	for i, v := range plan {
		if v.Stays != "" {
			continue
		}
		busy, err := p.Functions.GetsEvents(ctx, function, v.Version)
		if err != nil {
			return nil, err
		}
		if busy {
			plan[i].Stays = "an event source invokes it"
		}
	}
	return plan, nil
}

// Delete deletes those versions of a plan that go. It goes on after a version that Lambda keeps,
// and says why that stays.
func (p Pruner) Delete(ctx context.Context, function string, plan []shift.Pruned) ([]shift.Pruned, error) {
	done := slices.Clone(plan)
	for i, v := range done {
		if v.Stays != "" {
			continue
		}
		err := p.Functions.DeleteVersion(ctx, function, v.Version)
		switch {
		case errors.Is(err, ErrRefused):
			done[i].Stays = err.Error()
		case err != nil:
			return done, err
		default:
			done[i].Deleted = true
		}
	}
	return done, nil
}

// Prune deletes the versions of a function that nothing needs, but for the newest ones. What a
// revert of the Deployment with an ID needs stays even if somebody has deleted its alias.
func (p Pruner) Prune(ctx context.Context, function string, keep int, id string, now time.Time) ([]shift.Pruned, error) {
	p.closing = id
	plan, err := p.Plan(ctx, function, keep, now)
	if err != nil {
		return nil, err
	}
	return p.Delete(ctx, function, plan)
}

// needs are the versions that something is configured for.
func (i Inventory) needs() []shift.Need {
	var needs []shift.Need
	for alias, versions := range i.Aliases {
		for _, v := range versions {
			needs = append(needs, shift.Need{Version: v, Why: fmt.Sprintf("the alias %s refers to it", alias)})
		}
	}
	slices.SortFunc(needs, func(a, b shift.Need) int { return len(a.Why) - len(b.Why) })
	for _, v := range i.Provisioned {
		needs = append(needs, shift.Need{Version: v, Why: "it has provisioned concurrency"})
	}
	return needs
}

// needsOfLedger are the versions that Deployments need: those that go on, those that wait, and
// those that can be reverted.
func (p Pruner) needsOfLedger(ctx context.Context, function string, found Inventory, now time.Time) ([]shift.Need, error) {
	is := func(t shift.Target) bool {
		name, _, err := flow.SplitLambdaTarget(t)
		return err == nil && name == function
	}
	queue, err := p.Ledger.Queue(ctx)
	if err != nil {
		return nil, err
	}
	var needs []shift.Need
	for _, w := range queue {
		needs = append(needs, w.Needs(is)...)
	}
	ids, err := p.concerned(ctx, function, found, now)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		record, err := p.Ledger.Record(ctx, id)
		if errors.Is(err, shift.ErrDeploymentUnknown) {
			continue // it has expired
		}
		if err != nil {
			return nil, err
		}
		needs = append(needs, record.Needs(is, now, p.Window)...)
	}
	return needs, nil
}

// concerned returns the Deployments that may need a version: all that are open, and those in the
// histories of the function's aliases that ended no longer ago than any can be reverted.
func (p Pruner) concerned(ctx context.Context, function string, found Inventory, now time.Time) ([]string, error) {
	listed, err := p.Ledger.Unannounced(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	if p.closing != "" {
		ids = append(ids, p.closing)
	}
	for _, d := range listed {
		ids = append(ids, d.ID)
	}
	for alias := range found.Aliases {
		history, err := p.Ledger.History(ctx, flow.LambdaTarget(function, alias))
		if err != nil {
			return nil, err
		}
		for _, a := range history {
			isRecent := a.ClosedAt.IsZero() || now.Sub(a.ClosedAt) < shift.MaxRevertWindow.Duration()
			if isRecent && (a.Outcome == shift.Promoted || a.Outcome == shift.Stranded) {
				ids = append(ids, a.DeploymentID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
