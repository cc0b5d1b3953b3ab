package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// callLatency is what an AWS call is assumed to take. AWS gives no figure for it.
const callLatency = 100 * time.Millisecond

// netted is what the safety net did about one event.
type netted struct {
	w      *world.World
	since  time.Time // when the event happened
	calls  []string  // of the safety net, up to the write that moved the traffic
	back   time.Time
	number int // how often it was woken
}

// net plays a canary of 20 minutes in which something happens after 90 seconds.
func net(t *testing.T, targets int, happening, delivery string) *netted {
	t.Helper()
	input := `{"targets": [`
	for i := range targets {
		if i > 0 {
			input += ", "
		}
		input += fmt.Sprintf(`{"function": "f%d"}`, i)
	}
	input += `], "strategy": "Canary10Percent20Minutes", "alarms": ["a"]}`
	s, err := world.DecodeScenario([]byte(`{"events": [` + happening + `], "delivery": {` + delivery + `}}`))
	require.NoError(t, err)
	s.Latency = callLatency
	w, err := world.New(s, json.RawMessage(input))
	require.NoError(t, err)
	t.Cleanup(w.Close)
	n := &netted{w: w, since: world.Epoch.Add(90 * time.Second)}
	w.Cloud().OnCall(func(c localaws.Call) {
		if c.Actor == flow.SafetyNet && !slices.Contains(n.calls, "lambda:UpdateAlias") {
			n.calls = append(n.calls, c.Action())
		}
	})
	w.Cloud().OnAliasChange(func(c localaws.AliasChange) {
		if c.After != nil && len(c.After.Weights) == 0 && w.Elapsed() > 90*time.Second {
			n.back = w.Now()
		}
	})
	_, err = w.Start(world.Simulated, json.RawMessage(input))
	require.NoError(t, err)
	require.NoError(t, w.Run())
	n.number = w.Invocations(flow.SafetyNet)
	return n
}

const (
	alarmFires = `{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`
	stopped    = `{"atSeconds": 90, "do": "stopExecution"}`
)

func TestFromAnAlarmToRestoredTrafficAreThreeCalls(t *testing.T) {
	t.Parallel()
	n := net(t, 1, alarmFires, ``)
	assert.Equal(t, []string{"dynamodb:Query", "dynamodb:UpdateItem", "lambda:UpdateAlias"}, n.calls)
}

// The bounds of I7, counted from when the alarm fires or the execution stops.
func TestTrafficIsBackInTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, happening, delivery string
		targets                   int
		within                    time.Duration
	}{
		{"an alarm's event", alarmFires, ``, 1, 2 * time.Second},
		{"an alarm's event, with ten targets", alarmFires, ``, 10, 2 * time.Second},
		// The control plane gives 15 requests a second to an account: of 64 calls, the last
		// one goes 3.3 s after the first.
		{"an alarm's event, with 32 targets", alarmFires, ``, 32, 4500 * time.Millisecond},
		{"a stop's event, with 32 targets", stopped, ``, 32, 4500 * time.Millisecond},
		{"a stop's event", stopped, ``, 1, 2 * time.Second},
		{"a stop's event, with five targets", stopped, ``, 5, 2 * time.Second},
		{"an abort", `{"atSeconds": 90, "do": "abort", "target": "lambda:f0:live", "reason": "no"}`, ``, 1, 2 * time.Second},
		{"a stop whose event is lost", stopped, `"executions": {"lost": true}`, 1, 2 * time.Minute},
		{"a stop whose event is late", stopped, `"executions": {"delayMs": 600000}`, 1, 2 * time.Minute},
		// The plan polls every minute: the next poll is at 120 s.
		{"an alarm whose event is lost", alarmFires, `"alarms": {"lost": true}`, 1, 33 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := net(t, test.targets, test.happening, test.delivery)
			require.False(t, n.back.IsZero(), "the traffic is back")
			assert.LessOrEqual(t, n.back.Sub(n.since), test.within)
			assert.Equal(t, string(shift.RolledBack), n.w.Outcome(n.w.Executions()[0].ARN()))
		})
	}
}

func TestDoubledEventsDoNothingTwice(t *testing.T) {
	t.Parallel()
	const target = `"target": "lambda:f0:live", "reason": "because"}`
	for name, happening := range map[string]string{
		"alarm": alarmFires, "stop": stopped,
		"abort":             `{"atSeconds": 90, "do": "abort", ` + target,
		"promote":           `{"atSeconds": 90, "do": "promote", ` + target,
		"pause":             `{"atSeconds": 90, "do": "pause", ` + target,
		"pause and resume":  `{"atSeconds": 90, "do": "pause", ` + target + `, {"atSeconds": 300, "do": "resume", ` + target,
		"pause and abort":   `{"atSeconds": 90, "do": "pause", ` + target + `, {"atSeconds": 300, "do": "abort", ` + target,
		"pause and promote": `{"atSeconds": 90, "do": "pause", ` + target + `, {"atSeconds": 300, "do": "promote", ` + target,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			once := net(t, 1, happening, ``)
			often := net(t, 1, happening, `"alarms": {"copies": 4}, "executions": {"copies": 4}, "commands": {"copies": 4}`)
			assert.Greater(t, often.number, once.number)
			assert.Equal(t, once.w.Routes(), often.w.Routes())
			assert.Equal(t, once.w.Outcome(once.w.Executions()[0].ARN()), often.w.Outcome(often.w.Executions()[0].ARN()))
		})
	}
}

func TestAnEventForADeploymentThatEndedLongAgoTouchesNothing(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"]}`)
	w, err := world.New(world.DefaultScenario(), input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	x, err := w.Start(world.Simulated, input)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	written := len(w.Routes())
	w.ExecutionEnded(x) // a success is no event
	w.Deliver(world.Delivery{}, flow.ExecutionSource, flow.ExecutionDetailType, map[string]any{"executionArn": x.ARN(), "status": "ABORTED"})
	w.Deliver(world.Delivery{}, flow.AlarmSource, flow.AlarmDetailType, map[string]any{"alarmName": "a", "state": map[string]any{"value": "ALARM"}})
	w.Deliver(world.Delivery{}, flow.ExecutionSource, flow.ExecutionDetailType, map[string]any{"executionArn": "arn:aws:states:us-east-1:1:execution:x:y", "status": "FAILED"})
	w.Deliver(world.Delivery{}, flow.ExecutionSource, flow.ExecutionDetailType, map[string]any{"nonsense": true})
	w.Command("lambda:orders:live", shift.Abort, "nobody holds it")
	for until := w.Now().Add(10 * time.Minute); w.Now().Before(until); {
		w.Step()
	}
	require.NoError(t, w.Problem())
	assert.Len(t, w.Routes(), written)
	assert.Equal(t, string(shift.Promoted), w.Outcome(x.ARN()))
}

func TestCommandsAreObeyed(t *testing.T) {
	t.Parallel()
	const target = `"target": "lambda:orders:live", "reason": "because"`
	tests := []struct {
		name, events, options, outcome string
		within                         time.Duration
		cause                          string
	}{
		{"promote skips the rest of the plan", `{"atSeconds": 90, "do": "promote", ` + target + `}`, ``, "Promoted", 3 * time.Minute, ""},
		{"a pause is not baked, and a resume goes on",
			`{"atSeconds": 90, "do": "pause", ` + target + `}, {"atSeconds": 3690, "do": "resume", ` + target + `}`, ``, "Promoted", 90 * time.Minute, ""},
		{"a pause that nobody ends is rolled back", `{"atSeconds": 90, "do": "pause", ` + target + `}`, `, "pauseLimitMinutes": 30`, "RolledBack", 40 * time.Minute, "PauseExpired"},
		{"or goes on, if that is asked for", `{"atSeconds": 90, "do": "pause", ` + target + `}`, `, "pauseLimitMinutes": 30, "whenPauseEnds": "resume"`, "Promoted", 60 * time.Minute, ""},
		{"an alarm counts in a pause", `{"atSeconds": 90, "do": "pause", ` + target + `}, {"atSeconds": 900, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`, ``, "RolledBack", 18 * time.Minute, "AlarmFired"},
		{"an abort says why", `{"atSeconds": 90, "do": "abort", ` + target + `}`, ``, "RolledBack", 3 * time.Minute, "Aborted: because"},
		{"a pause after one that has ended by itself", `{"atSeconds": 90, "do": "pause", ` + target + `}, {"atSeconds": 2400, "do": "pause", ` + target + `}`,
			`, "pauseLimitMinutes": 30, "whenPauseEnds": "resume"`, "Promoted", 85 * time.Minute, ""},
		{"of a promote and a pause at once the pause stands", `{"atSeconds": 90, "do": "promote", ` + target + `}, {"atSeconds": 90, "do": "pause", ` + target + `}`,
			`, "pauseLimitMinutes": 30`, "RolledBack", 40 * time.Minute, "PauseExpired"},
		{"whichever comes first", `{"atSeconds": 90, "do": "pause", ` + target + `}, {"atSeconds": 90, "do": "promote", ` + target + `}`,
			`, "pauseLimitMinutes": 30`, "RolledBack", 40 * time.Minute, "PauseExpired"},
		{"of two aborts at once one counts", `{"atSeconds": 90, "do": "abort", ` + target + `}, {"atSeconds": 90, "do": "abort", ` + target + `}`, ``, "RolledBack", 3 * time.Minute, "Aborted: because"},
		{"an abort counts whatever else is asked at once", `{"atSeconds": 90, "do": "abort", ` + target + `}, {"atSeconds": 90, "do": "promote", ` + target + `}`, ``, "RolledBack", 3 * time.Minute, "Aborted: because"},
		{"in either order", `{"atSeconds": 90, "do": "promote", ` + target + `}, {"atSeconds": 90, "do": "abort", ` + target + `}`, ``, "RolledBack", 3 * time.Minute, "Aborted: because"},
		{"a promote does not make up for an alarm", `{"atSeconds": 90, "do": "promote", ` + target + `}, {"atSeconds": 91, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`, ``, "RolledBack", 3 * time.Minute, "AlarmFired"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := world.DecodeScenario([]byte(`{"events": [` + test.events + `]}`))
			require.NoError(t, err)
			r, err := world.Simulate(json.RawMessage(`{"function": "orders", "strategy": "Linear10PercentEvery2Minutes", "alarms": ["a"]`+test.options+`}`), s, nil)
			require.NoError(t, err)
			assert.Equal(t, test.outcome, r.Outcome, r.Cause)
			assert.LessOrEqual(t, r.VirtualSeconds, test.within.Seconds())
			assert.Contains(t, r.Cause, test.cause)
		})
	}
}
