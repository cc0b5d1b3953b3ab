package task

import (
	"context"
	"errors"

	"sluice/internal/shift"
)

// RouteGate fails a Deployment if somebody else has written one of its Targets. Otherwise
// traffic could bake for hours on a Route that Sluice does not control.
type RouteGate struct {
	Router interface {
		RouteReader
		RulesReader
	}
	// Wait waits before an outdated read is repeated; nil is Sleep.
	Wait Wait
	// Now and Pause are for calls that wait for their turn; nil is the real clock.
	Now   Clock
	Pause Pause
}

// pollShare is the part of a platform's requests per second that a poll of many Targets may
// use. The rest is for rollbacks, which come first.
const pollShare = 3

// Observe implements Gate. It stops at the first Target that fails.
func (g RouteGate) Observe(ctx context.Context, s shift.Subject) ([]shift.Observation, error) {
	if !s.RoutesDue() {
		return nil, nil
	}
	var pace *paces
	if len(s.Deployment.Changes) > maxUnpacedTargets {
		pace = newPaces(g.Router, g.Now, g.Pause).withoutBurst().sharing(pollShare)
	}
	var observations []shift.Observation
	for _, c := range s.Deployment.Changes {
		pace.awaitTurn(ctx, c.Target)
		o := g.observe(ctx, s, c)
		observations = append(observations, o)
		if o.Verdict == shift.Fail {
			break
		}
	}
	return observations, nil
}

// observe reads an unexpected Route again if it may be outdated.
func (g RouteGate) observe(ctx context.Context, s shift.Subject, c shift.Change) shift.Observation {
	for try := 0; ; try++ {
		route, err := g.Router.Route(ctx, c.Target)
		exists := !errors.Is(err, shift.ErrTargetNotFound)
		if err != nil && exists {
			return shift.RouteNotRead(c, err)
		}
		o := s.ObserveRoute(c, route, exists)
		if o.Verdict == shift.Pass || try == len(rereadDelays) || !s.MayLag(c, route, exists) {
			return o
		}
		g.Wait.pass(ctx, rereadDelays[try])
	}
}
