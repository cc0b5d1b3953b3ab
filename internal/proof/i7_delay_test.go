package proof

import (
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/world"
)

// What a fault is known to cost a road back, in time.

// delayed is when a promise falls due with all that has struck its road.
func (r *run) delayed(p promise) (due time.Time, barred bool) {
	due = r.patientDue(p)
	if d := r.deployments[p.id]; d.hasFrontEnd() {
		due = due.Add(frontEndsLater)
	}
	tries := 0
	for _, s := range r.struck {
		if s.at.Add(s.fault.lasts).Before(p.made) && !isStrangers(s.fault) && s.fault.class != lagging { // it is over
			continue
		}
		by, bars := r.delay(p, s, due, tries)
		if bars {
			return due, true
		}
		if by > 0 {
			tries++
		}
		due = due.Add(by)
	}
	return due, false
}

// leftToOthers is how long Rollback leaves a Deployment to the safety net, when that has just
// marked it, and how long it takes Rollback to try again after that.
const leftToOthers = 5*time.Second + 3500*time.Millisecond

// patientDue is when a promise falls due if nothing has struck its road.
func (r *run) patientDue(p promise) time.Time {
	d := r.deployments[p.id]
	inMachine := p.road == byRollback || p.road == byPoll
	if inMachine && d.markedBy == flow.SafetyNet && d.marked.Add(leftToOthers).After(p.made) && r.hit(flow.SafetyNet) {
		return later(p.due, d.marked.Add(leftToOthers+soon))
	}
	return p.due
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (r *run) delay(p promise, s struck, due time.Time, tries int) (by time.Duration, bars bool) {
	switch {
	case s.fault.class == lagging, isStrangers(s.fault):
		return readsAgain, false
	case p.road == byPoll || p.road == byRollback:
		return delayInMachine(p, s, due, tries)
	case s.event == flow.SweepDetailType && p.road != byEvent && s.fault.class == misdelivered:
		return world.SweepEvery, false
	case s.actor != flow.SafetyNet && !s.fault.all:
		return 0, false
	case p.road == byEvent:
		return delayOfEvent(s, tries)
	}
	return delayOfSweep(p, s, due, tries)
}

// isStrangers says whether a fault is an edit of somebody else's, which is found for as long
// as nobody undoes it.
func isStrangers(f fault) bool { return strings.Contains(f.name, "stranger") }

// manyCalls is how many calls a Lambda that restores makes at most before the
// traffic of a Target is back: the mark, a write, the look, two writes, and the same again
// when somebody has come between, or when one is throttled and works off the queue.
const manyCalls = 16

// readsAgain is for how long whoever restores reads an alias again that it does not know for
// its own, as the reads may be stale, and what its calls take.
const readsAgain = 7*time.Second + soon

// delayOfEvent : what fails is tried again by safety-net itself, after half a second
// at first. One that dies is invoked again by Lambda, a minute later and two minutes
// after that; then the event is lost.
func delayOfEvent(s struck, tries int) (by time.Duration, bars bool) {
	died := world.AsyncRetries[min(tries, 1)] + soon
	switch f := s.fault; f.class {
	case failing:
		return 500*time.Millisecond<<tries + 2*soon, false
	case killed:
		return died, tries > 1
	case hung:
		return flow.SafetyNetTimeout + died, tries > 1
	case slowed:
		return min(manyCalls*f.pace, flow.SafetyNetTimeout+died), false
	case forsaken:
		return min(manyCalls*f.pace, died), false
	case denied:
		return 0, true
	}
	return 0, false
}

// delayOfSweep : each sweep is an invocation of its own.
func delayOfSweep(p promise, s struck, due time.Time, tries int) (by time.Duration, bars bool) {
	if p.road == byLookingAgain && s.action == "lambda:DeleteAlias" { // before it, the quarantine began anew
		return lookAgainAfter + world.SweepEvery + soon, false
	}
	switch f := s.fault; f.class {
	case failing:
		return 500*time.Millisecond<<tries + soon/2, false
	case killed, hung:
		return world.SweepEvery, false
	case slowed, forsaken:
		return min(manyCalls*f.pace, world.SweepEvery), false
	case denied:
		again := world.SweepEvery + soon
		if p.road == byLookingAgain {
			again = lookedAgain
		}
		return max(0, s.at.Add(f.lasts).Add(again).Sub(due)), false
	}
	return 0, false
}

// delayInMachine : Step Functions tries again what fails or dies, by the rules of
// the state. An alarm that cannot be read is none of them: it is read again at the
// next poll, which promises for itself.
func delayInMachine(p promise, s struck, due time.Time, tries int) (by time.Duration, bars bool) {
	spec := flow.Rollback.Spec
	switch {
	case s.fault.all:
	case s.actor == flow.CheckAlarms.Function && p.road == byPoll:
		spec = flow.CheckAlarms.Spec
		if s.fault.class == denied || s.action == "cloudwatch:DescribeAlarms" {
			return 0, true
		}
	case s.actor != flow.Rollback.Function:
		return 0, false
	}
	rule := spec.Retries[len(spec.Retries)-1]
	retried := waitOf(rule, tries) + soon/2
	switch f := s.fault; f.class {
	case failing, killed, forsaken:
		return retried, false
	case hung:
		return spec.Timeout + retried, false
	case slowed:
		return min(manyCalls*f.pace, spec.Timeout+retried), false
	case denied:
		return max(0, s.at.Add(f.lasts).Add(rule.MaxDelay+soon).Sub(due)), false
	}
	return 0, false
}

// failed says whether a fault has struck a call of a Lambda since then.
func (r *run) failed(actor string, since time.Time) bool {
	return slices.ContainsFunc(r.struck, func(s struck) bool {
		return (s.actor == actor || s.fault.all) && (s.fault.class == denied || !s.at.Before(since) && (s.fault.class == failing || s.fault.class == hung))
	})
}

// waitOf is how long Step Functions waits by a rule after so many tries, at most.
func waitOf(rule flow.Retry, tries int) time.Duration {
	again := float64(rule.Interval)
	for range tries {
		again = min(again*rule.Backoff, float64(rule.MaxDelay))
	}
	return time.Duration(again)
}
