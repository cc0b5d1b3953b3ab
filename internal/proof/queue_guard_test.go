package proof

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
)

// What keeps those who wait, replace and delete from harm.
var queueGuards = []guard{
	{
		name: "that who came before goes first",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if values, _ := json.Marshal(c.body["ExpressionAttributeValues"]); c.actor == flow.Open.Function && c.operation == "Query" && bytes.Contains(values, []byte(`"waiting"`)) {
				return nothing(noItems), nil
			}
			return nil, nil
		},
		bases: []string{"two wait, and one replaces them"},
		second: func(first strike, all []strike) []strike {
			if first.fault.name != "a second deployment that waits" || first.boundary < 15 {
				return nil
			}
			return only(all, "a sweep")[:1]
		},
		breaks: regexp.MustCompile(`^queue: \S+ has taken lambda:orders:live before \S+, who has waited since`),
	},
	{
		// A try of Open that Step Functions has lost marks the deployment that it replaces, when
		// that has long been put back and closed.
		name: "the condition of marking the deployment that is replaced",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			values, _ := json.Marshal(c.body["ExpressionAttributeValues"])
			if c.actor == flow.Open.Function && c.operation == "UpdateItem" && bytes.Contains(values, []byte(`"restoring"`)) {
				c.unconditional(c.body)
			}
			return nil, nil
		},
		bases: []string{"a newer one replaces it"},
		strikes: []strike{{actor: flow.Open.Function, action: "dynamodb:TransactWriteItems", nth: 3, fault: fault{ // when it has entered the queue
			name: "forsaken, and gone on at 50 s a call", class: forsaken, pace: 50 * time.Second, strike: forsake(50 * time.Second),
		}}},
		breaks: closedAndOpen,
	},
	{
		name: "that what a revert would need is not deleted",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			id, isRecord := strings.CutPrefix(attribute(c.body["Key"], flow.LedgerPartitionKey), "deployment#")
			if c.actor != flow.Close.Function || c.operation != "GetItem" || !isRecord {
				return nil, nil
			}
			self := r.w.Current()
			if r.marked[self] == "" { // it reads its own record before it closes it
				r.marked[self] = id
				return nil, nil
			}
			return nothing("{}"), nil
		},
		bases:   []string{"promoted, and old versions are deleted"},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^prune: version 4 of orders was deleted, and main needs it`),
	},
	{
		name: "that an execution which was stopped while it waited leaves the queue",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			for _, write := range c.writes("Delete") {
				if key, _ := write["Key"].(map[string]any); attribute(key, flow.LedgerPartitionKey) == "waiting" {
					key[flow.LedgerSortKey], c.changed = stored{"nobody"}, true
				}
			}
			if values, _ := json.Marshal(c.body["ExpressionAttributeValues"]); c.actor == flow.SafetyNet && c.operation == "Query" && bytes.Contains(values, []byte(`"waiting"`)) {
				return nothing(noItems), nil
			}
			return nil, nil
		},
		bases:   []string{"two wait, and one replaces them"},
		strikes: []strike{{boundary: 16, fault: fault{name: "a waiter is stopped", strike: done((*run).stopWaiter)}}},
		breaks:  regexp.MustCompile(`^the ledger still has waiting`),
	},
}

// stopWaiter stops the execution that has waited for longest.
func (r *run) stopWaiter() {
	for _, x := range r.w.Executions() {
		if _, waits := r.waiting[x.ARN()]; waits {
			_ = r.w.Machine().Stop(x.ARN(), "", "")
			return
		}
	}
}
