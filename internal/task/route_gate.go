package task

import (
	"context"

	"github.com/sluice-aws/sluice/internal/shift"
)

// RouteGate fails a Deployment if somebody else has written one of its Targets. Otherwise
// traffic could bake for hours on a Route that Sluice does not control.
type RouteGate struct {
	Router interface {
		RouteReader
		RulesReader
	}
	// Now and Pause are for calls that wait for their turn, and for reads that are repeated;
	// nil is the real clock.
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
		pace.awaitRead(ctx, c.Target)
		o := g.observe(ctx, s, c)
		observations = append(observations, o)
		if o.Verdict == shift.Fail {
			break
		}
	}
	return observations, nil
}

// observe reads one Target, and an unexpected Route again while the read may be outdated.
func (g RouteGate) observe(ctx context.Context, s shift.Subject, c shift.Change) (o shift.Observation) {
	err := g.Pause.untilFresh(ctx, func() (bool, error) {
		found, err := lookAt(ctx, g.Router, c)
		if err != nil {
			return false, err
		}
		o = s.ObserveRoute(found.change, found.route, found.exists())
		return o.Verdict == shift.Pass, nil
	})
	if err != nil {
		return shift.RouteNotRead(c, err)
	}
	return o
}
