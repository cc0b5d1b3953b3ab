package world

import (
	"encoding/json"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Simulated is the name of the execution that Simulate plays.
const Simulated = "simulated"

// Result is the result of a simulation.
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
	Requests       []Requests     `json:"requests"`
	Announcements  []string       `json:"announcements"`
}

// Simulate plays a deployment in the world of a Scenario, with the definition and the handlers
// that run in AWS. watch, if not nil, is called with every event of the executions' histories
// as it happens. Simulate returns an error only for a scenario that cannot be played. The
// outcome of the deployment, good or bad, is in the Result.
func Simulate(input json.RawMessage, s Scenario, watch func(at time.Duration, x *asl.Execution, e asl.Event)) (Result, error) {
	r, _, err := Record(input, s, watch)
	return r, err
}

// Result returns the result of an execution so far.
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
		Requests:       w.requests(),
		Announcements:  []string{},
	}
	record, known := w.record(x.ARN())
	r.Outcome = string(record.Outcome)
	switch output := summary(x); {
	case x.Status() == asl.Succeeded:
		r.Cause = output.Reason
		if !known { // there is no record: only the execution's output has the Outcome
			r.Outcome = string(output.Outcome)
		}
	case r.Cause == "":
		r.Cause = record.Cause // a stopped execution has no cause of its own
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

// summary decodes the output of an execution. It is empty if the output is no Summary.
func summary(x *asl.Execution) shift.Summary {
	var output shift.Summary
	if json.Unmarshal(x.Output(), &output) != nil {
		return shift.Summary{}
	}
	return output
}
