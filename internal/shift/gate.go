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

// routesSeenEvery is how often the Routes are read while Steps bake.
const routesSeenEvery Seconds = 300

// RoutesDue says whether the Routes are to be read at this poll: when the total time slept
// has passed another 5 minutes. Reading at every poll would take the platform's few
// requests per second from the rollbacks of other Deployments. Shorter Steps need no more,
// because every write is refused if somebody else wrote the Route.
func (s Subject) RoutesDue() bool { return routesDue(s.Progress.Total, s.Progress.Wait) }

func routesDue(before, slept Seconds) bool {
	return before/routesSeenEvery < (before+slept)/routesSeenEvery
}

// ObserveRoute judges the Route that a Target has at a poll. It passes while nobody but
// Sluice has written the Route: the Revision is still the same, or the Route still sends
// traffic as Sluice wrote it. exists is false for a Target that no longer exists.
func (s Subject) ObserveRoute(c Change, found Route, exists bool) Observation {
	wanted := c.Before()
	if s.Progress.Step > 0 {
		wanted = c.At(s.Deployment.Plan.Step(s.Progress.Step).Weight)
	}
	switch {
	case c.Creates() && s.Progress.Step == 0 && !exists:
		return Observation{Verdict: Pass}
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

// RouteNotRead reports that a Route could not be read at a poll. The Deployment goes on:
// a later poll reads the Route again, and every write is refused if somebody else wrote
// the Route in between.
func RouteNotRead(c Change, err error) Observation {
	return Observation{Verdict: Pass, Reason: Reason{
		Name: RouteUnread, Subject: string(c.Target), Text: fmt.Sprintf("what %s serves could not be read: %v", c.Target, err),
	}}
}
