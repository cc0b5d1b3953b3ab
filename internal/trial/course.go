package trial

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
	"github.com/sluice-aws/sluice/internal/world"
)

// course is how one deployment went.
type course struct {
	undone   bool
	minute   int   // the one after which it was undone or ended
	canary   bool  // it was undone at the first step
	requests int64 // that the Candidate has served by then
	// baked says that the first step's bake came to its end, and unsure that it could not be
	// told then.
	baked, unsure bool
	// counted says that a poll has shown 5 requests of the Candidate, and prompt that the
	// first such poll has undone it.
	counted, prompt bool
}

// target is what a trial shifts.
const target = shift.Target(shift.KindLambda + ":" + world.TrafficFunction + ":" + world.TrafficAlias)

// deploy plays a deployment on the traffic of a run, without the calls of AWS.
func (c Cell) deploy(run int, judging shift.Judging) (course, error) {
	scenario := c.played(run)
	a := audience{traffic: world.NewTraffic(scenario), lag: scenario.Metrics.VersionLag}
	d, err := shift.Open(shift.Opening{
		ID: c.Name(), At: world.Epoch,
		Release:   shift.Release{Steps: c.steps(), Judging: judging},
		Changes:   []shift.Change{{Target: target, Stable: world.TrafficStable, Candidate: world.TrafficCandidate, Judged: true}},
		Baselines: map[shift.Target]judge.Baseline{target: judge.NewBaseline(a.history(), judge.LatencyLimits{})},
	})
	if err != nil {
		return course{}, fmt.Errorf("open a deployment: %w", err)
	}
	var seen course
	p := d.Start()
	for {
		switch p.Next {
		case shift.NextShift:
			a.traffic.Shift(d.Plan.Step(p.NextStep).Weight)
			p = d.AfterShift(p, nil, 0).Taken(d, a.traffic.Now())
		case shift.NextBake:
			a.traffic.Advance(p.Wait.Duration())
			now := a.traffic.Now()
			subject := shift.Subject{Deployment: d, Progress: p, Now: now}
			observed := subject.ObserveMinutes(d.Changes[0], a.minutes(p.FirstShiftAt))
			p = d.AfterPoll(p, shift.Poll{Observations: []shift.Observation{observed}, Now: now})
			seen.note(p, a)
		default:
			seen.undone = p.Next == shift.NextRollback
			seen.canary = seen.undone && p.Step == 1
			seen.minute = int(a.traffic.Now().Sub(world.Epoch) / time.Minute)
			seen.requests, _ = a.traffic.Served(world.TrafficCandidate)
			return seen, nil
		}
	}
}

// enoughForAnOutage is from how many requests on an outage is to be found at once.
const enoughForAnOutage = 5

// note keeps what a poll has shown.
func (c *course) note(p shift.Progress, a audience) {
	if !c.counted && a.traffic.Values(world.TrafficCandidate, world.Invocations, p.FirstShiftAt, a.traffic.Now()).Sum() >= enoughForAnOutage {
		c.counted, c.prompt = true, p.Next == shift.NextRollback
	}
	if !c.baked && p.Step == 1 && p.Baked >= canaryMinutes*60 {
		c.baked, c.unsure = true, p.Judged[0].Conclusion == judge.CannotTell
	}
}

// audience reads what CloudWatch shows of the traffic.
type audience struct {
	traffic *world.Traffic
	lag     time.Duration
	whole   []judge.Minute // those that do not change any more, from the start on
}

// count reads a metric of a minute, if there is anything.
func (a *audience) count(version string, m world.Metric, at time.Time) judge.Number {
	values := a.traffic.Values(version, m, at, at.Add(time.Minute))
	if len(values) == 0 {
		return judge.Number{}
	}
	return judge.Reported(values.Sum())
}

func (a *audience) measured(version string, at time.Time) judge.Measured {
	return judge.Measured{Requests: a.count(version, world.Invocations, at), Errors: a.count(version, world.Errors, at)}
}

// history is what the alias served before the start, all versions together.
func (a *audience) history() []judge.Minute {
	var minutes []judge.Minute
	now := a.traffic.Now()
	for at := now.Add(-historyLength); at.Before(now); at = at.Add(time.Minute) {
		if m := a.measured("", at); m != (judge.Measured{}) {
			minutes = append(minutes, judge.Minute{At: at, Stable: m})
		}
	}
	return minutes
}

// historyLength is how far back a deployment looks (package gate/metric).
const historyLength = 3 * time.Hour

// minutes are those that can be read now.
func (a *audience) minutes(from time.Time) []judge.Minute {
	now := a.traffic.Now()
	minutes := slices.Clone(a.whole)
	for at := from.Add(time.Duration(len(a.whole)) * time.Minute); !at.After(now); at = at.Add(time.Minute) {
		m := judge.Minute{At: at, Stable: a.measured(world.TrafficStable, at), Candidate: a.measured(world.TrafficCandidate, at)}
		if len(a.whole) == len(minutes) && !now.Before(at.Add(time.Minute+a.lag)) {
			a.whole = append(a.whole, m)
		}
		minutes = append(minutes, m)
	}
	return minutes
}

// deployWhole plays the same deployment with the handlers and the definition that run in AWS.
func (c Cell) deployWhole(run int) (course, error) {
	input := fmt.Sprintf(`{"function": %q, "alias": %q, "judge": "enforce", "strategy": {"steps": [{"percent": %s, "bakeMinutes": %d}, {"percent": 100, "bakeMinutes": %d}]}}`,
		world.TrafficFunction, world.TrafficAlias, c.Weight.Percent(), canaryMinutes, finalMinutes)
	r, err := world.Simulate(json.RawMessage(input), c.played(run), nil)
	if err != nil {
		return course{}, fmt.Errorf("play a whole deployment: %w", err)
	}
	seen := course{undone: r.Outcome == string(shift.RolledBack)}
	if !seen.undone && r.Outcome != string(shift.Promoted) {
		return course{}, fmt.Errorf("a whole deployment ended as %s: %s", r.Outcome, r.Cause)
	}
	seen.minute = int(r.VirtualSeconds / 60)
	for _, served := range r.Requests {
		if served.Role == world.RoleCandidate {
			seen.requests = served.Requests
		}
	}
	return seen, nil
}
