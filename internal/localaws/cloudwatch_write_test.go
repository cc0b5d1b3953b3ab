package localaws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func errorsAlarm() *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("errors"), Namespace: aws.String("Shop"), MetricName: aws.String("Errors"), Statistic: types.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(2), Threshold: aws.Float64(1.5),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("ignore"),
	}
}

func TestAnAlarmIsPutAndDeleted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, localaws.Config{})
	_, err := a.cloudwatch().PutMetricAlarm(ctx, errorsAlarm())
	require.NoError(t, err)
	list := func() []types.MetricAlarm {
		found, err := a.cloudwatch().DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
		require.NoError(t, err)
		return found.MetricAlarms
	}
	require.Len(t, list(), 1)
	assert.Equal(t, types.StateValueInsufficientData, list()[0].StateValue)
	assert.InDelta(t, 1.5, *list()[0].Threshold, 0)
	assert.Equal(t, int32(60), *list()[0].Period)
	assert.Equal(t, "ignore", *list()[0].TreatMissingData)

	_, err = a.cloudwatch().DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"no-such", "errors"}})
	requireRefused(t, err, 404, "ResourceNotFound", "no-such")
	assert.Empty(t, list(), "the alarms with correct names are still deleted")
}

func TestPutMetricAlarmIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*cloudwatch.PutMetricAlarmInput)
		status int
		code   string
		says   string
	}{
		"no evaluations":        {func(in *cloudwatch.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(0) }, 400, "ValidationError", "evaluationPeriods"},
		"an unknown statistic":  {func(in *cloudwatch.PutMetricAlarmInput) { in.Statistic = "Median" }, 400, "ValidationError", "statistic"},
		"an unknown comparison": {func(in *cloudwatch.PutMetricAlarmInput) { in.ComparisonOperator = "Is" }, 400, "ValidationError", "comparisonOperator"},
		"missing data as asked": {func(in *cloudwatch.PutMetricAlarmInput) { in.TreatMissingData = aws.String("ok") }, 400, "ValidationError", "TreatMissingData"},
		"a short period":        {func(in *cloudwatch.PutMetricAlarmInput) { in.Period = aws.Int32(45) }, 400, "ValidationError", "period"},
		"no metric":             {func(in *cloudwatch.PutMetricAlarmInput) { in.MetricName = nil }, 400, "ValidationError", "metricName"},
		"dimensions":            {func(in *cloudwatch.PutMetricAlarmInput) { in.Dimensions = []types.Dimension{} }, 501, "NotImplemented", "PutMetricAlarm with Dimensions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, localaws.Config{})
			in := errorsAlarm()
			test.change(in)
			_, err := a.cloudwatch().PutMetricAlarm(context.Background(), in)
			requireRefused(t, err, test.status, test.code, test.says)
		})
	}
}
