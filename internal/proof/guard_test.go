package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/world"
)

var guards = []guard{
	{
		name: "the answer for a hook that is awaited although the deployment has ended",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.SafetyNet && c.operation == "GetExecutionHistory" {
				return nothing(`{"events": []}`), nil
			}
			return nil, nil
		},
		bases:   []string{"a callback that is awaited for hours, and an abort"},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^main has ended as Rejected, and .* its execution waits for a hook`),
	},
	{
		// At home there is an alarm of the same name, and it is OK.
		name: "that an alarm of another region is read there",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if strings.HasSuffix(c.path, "/DescribeAlarms") {
				c.signFor("eu-west-1")
			}
			return nil, nil
		},
		bases:   []string{"an alarm of another region, and one of its name at home"},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^I7: arn:\S+:alarm:a fires, and .* is not back by the poll`),
	},
	{
		name: "the RevisionId",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.updatesAlias() {
				delete(c.body, "RevisionId")
				c.changed = true
			}
			return nil, nil
		},
	},
	{
		name: "the intent's condition",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "set-weight" && c.operation == "UpdateItem" {
				c.unconditional(c.body)
			}
			return nil, nil
		},
	},
	{
		name: "the new intent after PreconditionFailed",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if c.actor != "set-weight" || c.operation != "UpdateItem" {
				return nil, nil
			}
			self := r.w.Current()
			if slices.Contains(r.intended, self) {
				c.unconditional(c.body)
			}
			r.intended = append(r.intended, self)
			return nil, nil
		},
		bases:   []string{"canary promoted"},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")}},
	},
	{
		name: "the write even when nothing differs",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			alias, _ := r.w.Cloud().Alias("orders", "live")
			if !c.updatesAlias() || c.actor == "set-weight" || c.body["FunctionVersion"] != alias.FunctionVersion || len(alias.Weights) > 0 {
				return nil, nil
			}
			text, _ := json.Marshal(map[string]any{"FunctionVersion": alias.FunctionVersion, "Name": alias.Name, "RevisionId": "another, it says"})
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text))}, nil
		},
		bases:   []string{"canary promoted"},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")}},
	},
	{
		name: "the undo with one's own Revision only",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.updatesAlias() && c.actor == "set-weight" && len(c.weights()) == 0 && c.body["FunctionVersion"] == "2" {
				delete(c.body, "RevisionId")
				c.changed = true
			}
			return nil, nil
		},
		bases: []string{"canary promoted"},
		strikes: []strike{
			{actor: flow.SetWeight.Function, action: "lambda:UpdateAlias", nth: 2, fault: theFault("stopped, a zombie at 0.6 s a call")},
			{actor: flow.SafetyNet, action: "lambda:UpdateAlias", nth: 1, fault: theFault("a second deployment that waits")},
		},
	},
	{
		// A write after the mark is taken back by who restores, or by the second look; but
		// whoever has written it and lives is there first.
		name: "the condition of recording what has landed",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			names, _ := json.Marshal(c.body["ExpressionAttributeNames"])
			if c.actor == "set-weight" && c.operation == "UpdateItem" && bytes.Contains(names, []byte(`"landed"`)) {
				c.unconditional(c.body)
			}
			return nil, nil
		},
		bases: []string{"an alias that is created, with an alarm"},
		strikes: []strike{{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: fault{
			name: "stopped, a zombie at 10 s a call", class: slowed, pace: 10 * time.Second, strike: zombie(10 * time.Second),
		}}},
		breaks: regexp.MustCompile(`^I7: a set-weight gave .* has not taken it back`),
	},
	{
		name: "the lock's condition",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "open-deployment" {
				for _, put := range c.writes("Put") {
					if attribute(put["Item"], flow.LedgerSortKey) == "lock" {
						c.unconditional(put)
					}
				}
			}
			return nil, nil
		},
		bases: []string{"canary promoted"},
		strikes: []strike{{actor: flow.Open.Function, action: "lambda:GetFunction", nth: 1,
			fault: theFault("a second deployment of another version that is put back")}},
	},
	{
		// A deployment is refused because another one holds its Target. A try of Open that
		// Step Functions had lost comes when the other has ended, and finds nothing else in
		// its way.
		name: "the record's own condition, of Open",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "open-deployment" {
				for _, put := range c.writes("Put") {
					if attribute(put["Item"], flow.LedgerSortKey) == "record" {
						c.unconditional(put)
					}
				}
			}
			return nil, nil
		},
		bases: []string{"hooks at both points"},
		strikes: []strike{
			{boundary: 2, fault: theFault("a second deployment")},
			{actor: "open-deployment", action: "lambda:GetFunction", nth: 2, fault: theFault("forsaken, and gone on at 25 s a call")},
		},
		breaks: closedAndOpen,
	},
	{
		name: "the condition of marking a record as restoring",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			values, _ := json.Marshal(c.body["ExpressionAttributeValues"])
			if slices.Contains(restorers, c.actor) && c.operation == "UpdateItem" && bytes.Contains(values, []byte(`"restoring"`)) {
				c.unconditional(c.body)
			}
			return nil, nil
		},
		bases: []string{"redrive"}, breaks: closedAndOpen,
	},
	{
		name:    "Close's condition",
		without: withoutClosing("close-deployment"),
		bases:   []string{"canary promoted"},
		strikes: []strike{{actor: flow.Close.Function, action: "lambda:GetAlias", nth: 1, fault: theFault("stopped after")}},
	},
	{
		// A restorer that was held up closes once more what has long been closed, and
		// gives back the lock of whoever holds the Target by then.
		name:    "Close's condition, of who restores",
		without: withoutClosing(restorers...),
		bases:   []string{"three targets with an alarm" + keepingRevisions},
		strikes: []strike{
			{actor: "safety-net", action: "lambda:UpdateAlias", nth: 3, fault: theFault("stopped, a zombie at 25 s a call")},
			{actor: "safety-net", action: "lambda:UpdateAlias", nth: 11, fault: theFault("a second deployment that waits")},
		},
	},
	{
		name:    "Close's condition, of Open",
		without: withoutClosing("open-deployment"),
		bases:   []string{"a callback that is awaited for hours, and an abort"}, strikes: openedTwice, breaks: closedAsUnchanged,
	},
	{
		name: "that Close goes by the description that was read",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "open-deployment" {
				for _, update := range c.writes("Update") {
					c.relax(update, absent)
				}
			}
			return nil, nil
		},
		bases: []string{"a callback that is awaited for hours, and an abort"}, strikes: openedTwice, breaks: closedAsUnchanged,
	},
	{
		// A deployment is refused because another one holds its Target. While its Rollback
		// is held up, a try of Open that Step Functions had lost takes the lock after all.
		name: "Reject's condition",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "rollback" {
				for _, put := range c.writes("Put") {
					c.unconditional(put)
				}
			}
			return nil, nil
		},
		bases: []string{"hooks at both points"},
		strikes: []strike{
			{boundary: 2, fault: theFault("a second deployment")},
			{actor: "open-deployment", action: "dynamodb:Query", nth: 2, fault: theFault("forsaken, and gone on at 3 s a call")},
			{actor: "rollback", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")},
		},
	},
	{
		name: "the open item kept until announced",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			for _, update := range c.writes("Update") {
				if id, is := strings.CutPrefix(attribute(update["Key"], flow.LedgerPartitionKey), "deployment#"); is {
					return nil, dynamo.FromConfig(r.w.Config("nobody"), world.LedgerTable).Retire(context.Background(), id)
				}
			}
			return nil, nil
		},
	},
	{
		name: "the delete of what was created",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if !c.deletesAlias() || !slices.Contains(restorers, c.actor) {
				return nil, nil
			}
			return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody}, nil
		},
		bases: []string{"an alias that is created, with an alarm"},
	},
	{
		name:    "the second look",
		without: withoutList(`"suspect"`),
		bases:   []string{"an alias that is created, with an alarm"},
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
			{actor: "set-weight", action: "lambda:CreateAlias", nth: 1, fault: theFault("killed after")},
		},
	},
	{
		// A Rollback that Step Functions has lost closes the record between the two
		// writes of its retry, which dies there.
		name:    "the second look, for a zero weight",
		without: withoutList(`"suspect"`),
		bases:   []string{"canary with an alarm that is polled" + keepingRevisions},
		strikes: []strike{
			{actor: "rollback", action: "lambda:UpdateAlias", nth: 1, fault: fault{
				name: "forsaken, and gone on at 1.2 s a call", class: forsaken, pace: 1200 * time.Millisecond, strike: forsake(1200 * time.Millisecond),
			}},
			{actor: "rollback", action: "lambda:UpdateAlias", nth: 4, fault: theFault("killed after")},
		},
	},
	{
		name: "the Revision of this restoration",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			self := r.w.Current()
			if id, is := strings.CutPrefix(attribute(c.body["Key"], flow.LedgerPartitionKey), "deployment#"); is && c.operation == "UpdateItem" {
				r.marked[self] = id
			}
			d := r.deployments[r.marked[self]]
			if !c.updatesAlias() || !slices.Contains(restorers, c.actor) || d == nil || len(c.weights()) > 0 {
				return nil, nil
			}
			delete(r.marked, self)
			// Who looks only now goes by what is there now.
			if alias := r.target(ordersLive).alias; alias != nil && explains(d, ordersLive, alias) {
				c.body["RevisionId"] = alias.RevisionID
				c.changed = true
			}
			return nil, nil
		},
		bases: []string{"canary with an alarm that is polled"},
		strikes: []strike{
			{actor: flow.Rollback.Function, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("forsaken, and gone on at 25 s a call")},
			{actor: flow.SafetyNet, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("a second deployment that waits")},
		},
	},
	{
		// Who has been overtaken looks again, and is held up before or after: the record
		// may be closed by then, and what it sees what the next deployment has written.
		name: "the look at the record after another look at the Target",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			id, is := strings.CutPrefix(attribute(c.body["Key"], flow.LedgerPartitionKey), "deployment#")
			if !is || !slices.Contains(restorers, c.actor) {
				return nil, nil
			}
			self := r.w.Current()
			if c.operation == "UpdateItem" {
				r.marked[self] = id
			}
			if d := r.deployments[id]; c.operation != "GetItem" || r.marked[self] != id || d == nil || !d.finished() {
				return nil, nil
			}
			item, _ := json.Marshal(map[string]any{"Item": map[string]any{"id": stored{id}, "status": stored{"restoring"}, "arrivals": stored{"[]"}}})
			return nothing(string(item)), nil
		},
		bases: []string{"canary with an alarm that is polled"},
		strikes: []strike{
			{actor: "check-alarms", action: "cloudwatch:DescribeAlarms", nth: 1, fault: theFault("a second deployment that waits")},
			{actor: "rollback", action: "lambda:UpdateAlias", nth: 1, fault: theFault(putBack)},
			{actor: "rollback", action: "lambda:GetAlias", nth: 1, fault: fault{name: "stopped, a zombie at 12 s a call", class: slowed, pace: 12 * time.Second, strike: zombie(12 * time.Second)}},
		},
	},
	{
		// A deletion that is held up must not find the alias of the next deployment.
		name: "the lock that is kept until the second look",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			items, _ := c.body["TransactItems"].([]any)
			for _, i := range items {
				action, _ := i.(map[string]any)
				update, _ := action["Update"].(map[string]any)
				if attribute(update["Key"], flow.LedgerSortKey) == "lock" {
					delete(action, "Update")
					action["Delete"], c.changed = map[string]any{"TableName": update["TableName"], "Key": update["Key"]}, true
				}
			}
			return nil, nil
		},
		bases: []string{"an alias that is created, with an alarm"},
		strikes: []strike{
			{actor: "safety-net", action: "lambda:DeleteAlias", nth: 1, fault: theFault("slower than the Lambda may be, and late")},
			{boundary: 5, later: 45 * time.Second, fault: theFault("a second deployment that creates its alias")},
		},
	},
	{
		// A straggler's alias goes at the second look, whose deletion is held up in turn.
		name: "the quarantine that begins anew before the second look deletes",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.SafetyNet && c.operation == "UpdateItem" && attribute(c.body["Key"], flow.LedgerPartitionKey) == "suspect" &&
				!strings.Contains(c.body["ConditionExpression"].(string), "attribute_not_exists") {
				return nothing(`{}`), nil
			}
			return nil, nil
		},
		bases: []string{"an alias that is created, with an alarm"},
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
			{actor: "safety-net", action: "lambda:DeleteAlias", nth: 1, fault: theFault("slower than the Lambda may be, and late")},
			{boundary: 5, later: 45 * time.Second, fault: theFault("a second deployment that creates its alias")},
		},
	},
	{
		name: "that who describes a deployment first is believed",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "open-deployment" && c.operation == "UpdateItem" {
				c.relax(c.body, absent)
			}
			return nil, nil
		},
		bases: []string{"canary promoted"},
		strikes: []strike{
			{actor: flow.Open.Function, action: "cloudwatch:DescribeAlarms", nth: 1, fault: theFault("forsaken, and gone on at 3 s a call")},
			{actor: flow.Open.Function, action: "lambda:GetFunction", nth: 2, fault: theFault("edited by a stranger")},
		},
	},
	{
		// What an alarm's late event then does is no invariant's affair: traffic may
		// always go back. But nobody has asked for it.
		name: "that an alarm's event counts only when it is newer than what Open has read",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "safety-net" && c.operation == "UpdateItem" {
				c.relax(c.body, unseen)
			}
			return nil, nil
		},
		bases:  []string{"an alarm that fired before it was read"},
		breaks: putBackForNothing,
	},
	{
		name: "that a later command stands",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == flow.SafetyNet && c.operation == "UpdateItem" {
				c.relax(c.body, absent)
			}
			return nil, nil
		},
		bases:   []string{"pause, then promote"},
		strikes: []strike{{event: 1, fault: theStray("after its follower")}},
		breaks:  regexp.MustCompile(`^command: main was told to (promote|resume) at .*, and then what had been asked before, to pause`),
	},
	{
		name: "that a command is for who held the target when it was given",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if c.actor != flow.SafetyNet || c.operation != "GetItem" || attribute(c.body["Key"], flow.LedgerSortKey) != "lock" {
				return nil, nil
			}
			if d := r.holder(ordersLive); d != nil {
				return nothing(`{"Item": {"holder": {"S": "` + d.id + `"}}}`), nil
			}
			return nothing(`{}`), nil
		},
		bases: []string{"abort"},
		second: func(first strike, all []strike) []strike {
			if first.kind != flow.CommandDetailType {
				return nil
			}
			return only(all, "a second deployment that waits")
		},
		breaks: regexp.MustCompile(`^command: second-1 was aborted, and nobody has asked for that`),
	},
	{
		name: "the sweep of what is closed and not announced, while its execution goes on",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			id, is := strings.CutPrefix(attribute(c.body["Key"], flow.LedgerSortKey), "deployment#")
			if !is || c.actor != flow.SafetyNet || c.operation != "GetItem" || !r.w.IsRunning(id) {
				return nil, nil
			}
			return nothing(`{}`), nil // the open item: it was announced
		},
		bases:   []string{"a hook that takes minutes, and an abort"}, // while its Lambda runs, nobody can answer for it
		strikes: []strike{{actor: flow.SafetyNet, action: "dynamodb:TransactWriteItems", nth: 1, fault: theFault("killed after")}},
		breaks:  regexp.MustCompile(`^I8: main has ended, and .* after that nobody was told`),
	},
	{
		// That traffic is put back is no invariant's affair here, either.
		name:    "that only a terminal status condemns",
		without: func(r *run, c *wireCall) (*http.Response, error) { return condemned(r, c, true) },
		bases:   []string{"canary promoted"}, breaks: putBackForNothing,
	},
	{
		name:    "that an execution which has just begun may be unknown",
		without: func(r *run, c *wireCall) (*http.Response, error) { return condemned(r, c, false) },
		bases:   []string{"canary promoted"}, breaks: putBackForNothing,
	},
}

// condemned has an execution ended for whoever asks for its status: one that
// DescribeExecution knows, or one that it does not know yet.
func condemned(r *run, c *wireCall, known bool) (*http.Response, error) {
	arn, _ := c.body["executionArn"].(string)
	x, exists := r.w.Machine().Execution(arn)
	if c.operation != "DescribeExecution" || !exists || r.w.IsKnown(x) != known {
		return nil, nil
	}
	return nothing(`{"status": "ABORTED"}`), nil
}

var putBackForNothing = regexp.MustCompile(`^it ended as RolledBack, and nothing has kept it from ending as Promoted`)

// closedAndOpen : people were told how a deployment has ended, and it goes on.
var closedAndOpen = regexp.MustCompile(`^\S+ was closed as \w+, and is (open|restoring) again`)

// openedTwice has a try of Open that Step Functions has lost find nothing to shift,
// when its retry has found something. No traffic is wrong for it, but people are told
// that there was nothing to do, and the execution ends as something else.
var (
	openedTwice = []strike{
		{actor: "open-deployment", action: "dynamodb:Query", nth: 1, fault: fault{name: "forsaken, and gone on at 6 s a call", class: forsaken, pace: 6 * time.Second, strike: forsake(6 * time.Second)}},
		{actor: "open-deployment", action: "events:PutEvents", nth: 1, fault: theFault("moved to the Candidate by a stranger")},
	}
	closedAsUnchanged = regexp.MustCompile(`^the execution main ended as Rejected, and its record as Unchanged`)
)

// What is taken out of conditions: that a record is not described yet, or has no command,
// and that an alarm has fired since Open has read it.
var (
	absent = regexp.MustCompile(`attribute_not_exists ?\(#\d+\)`)
	unseen = regexp.MustCompile(`#\d+\.#\d+ < :\d+`)
)

// withoutClosing lets some Lambdas close a record whatever has become of it, and of its
// locks.
func withoutClosing(actors ...string) func(*run, *wireCall) (*http.Response, error) {
	return func(_ *run, c *wireCall) (*http.Response, error) {
		if !slices.Contains(actors, c.actor) {
			return nil, nil
		}
		for _, write := range slices.Concat(c.writes("Update"), c.writes("Delete")) {
			c.unconditional(write)
		}
		return nil, nil
	}
}

// withoutList hides a list of the Ledger from the safety net.
func withoutList(of string) func(*run, *wireCall) (*http.Response, error) {
	return func(_ *run, c *wireCall) (*http.Response, error) {
		if values, _ := json.Marshal(c.body["ExpressionAttributeValues"]); c.operation == "Query" && bytes.Contains(values, []byte(of)) {
			return nothing(noItems), nil
		}
		return nil, nil
	}
}
