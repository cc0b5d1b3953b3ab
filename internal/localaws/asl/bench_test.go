package asl_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// pollingLoop is a state machine with a deployment's loop: bake, check the alarms,
// decide.
const pollingLoop = `{"StartAt": "Bake", "States": {
	"Bake": {"Type": "Wait", "SecondsPath": "$.progress.waitSeconds", "Next": "CheckAlarms"},
	"CheckAlarms": {"Type": "Task", "Resource": "` + functionARN + `f", "TimeoutSeconds": 65, "Next": "Next?", "ResultPath": "$.progress",
		"Parameters": {"state.$": "$$.State.Name", "now.$": "$$.State.EnteredTime", "executionId.$": "$$.Execution.Id", "retry.$": "$$.State.RetryCount", "document.$": "$"},
		"Retry": [{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}], "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Failed"}]},
	"Next?": {"Type": "Choice", "Default": "Failed", "Choices": [
		{"Variable": "$.progress.next", "StringEquals": "bake", "Next": "Bake"},
		{"Variable": "$.progress.next", "StringEquals": "finish", "Next": "Promoted"}]},
	"Promoted": {"Type": "Succeed"}, "Failed": {"Type": "Fail"}}}`

// poll returns a function that returns "bake" the given number of times, and then
// "finish".
func poll(times int) function {
	return func(_ *world, _ asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
		next := "bake"
		if times--; times == 0 {
			next = "finish"
		}
		done(json.RawMessage(`{"waitSeconds": 300, "next": "`+next+`", "reasons": ["all alarms are OK"], "step": `+strconv.Itoa(times)+`}`), nil)
	}
}

func BenchmarkPolls(b *testing.B) {
	d, err := asl.Parse([]byte(pollingLoop))
	require.NoError(b, err)
	input := json.RawMessage(`{"progress": {"waitSeconds": 300}, "release": "` + strings.Repeat("r", 4000) + `", "deployment": "` + strings.Repeat("d", 4000) + `"}`)
	for _, polls := range []int{10, 600} {
		b.Run(strconv.Itoa(polls), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := &world{now: midnight, functions: map[string]function{functionARN + "f": poll(polls)}}
				w.machine = asl.NewMachine(d, w, asl.Options{ARN: machineARN})
				ex, err := w.machine.Start("run", input)
				require.NoError(b, err)
				w.settle()
				require.Equal(b, asl.Succeeded, ex.Status())
				require.Equal(b, time.Duration(polls)*5*time.Minute, ex.Stopped().Sub(ex.Started()))
			}
		})
	}
}
