package proof

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// answering watches the hooks that were written for CodeDeploy: what the Ledger has of their
// answers, and what Step Functions was told.
type answering struct {
	// awaiting is the hook's state that each execution is in, and asked since when.
	awaiting map[string]shift.Point
	asked    map[string]time.Time
	// statuses are the answers in the Ledger, by execution and Point.
	statuses map[string][]shift.LifecycleStatus
	// recording are the runs of the endpoint that have recorded an answer, for a guard.
	recording []*world.Actor
}

func newAnswering() answering {
	return answering{awaiting: map[string]shift.Point{}, asked: map[string]time.Time{}, statuses: map[string][]shift.LifecycleStatus{}}
}

// lateAnswer is how long after the time of a hook its answer may still be recorded: run-hooks writes
// its item a little after its state was entered, and later if its calls are slow.
const lateAnswer = 2 * time.Minute

// hookWritten : an answer is recorded once, and only while it is awaited.
func (r *run) hookWritten(before, after dynamodb.Item) {
	if kind, _, _ := whatOf(before, after); kind != "hook" {
		return
	}
	was, is := text(before, "status"), text(after, "status")
	if was != "" && was != is {
		r.breaks("a hook that has answered %s has answered %q", was, is)
	}
	if is == "" || was != "" {
		return
	}
	execution, point := text(after, "execution"), text(after, "point")
	r.statuses[execution+" "+point] = append(r.statuses[execution+" "+point], shift.LifecycleStatus(is))
	for _, h := range r.hooksAt(shift.Point(point)) {
		if since := r.w.Now().Sub(r.asked[execution]); since > h.Timeout.Duration()+lateAnswer {
			r.breaks("the answer of %s was recorded %s after it was asked", h.Function, since)
		}
	}
}

func (r *run) hooksAt(p shift.Point) []shift.Hook {
	d := r.w.HooksOf(r.base.input)
	return d.At(p)
}

// answeredFor : a state ends as the hook has answered.
func (r *run) answeredFor(x *asl.Execution, e asl.Event) {
	switch {
	case e.StateEntered != nil:
		delete(r.awaiting, x.ARN())
		switch e.StateEntered.Name {
		case flow.BeforeHook.State:
			r.awaiting[x.ARN()] = shift.BeforeTraffic
		case flow.AfterHook.State:
			r.awaiting[x.ARN()] = shift.AfterTraffic
		}
	case e.TaskScheduled != nil:
		r.asked[x.ARN()] = r.w.Now()
	case e.TaskSucceeded != nil || e.TaskFailed != nil:
		r.endsAsAnswered(x, e)
	}
}

func (r *run) endsAsAnswered(x *asl.Execution, e asl.Event) {
	point, awaited := r.awaiting[x.ARN()]
	hooks := r.hooksAt(point)
	if !awaited || len(hooks) != 1 || hooks[0].Mode != shift.CodeDeploy || x != r.main {
		return
	}
	said := r.statuses[x.ARN()+" "+string(point)]
	switch {
	case e.TaskSucceeded != nil && !slices.Contains(said, shift.LifecycleSucceeded):
		r.breaks("the hook %s has passed, and it has answered %q", hooks[0].Function, said)
	case e.TaskFailed != nil && e.TaskFailed.Cause == "it answered Failed" && !slices.Contains(said, shift.LifecycleFailed):
		r.breaks("the hook %s was failed, and it has answered %q", hooks[0].Function, said)
	}
}

const (
	codeDeployHooks = "hooks of CodeDeploy's at both points"
	contradicting   = "a hook of CodeDeploy's that answers both at once"
	tooLate         = "a hook of CodeDeploy's that answers too late"
)

// hookBases are deployments with hooks that were written for CodeDeploy.
var hookBases = []base{
	{codeDeployHooks,
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {
		  "beforeTraffic": [{"function": "smoke", "mode": "codedeploy", "timeoutSeconds": 60}],
		  "afterTraffic": [{"function": "check", "mode": "codedeploy", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 5}, "check": {"afterSeconds": 5}}}`, shift.Promoted, "", nil, false},
	{"a hook of CodeDeploy's that fails when all traffic is shifted",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check", "mode": "codedeploy", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"check": {"result": "fail", "afterSeconds": 5}}}`, shift.RolledBack, "", nil, false},
	{contradicting,
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "codedeploy", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"result": "contradict", "afterSeconds": 5}}}`, shift.Promoted, shift.Rejected, nil, false},
	{tooLate,
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "codedeploy", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 500}}}`, shift.Rejected, "", nil, false},
	{"a hook of CodeDeploy's that is awaited for hours, and an abort",
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "codedeploy", "timeoutSeconds": 7200}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"result": "hang"}},
		  "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.Rejected, "", nil, false},
}

// notPassed is what comes of a hook whose answer is lost.
var notPassed = regexp.MustCompile(`^it ended as (Rejected|RolledBack), and nothing has kept it`)

var hookGuards = []guard{
	{
		name: "the condition of a hook's answer",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.HookEndpoint && c.operation == "UpdateItem" {
				c.unconditional(c.body)
			}
			return nil, nil
		},
		bases:   []string{contradicting},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^a hook that has answered (Succeeded|Failed) has answered`),
	},
	{
		name: "the time after which a hook's answer is not taken",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.BeforeHook.Function && c.operation == "TransactWriteItems" {
				for _, put := range c.writes("Put") {
					item := put["Item"].(map[string]any)
					if strings.HasPrefix(attribute(put["Item"], flow.LedgerPartitionKey), flow.HookPartition) {
						item[flow.LedgerExpiry] = map[string]any{"N": "9999999999"}
						c.changed = true
					}
				}
			}
			return nil, nil
		},
		bases:   []string{tooLate},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^the answer of smoke was recorded 8m`),
	},
	{
		name: "that the Ledger knows a hook before it is asked",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.BeforeHook.Function && c.operation == "TransactWriteItems" {
				return nothing(`{}`), nil
			}
			return nil, nil
		},
		bases:   []string{codeDeployHooks},
		strikes: []strike{},
		breaks:  notPassed,
	},
	{
		name: "that an answer which is repeated is passed on again",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if c.actor != flow.HookEndpoint {
				return nil, nil
			}
			self := r.w.Current()
			if c.operation == "UpdateItem" {
				r.recording = append(r.recording, self)
			}
			if c.operation == "SendTaskSuccess" && !slices.Contains(r.recording, self) {
				return nothing(`{}`), nil
			}
			return nil, nil
		},
		bases:   []string{codeDeployHooks},
		strikes: []strike{{actor: flow.HookEndpoint, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("killed after")}},
		breaks:  notPassed,
	},
	{
		name: "the status in the Ledger, by which a repeated answer is known",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.HookEndpoint && c.operation == "UpdateItem" {
				text, _ := json.Marshal(map[string]any{})
				return nothing(string(text)), nil
			}
			return nil, nil
		},
		bases:   []string{codeDeployHooks},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^the hook smoke has passed, and it has answered`),
	},
}
