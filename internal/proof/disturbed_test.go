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

func scenarioOf(t *testing.T, text string) world.Scenario {
	t.Helper()
	s, err := world.DecodeScenario([]byte(text))
	require.NoError(t, err)
	return s
}

// Throttling is paid in time, never in bake: between two shifts there are always
// the five minutes that the plan asks for.
func TestThrottlingShortensNoBake(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["orders-5xx"]}`)
	for _, call := range []string{"lambda:UpdateAlias", "cloudwatch:DescribeAlarms", "dynamodb:UpdateItem", "dynamodb:GetItem", "events:PutEvents"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			for _, from := range []int{0, 30, 250} {
				scenario := scenarioOf(t, fmt.Sprintf(`{"faults": [{"call": %q, "error": "throttle", "fromSeconds": %d, "untilSeconds": %d}]}`, call, from, from+240))
				w, seen := observe(t, scenario, input)
				r := w.Result(seen.play(input))
				require.Empty(t, seen.verify(), story(r))
				require.Equal(t, "Promoted", r.Outcome, story(r))
				assert.GreaterOrEqual(t, r.Routes[1].Seconds-r.Routes[0].Seconds, 300-0.001, story(r))
			}
		})
	}
}

// disturbed are deployments that go through every call that Sluice makes.
var disturbed = []struct {
	name, input, scenario, outcome string
}{
	{"promoted", `{"function": "orders", "alarms": ["a"], "hooks": {
		"beforeTraffic": [{"function": "smoke"}], "afterTraffic": [{"function": "check", "mode": "callback"}]}}`,
		`{"hooks": {"check": {"afterSeconds": 30}}}`, "Promoted"},
	{"created", `{"function": "orders", "createAlias": true}`, `{"functions": {"orders": {"aliases": {}}}}`, "Promoted"},
	{"created and taken back", `{"function": "orders", "createAlias": true, "alarms": ["a"], "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}}`,
		`{"functions": {"orders": {"aliases": {}}}, "delivery": {"alarms": {"lost": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, "RolledBack"},
	{"rolled back", `{"targets": [{"function": "orders"}, {"function": "payments"}], "alarms": ["a"]}`,
		`{"delivery": {"alarms": {"lost": true}}, "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, "RolledBack"},
	{"unchanged", `{"function": "orders"}`, `{"functions": {"orders": {"published": true}}}`, "Unchanged"},
	{"rejected", `{"function": "orders"}`, `{"functions": {"orders": {"aliases": {"prod": {"version": "1"}}}}}`, "Rejected"},
}

// hooksAreAskedOnce : whether a hook ran is not known when the reply to its
// invocation, or to its answer, is lost. Then the deployment ends without it.
var hooksAreAskedOnce = map[string]bool{"lambda:InvokeFunction": true, "states:SendTaskSuccess": true}

// A call whose reply is lost has had its effect: whoever tries again finds that,
// and the deployment ends as it would have.
func TestALostReplyOfAnyCallChangesNothing(t *testing.T) {
	t.Parallel()
	for _, base := range disturbed {
		t.Run(base.name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(base.input)
			calls := undisturbed(t, scenarioOf(t, base.scenario), input)
			for n, call := range calls {
				scenario := scenarioOf(t, base.scenario)
				scenario.Faults = append(scenario.Faults, world.Fault{Call: call.Action(), Actor: call.Actor, Error: world.LoseReply, Skip: call.before, Times: 1})
				w, seen := observe(t, scenario, input)
				r := w.Result(seen.play(input))
				assert.Empty(t, seen.verify(), "call %d, %s of %s: %s", n, call.Action(), call.Actor, story(r))
				if !hooksAreAskedOnce[call.Action()] {
					assert.Equal(t, base.outcome, r.Outcome, "call %d, %s of %s: %s", n, call.Action(), call.Actor, story(r))
				}
			}
		})
	}
}

// made is a call of an undisturbed run, and how often the same was made before.
type made struct {
	localaws.Call
	before int64
}

func undisturbed(t *testing.T, s world.Scenario, input json.RawMessage) []made {
	t.Helper()
	w, seen := observe(t, s, input)
	var calls []made
	before := map[string]int64{}
	w.Cloud().OnCall(func(c localaws.Call) {
		if !w.IsSluice(c.Actor) {
			return
		}
		of := c.Actor + " " + c.Action()
		calls = append(calls, made{c, before[of]})
		before[of]++
	})
	seen.play(input)
	require.Empty(t, seen.verify())
	return calls
}

// late lets a function's first call of an action hang beyond the function's time,
// and arrive all the same; and tells how it was answered then.
func late(w *world.World, function flow.Spec, action string) (answer func() string) {
	var arrives time.Duration
	answered := "it never arrived"
	w.OnMoment(func(m world.Moment) error {
		if arrives == 0 && !m.After && m.Actor == function.Function && m.Action == action {
			arrives = w.Elapsed() + function.Timeout + world.MaxInFlight
			w.Hang(true)
		}
		if m.After && w.Elapsed() == arrives && m.Actor == function.Function && m.Action == action {
			answered = m.Refused
		}
		return nil
	})
	return func() string { return answered }
}

// atMoments does something at single moments of a run. A moment is the nth call of an action
// by a Lambda, before or after the call has its effect: "set-weight before lambda:UpdateAlias 2".
func atMoments(w *world.World, script map[string]func(world.Moment)) {
	times := map[string]int{}
	w.OnMoment(func(m world.Moment) error {
		side := "before"
		if m.After {
			side = "after"
		}
		moment := m.Actor + " " + side + " " + m.Action
		times[moment]++
		if do := script[fmt.Sprintf("%s %d", moment, times[moment])]; do != nil {
			do(m)
		}
		return nil
	})
}

// A set-weight may outlive its deployment: its write, read before the deployment
// was restored, is then refused for its RevisionId, because every restoration
// writes, even where nothing differs.
func TestAZombiesWriteAfterARollbackIsFenced(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders"}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [
		{"atSeconds": 10, "do": "stopExecution"},
		{"atSeconds": 900, "do": "setAlarmState", "alarm": "later", "state": "OK"}], "alarms": [{"name": "later"}]}`), input)
	answer := late(w, flow.SetWeight.Spec, "lambda:UpdateAlias")
	r := w.Result(seen.play(input))
	assert.Empty(t, seen.verify(), story(r))
	assert.Equal(t, "RolledBack", r.Outcome, story(r))
	assert.Equal(t, "PreconditionFailedException", answer(), "the late write")
	assert.Empty(t, r.Routes, "no traffic was ever moved: %s", story(r))
}

// The same write is no danger to the retry that has overtaken it either.
func TestAZombiesWriteAfterItsRetryIsFenced(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders"}`)
	w, seen := observe(t, world.DefaultScenario(), input)
	answer := late(w, flow.SetWeight.Spec, "lambda:UpdateAlias")
	r := w.Result(seen.play(input))
	assert.Empty(t, seen.verify(), story(r))
	assert.Equal(t, "Promoted", r.Outcome, story(r))
	assert.Equal(t, "PreconditionFailedException", answer(), "the late write")
	assert.Len(t, r.Routes, 2, story(r))
}

// An opening that arrives after its execution was stopped is refused. If the safety net has not
// heard of the stop, it holds the target only until the next sweep.
func TestAZombiesOpeningIsClosedBySweep(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		input := json.RawMessage(`{"function": "orders"}`)
		w, seen := observe(t, scenarioOf(t, fmt.Sprintf(`{"events": [
			{"atSeconds": 10, "do": "stopExecution"},
			{"atSeconds": 900, "do": "setAlarmState", "alarm": "later", "state": "OK"}], "alarms": [{"name": "later"}], "delivery": {"executions": {"lost": %t}}}`, lost)), input)
		late(w, flow.Open.Spec, "dynamodb:TransactWriteItems")
		r := w.Result(seen.play(input))
		assert.Empty(t, seen.verify(), story(r))
		assert.Equal(t, "Rejected", r.Outcome, story(r))
		assert.Equal(t, []string{"Rejected"}, r.Announcements)
		id := w.Executions()[0].ARN()
		assert.Equal(t, lost, seen.ledger(targetKey("lambda:orders:live"), "candidate#2#"+id) != nil, "the late opening had its effect")
	}
}

// A plan near the limit whose polls are throttled again and again would outgrow
// the history: it goes back while there is room to do so.
func TestAPlanThatIsRetriedTooOftenGoesBackBeforeTheHistoryEnds(t *testing.T) {
	t.Parallel()
	input := unjudged(json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": 43200}}}`))
	w, seen := observe(t, world.DefaultScenario(), input)
	reads := 0
	w.OnMoment(func(m world.Moment) error {
		if m.After || m.Actor != flow.CheckAlarms.Function || m.Action != "cloudwatch:DescribeAlarms" {
			return nil
		}
		if reads++; reads%4 != 0 {
			return localaws.Throttled("cloudwatch")
		}
		return nil
	})
	r := w.Result(seen.play(input))
	assert.Empty(t, seen.verify())
	assert.Equal(t, "RolledBack", r.Outcome, r.Cause)
	assert.True(t, strings.HasPrefix(r.Cause, "HistoryBudget: "), r.Cause)
	assert.Greater(t, r.HistoryEvents, 23_000)
	assert.Less(t, r.HistoryEvents, 23_100)
}

// Where every step is held at the end of its bake, the plan takes three polls
// instead of one, and still ends when it can.
func TestAPlanThatIsHeldAtEveryStepFinishesLate(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": "Linear10PercentEvery1Minute"}`)
	w, seen := observe(t, world.DefaultScenario(), input)
	reads := 0
	w.OnMoment(func(m world.Moment) error {
		if m.After || m.Actor != flow.CheckAlarms.Function || m.Action != "cloudwatch:DescribeAlarms" {
			return nil
		}
		if reads++; reads%3 != 0 {
			return localaws.AccessDenied(localaws.Call{Actor: m.Actor, Service: "cloudwatch", Operation: "DescribeAlarms"})
		}
		return nil
	})
	r := w.Result(seen.play(input))
	assert.Empty(t, seen.verify(), story(r))
	assert.Equal(t, "Promoted", r.Outcome, story(r))
	assert.InDelta(t, 3*9*60, r.VirtualSeconds, 0.001)
	assert.Equal(t, 27, r.Invocations["check-alarms"])
}

// An alarm without data passes, and the progress that stands in the console says
// that it did.
func TestAnAlarmWithoutDataPassesWithItsReason(t *testing.T) {
	t.Parallel()
	input := unjudged(json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": 1}}}`))
	w, seen := observe(t, scenarioOf(t, `{"events": [{"atSeconds": 30, "do": "setAlarmState", "alarm": "a", "state": "INSUFFICIENT_DATA"}]}`), input)
	x := seen.play(input)
	require.Equal(t, "Promoted", w.Result(x).Outcome)
	var said []string
	for _, e := range x.History() {
		if e.StateExited == nil || e.StateExited.Name != flow.CheckAlarms.State {
			continue
		}
		var document flow.Document
		require.NoError(t, json.Unmarshal(e.StateExited.Output, &document))
		said = append(said, shift.Texts(document.Progress.Reasons)...)
	}
	assert.Equal(t, []string{"alarm a has insufficient data"}, said)
}

// Whatever a call costs in time, nothing but the time changes.
func TestSlowCallsOnlyTakeTime(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"]}`)
	for _, latency := range []time.Duration{10 * time.Millisecond, time.Second, 4 * time.Second} { // at 5 s Open takes longer than its Lambda may, and is tried again
		scenario := world.DefaultScenario()
		scenario.Latency = latency
		w, seen := observe(t, scenario, input)
		r := w.Result(seen.play(input))
		assert.Empty(t, seen.verify(), story(r))
		assert.Equal(t, "Promoted", r.Outcome, story(r))
		assert.Equal(t, 26, r.Transitions, "%s: %s", latency, story(r))
	}
}

// A permission that is missing before the start does not look like a hang: the deployment is
// rejected after two minutes, and says what is missing.
func TestAPermissionThatIsMissingAtTheStartIsToldSoon(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"]}`)
	for _, call := range []string{
		"publish-version lambda:PublishVersion", "open-deployment lambda:GetFunction", "open-deployment lambda:GetAlias",
		"open-deployment lambda:GetProvisionedConcurrencyConfig", "open-deployment dynamodb:TransactWriteItems", "open-deployment dynamodb:UpdateItem",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			actor, action, _ := strings.Cut(call, " ")
			scenario := scenarioOf(t, fmt.Sprintf(`{"faults": [{"call": %q, "actor": %q, "error": "deny"}]}`, action, actor))
			w, seen := observe(t, scenario, input)
			r := w.Result(seen.play(input))
			require.Empty(t, seen.verify(), story(r))
			assert.Equal(t, "Rejected", r.Outcome, story(r))
			assert.Contains(t, r.Cause, "AccessDenied: ")
			assert.Contains(t, r.Cause, "is not authorized to perform: "+action)
			assert.Less(t, r.VirtualSeconds, 121.0)
		})
	}
}
