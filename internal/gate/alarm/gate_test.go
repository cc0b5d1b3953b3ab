package alarm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// wire is the HTTP client below the real SDK client. It answers the n-th request, and records
// the requests.
type wire struct {
	requests []cbor.Map
	answer   func(n int) (status int, body cbor.Map, err error)
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	asked, err := cbor.Decode(text)
	if err != nil {
		return nil, err
	}
	w.requests = append(w.requests, asked.(cbor.Map))
	status, body, err := w.answer(len(w.requests) - 1)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Request: r,
		Header: http.Header{"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}},
		Body:   io.NopCloser(bytes.NewReader(cbor.Encode(body))),
	}, nil
}

func newGate(answer func(n int) (int, cbor.Map, error)) (*alarm.Gate, *wire) {
	w := &wire{answer: answer}
	return alarm.FromConfig(localaws.ClientConfig("id", w)), w
}

// page returns a page of metric and composite alarms, and the token of the next page.
func page(metric, composite []cbor.Value, token string) cbor.Map {
	p := cbor.Map{"MetricAlarms": cbor.List(metric), "CompositeAlarms": cbor.List(composite)}
	if token != "" {
		p["NextToken"] = cbor.String(token)
	}
	return p
}

func stored(name, state, reason, evaluation string) cbor.Value {
	a := cbor.Map{"AlarmName": cbor.String(name), "StateValue": cbor.String(state), "StateReason": cbor.String(reason)}
	if evaluation != "" {
		a["EvaluationState"] = cbor.String(evaluation)
	}
	return a
}

func failure(code string) cbor.Map {
	return cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String("no")}
}

func texts(v cbor.Value) []string {
	var list []string
	for _, s := range v.(cbor.List) {
		list = append(list, string(s.(cbor.String)))
	}
	return list
}

func TestAlarmsOfAllTypesAreReadInTheirOrder(t *testing.T) {
	t.Parallel()
	gate, w := newGate(func(int) (int, cbor.Map, error) {
		all := page(
			[]cbor.Value{stored("b", "OK", "fine", ""), stored("a", "ALARM", "Threshold Crossed", "")},
			[]cbor.Value{stored("c", "INSUFFICIENT_DATA", "new", "")}, "")
		all["LogAlarms"] = cbor.List{stored("d", "ALARM", "12 lines", ""), stored("e", "OK", "", "EVALUATION_ERROR")}
		return 200, all, nil
	})
	got, err := gate.Alarms(t.Context(), []string{"a", "b", "gone", "c", "d", "e"})
	require.NoError(t, err)
	assert.Equal(t, []shift.Alarm{
		{Name: "a", State: shift.AlarmFiring, Reason: "Threshold Crossed"},
		{Name: "b", State: shift.AlarmOK, Reason: "fine"},
		{Name: "gone", State: shift.AlarmMissing, Reason: "there is no metric, composite or log alarm of that name in the region us-east-1 of this account"},
		{Name: "c", State: shift.AlarmInsufficient, Reason: "new"},
		{Name: "d", State: shift.AlarmFiring, Reason: "12 lines"},
		{Name: "e", State: shift.AlarmOK, Doubt: "its evaluation state is EVALUATION_ERROR"},
	}, got)
	require.Len(t, w.requests, 1)
	assert.Equal(t, []string{"a", "b", "gone", "c", "d", "e"}, texts(w.requests[0]["AlarmNames"]))
	assert.Equal(t, []string{"MetricAlarm", "CompositeAlarm", "LogAlarm"}, texts(w.requests[0]["AlarmTypes"]))
	assert.Equal(t, cbor.Uint(100), w.requests[0]["MaxRecords"])
}

func TestWithoutNamesThereIsNoCall(t *testing.T) {
	t.Parallel()
	gate, w := newGate(nil)
	got, err := gate.Alarms(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, got)
	assert.Empty(t, w.requests, "a call without names would return all alarms")
}

func TestADoubtfulEvaluationIsReported(t *testing.T) {
	t.Parallel()
	tests := []struct {
		state, evaluation string
		want              shift.AlarmState
		doubt             string
	}{
		{"OK", "", shift.AlarmOK, ""},
		{"OK", "PARTIAL_DATA", shift.AlarmOK, "its evaluation state is PARTIAL_DATA"},
		{"INSUFFICIENT_DATA", "EVALUATION_FAILURE", shift.AlarmInsufficient, "its evaluation state is EVALUATION_FAILURE"},
		{"ALARM", "EVALUATION_ERROR", shift.AlarmFiring, "its evaluation state is EVALUATION_ERROR"},
		{"DREAMING", "", shift.AlarmUnreadable, ""},
	}
	for _, tt := range tests {
		t.Run(tt.state+" "+tt.evaluation, func(t *testing.T) {
			t.Parallel()
			gate, _ := newGate(func(int) (int, cbor.Map, error) {
				return 200, page([]cbor.Value{stored("a", tt.state, "because", tt.evaluation)}, nil, ""), nil
			})
			got, err := gate.Alarms(t.Context(), []string{"a"})
			require.NoError(t, err)
			assert.Equal(t, tt.want, got[0].State)
			assert.Equal(t, "because", got[0].Reason)
			assert.Equal(t, tt.doubt, got[0].Doubt)
		})
	}
}

func TestEachCallHasAtMost100Names(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 250 {
		names = append(names, fmt.Sprintf("alarm-%03d", i))
	}
	gate, w := newGate(func(n int) (int, cbor.Map, error) {
		var alarms []cbor.Value
		for name := range slices.Values(names[100*n : min(100*n+100, len(names))]) {
			alarms = append(alarms, stored(name, "OK", "", ""))
		}
		slices.Reverse(alarms)
		return 200, page(alarms, nil, ""), nil
	})
	got, err := gate.Alarms(t.Context(), names)
	require.NoError(t, err)
	require.Len(t, got, 250)
	for i, a := range got {
		assert.Equal(t, shift.Alarm{Name: names[i], State: shift.AlarmOK}, a)
	}
	require.Len(t, w.requests, 3)
	assert.Equal(t, names[100:200], texts(w.requests[1]["AlarmNames"]))
	assert.Equal(t, names[200:], texts(w.requests[2]["AlarmNames"]))
}

func TestPagesAreFollowed(t *testing.T) {
	t.Parallel()
	gate, w := newGate(func(n int) (int, cbor.Map, error) {
		if n == 0 {
			return 200, page([]cbor.Value{stored("a", "OK", "", "")}, nil, "next"), nil
		}
		return 200, page(nil, []cbor.Value{stored("b", "ALARM", "", "")}, ""), nil
	})
	got, err := gate.Alarms(t.Context(), []string{"a", "b"})
	require.NoError(t, err)
	assert.Equal(t, []shift.Alarm{{Name: "a", State: shift.AlarmOK}, {Name: "b", State: shift.AlarmFiring}}, got)
	require.Len(t, w.requests, 2)
	assert.Equal(t, cbor.String("next"), w.requests[1]["NextToken"])
	assert.Equal(t, []string{"a", "b"}, texts(w.requests[1]["AlarmNames"]))
	assert.Equal(t, []string{"MetricAlarm", "CompositeAlarm", "LogAlarm"}, texts(w.requests[1]["AlarmTypes"]))
}

func TestAFailedPageKeepsWhatCouldBeRead(t *testing.T) {
	t.Parallel()
	failures := map[string]func() (int, cbor.Map, error){
		"AccessDenied":    func() (int, cbor.Map, error) { return 400, failure("AccessDenied"), nil },
		"InternalFailure": func() (int, cbor.Map, error) { return 500, failure("InternalFailure"), nil },
		"connection lost": func() (int, cbor.Map, error) { return 0, nil, errors.New("connection lost") },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names := make([]string, 101)
			for i := range names {
				names[i] = fmt.Sprintf("alarm-%03d", i)
			}
			gate, w := newGate(func(n int) (int, cbor.Map, error) {
				switch n {
				case 0:
					return 200, page([]cbor.Value{stored(names[7], "ALARM", "", "")}, nil, "next"), nil
				case 1:
					return fail()
				}
				return 200, page([]cbor.Value{stored(names[100], "OK", "", "")}, nil, ""), nil
			})
			got, err := gate.Alarms(t.Context(), names)
			require.NoError(t, err)
			require.Len(t, got, 101)
			require.Len(t, w.requests, 3)
			assert.Equal(t, shift.AlarmFiring, got[7].State)
			assert.Equal(t, shift.AlarmOK, got[100].State)
			for _, i := range []int{0, 6, 8, 99} {
				assert.Equal(t, shift.AlarmUnreadable, got[i].State)
				assert.Equal(t, names[i], got[i].Name)
				assert.Contains(t, got[i].Reason, name)
			}
		})
	}
}

func TestThrottlingIsAnErrorThatCanBeRetried(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"Throttling", "ThrottlingException", "RequestLimitExceeded"} {
		gate, w := newGate(func(int) (int, cbor.Map, error) { return 400, failure(code), nil })
		_, err := gate.Alarms(t.Context(), []string{"a"})
		require.ErrorIs(t, err, shift.ErrThrottled)
		assert.ErrorContains(t, err, code)
		assert.ErrorContains(t, err, "describe 1 alarms in us-east-1")
		assert.Len(t, w.requests, 1)
	}
}

func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000) + "\n"
	gate, _ := newGate(func(int) (int, cbor.Map, error) {
		return 200, page([]cbor.Value{stored("a", "ALARM", "line\nforged", ""), stored("b", "OK", long, "PARTIAL_DATA")}, []cbor.Value{stored("c", "OK", long, "")}, ""), nil
	})
	got, err := gate.Alarms(t.Context(), []string{"a", "b", "c"})
	require.NoError(t, err)
	assert.Equal(t, "line forged", got[0].Reason)
	assert.Len(t, []rune(got[1].Reason), 200)
	assert.Len(t, []rune(got[2].Reason), 200)
}
