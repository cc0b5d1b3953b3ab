package proof

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// base is a deployment that the faults disturb, and its outcome without faults.
type base struct {
	name, input, scenario string
	outcome               shift.Outcome
	// or is another allowed outcome if a fault delays the deployment. The scenario's events
	// are not delayed, so they may come before the state that should see them.
	or shift.Outcome
	// kinds are other kinds of Targets than Lambda aliases.
	kinds map[string]world.Kind
	// keeps says that an alias keeps its RevisionId when a write changes nothing.
	keeps bool
}

// keepingRevisions ends the names of bases in which an alias keeps its RevisionId when a write
// changes nothing. AWS was seen to give it a new one, but does not document that.
const keepingRevisions = ", keeping the RevisionId"

func (b base) keeping() base {
	b.name, b.keeps = b.name+keepingRevisions, true
	return b
}

const chaosFunctions = `"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}}}`

// threeVersions has one more, for those whose other deployments name versions.
const threeVersions = `"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "2"}}}}`

// mainARN is the execution of every base.
const mainARN = "arn:aws:states:" + world.Region + ":" + world.Account + ":execution:sluice:main"

// abroad is an alarm of another region than Ireland.
const abroad = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"

// provisionedFunctions has an alias whose weights Lambda itself moves for a while.
const provisionedFunctions = `"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}, "provisionedSeconds": {"live": 10}}}`

var bases = slices.Concat(basesOfAliases, frontEndBases, hookBases, entryBases)

var basesOfAliases = []base{
	{"canary promoted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{"canary with an alarm that is polled",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 3}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"linear",
		`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 1}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{"hooks at both points",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {
		  "beforeTraffic": [{"function": "smoke", "timeoutSeconds": 60}],
		  "afterTraffic": [{"function": "check", "mode": "callback", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 5}, "check": {"afterSeconds": 5}}}`, shift.Promoted, "", nil, false},
	{"a failing hook when all traffic is shifted",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"check": {"result": "fail", "afterSeconds": 5}}}`, shift.RolledBack, "", nil, false},
	{"three targets with an alarm",
		`{"targets": [{"function": "orders"}, {"function": "payments"}, {"function": "stock"}],
		  "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "payments": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "stock": {"versions": 2, "aliases": {"live": {"version": "2"}}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"alarm fast path",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"abort",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.RolledBack, "", nil, false},
	{"pause, then promote",
		`{"function": "orders", "strategy": {"linear": {"percent": 20, "everyMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 30, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"},
		  {"atSeconds": 300, "do": "promote", "target": "lambda:orders:live", "reason": "looks good"}]}`, shift.Promoted, "", nil, false},
	{"a callback that is awaited for hours, and an abort",
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 7200}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"result": "hang"}},
		  "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.Rejected, "", nil, false},
	{"pause, then resume",
		`{"function": "orders", "strategy": {"linear": {"percent": 20, "everyMinutes": 2}}, "pauseLimitMinutes": 5, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 30, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"},
		  {"atSeconds": 60, "do": "resume", "target": "lambda:orders:live", "reason": "back"}]}`, shift.Promoted, "", nil, false},
	{"redrive",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 90, "do": "stopExecution"}, {"atSeconds": 200, "do": "redriveExecution"}]}`, shift.RolledBack, "", nil, false},
	{"started by an event, configured by a parameter",
		`{"trigger": "event", "function": "orders", "version": "2"}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}, "tags": {"sluice:alias": "live", "sluice:config": "/sluice/orders"}}},
		  "parameters": {"/sluice/orders": {"strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}}}`, shift.Promoted, "", nil, false},
	{"an alarm that fired before it was read",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 0.1, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 0.2, "do": "setAlarmState", "alarm": "a", "state": "OK"}]}`, shift.Promoted, "", nil, false},
	{"an alias that is created, with an alarm",
		`{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 1, "aliases": {}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"an alias that is created while the alarm fires",
		`{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 1, "aliases": {}}},
		  "events": [{"atSeconds": 0.51, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, shift.Rejected, nil, false},
	{"provisioned concurrency, promoted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + provisionedFunctions + `}`, shift.Promoted, "", nil, false},
	{"provisioned concurrency, and an alarm when all traffic is shifted",
		`{"function": "orders", "judge": {"controlPercent": 0}, "strategy": {"steps": [{"percent": 10, "bakeMinutes": 2}, {"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{` + provisionedFunctions + `, "events": [{"atSeconds": 230, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"a function that is being updated, and a version that is pending",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}, "updatingSeconds": 8}}, "candidate": {"pendingSeconds": 12}}`,
		shift.Promoted, "", nil, false},
	{"an alarm that is ignored until it has been OK",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"], "alarmsAtStart": "ignoreUntilOk"}`,
		`{` + chaosFunctions + `, "alarms": [{"name": "a"}], "events": [
		  {"atSeconds": 0, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "OK"},
		  {"atSeconds": 80, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"an alarm that is ignored, and seen to be OK by a poll",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"], "alarmsAtStart": "ignoreUntilOk"}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}}, "alarms": [{"name": "a"}], "events": [
		  {"atSeconds": 0, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 50, "do": "setAlarmState", "alarm": "a", "state": "OK"},
		  {"atSeconds": 80, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, shift.Promoted, nil, false},
	{"a hook that takes minutes, and an abort",
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "timeoutSeconds": 600}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 400}},
		  "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.Rejected, "", nil, false},
	{"compared with Stable, and promoted",
		`{"function": "orders", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 2}, {"percent": 100, "bakeMinutes": 1}]}}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{"compared with Stable, and worse",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}}`,
		`{` + chaosFunctions + `, "candidate": {"errorRate": 0.5}}`, shift.RolledBack, "", nil, false},
	{"an alarm of another region, and one of its name at home",
		`{"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 3}}, "alarms": ["a", "` + abroad + `"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "` + abroad + `", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"promoted, then reverted",
		`{"function": "orders", "strategy": "AllAtOnce", "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 100, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 120, "do": "startExecution", "input": {"revert": "` + mainARN + `", "reason": "no"}}]}`, shift.Promoted, shift.Rejected, nil, false},
	{"a newer one replaces it",
		`{"function": "orders", "version": "3", "strategy": {"canary": {"percent": 10, "bakeMinutes": 20}}, "alarms": ["a"]}`,
		`{` + threeVersions + `, "events": [
		  {"atSeconds": 200, "do": "startExecution", "input": {"function": "orders", "version": "1", "whenHeld": "replace", "strategy": "AllAtOnce"}}]}`, shift.RolledBack, shift.Rejected, nil, false},
	{"two wait, and one replaces them",
		`{"function": "orders", "version": "3", "strategy": {"canary": {"percent": 10, "bakeMinutes": 4}}, "alarms": ["a"]}`,
		`{` + threeVersions + `, "events": [
		  {"atSeconds": 60, "do": "startExecution", "input": {"function": "orders", "version": "1", "whenHeld": "wait", "strategy": "AllAtOnce"}},
		  {"atSeconds": 90, "do": "startExecution", "input": {"function": "orders", "version": "2", "whenHeld": "wait", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}},
		  {"atSeconds": 600, "do": "startExecution", "input": {"function": "orders", "version": "1", "whenHeld": "replace", "strategy": "AllAtOnce"}}]}`, shift.Promoted, "", nil, false},
	{"promoted, and old versions are deleted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"], "keepVersions": 1}`,
		`{"functions": {"orders": {"versions": 4, "aliases": {"live": {"version": "4"}, "old": {"version": "1"}}}}}`, shift.Promoted, "", nil, false},
	{"a quiet function with synthetic requests",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "judge": {"synthetic": {"function": "load", "perMinute": 1000}}}`,
		`{` + chaosFunctions + `, "traffic": {"requestsPerMinute": 2}}`, shift.Promoted, "", nil, false},
}

func baseOf(t *testing.T, name string) base {
	t.Helper()
	all := withBothAnswers()
	i := slices.IndexFunc(all, func(b base) bool { return b.name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return all[i]
}

// withBothAnswers returns the bases, those of aliases with each answer of AWS to a write that
// changes nothing.
func withBothAnswers() []base {
	all := slices.Clone(bases)
	for _, b := range basesOfAliases {
		all = append(all, b.keeping())
	}
	return all
}

// The bases, with the answer that AWS has not given: TestChaosPairs and TestChaosTriples draw
// these, too.
func TestChaosStopsWhereTheRevisionIsKept(t *testing.T) {
	t.Parallel()
	chosen := basesOfAliases
	if !whole(t) {
		chosen = each(chosen, 3)
	}
	for _, b := range chosen {
		b := b.keeping()
		undisturbed, err := play(b, guard{})
		require.NoError(t, undisturbed.story(err))
		require.Equal(t, b.outcome, undisturbed.outcome(), b.name)
		explore(t, undisturbed.states, func(i int) error {
			r, err := play(b, guard{}, stopAt(i+1))
			return r.story(err)
		})
	}
}

// A stopped deployment may still write. A restorer that finds the alias on Stable gives it
// another RevisionId, so that the late write is refused. That takes one write, or three where
// the first one has not changed the RevisionId.
func TestAWriteInFlightIsFencedOffWithOneWrite(t *testing.T) {
	t.Parallel()
	late := strike{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")}
	canary := baseOf(t, "canary promoted")
	for _, test := range []struct {
		base    base
		weights []float64 // of the Candidate, after each write of the safety net
	}{
		{canary, []float64{-1}},
		{canary.keeping(), []float64{-1, 0, -1}},
	} {
		t.Run(test.base.name, func(t *testing.T) {
			t.Parallel()
			r, err := newRun(test.base, guard{}, late)
			require.NoError(t, err)
			var weights []float64
			var refused int
			r.w.Cloud().OnAliasChange(func(c localaws.AliasChange) {
				assert.Equal(t, flow.SafetyNet, c.Actor)
				weight, divided := c.After.Weights["3"]
				if !divided {
					weight = -1
				}
				weights = append(weights, weight)
			})
			r.w.Cloud().OnCall(func(c localaws.Call) {
				if c.Actor == flow.SetWeight.Function && c.ErrorCode == "PreconditionFailedException" {
					refused++
				}
			})
			err = r.play()
			require.NoError(t, r.story(err))
			assert.Equal(t, test.weights, weights)
			assert.Equal(t, 1, refused, "the late write")
		})
	}
}
