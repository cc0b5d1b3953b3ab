package localaws_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// awsJSONRequest returns a request as the aws command sends it (aws-cli 1.45.11).
func awsJSONRequest(operation, body string) raw {
	return raw{service: "monitoring", method: "POST", path: "/", body: body, header: map[string]string{
		"X-Amz-Target": "GraniteServiceVersion20100801." + operation, "Content-Type": "application/x-amz-json-1.0",
	}}
}

func withAlarm(t *testing.T) account {
	t.Helper()
	a := newAccount(t, unlimited())
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "orders-5xx", Metric: "Errors", Period: time.Minute, Evaluations: 1, Threshold: 5.5, Dimensions: map[string]string{"FunctionName": "orders"}})
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "orders-slow"})
	require.NoError(t, a.SetAlarmState("orders-5xx", localaws.AlarmAlarm, `more than <5> & "worse"`))
	return a
}

func TestAlarmsAreDescribedInJSON(t *testing.T) {
	t.Parallel()
	answer, body := awsJSONRequest("DescribeAlarms", `{"AlarmNames": ["orders-5xx"], "MaxRecords": 1, "NextToken": null}`).send(t, withAlarm(t))
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Contains(t, body, `"AlarmName":"orders-5xx"`)
	assert.Contains(t, body, `"Threshold":5.5`)
	assert.Contains(t, body, `"EvaluationPeriods":1`)
	assert.Contains(t, body, `"ActionsEnabled":true`)
	assert.Regexp(t, `"StateUpdatedTimestamp":[0-9.e+]+`, body, "seconds since the epoch")
	assert.NotContains(t, body, "orders-slow")
}

func TestAnAlarmsStateCanBeSetInEveryProtocol(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*testing.T, account){
		"CBOR": func(t *testing.T, a account) {
			_, err := a.cloudwatch().SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
				AlarmName: aws.String("orders-slow"), StateValue: types.StateValueAlarm, StateReason: aws.String("by hand"),
			})
			require.NoError(t, err)
		},
		"JSON": func(t *testing.T, a account) {
			answer, body := awsJSONRequest("SetAlarmState", `{"AlarmName": "orders-slow", "StateValue": "ALARM", "StateReason": "by hand"}`).send(t, a)
			require.Equal(t, http.StatusOK, answer.StatusCode, body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := withAlarm(t)
			var changes []localaws.AlarmChange
			a.OnAlarmState(func(c localaws.AlarmChange) { changes = append(changes, c) })
			set(t, a)
			assert.Equal(t, []localaws.AlarmChange{{Region: localaws.DefaultRegion, Name: "orders-slow", Before: "INSUFFICIENT_DATA", State: "ALARM", Reason: "by hand"}}, changes)
		})
	}
}

func TestCloudWatchErrorsHaveTheShapeOfTheirProtocol(t *testing.T) {
	t.Parallel()
	a := withAlarm(t)
	answer, body := awsJSONRequest("SetAlarmState", `{"AlarmName": "unknown", "StateValue": "OK", "StateReason": ""}`).send(t, a)
	assert.Equal(t, http.StatusNotFound, answer.StatusCode)
	assert.Equal(t, "ResourceNotFound;Sender", answer.Header.Get("X-Amzn-Query-Error"))
	assert.Contains(t, body, `"__type":"ResourceNotFound"`)

	_, body = awsJSONRequest("DescribeAlarms", `[`).send(t, a)
	assert.Contains(t, body, "SerializationException")
}

func TestQueryIsNotImplemented(t *testing.T) {
	t.Parallel()
	for service, want := range map[string]string{"monitoring": "cloudwatch:the Query protocol", "sts": "sts:POST /"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			request := raw{
				service: service, method: "POST", path: "/", body: "Action=DescribeAlarms&Version=2010-08-01",
				header: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			}
			answer, body := request.send(t, newAccount(t, unlimited()))
			assert.Equal(t, http.StatusNotImplemented, answer.StatusCode)
			assert.Contains(t, body, "not implemented in the local AWS: "+want)
		})
	}
}
