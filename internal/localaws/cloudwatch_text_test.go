package localaws_test

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/localaws"
)

// Requests as the aws command sends them: AWS-JSON, and Query where it is older.

func asJSON(operation, body string) raw {
	return raw{method: "POST", path: "/", body: body, header: map[string]string{
		"X-Amz-Target": "GraniteServiceVersion20100801." + operation, "Content-Type": "application/x-amz-json-1.0",
	}}
}

func asForm(body string) raw {
	return raw{method: "POST", path: "/", body: body, header: map[string]string{
		"Content-Type":  "application/x-www-form-urlencoded; charset=utf-8",
		"Authorization": "AWS4-HMAC-SHA256 Credential=operator/20261201/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0",
	}}
}

func watched(t *testing.T) account {
	t.Helper()
	a := newAccount(t, unlimited())
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "orders-5xx", Metric: "Errors", Period: time.Minute, Evaluations: 1, Threshold: 5.5, Dimensions: map[string]string{"FunctionName": "orders"}})
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "orders-slow"})
	require.NoError(t, a.SetAlarmState("orders-5xx", localaws.AlarmAlarm, `more than <5> & "worse"`))
	return a
}

func TestAlarmsAreDescribedInJSON(t *testing.T) {
	t.Parallel()
	answer, body := asJSON("DescribeAlarms", `{"AlarmNames": ["orders-5xx"], "MaxRecords": 1, "NextToken": null}`).send(t, watched(t))
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Contains(t, body, `"AlarmName":"orders-5xx"`)
	assert.Contains(t, body, `"Threshold":5.5`)
	assert.Contains(t, body, `"EvaluationPeriods":1`)
	assert.Contains(t, body, `"ActionsEnabled":true`)
	assert.Regexp(t, `"StateUpdatedTimestamp":[0-9.e+]+`, body, "seconds since the epoch")
	assert.NotContains(t, body, "orders-slow")
}

func TestAlarmsAreDescribedInXML(t *testing.T) {
	t.Parallel()
	answer, body := asForm("Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=orders-5xx&AlarmNames.member.2=orders-slow&MaxRecords=1").send(t, watched(t))
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	var read struct {
		XMLName xml.Name `xml:"http://monitoring.amazonaws.com/doc/2010-08-01/ DescribeAlarmsResponse"`
		Result  struct {
			MetricAlarms struct {
				Member []struct {
					AlarmName, StateReason, StateUpdatedTimestamp string
					Threshold                                     float64
					Dimensions                                    struct {
						Member []struct{ Name, Value string } `xml:"member"`
					}
				} `xml:"member"`
			}
			NextToken string
		} `xml:"DescribeAlarmsResult"`
	}
	require.NoError(t, xml.NewDecoder(strings.NewReader(body)).Decode(&read), body)
	require.Len(t, read.Result.MetricAlarms.Member, 1)
	described := read.Result.MetricAlarms.Member[0]
	assert.Equal(t, "orders-5xx", described.AlarmName)
	assert.Equal(t, `more than <5> & "worse"`, described.StateReason)
	assert.InDelta(t, 5.5, described.Threshold, 0)
	assert.Equal(t, "orders", described.Dimensions.Member[0].Value)
	_, err := time.Parse(time.RFC3339, described.StateUpdatedTimestamp)
	require.NoError(t, err)
	assert.NotEmpty(t, read.Result.NextToken)
}

func TestAnAlarmsStateIsSetInEveryProtocol(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*testing.T, account){
		"CBOR": func(t *testing.T, a account) {
			_, err := a.cloudwatch().SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
				AlarmName: aws.String("orders-slow"), StateValue: types.StateValueAlarm, StateReason: aws.String("by hand"),
			})
			require.NoError(t, err)
		},
		"JSON": func(t *testing.T, a account) {
			answer, body := asJSON("SetAlarmState", `{"AlarmName": "orders-slow", "StateValue": "ALARM", "StateReason": "by hand"}`).send(t, a)
			require.Equal(t, http.StatusOK, answer.StatusCode, body)
		},
		"Query": func(t *testing.T, a account) {
			answer, body := asForm("Action=SetAlarmState&Version=2010-08-01&AlarmName=orders-slow&StateValue=ALARM&StateReason=by+hand").send(t, a)
			require.Equal(t, http.StatusOK, answer.StatusCode, body)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := watched(t)
			var heard []localaws.AlarmChange
			a.OnAlarmState(func(c localaws.AlarmChange) { heard = append(heard, c) })
			set(t, a)
			assert.Equal(t, []localaws.AlarmChange{{Name: "orders-slow", Before: "INSUFFICIENT_DATA", State: "ALARM", Reason: "by hand"}}, heard)
		})
	}
}

func TestCloudWatchsErrorsHaveTheirProtocolsShape(t *testing.T) {
	t.Parallel()
	a := watched(t)
	answer, body := asJSON("SetAlarmState", `{"AlarmName": "unknown", "StateValue": "OK", "StateReason": ""}`).send(t, a)
	assert.Equal(t, http.StatusNotFound, answer.StatusCode)
	assert.Equal(t, "ResourceNotFound;Sender", answer.Header.Get("X-Amzn-Query-Error"))
	assert.Contains(t, body, `"__type":"ResourceNotFound"`)

	answer, body = asForm("Action=SetAlarmState&AlarmName=orders-5xx&StateValue=%3Cno%3E&StateReason=x").send(t, a)
	assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
	assert.Contains(t, body, "<Type>Sender</Type><Code>ValidationError</Code>")
	assert.Contains(t, body, "Value &#39;&lt;no&gt;&#39; at &#39;stateValue&#39;")

	_, body = asForm("Action=DescribeAlarms&AlarmNames.member.900=x").send(t, a)
	assert.Contains(t, body, "<Code>NotImplemented</Code>", "no list has as many items")

	_, body = asJSON("DescribeAlarms", `[`).send(t, a)
	assert.Contains(t, body, "SerializationException")
}

func TestAnotherQueryServiceIsNotImplemented(t *testing.T) {
	t.Parallel()
	request := asForm("Action=GetCallerIdentity&Version=2011-06-15")
	request.header["Authorization"] = strings.Replace(request.header["Authorization"], "monitoring", "sts", 1)
	answer, body := request.send(t, newAccount(t, unlimited()))
	assert.Equal(t, http.StatusNotImplemented, answer.StatusCode)
	assert.Contains(t, body, "not implemented in the local world: sts:GetCallerIdentity")
}
