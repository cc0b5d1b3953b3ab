package proof

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
	"sluice/internal/world"
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
}

const chaosFunctions = `"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}}}`

// provisionedFunctions has an alias whose weights Lambda itself moves for a while.
const provisionedFunctions = `"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}, "provisionedSeconds": {"live": 10}}}`

var bases = []base{
	{"canary promoted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil},
	{"canary with an alarm that is polled",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 3}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil},
	{"linear",
		`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 1}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil},
	{"hooks at both points",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {
		  "beforeTraffic": [{"function": "smoke", "timeoutSeconds": 60}],
		  "afterTraffic": [{"function": "check", "mode": "callback", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"afterSeconds": 5}, "check": {"afterSeconds": 5}}}`, shift.Promoted, "", nil},
	{"a failing hook when all traffic is shifted",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check", "timeoutSeconds": 60}]}}`,
		`{` + chaosFunctions + `, "hooks": {"check": {"result": "fail", "afterSeconds": 5}}}`, shift.RolledBack, "", nil},
	{"three targets with an alarm",
		`{"targets": [{"function": "orders"}, {"function": "payments"}, {"function": "stock"}],
		  "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "payments": {"versions": 2, "aliases": {"live": {"version": "2"}}},
		   "stock": {"versions": 2, "aliases": {"live": {"version": "2"}}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil},
	{"alarm fast path",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil},
	{"abort",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.RolledBack, "", nil},
	{"pause, then promote",
		`{"function": "orders", "strategy": {"linear": {"percent": 20, "everyMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 30, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"},
		  {"atSeconds": 300, "do": "promote", "target": "lambda:orders:live", "reason": "looks good"}]}`, shift.Promoted, "", nil},
	{"a callback that is awaited for hours, and an abort",
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 7200}]}}`,
		`{` + chaosFunctions + `, "hooks": {"smoke": {"result": "hang"}},
		  "events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`, shift.Rejected, "", nil},
	{"pause, then resume",
		`{"function": "orders", "strategy": {"linear": {"percent": 20, "everyMinutes": 2}}, "pauseLimitMinutes": 5, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 30, "do": "pause", "target": "lambda:orders:live", "reason": "lunch"},
		  {"atSeconds": 60, "do": "resume", "target": "lambda:orders:live", "reason": "back"}]}`, shift.Promoted, "", nil},
	{"redrive",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 90, "do": "stopExecution"}, {"atSeconds": 200, "do": "redriveExecution"}]}`, shift.RolledBack, "", nil},
	{"started by an event, configured by a parameter",
		`{"trigger": "event", "function": "orders", "version": "2"}`,
		`{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}, "tags": {"sluice:alias": "live", "sluice:config": "/sluice/orders"}}},
		  "parameters": {"/sluice/orders": {"strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}}}`, shift.Promoted, "", nil},
	{"an alarm that fired before it was read",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [
		  {"atSeconds": 0.1, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 0.2, "do": "setAlarmState", "alarm": "a", "state": "OK"}]}`, shift.Promoted, "", nil},
	{"an alias that is created, with an alarm",
		`{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 1, "aliases": {}}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil},
	{"an alias that is created while the alarm fires",
		`{"function": "orders", "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{"functions": {"orders": {"versions": 1, "aliases": {}}},
		  "events": [{"atSeconds": 0.46, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, shift.Rejected, nil},
	{"provisioned concurrency, promoted",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + provisionedFunctions + `}`, shift.Promoted, "", nil},
	{"provisioned concurrency, and an alarm when all traffic is shifted",
		`{"function": "orders", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 2}, {"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{` + provisionedFunctions + `, "events": [{"atSeconds": 170, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil},
	{"an alarm that is ignored until it has been OK",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"], "alarmsAtStart": "ignoreUntilOk"}`,
		`{` + chaosFunctions + `, "alarms": [{"name": "a"}], "events": [
		  {"atSeconds": 0, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "OK"},
		  {"atSeconds": 80, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil},
	{"an alarm that is ignored, and seen to be OK by a poll",
		`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"], "alarmsAtStart": "ignoreUntilOk"}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}}, "alarms": [{"name": "a"}], "events": [
		  {"atSeconds": 0, "do": "setAlarmState", "alarm": "a", "state": "ALARM"},
		  {"atSeconds": 50, "do": "setAlarmState", "alarm": "a", "state": "OK"},
		  {"atSeconds": 80, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, shift.Promoted, nil},
}

func baseOf(t *testing.T, name string) base {
	t.Helper()
	i := slices.IndexFunc(bases, func(b base) bool { return b.name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return bases[i]
}
