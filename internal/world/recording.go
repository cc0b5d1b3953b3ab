package world

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Recording is what happened around a deployment during a simulation.
type Recording struct {
	Alarms  []AlarmChange
	Traffic []Minute
	// Until is the length of the recording. The last Minute may be incomplete.
	Until time.Duration
	// Closed is the deployment's closed record, and ClosedAt the time of its closing. Closed
	// is nil if the record is not closed.
	Closed   *shift.Record
	ClosedAt time.Duration
}

// AlarmChange says that an alarm entered a state.
type AlarmChange struct {
	At                  time.Duration
	Name, State, Reason string
}

// Minute counts the requests of a Target that a version served in one minute.
type Minute struct {
	Begins           time.Duration
	Target           shift.Target
	Version          string
	Role             Role
	Requests, Errors int64
	Throttles        int64 // not among the Requests
}

// Record is Simulate, and also returns what happened around the deployment.
func Record(input json.RawMessage, s Scenario, watch func(at time.Duration, x *asl.Execution, e asl.Event)) (Result, Recording, error) {
	w, err := New(s, input)
	if err != nil {
		return Result{}, Recording{}, err
	}
	defer w.Close()
	w.watch = watch
	x, err := w.Start(Simulated, input)
	if err != nil {
		return Result{}, Recording{}, err
	}
	if err := w.Run(); err != nil {
		return Result{}, Recording{}, err
	}
	result, recording := w.Result(x), Recording{Alarms: w.alarmChanges, Traffic: w.minutesServed(), Until: w.Elapsed()}
	closed, known := w.record(x.ARN())
	if known && closed.Status == shift.StatusClosed {
		recording.Closed, recording.ClosedAt = &closed, closed.ClosedAt.Sub(x.Started())
	}
	return result, recording, nil
}

// minutesServed returns the requests of all Targets by version, in order of time.
func (w *World) minutesServed() []Minute {
	var minutes []Minute
	for _, s := range w.traffic.streams {
		for version, record := range s.versions {
			role := w.routes.role(s.target, version)
			for minute, served := range record.minutes {
				if served.invocations+served.throttles == 0 {
					continue
				}
				minutes = append(minutes, Minute{
					Begins: time.Duration(minute) * time.Minute, Target: s.target, Version: version, Role: role,
					Requests: served.invocations, Errors: served.errors, Throttles: served.throttles,
				})
			}
		}
	}
	slices.SortFunc(minutes, func(a, b Minute) int {
		return cmp.Or(cmp.Compare(a.Begins, b.Begins), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Version, b.Version))
	})
	return minutes
}

// requests counts the requests of each version of each Target.
func (w *World) requests() []Requests {
	counts := []Requests{}
	for _, s := range w.traffic.streams {
		for version, record := range s.versions {
			if len(record.minutes) == 0 {
				continue
			}
			count := Requests{Target: s.target, Kind: kindNoun(s.target), Version: version, Role: w.routes.role(s.target, version)}
			for _, served := range record.minutes {
				count.Requests += served.invocations
				count.Errors += served.errors
				count.Throttles += served.throttles
			}
			counts = append(counts, count)
		}
	}
	slices.SortFunc(counts, func(a, b Requests) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(len(a.Version), len(b.Version)), cmp.Compare(a.Version, b.Version))
	})
	return counts
}
