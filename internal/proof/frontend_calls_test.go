package proof

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// The calls that route a front end, in the order in which they are made. What is bounded is a
// write: from the first call that it needs for itself, a read of what it replaces, to the one that
// has the effect. A look before it or after it is named here, too.
var (
	readOfSite   = []string{"DescribeKeyValueStore", "GetKey"}
	writeOfSite  = []string{"DescribeKeyValueStore", "GetKey", "PutKey"}
	readOfName   = []string{"ListResourceRecordSets"}
	writeOfName  = []string{"ListResourceRecordSets", "ChangeResourceRecordSets"}
	readOfSwitch = []string{"GetDistributionConfig " + switchID}
	// lookAtOther is made before the switch loses the name: somebody has to serve it then.
	lookAtOther   = []string{"GetDistributionConfig " + otherID}
	writeOfSwitch = []string{"GetDistributionConfig " + switchID, "UpdateDistribution " + switchID}
)

// counted are the calls that routed front ends in one deployment, by Lambda and invocation.
type counted map[string][][]string

// countCalls plays a deployment with an alarm, and returns the calls that routed front ends.
func countCalls(t *testing.T, targets, strategy, scenario string, wanted shift.Outcome) counted {
	t.Helper()
	input := json.RawMessage(fmt.Sprintf(`{"targets": [%s], "strategy": %s, "alarms": ["a"]}`, targets, strategy))
	s, err := world.DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := world.New(s, input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	calls := counted{}
	var last *world.Actor
	w.Cloud().OnCall(func(c localaws.Call) {
		if !strings.HasPrefix(c.Service, "cloudfront") && c.Service != "route53" {
			return
		}
		call := c.Operation
		if c.Service == "cloudfront" {
			_, distribution, _ := strings.Cut(c.Resource, "/")
			call += " " + distribution
		}
		if w.Current() != last || len(calls[c.Actor]) == 0 {
			last, calls[c.Actor] = w.Current(), append(calls[c.Actor], nil)
		}
		invocation := len(calls[c.Actor]) - 1
		calls[c.Actor][invocation] = append(calls[c.Actor][invocation], call)
	})
	x, err := w.Start(world.Simulated, input)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	require.Equal(t, string(wanted), w.Outcome(x.ARN()), w.Result(x).Cause)
	return calls
}

const (
	halves      = `{"steps": [{"percent": 50, "bakeMinutes": 4}, {"percent": 100, "bakeMinutes": 5}]}`
	allAtOnce   = `{"steps": [{"percent": 100, "bakeMinutes": 10}]}`
	alarmAt     = `{"atSeconds": %d, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`
	inFirstStep = 130 // seconds
	inLastStep  = 330
)

// A step is one write of each Target.
func TestAStepOfAFrontEndTakesTheCallsOfOneWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, target, strategy, scenario string
		steps                            [][]string
		bound                            int
	}{
		{"a site", siteTarget, halves, `{}`, [][]string{writeOfSite, writeOfSite}, 3},
		{"a name", nameTarget, halves, `{}`, [][]string{writeOfName, writeOfName}, 2},
		{"a switch that gets the name", switchTarget, allAtOnce, `{}`, [][]string{writeOfSwitch}, 2},
		{"a switch that loses the name", `{"cloudfrontSwitch": {"name": "` + wwwName + `", "candidate": "` + otherID + `"}}`, allAtOnce,
			`{"switches": {"` + wwwName + `": {"switch": "` + switchID + `", "other": "` + otherID + `"}}}`, [][]string{concat(lookAtOther, writeOfSwitch)}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			calls := countCalls(t, test.target, test.strategy, test.scenario, shift.Promoted)
			assert.Equal(t, test.steps, calls[flow.SetWeight.Function])
			for _, step := range calls[flow.SetWeight.Function] {
				assert.LessOrEqual(t, len(step), test.bound)
			}
		})
	}
}

// A restoration is one write of each Target, with the Revision that the ledger has of the last
// one: nothing is looked at before. If the ledger does not know that write, because the Lambda
// that made it died, one look comes first.
func TestARestorationOfAFrontEndTakesTheCallsOfOneWrite(t *testing.T) {
	t.Parallel()
	const dies = `"faults": [{"call": "dynamodb:UpdateItem", "actor": "set-weight", "error": "fail", "skip": 1}],`
	backFromSwitch := concat(lookAtOther, writeOfSwitch, readOfSwitch) // a distribution may settle, so it is checked after the write
	for _, test := range []struct {
		name, target, strategy, faults string
		alarmAt                        int
		calls                          []string
	}{
		{"a site", siteTarget, halves, ``, inFirstStep, writeOfSite},
		{"a site at the whole weight", siteTarget, halves, ``, inLastStep, writeOfSite},
		{"a site whose last write is not known", siteTarget, halves, dies, inFirstStep, concat(readOfSite, writeOfSite)},
		{"a name", nameTarget, halves, ``, inFirstStep, writeOfName},
		{"a name at the whole weight", nameTarget, halves, ``, inLastStep, writeOfName},
		{"a name whose last write is not known", nameTarget, halves, dies, inFirstStep, concat(readOfName, writeOfName)},
		{"a switch", switchTarget, allAtOnce, ``, inFirstStep, backFromSwitch},
		{"a switch whose last write is not known", switchTarget, allAtOnce, dies, inFirstStep, concat(readOfSwitch, backFromSwitch)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			scenario := fmt.Sprintf(`{`+test.faults+` "events": [`+alarmAt+`]}`, test.alarmAt)
			calls := countCalls(t, test.target, test.strategy, scenario, shift.RolledBack)
			require.NotEmpty(t, calls[flow.SafetyNet])
			assert.Equal(t, test.calls, calls[flow.SafetyNet][0])
			assert.Empty(t, calls[flow.Rollback.Function], "the execution finds nothing left to do")
		})
	}
}

func concat(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// lockstep are a function, the site before it, and the name of its API.
const lockstep = aliasTarget + `, ` + siteTarget + `, ` + nameTarget

// From the moment at which an alarm fires until the Routes of a function, a site and a name are
// back, as the control planes have them. A call takes 50 ms, and one of Route 53 or CloudFront as
// long as the world knows it to take.
func TestAFunctionASiteAndANameAreBackWithinThreeSecondsOfAnAlarm(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int64{inFirstStep, inLastStep} {
		t.Run(fmt.Sprint(seconds), func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"targets": [` + lockstep + `], "strategy": ` + halves + `, "alarms": ["a"]}`)
			s, err := world.DecodeScenario(fmt.Appendf(nil, `{"latencyMs": 50, "events": [`+alarmAt+`]}`, seconds))
			require.NoError(t, err)
			w, err := world.New(s, input)
			require.NoError(t, err)
			t.Cleanup(w.Close)
			stable := map[shift.Target]world.Division{}
			for _, target := range w.Targets() {
				stable[target] = w.Division(target)
			}
			require.Len(t, stable, 3)
			x, err := w.Start(world.Simulated, input)
			require.NoError(t, err)
			away := func() (list []shift.Target) {
				for target, before := range stable {
					if w.Division(target) != before {
						list = append(list, target)
					}
				}
				return list
			}
			fired := world.Epoch.Add(time.Duration(seconds) * time.Second)
			for w.Now().Before(fired) {
				require.True(t, w.Step())
			}
			require.Len(t, away(), 3, "all of them are shifted when the alarm fires")
			for len(away()) > 0 {
				require.True(t, w.Step())
				require.Less(t, w.Now().Sub(fired), time.Minute, "%v", away())
			}
			took := w.Now().Sub(fired)
			t.Logf("all are back %s after the alarm has fired", took)
			assert.LessOrEqual(t, took, 3*time.Second)
			require.NoError(t, w.Run())
			assert.Equal(t, string(shift.RolledBack), w.Outcome(x.ARN()))
			assert.Empty(t, away(), "and stay so")
		})
	}
}

// A function, a site and a name take the states and the events of a function alone, whatever the
// strategy. What they take more is the bake of the last step, which lasts until all viewers of the
// name see it: two minutes, with a poll each.
func TestFrontEndsInLockstepCostTheStatesOfAFunctionAlone(t *testing.T) {
	t.Parallel()
	promote := func(targets, strategy string) world.Result {
		r, err := world.Simulate(json.RawMessage(`{"judge": "off", "targets": [`+targets+`], "alarms": ["a"], "strategy": `+strategy+`}`), world.DefaultScenario(), nil)
		require.NoError(t, err)
		require.Equal(t, string(shift.Promoted), r.Outcome, r.Cause)
		return r
	}
	const strategy = `"Linear10PercentEvery10Minutes"`
	var steps []string
	for percent := 10; percent < 100; percent += 10 {
		steps = append(steps, fmt.Sprintf(`{"percent": %d, "bakeMinutes": 10}`, percent))
	}
	withLastBake := `{"steps": [` + strings.Join(steps, ", ") + `, {"percent": 100, "bakeMinutes": 2}]}`
	three, alone, waiting := promote(lockstep, strategy), promote(aliasTarget, strategy), promote(aliasTarget, withLastBake)
	t.Logf("a function alone: %d transitions and %d events; with a site and a name: %d and %d", alone.Transitions, alone.HistoryEvents, three.Transitions, three.HistoryEvents)
	assert.Equal(t, waiting.Transitions, three.Transitions)
	assert.Equal(t, waiting.HistoryEvents, three.HistoryEvents)
	assert.Equal(t, waiting.Invocations, three.Invocations)
	const polls = 2 // in the last step; each takes a Wait, a task and a Choice
	assert.Equal(t, alone.Transitions+3*polls, three.Transitions)
	assert.Equal(t, alone.HistoryEvents+shift.EventsOfPoll*polls, three.HistoryEvents)
	assert.Equal(t, alone.Invocations[flow.CheckAlarms.Function]+polls, three.Invocations[flow.CheckAlarms.Function])
}
