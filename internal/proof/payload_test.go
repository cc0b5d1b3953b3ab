package proof

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// FuzzPayload invokes one of Sluice's Lambdas with whatever somebody may send who is
// allowed to invoke it, in the middle of a deployment: EXECUTION is its execution. A
// Lambda that panics ends the test.
func FuzzPayload(f *testing.F) {
	names := []string{"open-deployment", "run-hooks", "set-weight", "check-alarms", "close-deployment", "rollback", "publish-version"}
	for n := range names {
		for _, payload := range payloads(f) {
			f.Add(uint8(n), payload)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, payload []byte) {
		input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}}`)
		w, err := world.New(world.DefaultScenario(), input)
		require.NoError(t, err)
		defer w.Close()
		x, err := w.Start("main", input)
		require.NoError(t, err)
		require.NoError(t, w.Advance(world.SweepEvery/2))
		name := names[int(n)%len(names)]
		var failure *asl.Failure
		ended := false
		payload = []byte(strings.ReplaceAll(string(payload), "EXECUTION", x.ARN()))
		w.InvokeLambda(name, payload, func(_ json.RawMessage, f *asl.Failure) { ended, failure = true, f })
		for !ended && w.Step() {
		}
		if !ended || failure != nil && failure.Error == "" {
			t.Errorf("%s has ended: %t, with %+v", name, ended, failure)
		}
	})
}

// payloads are calls that a state may make, in the middle of a deployment and before it,
// and some that none does.
func payloads(t testing.TB) [][]byte {
	deployment := &shift.Deployment{
		ID: "EXECUTION", Changes: []shift.Change{{Target: ordersLive, Stable: "2", Candidate: "3"}},
		Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 60, Poll: 60}, {Weight: shift.All}}},
	}
	smoke := &shift.Hook{Function: "smoke"}
	documents := []any{
		nil,
		flow.Document{},
		flow.Document{Deployment: &shift.Deployment{}},
		flow.Document{Deployment: deployment},
		flow.Document{Deployment: deployment, Progress: &shift.Progress{}},
		flow.Document{Deployment: deployment, Progress: &shift.Progress{Step: 1, Steps: 2, NextStep: 2, Weight: 1000, Next: shift.NextShift}},
		flow.Document{Deployment: deployment, Progress: &shift.Progress{Step: 9, NextStep: -1}, Hook: &shift.Hook{}},
		flow.Document{Deployment: deployment, Hook: smoke},
		flow.Document{Release: &shift.Release{}},
		flow.Document{Release: &shift.Release{Arrivals: []shift.Arrival{{Target: "x", Candidate: "$LATEST"}}}},
		flow.Document{Release: &shift.Release{Arrivals: []shift.Arrival{{Target: ordersLive, Candidate: "3"}}, Steps: deployment.Plan.Steps}},
		flow.Document{Failure: &flow.Failure{Cause: "{}"}},
	}
	list := [][]byte{[]byte(`[]`), []byte(`{"document":{"deployment":[]}}`)}
	for _, document := range documents {
		payload, err := json.Marshal(flow.Call[any]{State: "S", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ExecutionID: "EXECUTION", Document: document})
		require.NoError(t, err)
		list = append(list, payload)
	}
	return list
}

// A seed payload with a key that nothing reads would be useless, so the seeds must decode as
// intended.
func TestTheSeedPayloadsDecodeAsIntended(t *testing.T) {
	t.Parallel()
	var plans, arrivals int
	for _, payload := range payloads(t) {
		var call flow.Call[flow.Document]
		if json.Unmarshal(payload, &call) != nil {
			continue
		}
		if d := call.Document.Deployment; d != nil && d.Plan.Len() == 2 && d.Plan.Step(1).Weight == 1000 {
			plans++
		}
		if r := call.Document.Release; r != nil && len(r.Arrivals) == 1 {
			arrivals++
		}
	}
	require.Equal(t, 5, plans)
	require.Equal(t, 2, arrivals)
}

// A Lambda that is invoked with another payload than its state sends says what is missing, and
// does nothing.
func TestADocumentThatLacksSomethingIsRefused(t *testing.T) {
	t.Parallel()
	for function, lacks := range map[string]string{
		"open-deployment": "release", "set-weight": "deployment with a plan", "check-alarms": "deployment with a plan",
		"run-hooks": "deployment with a plan", "close-deployment": "deployment with a plan",
	} {
		w, err := world.New(world.DefaultScenario())
		require.NoError(t, err)
		_, err = w.Lambda(function)(t.Context(), []byte(`{"executionId":"d","document":{"deployment":{"id":"d"}}}`))
		var wire *flow.WireError
		require.ErrorAs(t, err, &wire)
		require.ErrorContains(t, err, function+" got a payload that its state does not send: the document has no "+lacks)
		require.Empty(t, w.Calls())
		w.Close()
	}
}
