package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTheTasksAreListedInRunningOrderEachOnce(t *testing.T) {
	t.Parallel()
	var states []string
	functions, fields := map[string]bool{}, map[string]string{}
	for _, spec := range flow.Specs() {
		assert.NotContains(t, states, spec.State, "a state has one task")
		states = append(states, spec.State)
		functions[spec.Function] = true
		if spec.Field != "" && spec.Field != "progress" && spec.Field != "failure" {
			assert.Empty(t, fields[spec.Field], "a field has one writer")
		}
		fields[spec.Field] = spec.State
		assert.NotEmpty(t, spec.Comment)
		assert.Regexp(t, regexp.MustCompile(`^[A-Z][A-Za-z]+$`), spec.State)
		assert.Regexp(t, regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), spec.Function)
	}
	assert.Equal(t, []string{
		"Publish", "Open", "BeforeTrafficHook", "NoteBeforeHook", "SetWeight", "CheckAlarms", "AfterTrafficHook", "NoteAfterHook",
		"Close", "Rollback",
	}, states)
	assert.Equal(t, map[string]bool{
		"publish-version": true, "open-deployment": true, "run-hooks": true, "set-weight": true,
		"check-alarms": true, "close-deployment": true, "rollback": true,
	}, functions)
}

func TestAStateWaitsFiveSecondsLongerThanItsLambdaUnlessTheTrafficIsToGoBack(t *testing.T) {
	t.Parallel()
	for _, spec := range flow.Specs() {
		assert.LessOrEqual(t, spec.Timeout, 15*time.Minute, "a Lambda runs no longer")
		if spec.Field == "failure" {
			assert.Equal(t, 10*time.Second, spec.StateTimeout(), "the traffic goes back after it")
			continue
		}
		assert.Equal(t, spec.Timeout+5*time.Second, spec.StateTimeout())
	}
	assert.GreaterOrEqual(t, flow.BeforeHook.Timeout, shift.MaxSyncHook.Duration()+time.Minute, "run-hooks waits for the hook, and answers")
}

// What a definition's Retry may hold (States Language, Retrier): whole seconds,
// a backoff of at least 1, a longest delay beyond the first one, and States.ALL
// alone and last.
func TestEveryRetryIsOneThatStepFunctionsAccepts(t *testing.T) {
	t.Parallel()
	for _, spec := range flow.Specs() {
		require.NotEmpty(t, spec.Retries, spec.State)
		for i, rule := range spec.Retries {
			require.NotEmpty(t, rule.Errors)
			if len(rule.Errors) > 1 {
				assert.NotContains(t, rule.Errors, "States.ALL")
			}
			if rule.Errors[0] == "States.ALL" {
				assert.Equal(t, len(spec.Retries)-1, i, "nothing after it is ever reached")
			}
			if rule.Attempts == 0 {
				assert.Zero(t, i, "what cannot heal is told apart first")
				continue
			}
			assert.GreaterOrEqual(t, rule.Interval, time.Second)
			assert.Zero(t, rule.Interval%time.Second+rule.MaxDelay%time.Second)
			assert.Greater(t, rule.MaxDelay, rule.Interval)
			assert.GreaterOrEqual(t, rule.Backoff, 1.0)
		}
	}
}

// waited is how long all attempts of a rule wait, with jitter on average.
func waited(rule flow.Retry) time.Duration {
	var total time.Duration
	delay := float64(rule.Interval)
	for range rule.Attempts {
		total += time.Duration(min(delay, float64(rule.MaxDelay)))
		delay = min(delay*rule.Backoff, float64(rule.MaxDelay))
	}
	if rule.Jitter {
		total /= 2
	}
	return total
}

func TestRetriesGoOnForAsLongAsHealingTakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spec  flow.Spec
		error string
		least time.Duration
	}{
		{"a throttled shift stays at its weight for about half an hour", flow.SetWeight.Spec, "States.ALL", 25 * time.Minute},
		{"a rollback is tried for about an hour", flow.Rollback.Spec, "States.ALL", 55 * time.Minute},
		{"a pending version is waited for beyond the SDK's own 26 minutes", flow.Open.Spec, "CandidatePending", 26 * time.Minute},
		{"a target that heals is waited for several sweeps", flow.Open.Spec, "TargetBeingRestored", 10 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, rule := range test.spec.Retries {
				if rule.Errors[0] == test.error {
					assert.GreaterOrEqual(t, waited(rule), test.least)
					return
				}
			}
			assert.Fail(t, "it is not retried")
		})
	}
}

func TestRollbackRetriesEvenWhatCannotHeal(t *testing.T) {
	t.Parallel()
	for _, rule := range flow.Rollback.Retries {
		assert.NotZero(t, rule.Attempts, "traffic must go back whatever the error is called")
	}
}

func TestAHookIsAskedOnce(t *testing.T) {
	t.Parallel()
	for _, spec := range []flow.Spec{flow.BeforeHook.Spec, flow.AfterHook.Spec} {
		for _, rule := range spec.Retries {
			never := []string{"Lambda.TooManyRequestsException", "Throttled", "HookNotStarted"}
			for _, code := range flow.NotStarted {
				never = append(never, "Lambda."+code)
			}
			assert.Subset(t, never, rule.Errors,
				"only an invocation that never began is tried again")
		}
	}
}

const payload = `{
	"state": "SetWeight", "now": "2026-05-04T12:00:00.123Z", "executionId": "arn:x", "retry": 3, "taskToken": "token",
	"document": {
		"release": {"targets": [{"target": "lambda:orders:live", "candidate": "2", "functionArn": "arn:orders"}], "strategy": "AllAtOnce",
			"steps": [{"percent": 100, "bakeSeconds": 0}], "alarms": ["a"], "hooks": {"beforeTraffic": [], "afterTraffic": []}, "trigger": "event"},
		"deployment": {"id": "arn:x", "changes": [{"target": "lambda:orders:live", "stable": "1", "candidate": "2", "revision": "r0"}],
			"plan": {"steps": [{"weightPercent": 10, "bakeSeconds": 60, "pollSeconds": 60}, {"weightPercent": 100}]}},
		"progress": {"step": 1, "nextStep": 2, "weightPercent": 10, "waitSeconds": 60, "next": "bake", "verdict": "Hold", "revisions": {"lambda:orders:live": "r1"}},
		"failure": {"Error": "HookFailed", "Cause": "{}"},
		"hook": {"function": "smoke", "mode": "callback", "timeoutSeconds": 60}
	}
}`

func TestAHandlerIsCalledWithWhatItsStateSends(t *testing.T) {
	t.Parallel()
	var got flow.Call[flow.Document]
	answer, err := flow.Serve(flow.SetWeight, func(_ context.Context, call flow.Call[flow.Document]) (shift.Progress, error) {
		got = call
		return shift.Progress{Step: 2, Next: shift.NextFinish, Reasons: []shift.Reason{}}, nil
	})(t.Context(), []byte(payload))
	require.NoError(t, err)
	assert.Equal(t, "SetWeight", got.State)
	assert.Equal(t, time.Date(2026, 5, 4, 12, 0, 0, 123_000_000, time.UTC), got.Now)
	assert.Equal(t, "arn:x", got.ExecutionID)
	assert.Equal(t, 3, got.Retry)
	assert.Equal(t, "token", got.Token)
	doc := got.Document
	assert.Equal(t, []shift.Arrival{{Target: "lambda:orders:live", Candidate: "2", Detail: "arn:orders"}}, doc.Release.Arrivals)
	assert.Equal(t, shift.Event, doc.Release.Trigger)
	assert.Equal(t, shift.Version("1"), doc.Deployment.Changes[0].Stable)
	assert.Equal(t, shift.Weight(1000), doc.Progress.Weight)
	assert.Equal(t, shift.Hold, doc.Progress.Verdict)
	assert.Equal(t, &flow.Failure{Error: "HookFailed", Cause: "{}"}, doc.Failure)
	assert.Equal(t, &shift.Hook{Function: "smoke", Mode: shift.Callback, Timeout: 60}, doc.Hook)
	var written shift.Progress
	require.NoError(t, json.Unmarshal(answer, &written))
	assert.Equal(t, shift.NextFinish, written.Next)
}

// A raw input may be any kind of JSON, and reaches Publish as it is.
func TestPublishIsCalledWithTheRawInput(t *testing.T) {
	t.Parallel()
	for _, input := range []string{`{"function":"orders"}`, `[]`, `null`, `"x"`, `1`} {
		t.Run(input, func(t *testing.T) {
			t.Parallel()
			var got json.RawMessage
			_, err := flow.Serve(flow.Publish, func(_ context.Context, call flow.Call[json.RawMessage]) (shift.Release, error) {
				got = call.Document
				return shift.Release{}, nil
			})(t.Context(), []byte(`{"state": "Publish", "document": `+input+`}`))
			require.NoError(t, err)
			assert.Equal(t, input, string(got))
		})
	}
}

func TestAHandlersErrorGoesOutUnderItsName(t *testing.T) {
	t.Parallel()
	answer, err := flow.Serve(flow.Rollback, func(context.Context, flow.Call[flow.Document]) (flow.Undoing, error) {
		return flow.Undoing{}, fmt.Errorf("close: %w", shift.ErrThrottled)
	})(t.Context(), []byte(payload))
	assert.Nil(t, answer)
	var wire *flow.WireError
	require.ErrorAs(t, err, &wire)
	assert.Equal(t, &flow.WireError{Name: "Throttled", Message: "close: throttled"}, wire)
}

func TestAnInvocationWithSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `[]`, `{"document": []}`, `{"document": {"progress": {"weightPercent": 101}}}`, `{"document": {"progress": {"verdict": "Good"}}}`} {
		_, err := flow.Serve(flow.SetWeight, func(context.Context, flow.Call[flow.Document]) (shift.Progress, error) {
			assert.Fail(t, "called", text)
			return shift.Progress{}, nil
		})(t.Context(), []byte(text))
		var wire *flow.WireError
		require.ErrorAs(t, err, &wire)
		assert.Equal(t, "Unexpected", wire.Name)
		assert.Contains(t, wire.Message, "set-weight got a payload that its state does not send")
	}
}

func TestADocumentIsBoundedTo96KiB(t *testing.T) {
	t.Parallel()
	text := func(bytes int) flow.Document {
		doc := flow.Document{Failure: &flow.Failure{}}
		empty, err := json.Marshal(doc)
		require.NoError(t, err)
		doc.Failure.Cause = strings.Repeat("x", bytes-len(empty))
		return doc
	}
	require.NoError(t, text(96<<10).CheckSize())
	err := text(96<<10 + 1).CheckSize()
	require.ErrorIs(t, err, shift.ErrDocumentTooLarge)
	require.ErrorContains(t, err, "settled, it has 98305 bytes, and at most 98304 fit: use fewer steps, targets, alarms or hooks")
}
