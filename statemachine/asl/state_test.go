package asl_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestEveryTaskHasItsStateWithItsFunctionFieldAndRetries(t *testing.T) {
	t.Parallel()
	all := states(t)
	for _, spec := range flow.Specs() {
		t.Run(spec.State, func(t *testing.T) {
			t.Parallel()
			s, ok := all[spec.State]
			require.True(t, ok, "the state is in the definition")
			assert.Equal(t, "Task", s.Type)
			assert.Equal(t, spec.Comment, s.Comment)
			assert.Equal(t, arn(spec.Function), functionOf(t, s))
			assert.Equal(t, retries(spec.Retries), s.Retry)
			if waits(s) {
				assert.Equal(t, "$.hook.timeoutSeconds", s.TimeoutSecondsPath)
				assert.Zero(t, s.TimeoutSeconds)
				return
			}
			assert.Equal(t, int(spec.StateTimeout()/time.Second), s.TimeoutSeconds)
			assert.Equal(t, spec.Field, fieldOf(t, s))
		})
	}
}

// waits says whether a state waits for its task token.
func waits(s state) bool { return strings.HasSuffix(s.Resource, ":lambda:invoke.waitForTaskToken") }

func functionOf(t *testing.T, s state) string {
	t.Helper()
	if !waits(s) {
		return s.Resource
	}
	var parameters struct{ FunctionName string }
	require.NoError(t, json.Unmarshal(s.Parameters, &parameters))
	return parameters.FunctionName
}

// fieldOf returns the field of the Document that a state writes, or "" for the whole Document.
func fieldOf(t *testing.T, s state) string {
	t.Helper()
	var path string
	require.NoError(t, json.Unmarshal(s.ResultPath, &path))
	for field, value := range s.ResultSelector {
		require.Equal(t, "$", path)
		require.Equal(t, "$", value)
		return strings.TrimSuffix(field, ".$")
	}
	return strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
}

func retries(rules []flow.Retry) []retry {
	var list []retry
	for _, r := range rules {
		rule := retry{ErrorEquals: r.Errors}
		if r.Attempts > 0 {
			rule = retry{
				ErrorEquals: r.Errors, IntervalSeconds: int(r.Interval / time.Second), BackoffRate: r.Backoff,
				MaxDelaySeconds: int(r.MaxDelay / time.Second), MaxAttempts: r.Attempts, JitterStrategy: "NONE",
			}
		}
		if r.Jitter {
			rule.JitterStrategy = "FULL"
		}
		list = append(list, rule)
	}
	return list
}

func TestEveryTaskIsCalledWithACall(t *testing.T) {
	t.Parallel()
	for name, s := range states(t) {
		if s.Type != "Task" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			payload, wanted := s.Parameters, fieldsOfCall()
			if waits(s) {
				var parameters struct{ Payload json.RawMessage }
				require.NoError(t, json.Unmarshal(payload, &parameters))
				payload = parameters.Payload
			} else {
				delete(wanted, "taskToken.$")
			}
			var sent map[string]string
			require.NoError(t, json.Unmarshal(payload, &sent))
			assert.Equal(t, wanted, sent)
		})
	}
}

// fieldsOfCall are the expected values of the fields of a flow.Call.
func fieldsOfCall() map[string]string {
	values := map[string]string{
		"State": "$$.State.Name", "Now": "$$.State.EnteredTime", "ExecutionID": "$$.Execution.Id",
		"Retry": "$$.State.RetryCount", "Token": "$$.Task.Token", "Document": "$",
	}
	fields := map[string]string{}
	call := reflect.TypeFor[flow.Call[flow.Document]]()
	for i := range call.NumField() {
		name, _, _ := strings.Cut(call.Field(i).Tag.Get("json"), ",")
		fields[name+".$"] = values[call.Field(i).Name]
	}
	return fields
}

// 20 Documents or answers would exceed the 256 KiB that a Map may output, and States.ALL does
// not catch that.
func TestHooksHaveNoOutput(t *testing.T) {
	t.Parallel()
	all := states(t)
	for _, name := range []string{flow.BeforeHook.State, flow.AfterHook.State} {
		assert.Equal(t, "null", string(all[name].ResultPath), name)
		assert.Equal(t, "null", string(all[name].OutputPath), name)
	}
	for _, point := range []shift.Point{shift.BeforeTraffic, shift.AfterTraffic} {
		assert.Equal(t, "null", string(all[string(point)].ResultPath), point)
	}
}

func TestEveryStateHasAComment(t *testing.T) {
	t.Parallel()
	for name, s := range states(t) {
		assert.NotEmpty(t, s.Comment, name)
	}
}

func TestEveryFailureLeadsToRollback(t *testing.T) {
	t.Parallel()
	toRollback := []catch{{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.failure", Next: "Rollback"}}
	others := map[string][]catch{
		// The raw input may be any kind of JSON: nothing can be written into it.
		"Publish":           {{ErrorEquals: []string{"States.ALL"}, ResultPath: "$", Next: "NoteFailure"}},
		"BeforeTrafficHook": {{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.failure", Next: "NoteBeforeHook"}},
		"AfterTrafficHook":  {{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.failure", Next: "NoteAfterHook"}},
		// The failure of the hook stays where it is.
		"NoteBeforeHook": {{ErrorEquals: []string{"States.ALL"}, Next: "BeforeHookFailed"}},
		"NoteAfterHook":  {{ErrorEquals: []string{"States.ALL"}, Next: "AfterHookFailed"}},
		"Rollback":       {{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.failure", Next: "RollbackIncomplete"}},
	}
	for name, s := range states(t) {
		if s.Type != "Task" && s.Type != "Map" {
			continue
		}
		wanted, other := others[name]
		if !other {
			wanted = toRollback
		}
		assert.Equal(t, wanted, s.Catch, name)
	}
}

func TestProgressIsFollowedAndAnUnknownOneRollsBack(t *testing.T) {
	t.Parallel()
	next := states(t)["Next?"]
	assert.Equal(t, []choice{
		{Variable: "$.progress.next", StringEquals: string(shift.NextBake), Next: "Bake"},
		{Variable: "$.progress.next", StringEquals: string(shift.NextShift), Next: "SetWeight"},
		{Variable: "$.progress.next", StringEquals: string(shift.NextFinish), Next: "AfterTraffic"},
	}, next.Choices)
	assert.Equal(t, "Rollback", next.Default)
}

func TestRollbackEndsInTheStateOfItsOutcomeAndElseStranded(t *testing.T) {
	t.Parallel()
	all := states(t)
	choices := all["Outcome?"].Choices
	assert.Equal(t, choice{Variable: "$.rollback.unchanged", IsPresent: true, Next: "NoteUnchanged"}, choices[0], "another try has ended it")
	var listed []string
	for _, c := range choices[1:] {
		assert.Equal(t, "$.rollback.outcome", c.Variable)
		assert.Equal(t, c.StringEquals, c.Next)
		listed = append(listed, c.Next)
	}
	assert.Equal(t, []string{"Promoted", "Rejected", "RolledBack"}, listed)
	assert.Equal(t, "Stranded", all["Outcome?"].Default)
	for _, outcome := range []shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded} {
		end := all[string(outcome)]
		assert.Equal(t, "Fail", end.Type)
		assert.Equal(t, string(outcome), end.Error)
		assert.Equal(t, "$.rollback.cause", end.CausePath)
	}
	incomplete := all[flow.RollbackIncomplete]
	assert.Equal(t, flow.RollbackIncomplete, incomplete.Error)
	assert.True(t, strings.HasPrefix(incomplete.Cause, flow.RollbackIncomplete+": "), incomplete.Cause)
}

// If the task that notes the hook succeeded and the Map went on, the traffic would be shifted.
func TestAFailureOfAHookFailsTheMapWithWhatWasNoted(t *testing.T) {
	t.Parallel()
	all := states(t)
	for note, failed := range map[string]string{flow.NoteBeforeHook.State: "BeforeHookFailed", flow.NoteAfterHook.State: "AfterHookFailed"} {
		assert.Equal(t, failed, all[note].Next, note)
		assert.Equal(t, "Fail", all[failed].Type, failed)
		assert.Equal(t, "$.failure.Error", all[failed].ErrorPath, failed)
		assert.Equal(t, "$.failure.Cause", all[failed].CausePath, failed)
	}
}
