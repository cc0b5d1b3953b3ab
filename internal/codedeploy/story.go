package codedeploy

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// stage is how far a deployment has come, in the lifecycle events of CodeDeploy.
type stage int

const (
	beforeBegin stage = iota
	beforeAllowTraffic
	allowTraffic
	afterAllowTraffic
)

// stages are the stages by the states of the machine that begin them.
var stages = map[string]stage{
	string(shift.BeforeTraffic): beforeAllowTraffic,
	flow.SetWeight.State:        allowTraffic,
	string(shift.AfterTraffic):  afterAllowTraffic,
}

// story is what the history of an execution tells about its deployment.
type story struct {
	last    int64 // the ID of the last event that was added
	given   given
	began   time.Time
	updated time.Time
	targets []shift.Move
	hooks   shift.Hooks
	opened  bool
	weight  shift.Weight
	stage   stage
	entered map[stage]time.Time
	// reasons are those that Rollback gave.
	reasons []shift.Reason
	end     *operator.Event
	outcome shift.Outcome // empty unless the execution says it by itself
	cause   string
}

func newStory() *story { return &story{entered: map[stage]time.Time{}} }

// document is the part of the machine's document that is read. Other versions of Sluice may have
// written some parts otherwise.
type document struct {
	Release    json.RawMessage `json:"release"`
	Deployment json.RawMessage `json:"deployment"`
	Progress   json.RawMessage `json:"progress"`
	Rollback   json.RawMessage `json:"rollback"`
}

// part reads one part of a document. It returns nil for one that is missing or not known.
func part[T any](text json.RawMessage) *T {
	var value *T
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	return value
}

// add adds an event.
func (s *story) add(e operator.Event) {
	if s.last == 0 {
		s.began = e.At
	}
	s.last, s.updated = e.ID, e.At
	s.end, s.outcome, s.cause = nil, "", ""
	switch {
	case e.EnteredType() != "":
		s.enter(e)
	case e.ExitedType() != "":
		s.learn(e.Data)
	case e.Ends():
		s.finish(e)
	}
}

// enter learns what is shifted from the input of the first state, until Publish has read it.
func (s *story) enter(e operator.Event) {
	if s.given.revision == nil {
		s.given = givenBy(e.Data)
	}
	if s.targets == nil {
		if release, err := (request.Reader{FrontEnds: request.AnyFrontEnd, YAML: strictyaml.Convert}).Input(e.Data); err == nil {
			s.targets, s.hooks = release.Moves(), release.Hooks
		}
	}
	if at, begins := stages[e.State]; begins && at > s.stage {
		s.stage = at
		s.entered[at] = e.At
	}
}

// learn reads the document that a state has returned.
func (s *story) learn(data []byte) {
	var d document
	if json.Unmarshal(data, &d) != nil {
		return
	}
	if r := part[shift.Release](d.Release); r != nil && !s.opened {
		s.targets, s.hooks = r.Moves(), r.Hooks
	}
	if o := part[shift.Deployment](d.Deployment); o != nil && o.Turn == nil && !s.opened {
		s.opened = true
		if len(o.Changes) > 0 {
			s.targets = o.Moves()
		}
	}
	if p := part[shift.Progress](d.Progress); p != nil {
		s.weight = p.Weight
	}
	type undoing struct {
		Reasons []shift.Reason `json:"reasons"`
	}
	if u := part[undoing](d.Rollback); u != nil {
		s.reasons = u.Reasons
	}
}

// finish reads how the execution ended.
func (s *story) finish(e operator.Event) {
	s.end, s.cause = &e, e.Failure.Cause
	if summary := part[shift.Summary](e.Data); e.Type == operator.Succeeded && summary != nil {
		s.outcome, s.cause = summary.Outcome, summary.Reason
		if len(s.targets) == 0 {
			s.targets = summary.Changes
		}
	}
	ends := []shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded}
	if o := shift.Outcome(e.Failure.Error); e.Type == operator.Failed && slices.Contains(ends, o) {
		s.outcome = o
	}
}

// standing is how a deployment stands.
type standing struct {
	id        string
	execution operator.Execution
	*story
	// outcome is empty while the deployment is open, and while its traffic is being put back.
	outcome shift.Outcome
	reasons []shift.Reason
	cause   string
	ended   time.Time
	// reached is the stage at which the deployment stands, or has ended.
	reached stage
}

// stand joins what the execution's history and the ledger's record tell. The safety net may have
// ended a deployment that its execution does not know of yet, and ends those whose execution has
// ended before. record is nil if there is none.
func (s *story) stand(x operator.Execution, record *shift.Record) standing {
	d := standing{id: flow.CodeDeployID(string(x)), execution: x, story: s}
	switch {
	case record != nil && record.Status == shift.StatusClosed:
		d.outcome, d.reasons, d.cause, d.ended = record.Outcome, record.Reasons, record.Cause, record.ClosedAt
	case s.end == nil:
	case s.outcome != "":
		d.outcome, d.reasons, d.cause, d.ended = s.outcome, s.reasons, s.cause, s.end.At
	case record == nil:
		d.outcome, d.ended = shift.Rejected, s.end.At
		d.reasons = []shift.Reason{{Name: shift.ExecutionEnded}}
		d.cause = "the execution ended before it had locked any target, so no traffic was moved"
	}
	if record != nil && len(s.targets) == 0 {
		s.targets = record.Moves()
	}
	// An execution goes on until it notices that the safety net has ended its deployment.
	for d.reached = s.stage; d.isOver() && s.entered[d.reached].After(d.ended); {
		d.reached--
	}
	return d
}

// isOver says whether the deployment has ended.
func (d standing) isOver() bool { return d.outcome != "" }
