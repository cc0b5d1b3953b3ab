package proof

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	dynamoapi "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// followed plays a canary that is promoted after two minutes, and one of ten minutes
// that follows when a later version is there. What happens meanwhile is the scenario's.
func followed(t *testing.T, scenario string) (w *world.World, seen *witness, routes []world.Routed) {
	t.Helper()
	canary := func(minutes string) string {
		return `{"function": "orders", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": ` + minutes + `}}}`
	}
	w, seen = observe(t, scenarioOf(t, `{"events": [
		{"atSeconds": 190, "do": "updateCode", "function": "orders"},
		{"atSeconds": 200, "do": "startExecution", "input": `+canary("10")+`}`+scenario), json.RawMessage(canary("2")))
	seen.play(json.RawMessage(canary("2")))
	require.Empty(t, seen.verify())
	require.Len(t, w.Executions(), 2)
	return w, seen, w.Routes()
}

// What is late, whoever is to blame for that, is not for the deployment that holds the
// target by then.
func TestALateCommandIsNotForTheDeploymentThatHoldsTheTargetByThen(t *testing.T) {
	t.Parallel()
	_, _, undisturbed := followed(t, `]}`)
	require.Len(t, undisturbed, 4)
	for _, order := range []shift.Order{shift.Abort, shift.Promote, shift.Pause, shift.Resume} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			w, _, routes := followed(t, `, {"atSeconds": 100, "do": "`+string(order)+`", "target": "lambda:orders:live"}],
				"delivery": {"commands": {"delayMs": 300000, "copies": 2}}}`)
			assert.Equal(t, undisturbed, routes)
			assert.Equal(t, string(shift.Promoted), w.Outcome(w.Executions()[1].ARN()))
			assert.Equal(t, 2, w.DeadLetters(), "and whoever has given it can find out")
		})
	}
}

func TestACommandForTheDeploymentThatFollowsIsObeyed(t *testing.T) {
	t.Parallel()
	w, _, _ := followed(t, `, {"atSeconds": 300, "do": "abort", "target": "lambda:orders:live"}], "delivery": {"commands": {"copies": 2}}}`)
	assert.Equal(t, string(shift.Promoted), w.Outcome(w.Executions()[0].ARN()))
	assert.Equal(t, string(shift.RolledBack), w.Outcome(w.Executions()[1].ARN()))
}

// Events about a deployment that has ended are none of its successor's.
func TestAnEventForADeploymentThatEndedLongAgoTouchesNotItsSuccessor(t *testing.T) {
	t.Parallel()
	_, _, undisturbed := followed(t, `]}`)
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}}`)
	second := json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [{"atSeconds": 190, "do": "updateCode", "function": "orders"},
		{"atSeconds": 130, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}, {"atSeconds": 140, "do": "setAlarmState", "alarm": "a", "state": "OK"},
		{"atSeconds": 200, "do": "startExecution", "input": `+string(second)+`}], "delivery": {"alarms": {"delayMs": 200000}}}`), input)
	w.HappenAfter(320*time.Second, func() {
		first := w.Executions()[0].ARN()
		for _, status := range flow.Endings() {
			w.Deliver(world.Delivery{}, flow.ExecutionSource, flow.ExecutionDetailType, map[string]any{"executionArn": first, "status": status})
		}
		long := w.Now().Add(-5 * time.Minute).UTC()
		for _, order := range []shift.Order{shift.Abort, shift.Promote, shift.Pause} {
			for _, id := range []string{"", first} {
				event, err := request.EncodeCommand(request.Commanded{Target: ordersLive, DeploymentID: id, Command: shift.Command{Order: order, At: long}})
				require.NoError(t, err)
				w.Wake(event, len(world.AsyncRetries))
			}
		}
	})
	seen.play(input)
	require.Empty(t, seen.verify())
	assert.Equal(t, undisturbed, w.Routes())
	assert.Equal(t, string(shift.Promoted), w.Outcome(w.Executions()[0].ARN()))
	assert.Equal(t, string(shift.Promoted), w.Outcome(w.Executions()[1].ARN()))
	assert.Equal(t, 6, w.DeadLetters(), "none of the six commands was obeyed")
}

// A clock that is fast must not have the last word for the time to come.
func TestACommandFromTheFutureIsOfNow(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "pauseLimitMinutes": 60, "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [{"atSeconds": 200, "do": "resume", "target": "lambda:orders:live"}]}`), input)
	w.HappenAfter(100*time.Second, func() {
		event, err := request.EncodeCommand(request.Commanded{Target: ordersLive, Command: shift.Command{Order: shift.Pause, At: w.Now().Add(time.Hour)}})
		require.NoError(t, err)
		w.Wake(event, 0)
	})
	r := w.Result(seen.play(input))
	require.Empty(t, seen.verify())
	assert.Equal(t, string(shift.Promoted), r.Outcome, r.Cause)
	assert.Less(t, r.VirtualSeconds, (20 * time.Minute).Seconds())
}

// An Outcome is told in minutes, though the execution waits for a hook, for two days.
func TestAnOutcomeIsAnnouncedWhileTheExecutionStillWaits(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 172800}]}}`)
	w, seen := observe(t, scenarioOf(t, `{"hooks": {"smoke": {"result": "hang"}},
		"faults": [{"call": "events:PutEvents", "actor": "safety-net", "error": "fail", "fromSeconds": 60, "untilSeconds": 600}],
		"events": [{"atSeconds": 70, "do": "abort", "target": "lambda:orders:live", "reason": "no"}]}`), input)
	var told []time.Duration
	w.Cloud().OnEvents(func(events []localaws.Event) {
		for _, e := range events {
			if strings.Contains(e.Detail, string(shift.Rejected)) {
				told = append(told, w.Elapsed())
			}
		}
	})
	seen.play(input)
	require.Empty(t, seen.verify())
	require.Len(t, told, 1)
	assert.Less(t, told[0], 600*time.Second+world.SweepEvery+soon)
}

// One item that nobody can read keeps no other deployment from being looked after, and
// the safety net fails, so that its alarm rings, when all the rest is done.
func TestADamagedLedgerKeepsNobodyElseFromBeingLookedAfter(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`)
	for name, list := range map[string]string{"open": "open", "alarm": "alarm#a"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, seen := observe(t, scenarioOf(t, `{"delivery": {"executions": {"lost": true}}}`), input)
			w.HappenAfter(90*time.Second, func() {
				damage(t, w, list)
				if list == "open" {
					require.NoError(t, w.Machine().Stop(w.Executions()[0].ARN(), "", ""))
					return
				}
				require.NoError(t, w.SetAlarm("a", "ALARM", "it is broken"))
			})
			reads := 0
			w.Cloud().OnCall(func(c localaws.Call) {
				if c.Actor == flow.SafetyNet && c.Action() == "states:ListExecutions" {
					reads++
				}
			})
			seen.play(input)
			for until := w.Now().Add(6 * time.Minute); w.Now().Before(until); {
				w.Step()
			}
			assert.Equal(t, string(shift.RolledBack), w.Outcome(w.Executions()[0].ARN()))
			assert.Positive(t, w.DeadLetters())
			assert.LessOrEqual(t, reads, w.Invocations(flow.SafetyNet), "what was read for all is not read again for one")
		})
	}
}

// damage puts an item into a partition of the Ledger that Sluice did not write.
func damage(t *testing.T, w *world.World, partition string) {
	t.Helper()
	_, err := dynamoapi.NewFromConfig(w.Config("somebody")).PutItem(t.Context(), &dynamoapi.PutItemInput{
		TableName: aws.String(world.LedgerTable),
		Item: map[string]types.AttributeValue{
			flow.LedgerPartitionKey: &types.AttributeValueMemberS{Value: partition}, flow.LedgerSortKey: &types.AttributeValueMemberS{Value: "deployment#0"},
		},
	})
	require.NoError(t, err)
}
