package shift

import (
	"fmt"
	"time"
)

// Subject is what a gate is asked about at a poll.
type Subject struct {
	Deployment Deployment
	Progress   Progress
	// UntilOK names the alarms that do not count until they have been OK.
	UntilOK []string
	Now     time.Time
}

// ObserveRoute judges the Route that a Target has at a poll. It passes as long as nobody
// has written it since Sluice has: a Revision that is still the same says so, and else
// what the Route sends where. exists is false for a Target that is gone.
func (s Subject) ObserveRoute(c Change, found Route, exists bool) Observation {
	wanted := c.At(s.Deployment.Plan.Step(s.Progress.Step).Weight)
	switch {
	case !exists:
		return routeChanged(c, fmt.Sprintf("%s does not exist any more", c.Target))
	case found.Revision != "" && found.Revision == s.Progress.Revisions[c.Target], found.Same(wanted), c.Settling(found, wanted.Serving):
		return Observation{Verdict: Pass}
	}
	return routeChanged(c, fmt.Sprintf("%s has %s, which Sluice did not write; it should have %s", c.Target, found, wanted))
}

func routeChanged(c Change, text string) Observation {
	return Observation{Verdict: Fail, Reason: Reason{Name: RouteChanged, Subject: string(c.Target), Text: text}}
}

// RouteNotRead says that a Route could not be read at a poll. The Deployment goes on: the
// Route is read again at the next poll, and every write of it is refused if somebody else
// wrote it since.
func RouteNotRead(c Change, err error) Observation {
	return Observation{Verdict: Pass, Reason: Reason{
		Name: RouteUnread, Subject: string(c.Target), Text: fmt.Sprintf("what %s serves could not be read: %v", c.Target, err),
	}}
}

// MayLag says whether a Route that is not as it should be may only be an old one: what the
// Deployment has left behind, which a read may still show for some seconds after a write.
func (s Subject) MayLag(c Change, found Route, exists bool) bool {
	if !exists {
		return c.Creates()
	}
	return c.Passed(found, s.Deployment.Plan)
}
