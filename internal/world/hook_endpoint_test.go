package world

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// flooded is a deployment whose hook answers after a minute, beside one without a hook, while
// somebody asks the endpoint many times each second, from one time to another.
type flooded struct {
	hooked, other *asl.Execution
	codes         map[int]int // how the flood is answered
}

func flood(t *testing.T, from, to time.Duration) (flooded, *World) {
	t.Helper()
	hooked := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "codedeploy", "timeoutSeconds": 300}]}}`)
	other := json.RawMessage(`{"function": "payments", "strategy": "Canary10Percent5Minutes"}`)
	w, err := New(DefaultScenario(), hooked, other)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	w.SetHook("smoke", HookBehaviour{Result: HookSucceeds, After: time.Minute})
	f := flooded{codes: map[int]int{}}
	f.hooked, err = w.Start("hooked", hooked)
	require.NoError(t, err)
	f.other, err = w.Start("other", other)
	require.NoError(t, err)
	count := func(code int) { f.codes[code]++ }
	const step = 2 * time.Millisecond
	for at := from; at < to; at += step {
		forged := shift.LifecycleEvent{DeploymentID: "d-ABCDEFGHI", HookID: "sluice-" + strings.Repeat("A", 43)}
		w.clock.after(at, sluice, func() { w.answerHook(forged, shift.LifecycleSucceeded, count, nil) })
	}
	require.NoError(t, w.Run())
	return f, w
}

// requireAnsweredByLambda says that the endpoint ran for few requests of a flood, and answered none.
func requireAnsweredByLambda(t *testing.T, f flooded, seconds int) {
	t.Helper()
	most := 10*flow.HookEndpointConcurrency*seconds + 10*flow.HookEndpointConcurrency
	assert.LessOrEqual(t, f.codes[http.StatusBadRequest], most, "the endpoint answers that nobody waits for such a hook")
	assert.Greater(t, f.codes[http.StatusTooManyRequests], f.codes[http.StatusBadRequest], "Lambda answers the others")
	assert.Equal(t, 500*seconds, f.codes[http.StatusBadRequest]+f.codes[http.StatusTooManyRequests], "%v", f.codes)
}

func TestAHookAnswersAfterAFlood(t *testing.T) {
	t.Parallel()
	f, w := flood(t, 30*time.Second, 61*time.Second)
	requireAnsweredByLambda(t, f, 31)
	for _, x := range []*asl.Execution{f.hooked, f.other} {
		assert.Equal(t, asl.Succeeded, x.Status(), "%s: %s", x.Name(), x.Failure().Cause)
	}
	for _, function := range []string{"orders", "payments"} {
		route, _ := w.cloud.Alias(function, "live")
		assert.Equal(t, "2", route.FunctionVersion, function)
	}
}

// A flood that lasts can keep a hook's answer away. Its deployment then ends as for any hook that
// does not answer, before it has moved traffic. No other deployment notices.
func TestAFloodThatLastsFailsOnlyWhatWaitsForAHook(t *testing.T) {
	t.Parallel()
	f, w := flood(t, 30*time.Second, 70*time.Second)
	requireAnsweredByLambda(t, f, 40)
	assert.Equal(t, asl.Failed, f.hooked.Status())
	assert.Equal(t, string(shift.Rejected), f.hooked.Failure().Error, fmt.Sprint(f.hooked.Failure()))
	assert.Equal(t, asl.Succeeded, f.other.Status(), f.other.Failure().Cause)
	for function, version := range map[string]string{"orders": "1", "payments": "2"} {
		route, _ := w.cloud.Alias(function, "live")
		assert.Equal(t, version, route.FunctionVersion, function)
		assert.Empty(t, route.Weights)
	}
}
