package world

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/local/asl"
)

// FuzzPayload invokes one of Sluice's Lambdas with whatever somebody may send who is
// allowed to invoke it, in the middle of a deployment: EXECUTION is its execution. A
// Lambda that panics ends the test.
func FuzzPayload(f *testing.F) {
	names := []string{"open-deployment", "run-hooks", "set-weight", "check-alarms", "close-deployment", "rollback", "publish-version"}
	const (
		call       = `{"state":"S","now":"2026-01-01T00:00:00Z","executionId":"EXECUTION","retry":0,"document":`
		deployment = `"deployment":{"id":"EXECUTION","changes":[{"target":"lambda:orders:live","stable":"2","candidate":"3"}],"plan":{"steps":[{"weightPercent":10,"bakeSeconds":60,"pollSeconds":60}]}}`
	)
	for n := range names {
		for _, document := range []string{
			`null`, `{}`, `{"deployment":{}}`, `{` + deployment + `}`, `{` + deployment + `,"progress":{}}`, `{` + deployment + `,"progress":{"step":1,"nextStep":2}}`,
			`{` + deployment + `,"progress":{"step":9,"nextStep":-1},"hook":{}}`, `{"release":{}}`, `{"release":{"arrivals":[{"target":"x","candidate":"$LATEST"}]}}`,
			`{"failure":{"Error":"","Cause":"{}"}}`, `{` + deployment + `,"hook":{"function":"smoke"}}`,
		} {
			f.Add(uint8(n), []byte(call+document+`}`))
		}
		f.Add(uint8(n), []byte(`[]`))
	}
	f.Fuzz(func(t *testing.T, n uint8, payload []byte) {
		input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}}`)
		w, err := New(DefaultScenario(), input)
		require.NoError(t, err)
		defer w.Close()
		x, err := w.Start("main", input)
		require.NoError(t, err)
		require.NoError(t, w.Advance(sweepEvery/2))
		of := w.functions[names[int(n)%len(names)]]
		var failure *asl.Failure
		ended := false
		payload = []byte(strings.ReplaceAll(string(payload), "EXECUTION", x.ARN()))
		w.start(of, payload, func(_ json.RawMessage, f *asl.Failure) { ended, failure = true, f })
		for !ended && w.clock.step() {
		}
		if !ended || failure != nil && failure.Error == "" {
			t.Errorf("%s has ended: %t, with %+v", of.name, ended, failure)
		}
	})
}

// Who invokes a Lambda with something else than its state sends is told what is
// lacking, and nothing is done.
func TestADocumentThatLacksSomethingIsRefused(t *testing.T) {
	t.Parallel()
	for function, lacks := range map[string]string{
		"open-deployment": "release", "set-weight": "deployment with a plan", "check-alarms": "deployment with a plan",
		"run-hooks": "deployment with a plan", "close-deployment": "deployment with a plan",
	} {
		w, err := New(DefaultScenario())
		require.NoError(t, err)
		_, err = w.functions[function].run(t.Context(), []byte(`{"executionId":"d","document":{"deployment":{"id":"d"}}}`))
		var wire *flow.WireError
		require.ErrorAs(t, err, &wire)
		require.ErrorContains(t, err, function+" was invoked with something else than its state sends: the document has no "+lacks)
		require.Empty(t, w.calls)
		w.Close()
	}
}
