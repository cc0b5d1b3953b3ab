package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// The client's signature names the region, in CBOR and in the aws command's JSON alike.
func TestEachRegionHasAlarmsOfItsOwn(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{Region: "us-east-1"})
	clientIn := func(region string) *cloudwatch.Client {
		return cloudwatch.NewFromConfig(a.config, func(o *cloudwatch.Options) { o.Region = region })
	}
	put := func(region, name string) {
		_, err := clientIn(region).PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
			AlarmName: &name, Namespace: aws.String("n"), MetricName: aws.String("m"), Statistic: types.StatisticSum, Period: aws.Int32(60),
			EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		})
		require.NoError(t, err)
	}
	put("us-east-1", "a")
	put("eu-west-1", "a")
	put("eu-west-1", "b")
	var changes []localaws.AlarmChange
	a.OnAlarmState(func(c localaws.AlarmChange) { changes = append(changes, c) })
	_, err := clientIn("eu-west-1").SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: types.StateValueAlarm, StateReason: aws.String("r")})
	require.NoError(t, err)
	assert.Equal(t, []localaws.AlarmChange{{Region: "eu-west-1", Name: "a", Before: "INSUFFICIENT_DATA", State: "ALARM", Reason: "r"}}, changes)

	got := map[string]string{}
	for _, region := range []string{"us-east-1", "eu-west-1", "ap-south-1"} {
		out, err := clientIn(region).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a", "b"}})
		require.NoError(t, err)
		for _, alarm := range out.MetricAlarms {
			got[aws.ToString(alarm.AlarmArn)] = string(alarm.StateValue)
		}
	}
	assert.Equal(t, map[string]string{
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:a": "INSUFFICIENT_DATA",
		"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a": "ALARM",
		"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:b": "INSUFFICIENT_DATA",
	}, got)

	require.NoError(t, a.AlarmsIn("eu-west-1").DeleteAlarm("a"))
	require.NoError(t, a.SetAlarmState("a", localaws.AlarmOK, ""), "the Cloud's own one is still there")
	require.Error(t, a.SetAlarmState("b", localaws.AlarmOK, ""))
}

// The quota of DescribeAlarms is one for each region.
func TestEachRegionHasARateOfItsOwn(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{AlarmReadRate: 1})
	read := func(region string) error {
		_, err := cloudwatch.NewFromConfig(a.config, func(o *cloudwatch.Options) { o.Region = region }).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
		return err
	}
	require.NoError(t, read("us-east-1"))
	require.NoError(t, read("eu-west-1"))
	require.ErrorContains(t, read("us-east-1"), "Throttling")
}
