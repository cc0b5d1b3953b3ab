package asl_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// taskWith returns a machine with one Task that also has these fields.
func taskWith(fields string) string {
	return `{"StartAt": "T", "States": {
		"T": {"Type": "Task", "Resource": "` + functionARN + `f", "Next": "Done", ` + fields + `},
		` + targetStates(fields) + `}}`
}

// targetStates returns the states that a Task with these fields leads to.
func targetStates(fields string) string {
	if strings.Contains(fields, "Caught") {
		return `"Done": {"Type": "Succeed"}, "Caught": {"Type": "Succeed"}`
	}
	return `"Done": {"Type": "Succeed"}`
}

// catchAll catches every error that can be caught and leads to the state Caught.
const catchAll = `"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}]`

func TestRetriesWaitAsTheirRetrierSays(t *testing.T) {
	t.Parallel()

	seconds := func(all ...float64) []time.Duration {
		var d []time.Duration
		for _, s := range all {
			d = append(d, time.Duration(s*float64(time.Second)))
		}
		return d
	}
	for _, testcase := range []struct {
		name   string
		retry  string
		random float64
		fails  []string // the error names in sequence; the last one repeats
		want   []time.Duration
	}{
		{
			name:  "1 s, 2 s, 4 s where nothing is said",
			retry: `{"ErrorEquals": ["States.ALL"]}`,
			want:  seconds(0, 1, 3, 7),
		},
		{
			name:  "interval times backoff, as in the developer guide",
			retry: `{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 3}`,
			want:  seconds(0, 3, 9, 21),
		},
		{
			name:  "not longer than MaxDelaySeconds, as in the developer guide",
			retry: `{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 3, "MaxDelaySeconds": 5}`,
			want:  seconds(0, 3, 8, 13),
		},
		{
			name:  "a fraction as the rate",
			retry: `{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 1.5, "MaxAttempts": 2}`,
			want:  seconds(0, 2, 5),
		},
		{
			name:   "full jitter takes a share of the delay",
			retry:  `{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 3, "JitterStrategy": "FULL"}`,
			random: 0.25,
			want:   seconds(0, 0.5, 1.5, 3.5),
		},
		{
			name:   "full jitter after MaxDelaySeconds",
			retry:  `{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "MaxAttempts": 2, "MaxDelaySeconds": 12, "JitterStrategy": "FULL"}`,
			random: 0.5,
			want:   seconds(0, 5, 11),
		},
		{
			name:   "no jitter",
			retry:  `{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "JitterStrategy": "NONE"}`,
			random: 0.25,
			want:   seconds(0, 1),
		},
		{
			name:  "never with MaxAttempts 0, though a later retrier matches",
			retry: `{"ErrorEquals": ["E"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}`,
			want:  seconds(0),
		},
		{
			name:  "each retrier counts for itself, as in the developer guide",
			retry: `{"ErrorEquals": ["A", "B"], "MaxAttempts": 2}, {"ErrorEquals": ["C"], "IntervalSeconds": 5}`,
			fails: []string{"A", "B", "C", "B"},
			want:  seconds(0, 1, 3, 8),
		},
		{
			name:  "no retrier matches",
			retry: `{"ErrorEquals": ["A"]}`,
			want:  seconds(0),
		},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()

			names := testcase.fails
			if names == nil {
				names = []string{"E"}
			}
			var turns []function
			for _, name := range names {
				turns = append(turns, failing(name, ""))
			}
			w := newWorld(t, taskWith(`"Retry": [`+testcase.retry+`], `+catchAll), map[string]function{"f": inSequence(turns...)})
			w.random = func() float64 { return testcase.random }
			ex := w.start(t, `{}`)
			w.settle()

			assert.Equal(t, testcase.want, w.callTimes)
			assert.Equal(t, []string{"T", "Caught"}, ex.Path())
			assert.Equal(t, len(testcase.want)-1+2, ex.Transitions(), "each state and each retry")
			for i, call := range w.calls {
				assert.Equal(t, i, call.Retry)
			}
		})
	}
}

func TestRetryCountAndEnteredTimeAreThoseOfTheVisit(t *testing.T) {
	t.Parallel()

	// The state is visited twice; each visit needs one retry.
	definition := `{"StartAt": "T", "States": {
		"T": {"Type": "Task", "Resource": "` + functionARN + `f", "Next": "Again?",
			"Parameters": {"retry.$": "$$.State.RetryCount", "entered.$": "$$.State.EnteredTime"},
			"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 1}]},
		"Again?": {"Type": "Choice", "Choices": [{"Variable": "$.again", "BooleanEquals": true, "Next": "T"}], "Default": "End"},
		"End": {"Type": "Succeed"}}}`
	_, w := run(t, definition, `{}`, map[string]function{"f": inSequence(
		failing("E", ""), returning(`{"again": true}`), failing("E", ""), returning(`{"again": false}`))})

	var payloads []string
	for _, call := range w.calls {
		payloads = append(payloads, string(call.Payload))
	}
	assert.Equal(t, []string{
		`{"retry":0,"entered":"2026-01-02T00:00:00.000Z"}`,
		`{"retry":1,"entered":"2026-01-02T00:00:00.000Z"}`,
		`{"retry":0,"entered":"2026-01-02T00:00:02.000Z"}`,
		`{"retry":1,"entered":"2026-01-02T00:00:02.000Z"}`,
	}, payloads)
}

func TestErrorsAreMatchedAsInAWS(t *testing.T) {
	t.Parallel()

	heartbeat := "a missed heartbeat"
	large := "a result over 256 KiB"
	for _, testcase := range []struct {
		errorEquals string
		fails       string
		want        bool
	}{
		{errorEquals: `"E"`, fails: "E", want: true},
		{errorEquals: `"e"`, fails: "E", want: false},
		{errorEquals: `"A", "E"`, fails: "E", want: true},
		{errorEquals: `"States.ALL"`, fails: "E", want: true},
		{errorEquals: `"States.ALL"`, fails: "", want: true},
		{errorEquals: `"States.ALL"`, fails: "States.Timeout", want: true},
		{errorEquals: `"States.ALL"`, fails: heartbeat, want: true},
		{errorEquals: `"States.ALL"`, fails: "States.Runtime", want: false},
		{errorEquals: `"States.ALL"`, fails: large, want: false},
		{errorEquals: `"States.TaskFailed"`, fails: "E", want: true},
		{errorEquals: `"States.TaskFailed"`, fails: "States.Timeout", want: false},
		{errorEquals: `"States.TaskFailed"`, fails: heartbeat, want: false},
		{errorEquals: `"States.TaskFailed"`, fails: "States.Runtime", want: false},
		{errorEquals: `"States.TaskFailed"`, fails: large, want: false},
		{errorEquals: `"States.Timeout"`, fails: "States.Timeout", want: true},
		{errorEquals: `"States.Timeout"`, fails: heartbeat, want: true},
		{errorEquals: `"States.Timeout"`, fails: "E", want: false},
		{errorEquals: `"States.HeartbeatTimeout"`, fails: heartbeat, want: true},
		{errorEquals: `"States.HeartbeatTimeout"`, fails: "States.Timeout", want: false},
		{errorEquals: `"States.DataLimitExceeded"`, fails: large, want: true},
		{errorEquals: `"States.Runtime"`, fails: "States.Runtime", want: false},
	} {
		t.Run(testcase.errorEquals+" and "+testcase.fails, func(t *testing.T) {
			t.Parallel()

			f := failing(testcase.fails, "")
			switch testcase.fails {
			case "States.Timeout", heartbeat:
				f = hanging
			case large:
				f = returning(`"` + strings.Repeat("x", 256*1024) + `"`)
			}
			clocks := `"TimeoutSeconds": 10`
			if testcase.fails == heartbeat {
				clocks += `, "HeartbeatSeconds": 5`
			}
			ex, _ := run(t, `{"StartAt": "T", "States": {
				"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", `+clocks+`, "Next": "Done",
					"Parameters": {"FunctionName": "`+functionARN+`f", "Payload": {"token.$": "$$.Task.Token"}},
					"Catch": [{"ErrorEquals": [`+testcase.errorEquals+`], "Next": "Caught"}]},
				"Done": {"Type": "Succeed"}, "Caught": {"Type": "Succeed"}}}`,
				`{}`, map[string]function{"f": f})

			if testcase.want {
				assert.Equal(t, []string{"T", "Caught"}, ex.Path())
				return
			}
			assert.Equal(t, []string{"T"}, ex.Path())
			assert.Equal(t, asl.Failed, ex.Status())
		})
	}
}

func TestACatchPassesErrorAndCause(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		name, resultPath string
		fails            function
		want             string
	}{
		{name: "as the whole", fails: failing("E", `say "hi" & <bye>`), want: `{"Error":"E","Cause":"say \"hi\" & <bye>"}`},
		{name: "beside the raw input", resultPath: `"ResultPath": "$.failure", `, fails: failing("E", "c"), want: `{"n":1.50,"failure":{"Error":"E","Cause":"c"}}`},
		{name: "not at all", resultPath: `"ResultPath": null, `, fails: failing("E", "c"), want: `{"n":1.50}`},
		{name: "a timeout has no cause", fails: hanging, want: `{"Error":"States.Timeout","Cause":""}`},
	} {
		t.Run(testcase.name, func(t *testing.T) {
			t.Parallel()
			ex, _ := run(t, taskWith(`"TimeoutSeconds": 5, "OutputPath": "$.nothing",
				"Catch": [{"ErrorEquals": ["States.ALL"], `+testcase.resultPath+`"Next": "Caught"}]`), `{"n": 1.50}`, map[string]function{"f": testcase.fails})
			require.Equal(t, asl.Succeeded, ex.Status(), ex.Failure())
			assert.Equal(t, testcase.want, string(ex.Output()))
		})
	}
}

// However attempts fail, each has 3 events, and each one after the first counts as one
// transition.
func TestEveryAttemptIsCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(0, 6).Draw(rt, "MaxAttempts")
		failures := rapid.IntRange(0, 8).Draw(rt, "failures")
		jitter := rapid.SampledFrom([]string{"FULL", "NONE"}).Draw(rt, "jitter")
		random := rapid.Float64Range(0, 0.999).Draw(rt, "random")

		var turns []function
		for range failures {
			turns = append(turns, rapid.SampledFrom([]function{failing("E", ""), hanging}).Draw(rt, "failure"))
		}
		w := newWorld(t, taskWith(fmt.Sprintf(`"TimeoutSeconds": 7, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": %d, "JitterStrategy": "%s"}], %s`,
			most, jitter, catchAll)), map[string]function{"f": inSequence(append(turns, returning(`{}`))...)})
		w.random = func() float64 { return random }
		ex := w.start(t, `{}`)
		w.settle()

		attempts := min(failures, most) + 1
		if len(w.calls) != attempts {
			rt.Fatalf("%d calls, want %d", len(w.calls), attempts)
		}
		if got, want := len(ex.History()), 2+2+3*attempts+2; got != want {
			rt.Fatalf("%d events, want %d", got, want)
		}
		if got, want := ex.Transitions(), 2+attempts-1; got != want {
			rt.Fatalf("%d transitions, want %d", got, want)
		}
		wantEnd := "Done"
		if failures > most {
			wantEnd = "Caught"
		}
		if got := ex.Path()[1]; got != wantEnd {
			rt.Fatalf("ended in %s, want %s", got, wantEnd)
		}
	})
}

func TestALateReturnOfATimedOutTaskIsIgnored(t *testing.T) {
	t.Parallel()

	late := func(w *world, _ asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		w.After(8*time.Second, func() { done(json.RawMessage(`"late"`), nil) })
	}
	ex, w := run(t, taskWith(`"TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]`),
		`{}`, map[string]function{"f": inSequence(late, slow(4*time.Second, returning(`"second"`)))})

	assert.Equal(t, asl.Succeeded, ex.Status())
	assert.Equal(t, `"second"`, string(ex.Output()), "the first attempt returned at 8 s, while the second one ran")
	assert.Equal(t, []time.Duration{0, 6 * time.Second}, w.callTimes)
	assert.Equal(t, midnight.Add(10*time.Second), ex.Stopped())
}

func TestOnlyTheFirstAnswerOfAFunctionCounts(t *testing.T) {
	t.Parallel()

	twice := func(_ *world, _ asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		done(json.RawMessage(`1`), nil)
		done(nil, &asl.Failure{Error: "E"})
	}
	ex, _ := run(t, taskWith(catchAll), `{}`, map[string]function{"f": twice})
	assert.Equal(t, `1`, string(ex.Output()))
}
