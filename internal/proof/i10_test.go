package proof

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
)

// I10: no Step is taken before a person has agreed where its Plan asks for that, outside of its
// Window, or while the account is frozen; and every Wait ends by its limit. That no Wait keeps a
// rollback from happening is I7: the promises of i7_reason_test.go count while it waits, too.

// entryLag is how long a Lambda that has read what keeps a Step out may take until it records the
// Step: the time that it may take itself, and that by which AWS may carry its call out late.
const entryLag = 150 * time.Second

// froze is a freeze, and since when it stands.
type froze struct {
	since, until time.Time
}

// freezes notes a write of the freeze.
func (r *run) freezes(after dynamodb.Item) {
	until, _ := time.Parse(time.RFC3339, text(after, "frozenUntil"))
	r.frozen = append(r.frozen, froze{since: r.w.Now(), until: until})
}

// isFrozen says whether the account has been frozen for all of entryLag.
func (r *run) isFrozen() bool {
	for i := len(r.frozen) - 1; i >= 0; i-- {
		f := r.frozen[i]
		if !f.until.After(r.w.Now().Add(-entryLag)) {
			return false
		}
		if r.w.Now().Sub(f.since) >= entryLag {
			return f.until.After(r.w.Now())
		}
	}
	return false
}

// enters is told of every write of a record.
func (r *run) enters(was standing, d *standing, record dynamodb.Item) {
	if d.intent <= was.intent || d.deployment == nil {
		return
	}
	if r.isFrozen() && !d.deployment.PutsBack() {
		r.breaks("I10: %s has taken step %d, and the account is frozen", nameOf(d.id), d.intent)
	}
	if r.said[d.id].Order == shift.Promote {
		return
	}
	step := d.deployment.Plan.Step(d.intent)
	if opens, known := step.Window.Opens(r.w.Now().Add(-entryLag)); !known || opens.After(r.w.Now()) {
		r.breaks("I10: %s has taken step %d outside of its window", nameOf(d.id), d.intent)
	}
	if step.Approval.IsAsked() && !r.approved(d.intent, step.Approval, record) {
		r.breaks("I10: %s has taken step %d, and nobody has approved it", nameOf(d.id), d.intent)
	}
}

// approved says whether a person has approved a Step, or nobody has answered for as long as the
// Plan wants.
func (r *run) approved(step int, a shift.Approval, record dynamodb.Item) bool {
	var answers struct {
		List []struct {
			Text string `json:"S"`
		} `json:"L"`
	}
	_ = json.Unmarshal([]byte(record["answers"].String()), &answers)
	for _, stored := range answers.List {
		var answer shift.Answer
		if json.Unmarshal([]byte(stored.Text), &answer) == nil && answer.Step == step {
			return answer.Command.Order == shift.Approve
		}
	}
	var asked struct {
		Number json.Number `json:"N"`
	}
	_ = json.Unmarshal([]byte(record["askedAt"].String()), &asked)
	at, err := asked.Number.Int64()
	return err == nil && a.WhenNobodyAnswers == shift.GoOnAfterWait && !r.w.Now().Before(time.UnixMilli(at).Add(a.Wait.Duration()))
}

// waitsEnd is told of every Progress that waits.
func (r *run) waitsEnd(id string, p shift.Progress) {
	d := r.deployments[id].deployment
	limits := map[string]shift.Seconds{shift.Paused: d.PauseLimit, shift.OutsideWindow: 15 * 24 * 3600, shift.Frozen: 90 * 24 * 3600}
	if p.Step < d.Plan.Len() {
		limits[shift.AwaitingApproval] = d.Plan.Step(p.Step + 1).Approval.Wait
	}
	for _, w := range p.Waits {
		limit, bounded := limits[w.Name]
		if bounded && w.Seconds > limit {
			r.breaks("I10: %s has waited for %s (%s), and at most %s are allowed", nameOf(id), w.Seconds, strings.TrimSpace(w.Name+" "+w.Subject), limit)
		}
	}
	if p.Wait <= 0 {
		r.breaks("I10: %s waits without sleeping", nameOf(id))
	}
}

// entryBases wait for people, for windows, and for the end of a freeze.
var entryBases = []base{
	{"an approval that is given",
		`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": {"steps": [{"percent": 10, "bakeMinutes": 1}, {"percent": 100, "approval": {"waitMinutes": 20}}]}}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 200, "do": "approve", "target": "lambda:orders:live", "reason": "yes"}]}`, shift.Promoted, shift.RolledBack, nil, false},
	{"an approval before any traffic, and a rejection while the account is frozen",
		`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": {"steps": [{"percent": 10, "bakeMinutes": 1, "approval": {"waitMinutes": 20, "whenNobodyAnswers": "promote"}},
		  {"percent": 100, "approval": {"waitMinutes": 20}}]}}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 100, "do": "approve", "target": "lambda:orders:live", "reason": "yes"},
		  {"atSeconds": 250, "do": "freeze", "forSeconds": 600, "reason": "the sale"},
		  {"atSeconds": 400, "do": "reject", "target": "lambda:orders:live", "reason": "no"}]}`, shift.RolledBack, "", nil, false},
	{"a window that opens, and an alarm in a freeze",
		`{"function": "orders", "judge": "off", "alarms": ["a"], "window": {"days": ["Thu"], "from": "00:05", "to": "23:00", "timeZone": "UTC"},
		  "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 310, "do": "freeze", "forSeconds": 1800, "reason": "the sale"},
		  {"atSeconds": 1200, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, shift.Rejected, nil, false},
	{"one replaces when its window opens",
		`{"function": "orders", "judge": "off", "version": "1", "strategy": {"canary": {"percent": 10, "bakeMinutes": 20}}}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 150, "do": "startExecution", "input": {"function": "orders", "whenHeld": "replace", "judge": "off", "strategy": "AllAtOnce",
		  "window": {"days": ["Thu"], "from": "00:05", "to": "23:00", "timeZone": "UTC"}}}]}`, shift.RolledBack, "", nil, false},
}

var entryGuards = []guard{
	{
		name: "the look at the freeze before a step",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.operation == "GetItem" && attribute(c.body["Key"], flow.LedgerPartitionKey) == flow.FreezePartition {
				return nothing(`{}`), nil
			}
			return nil, nil
		},
		bases:   []string{"a window that opens, and an alarm in a freeze"},
		strikes: []strike{},
		breaks:  regexp.MustCompile(`^I10: main has taken step 2, and the account is frozen`),
	},
}
