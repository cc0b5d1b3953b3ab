package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// RouteReader reads Routes.
type RouteReader interface {
	// Route reads the current Route. It returns shift.ErrTargetNotFound.
	Route(context.Context, shift.Target) (shift.Route, error)
	// Settles says whether the platform may go on moving traffic by itself after a write.
	Settles(context.Context, shift.Target) (bool, error)
}

// look is what was found at a Target.
type look struct {
	route shift.Route
	// missing is the error of a Target that does not exist.
	missing error
	// change is the Change of the Target. It differs from the recorded one if the platform
	// moves traffic by itself since the Deployment was opened.
	change shift.Change
}

func (l look) exists() bool { return l.missing == nil }

// lookAt reads what a Target serves. If the platform seems to be moving its traffic, and did
// not do so when the Deployment was opened, the router is asked again: provisioned
// concurrency may have been added since.
func lookAt(ctx context.Context, router RouteReader, c shift.Change) (look, error) {
	route, err := router.Route(ctx, c.Target)
	switch {
	case errors.Is(err, shift.ErrTargetNotFound):
		return look{missing: err, change: c}, nil
	case err != nil:
		return look{}, err
	}
	if route.Settling && !c.Settles {
		if c.Settles, err = router.Settles(ctx, c.Target); err != nil {
			return look{}, fmt.Errorf("read whether %s settles by itself: %w", c.Target, err)
		}
	}
	return look{route: route, change: c}, nil
}

// rereadDelays are the waits before a Route is read again that is not as expected. Lambda
// does not promise that a read shows the write just before it, and gives no figure: that a
// read is outdated by no more than their sum is an assumption. What is found after them is
// true.
var rereadDelays = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// maxReadLag is for how long after a write a read may not show it.
func maxReadLag() (sum time.Duration) {
	for _, delay := range rereadDelays {
		sum += delay
	}
	return sum
}

// untilFresh calls read until it finds what it expects, or until no read can be outdated any
// more.
func (p Pause) untilFresh(ctx context.Context, read func() (expected bool, err error)) error {
	for _, delay := range rereadDelays {
		if expected, err := read(); expected || err != nil {
			return err
		}
		p.wait(ctx, delay)
	}
	_, err := read()
	return err
}

// wait waits; a nil Pause is the real clock.
func (p Pause) wait(ctx context.Context, d time.Duration) {
	if p == nil {
		p = sleepFor
	}
	p(ctx, d)
}
