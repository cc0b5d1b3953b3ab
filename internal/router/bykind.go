// Package router picks the adapter for a Target's kind. The adapters live in the folders
// below, and know nothing of each other.
package router

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Adapter routes the Targets of one kind.
type Adapter interface {
	// Rules returns the limits for Plans and calls.
	Rules() shift.Rules

	// Route reads what serves now. It returns shift.ErrTargetNotFound.
	Route(context.Context, shift.Target) (shift.Route, error)
	// SetRoute writes a Route if the Target still has its Revision, and returns the Route
	// after the write. It returns shift.ErrRevisionMismatch.
	SetRoute(context.Context, shift.Target, shift.Route) (shift.Route, error)
	// Rotate gives the Target another Revision without changing which version serves its
	// traffic. If repeating what the Target has does not do that, it adds the version other
	// with a zero weight for a moment. It returns the new Route or
	// shift.ErrRevisionMismatch. With any other error it returns the Route that the Target
	// is known to have.
	Rotate(ctx context.Context, t shift.Target, found shift.Route, other shift.Version) (shift.Route, error)
	// Create makes the Target. It returns shift.ErrRevisionMismatch if it exists.
	Create(context.Context, shift.Target, shift.Route) (shift.Route, error)
	// Delete removes the Target. Doing so again does no harm.
	Delete(context.Context, shift.Target) error

	// Arrived says whether a write has reached all viewers, by the Receipt that came with it.
	// What the platform does not tell counts as arrived; the Lag is waited for anyway.
	Arrived(ctx context.Context, t shift.Target, receipt string) (bool, error)
	// Settles says whether the platform goes on moving traffic by itself after a write.
	Settles(context.Context, shift.Target) (bool, error)
	// Publish publishes the deployed code that has no version yet.
	Publish(context.Context, shift.Target) (shift.Published, error)
	// CheckArrival returns shift.ErrTargetNotFound, with a remedy, for a Target that does not
	// exist.
	CheckArrival(context.Context, shift.Arrival) error
	// CheckCandidate returns shift.ErrVersionNotFound, with a remedy, for a Candidate that is not
	// where the Arrival's Detail says.
	CheckCandidate(context.Context, shift.Arrival) error
	// DescribeVersion reads one version. It returns shift.ErrVersionNotFound.
	DescribeVersion(context.Context, shift.Target, shift.Version) (shift.Published, error)
	// Wake makes an idle version ready, which takes a while.
	Wake(context.Context, shift.Target, shift.Version) error
	// CheckStart returns an error for a Route that no Deployment can begin with.
	CheckStart(t shift.Target, found shift.Route, settles bool) error
	// CheckCompatible returns an error when the two versions cannot share the Target's
	// traffic.
	CheckCompatible(t shift.Target, stable, candidate shift.Published) error
	// DescribeChange returns what hooks receive about a Change. It must encode to JSON.
	DescribeChange(shift.Change) (any, error)
}

// ByKind routes each Target through the Adapter of its kind. Its methods return
// shift.ErrUnknownTarget for a kind without an Adapter.
type ByKind map[string]Adapter

func (b ByKind) of(t shift.Target) (Adapter, error) {
	a, known := b[t.Kind()]
	if !known {
		return nil, fmt.Errorf("%w: nothing here shifts %q: it can be a target of the kind %s", shift.ErrUnknownTarget, shift.BoundText(string(t), 80), b.kinds())
	}
	return a, nil
}

// kinds names the kinds that have an Adapter.
func (b ByKind) kinds() string {
	return strings.Join(slices.Sorted(maps.Keys(b)), " or ")
}

// Rules returns the rules of a Target's kind.
func (b ByKind) Rules(t shift.Target) (shift.Rules, error) {
	a, err := b.of(t)
	if err != nil {
		return shift.Rules{}, err
	}
	return a.Rules(), nil
}

// Route reads what a Target serves now.
func (b ByKind) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	a, err := b.of(t)
	if err != nil {
		return shift.Route{}, err
	}
	return a.Route(ctx, t)
}

// SetRoute writes a Route if the Target still has its Revision.
func (b ByKind) SetRoute(ctx context.Context, t shift.Target, r shift.Route) (shift.Route, error) {
	a, err := b.of(t)
	if err != nil {
		return shift.Route{}, err
	}
	return a.SetRoute(ctx, t, r)
}

// Rotate gives a Target another Revision.
func (b ByKind) Rotate(ctx context.Context, t shift.Target, found shift.Route, other shift.Version) (shift.Route, error) {
	a, err := b.of(t)
	if err != nil {
		return found, err
	}
	return a.Rotate(ctx, t, found, other)
}

// Create makes a Target.
func (b ByKind) Create(ctx context.Context, t shift.Target, r shift.Route) (shift.Route, error) {
	a, err := b.of(t)
	if err != nil {
		return shift.Route{}, err
	}
	return a.Create(ctx, t, r)
}

// Delete removes a Target.
func (b ByKind) Delete(ctx context.Context, t shift.Target) error {
	a, err := b.of(t)
	if err != nil {
		return err
	}
	return a.Delete(ctx, t)
}

// Arrived says whether a write at a Target has reached all viewers.
func (b ByKind) Arrived(ctx context.Context, t shift.Target, receipt string) (bool, error) {
	a, err := b.of(t)
	if err != nil {
		return false, err
	}
	return a.Arrived(ctx, t, receipt)
}

// Settles says whether the platform keeps moving a Target's traffic by itself after a write.
func (b ByKind) Settles(ctx context.Context, t shift.Target) (bool, error) {
	a, err := b.of(t)
	if err != nil {
		return false, err
	}
	return a.Settles(ctx, t)
}

// Publish publishes the deployed code of a Target.
func (b ByKind) Publish(ctx context.Context, t shift.Target) (shift.Published, error) {
	a, err := b.of(t)
	if err != nil {
		return shift.Published{}, err
	}
	return a.Publish(ctx, t)
}

// DescribeVersion reads one version of a Target.
func (b ByKind) DescribeVersion(ctx context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	a, err := b.of(t)
	if err != nil {
		return shift.Published{}, err
	}
	return a.DescribeVersion(ctx, t, v)
}

// CheckCandidate checks that a Candidate is where the Arrival says.
func (b ByKind) CheckCandidate(ctx context.Context, arrival shift.Arrival) error {
	a, err := b.of(arrival.Target)
	if err != nil {
		return err
	}
	return a.CheckCandidate(ctx, arrival)
}

// CheckArrival checks that a Target exists.
func (b ByKind) CheckArrival(ctx context.Context, arrival shift.Arrival) error {
	a, err := b.of(arrival.Target)
	if err != nil {
		return err
	}
	return a.CheckArrival(ctx, arrival)
}

// Wake makes an idle version of a Target ready.
func (b ByKind) Wake(ctx context.Context, t shift.Target, v shift.Version) error {
	a, err := b.of(t)
	if err != nil {
		return err
	}
	return a.Wake(ctx, t, v)
}

// CheckStart returns an error for a Route that no Deployment can begin with.
func (b ByKind) CheckStart(t shift.Target, found shift.Route, settles bool) error {
	a, err := b.of(t)
	if err != nil {
		return err
	}
	return a.CheckStart(t, found, settles)
}

// CheckCompatible returns an error when two versions cannot share a Target's traffic.
func (b ByKind) CheckCompatible(t shift.Target, stable, candidate shift.Published) error {
	a, err := b.of(t)
	if err != nil {
		return err
	}
	return a.CheckCompatible(t, stable, candidate)
}

// DescribeChange returns what hooks receive about a Change.
func (b ByKind) DescribeChange(c shift.Change) (any, error) {
	a, err := b.of(c.Target)
	if err != nil {
		return nil, err
	}
	return a.DescribeChange(c)
}
