package proof

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// quietCourse is a deployment of a quiet function with synthetic requests, as it was played.
type quietCourse struct {
	outcome string
	// asked are the times of the requests for requests, and what the last one said.
	asked   []time.Duration
	payload string
	// polls are what the polls found, in words.
	polls []string
}

// playQuiet plays a deployment of orders, which serves 4 requests a minute, with a bake of 10
// minutes. It asks for 60 requests a minute.
func playQuiet(t *testing.T, more, scenario string) quietCourse {
	t.Helper()
	input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "judge": {"synthetic": {"function": "orders-load"}` + more + `}}`)
	w, seen := observe(t, scenarioOf(t, `{"traffic": {"requestsPerMinute": 4}`+scenario+`}`), input)
	var c quietCourse
	w.OnSynthetic(func(function string, payload []byte) {
		assert.Equal(t, "orders-load", function)
		c.asked, c.payload = append(c.asked, w.Elapsed()), string(payload)
	})
	x := seen.play(input)
	require.Empty(t, seen.verify(), story(w.Result(x)))
	c.outcome, c.polls = w.Result(x).Outcome, pollsOf(t, x)
	return c
}

// pollsOf are the reasons of each poll of an execution.
func pollsOf(t *testing.T, x *asl.Execution) (polls []string) {
	t.Helper()
	for _, e := range x.History() {
		if e.StateExited == nil || e.StateExited.Name != flow.CheckAlarms.State {
			continue
		}
		var d flow.Document
		require.NoError(t, json.Unmarshal(e.StateExited.Output, &d))
		polls = append(polls, strings.Join(shift.Texts(d.Progress.Reasons), "; "))
	}
	return polls
}

func TestAFunctionIsAskedForRequestsUntilThereIsEnoughEvidence(t *testing.T) {
	t.Parallel()
	c := playQuiet(t, "", "")
	require.Equal(t, string(shift.Promoted), c.outcome)
	assert.JSONEq(t, `{"deploymentId": "arn:aws:states:us-east-1:123456789012:execution:sluice:`+world.Simulated+`", "seconds": 60, "targets": [{
		"kind": "lambda", "target": "lambda:orders:live", "stable": "1", "candidate": "2", "function": "orders", "alias": "live", "requests": 60,
		"stableArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:1", "candidateArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:2"}]}`, c.payload)
	last := len(c.asked)
	require.Greater(t, len(c.polls), last, "nobody is asked any more")
	for i, poll := range c.polls {
		if i < last {
			assert.Equal(t, time.Duration(i+1)*time.Minute, c.asked[i])
			assert.Contains(t, poll, "cannot tell")
			assert.Contains(t, poll, "; orders-load was asked for 60 requests")
			continue
		}
		assert.NotContains(t, poll, "asked")
		assert.Contains(t, poll, "has not shown to be worse")
	}
}

func TestAFunctionIsNotAskedAnyMoreOnceADeploymentIsAbortedOrPaused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		events string
		asked  []time.Duration
	}{
		"aborted": {`{"atSeconds": 150, "do": "abort", "target": "lambda:orders:live"}`, []time.Duration{time.Minute, 2 * time.Minute}},
		"stopped": {`{"atSeconds": 150, "do": "stopExecution"}`, []time.Duration{time.Minute, 2 * time.Minute}},
		"paused, and then aborted": {`{"atSeconds": 150, "do": "pause", "target": "lambda:orders:live"}, {"atSeconds": 700, "do": "abort", "target": "lambda:orders:live"}`,
			[]time.Duration{time.Minute, 2 * time.Minute}},
		"promoted by hand": {`{"atSeconds": 150, "do": "promote", "target": "lambda:orders:live"}`, []time.Duration{time.Minute, 2 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.asked, playQuiet(t, "", `, "events": [`+test.events+`]`).asked)
		})
	}
}

// A function that is gone, or has lost its tag, in the middle costs only the evidence, and each
// poll says so.
func TestAFunctionThatCannotBeAskedInTheMiddleIsTold(t *testing.T) {
	t.Parallel()
	c := playQuiet(t, "", `, "events": [{"atSeconds": 150, "do": "setTags", "function": "orders-load", "tags": {}}]`)
	assert.Equal(t, string(shift.Promoted), c.outcome)
	assert.Len(t, c.asked, 2)
	const told = "SyntheticNotAsked: orders-load could not be asked for requests: no such function, or Sluice may not invoke it: correct its name, or tag it sluice:synthetic"
	assert.Contains(t, c.polls[2], told)
	assert.Equal(t, len(c.polls)-3, len(slices.DeleteFunc(slices.Clone(c.polls), func(p string) bool { return !strings.Contains(p, told) })),
		"all but the first two polls, and the last one, which goes on")
}

// Lambda repeats an asynchronous invocation that has failed twice, after a minute and after two
// more.
func TestAFunctionForRequestsThatFailsIsRepeatedByLambda(t *testing.T) {
	t.Parallel()
	c := playQuiet(t, `, "evidence": {"patience": 0}`, `, "synthetic": {"orders-load": {"result": "crash"}}`)
	assert.Equal(t, string(shift.Promoted), c.outcome)
	count := map[time.Duration]int{}
	for _, at := range c.asked {
		count[at]++
	}
	assert.Equal(t, 1, count[time.Minute])
	assert.Equal(t, 2, count[2*time.Minute])
	assert.Equal(t, 3, count[4*time.Minute])
}
