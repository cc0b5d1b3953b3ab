package request_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func event(detailType, detail string) []byte {
	source := map[string]string{flow.AlarmDetailType: flow.AlarmSource, flow.ExecutionDetailType: flow.ExecutionSource}[detailType]
	return eventFrom(source, detailType, detail)
}

func eventFrom(source, detailType, detail string) []byte {
	return []byte(fmt.Sprintf(`{"version": "0", "source": %q, "time": "2026-05-04T12:00:00Z", "detail-type": %q, "detail": %s}`, source, detailType, detail))
}

func alarmEvent(name, state, before string) []byte {
	return event(flow.AlarmDetailType, fmt.Sprintf(
		`{"alarmName": %q, "state": {"value": %q, "reason": "3 > 2"}, "previousState": {"value": %q}, "configuration": {}}`, name, state, before))
}

func TestTheSafetyNetIsWokenByWhatItUnderstands(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 255) // CloudWatch counts characters, not bytes
	tests := []struct {
		name  string
		event []byte
		want  request.Occasion
	}{
		{"an alarm that was OK", alarmEvent("orders-5xx", "ALARM", "OK"), request.Occasion{Alarm: &request.AlarmFired{Name: "orders-5xx", Reason: "3 > 2", At: noon, WasOK: true}}},
		{"an alarm that had no data", alarmEvent("orders-5xx", "ALARM", "INSUFFICIENT_DATA"), request.Occasion{Alarm: &request.AlarmFired{Name: "orders-5xx", Reason: "3 > 2", At: noon}}},
		{"an alarm of the longest name", alarmEvent(long, "ALARM", "OK"), request.Occasion{Alarm: &request.AlarmFired{Name: long, Reason: "3 > 2", At: noon, WasOK: true}}},
		{"an alarm that went to OK", alarmEvent("orders-5xx", "OK", "ALARM"), request.Occasion{Calmed: &request.AlarmCalmed{Name: "orders-5xx", At: noon}}},
		{"a stopped execution", event(flow.ExecutionDetailType, `{"executionArn": "arn:x", "status": "ABORTED"}`), request.Occasion{Ended: &request.ExecutionEnded{ID: "arn:x", Status: "ABORTED"}}},
		{"an execution that took too long", event(flow.ExecutionDetailType, `{"executionArn": "arn:x", "status": "TIMED_OUT"}`), request.Occasion{Ended: &request.ExecutionEnded{ID: "arn:x", Status: "TIMED_OUT"}}},
		{"a sweep", event(flow.SweepDetailType, `{}`), request.Occasion{Sweep: true}},
		{
			"a command", event(flow.CommandDetailType, `{"target": "lambda:orders:live", "command": "abort", "reason": "a\nb"}`),
			request.Occasion{Command: &request.Commanded{Target: "lambda:orders:live", Command: shift.Command{Order: shift.Abort, Reason: "a b", At: noon}}},
		},
		{
			"a command for one deployment", event(flow.CommandDetailType, `{"target": "lambda:orders:live", "deployment": "arn:x", "command": "pause"}`),
			request.Occasion{Command: &request.Commanded{Target: "lambda:orders:live", DeploymentID: "arn:x", Command: shift.Command{Order: shift.Pause, At: noon}}},
		},
		{"a question", event(flow.QuestionDetailType, `{"target": "lambda:orders:live"}`), request.Occasion{Asked: &request.Asked{Target: "lambda:orders:live"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := request.DecodeOccasion(test.event)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestTheSafetyNetSleepsThroughEverythingElse(t *testing.T) {
	t.Parallel()
	tests := map[string][]byte{
		"nothing":                             nil,
		"another kind of JSON":                []byte(`[]`),
		"null":                                []byte(`null`),
		"another event":                       event("EC2 Instance State-change Notification", `{}`),
		"an event of a hostile type":          event(strings.Repeat("x", 100_000), `{}`),
		"an event beyond what there is":       event(flow.SweepDetailType, `"`+strings.Repeat("x", 1<<20)+`"`),
		"an alarm without data":               alarmEvent("orders-5xx", "INSUFFICIENT_DATA", "ALARM"),
		"an alarm of somebody's making":       eventFrom("shop", flow.AlarmDetailType, `{"alarmName": "a", "state": {"value": "ALARM"}}`),
		"an execution of somebody's making":   eventFrom("shop", flow.ExecutionDetailType, `{"executionArn": "arn:x", "status": "ABORTED"}`),
		"an alarm without a name":             alarmEvent("", "ALARM", "OK"),
		"an alarm of a name that cannot be":   alarmEvent(strings.Repeat("é", 256), "ALARM", "OK"),
		"an alarm's detail that is no object": event(flow.AlarmDetailType, `1`),
		"an execution that succeeded":         event(flow.ExecutionDetailType, `{"executionArn": "arn:x", "status": "SUCCEEDED"}`),
		"an execution that runs":              event(flow.ExecutionDetailType, `{"executionArn": "arn:x", "status": "RUNNING"}`),
		"an execution without a name":         event(flow.ExecutionDetailType, `{"status": "ABORTED"}`),
		"an execution's detail, no object":    event(flow.ExecutionDetailType, `"x"`),
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := request.DecodeOccasion(raw)
			require.ErrorIs(t, err, request.ErrNoOccasion)
			assert.Zero(t, got)
			assert.Less(t, len(err.Error()), 1200)
		})
	}
}

// Whoever gives a command that cannot be obeyed must hear of that.
func TestACommandThatCannotBeObeyedIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"an unknown command":                  `{"target": "lambda:orders:live", "command": "Abort"}`,
		"a command for no target":             `{"target": "orders", "command": "abort"}`,
		"a command for a function":            `{"target": "lambda:orders", "command": "abort"}`,
		"a command for an endless target":     `{"target": "lambda:orders:` + strings.Repeat("x", 5000) + `", "command": "abort"}`,
		"a command's detail that is a list":   `[]`,
		"a command for an endless deployment": `{"target": "lambda:orders:live", "command": "abort", "deployment": "` + strings.Repeat("x", 5000) + `"}`,
	}
	for name, detail := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := request.DecodeOccasion(event(flow.CommandDetailType, detail))
			require.ErrorIs(t, err, flow.ErrInvalidCommand)
			assert.Less(t, len(err.Error()), 1200)
		})
	}
}

// What has no time cannot be told from its repetition.
func TestACommandMustSayWhenItWasGiven(t *testing.T) {
	t.Parallel()
	const detail = `{"target": "lambda:orders:live", "deployment": "arn:x", "command": "abort"}`
	for name, time := range map[string]string{
		"no time":                        ``,
		"a time that is null":            `"time": null, `,
		"an empty time":                  `"time": "", `,
		"a time in words":                `"time": "now", `,
		"a date":                         `"time": "2026-05-04", `,
		"seconds since 1970":             `"time": 1777896000, `,
		"a time before all others":       `"time": "0001-01-01T00:00:00Z", `,
		"a time beyond all milliseconds": `"time": "9999-01-01T00:00:00Z", `,
		"an endless time":                `"time": "` + strings.Repeat("x", 5000) + `", `,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := request.DecodeOccasion([]byte(`{` + time + `"detail-type": "Sluice Command", "detail": ` + detail + `}`))
			require.ErrorIs(t, err, flow.ErrInvalidCommand)
			assert.ErrorContains(t, err, "must say when it was given, as in 2026-05-04T12:00:00Z")
			assert.Less(t, len(err.Error()), 1200)
		})
	}
}

// The event's own time is needed by nobody but who gives a command; and by an alarm's
// whose state has none.
func TestAnEventWhoseTimeCannotBeReadIsNotLost(t *testing.T) {
	t.Parallel()
	alarm := func(state, timestamp string) string {
		return fmt.Sprintf(`"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": "a", "state": {"value": %q, "timestamp": %q}}`, state, timestamp)
	}
	tests := map[string]struct {
		event string
		want  request.Occasion
	}{
		"an alarm whose state has its time": {alarm("ALARM", "2026-05-04T12:00:00.000+0000"), request.Occasion{Alarm: &request.AlarmFired{Name: "a", At: noon}}},
		"an alarm without any":              {alarm("ALARM", "noon"), request.Occasion{Alarm: &request.AlarmFired{Name: "a"}}},
		"an alarm that went to OK":          {alarm("OK", "noon"), request.Occasion{Calmed: &request.AlarmCalmed{Name: "a"}}},
		"a stopped execution": {`"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {"executionArn": "arn:x", "status": "ABORTED"}`,
			request.Occasion{Ended: &request.ExecutionEnded{ID: "arn:x", Status: "ABORTED"}}},
		"a sweep":    {`"detail-type": "Sluice Sweep"`, request.Occasion{Sweep: true}},
		"a question": {`"detail-type": "Sluice Question", "detail": {"target": "lambda:orders:live"}`, request.Occasion{Asked: &request.Asked{Target: "lambda:orders:live"}}},
	}
	for name, test := range tests {
		for _, broken := range []string{``, `"time": "now", `, `"time": 12, `} {
			t.Run(name+", "+broken, func(t *testing.T) {
				t.Parallel()
				got, err := request.DecodeOccasion([]byte("{" + broken + test.event + "}"))
				require.NoError(t, err)
				if got.Alarm != nil {
					got.Alarm.At = got.Alarm.At.UTC()
				}
				assert.Equal(t, test.want, got)
			})
		}
	}
}

// Which kinds there are is for the ledger to know: nobody holds a target of any other.
func TestACommandMayBeForATargetOfAnotherKind(t *testing.T) {
	t.Parallel()
	got, err := request.DecodeOccasion(event(flow.CommandDetailType, `{"target": "route53:Z0123:api.example.com", "command": "abort"}`))
	require.NoError(t, err)
	assert.Equal(t, shift.Target("route53:Z0123:api.example.com"), got.Command.Target)
}

func TestAQuestionThatCannotBeAnsweredIsAnError(t *testing.T) {
	t.Parallel()
	for _, detail := range []string{`[]`, `{"target": 7}`, `{"target": "orders"}`, `{"target": "lambda:orders"}`, `{"target": "route53:"}`, `{"target": "route53:Z1:A.b"}`, `{"target": "lambda:orders:` + strings.Repeat("x", 5000) + `"}`} {
		_, err := request.DecodeOccasion(event(flow.QuestionDetailType, detail))
		require.ErrorIs(t, err, flow.ErrInvalidCommand, detail)
		assert.Less(t, len(err.Error()), 1200)
	}
}

func FuzzDecodeOccasion(f *testing.F) {
	f.Add(alarmEvent("a", "ALARM", "OK"))
	f.Add(event(flow.ExecutionDetailType, `{"executionArn": "arn:x", "status": "FAILED"}`))
	f.Add(event(flow.SweepDetailType, `{}`))
	f.Add(event(flow.CommandDetailType, `{"target": "lambda:orders:live", "command": "pause", "reason": "x"}`))
	f.Add(event(flow.CommandDetailType, `{"target": "lambda:orders:live", "deployment": "arn:x", "command": "abort"}`))
	f.Add([]byte(`{"detail-type": "Sluice Command", "time": "9999-12-31T23:59:59Z", "detail": {"target": "lambda:orders:live", "command": "abort"}}`))
	f.Add([]byte(`{"detail-type": "Sluice Command", "time": "now", "detail": {"target": "lambda:orders:live", "command": "abort"}}`))
	f.Add([]byte(`{"detail-type": "Sluice Command", "time": "", "detail": {"target": "lambda:orders:live", "command": "abort"}}`))
	f.Add([]byte(`{"detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch", "time": 12, "detail": {"alarmName": "a", "state": {"value": "ALARM", "timestamp": "noon"}}}`))
	f.Add(event(flow.QuestionDetailType, `{"target": "lambda:orders:live"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		occasion, err := request.DecodeOccasion(raw)
		if err != nil {
			require.True(t, errors.Is(err, request.ErrNoOccasion) || errors.Is(err, flow.ErrInvalidCommand))
			return
		}
		require.NotZero(t, occasion)
		if alarm := occasion.Alarm; alarm != nil {
			require.LessOrEqual(t, utf8.RuneCountInString(alarm.Reason), 200)
		}
		if command := occasion.Command; command != nil {
			require.LessOrEqual(t, utf8.RuneCountInString(command.Command.Reason), 256)
			require.LessOrEqual(t, len(command.DeploymentID), 256)
			require.Positive(t, command.Command.Precedence())
			readable(t, command.Target)
		}
		if asked := occasion.Asked; asked != nil {
			readable(t, asked.Target)
		}
	})
}

func readable(t *testing.T, target shift.Target) {
	t.Helper()
	require.NotEmpty(t, target.Kind())
	if target.Kind() == shift.KindLambda {
		_, _, err := flow.SplitLambdaTarget(target)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(target), 256)
}
