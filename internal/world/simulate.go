package world

import (
	"encoding/json"
	"time"

	"sluice/internal/localaws/asl"
	"sluice/internal/shift"
)

// Simulated is the name of the execution that Simulate plays.
const Simulated = "simulated"

// Result is what came of a simulation.
type Result struct {
	Outcome        string         `json:"outcome"`
	Status         string         `json:"status"`
	Error          string         `json:"error"`
	Cause          string         `json:"cause"`
	Path           []string       `json:"path"`
	Routes         []Routed       `json:"routes"`
	Transitions    int            `json:"transitions"`
	HistoryEvents  int            `json:"historyEvents"`
	VirtualSeconds float64        `json:"virtualSeconds"`
	Invocations    map[string]int `json:"invocations"`
	Calls          map[string]int `json:"calls"`
	Requests       Requests       `json:"requests"`
	Announcements  []string       `json:"announcements"`
}

// Simulate plays a deployment in the world of a Scenario, with the definition
// and the handlers that run in AWS. watch, if it is not nil, is told of every
// event of the executions' histories as it happens. An error is returned only
// for a scenario that cannot be played: whatever becomes of the deployment is in
// the Result.
func Simulate(input json.RawMessage, s Scenario, watch func(at time.Duration, x *asl.Execution, e asl.Event)) (Result, error) {
	r, _, err := Record(input, s, watch)
	return r, err
}

func (w *World) Result(x *asl.Execution) Result {
	r := Result{
		Status:         string(x.Status()),
		Error:          x.Failure().Error,
		Cause:          x.Failure().Cause,
		Path:           x.Path(),
		Routes:         w.routes.list,
		Transitions:    x.Transitions(),
		HistoryEvents:  len(x.History()),
		VirtualSeconds: x.Stopped().Sub(x.Started()).Seconds(),
		Invocations:    w.invocations,
		Calls:          w.calls,
		Requests:       w.traffic.total,
		Announcements:  []string{},
	}
	record, known := w.record(x.ARN())
	r.Outcome = string(record.Outcome)
	switch told := summary(x); {
	case x.Status() == asl.Succeeded:
		r.Cause = told.Reason
		if !known { // nobody has asked for it: only the execution tells
			r.Outcome = string(told.Outcome)
		}
	case r.Cause == "":
		r.Cause = record.Cause // an execution that was stopped has none of its own
	}
	if r.Routes == nil {
		r.Routes = []Routed{}
	}
	for _, a := range w.announcements {
		if a.DeploymentID == x.ARN() {
			r.Announcements = append(r.Announcements, string(a.State))
		}
	}
	return r
}

// summary is what an execution that has succeeded says; nothing when it says none.
func summary(x *asl.Execution) shift.Summary {
	var output shift.Summary
	if json.Unmarshal(x.Output(), &output) != nil {
		return shift.Summary{}
	}
	return output
}
