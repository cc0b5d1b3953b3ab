package localaws_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

var bothTypes = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}

func TestAnAlarmIsDescribedWithItsConfigurationAndState(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	created := a.clock.Now()
	a.PutMetricAlarm(localaws.MetricAlarm{
		Name: "orders-5xx", Description: "too many", Namespace: "AWS/Lambda", Metric: "Errors", Statistic: "Sum",
		Dimensions: map[string]string{"Resource": "orders:live", "FunctionName": "orders"}, Period: time.Minute, Evaluations: 3,
		Threshold: 5.5, Comparison: "GreaterThanOrEqualToThreshold", TreatMissingData: "notBreaching",
	})
	a.clock.advance(time.Minute)
	require.NoError(t, a.SetAlarmState("orders-5xx", localaws.AlarmAlarm, "Threshold Crossed"))
	transitioned := a.clock.Now()
	a.clock.advance(time.Minute)
	require.NoError(t, a.SetAlarmState("orders-5xx", localaws.AlarmAlarm, "Threshold Crossed again"))
	require.NoError(t, a.SetEvaluationState("orders-5xx", "PARTIAL_DATA"))

	output, err := a.cloudwatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"orders-5xx", "never-made"}})

	require.NoError(t, err)
	require.Len(t, output.MetricAlarms, 1, "a name without an alarm is left out")
	described := output.MetricAlarms[0]
	for _, at := range []**time.Time{&described.AlarmConfigurationUpdatedTimestamp, &described.StateTransitionedTimestamp, &described.StateUpdatedTimestamp} {
		*at = aws.Time((*at).UTC())
	}
	assert.Equal(t, types.MetricAlarm{
		AlarmName: aws.String("orders-5xx"), AlarmDescription: aws.String("too many"), Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("Errors"),
		AlarmArn:   aws.String("arn:aws:cloudwatch:us-east-1:123456789012:alarm:orders-5xx"),
		Statistic:  types.StatisticSum,
		Dimensions: []types.Dimension{{Name: aws.String("FunctionName"), Value: aws.String("orders")}, {Name: aws.String("Resource"), Value: aws.String("orders:live")}},
		Period:     aws.Int32(60), EvaluationPeriods: aws.Int32(3), Threshold: aws.Float64(5.5),
		ComparisonOperator: types.ComparisonOperatorGreaterThanOrEqualToThreshold, TreatMissingData: aws.String("notBreaching"),
		ActionsEnabled: aws.Bool(true), AlarmActions: []string{}, OKActions: []string{}, InsufficientDataActions: []string{},
		StateValue: types.StateValueAlarm, StateReason: aws.String("Threshold Crossed again"), EvaluationState: types.EvaluationStatePartialData,
		AlarmConfigurationUpdatedTimestamp: aws.Time(created), StateTransitionedTimestamp: aws.Time(transitioned), StateUpdatedTimestamp: aws.Time(a.clock.Now()),
	}, described)
}

func TestANewAlarmHasInsufficientDataAndPuttingItAgainKeepsItsState(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	describe := func() types.MetricAlarm {
		output, err := a.cloudwatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{})
		require.NoError(t, err)
		require.Len(t, output.MetricAlarms, 1)
		return output.MetricAlarms[0]
	}
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "a"})
	assert.Equal(t, types.StateValueInsufficientData, describe().StateValue)
	require.NoError(t, a.SetAlarmState("a", localaws.AlarmOK, "fine"))
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "a", ActionsDisabled: true})
	assert.Equal(t, types.StateValueOk, describe().StateValue)
	assert.False(t, *describe().ActionsEnabled)
}

func TestCompositeAlarmsAreReturnedOnlyToThoseWhoAskForThem(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name      string
		kinds     []types.AlarmType
		metric    int
		composite int
		resource  string
	}
	for _, test := range []testcase{
		{"left out", nil, 1, 0, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"},
		{"metric", []types.AlarmType{types.AlarmTypeMetricAlarm}, 1, 0, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"},
		{"composite", []types.AlarmType{types.AlarmTypeCompositeAlarm}, 0, 1, "*"},
		{"both", bothTypes, 1, 1, "*"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.PutMetricAlarm(localaws.MetricAlarm{Name: "errors"})
			a.PutCompositeAlarm(localaws.CompositeAlarm{Name: "any", Description: "any of them", Rule: "ALARM(errors)"})
			var call localaws.Call
			a.OnCall(func(c localaws.Call) { call = c })

			output, err := a.cloudwatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"errors", "any"}, AlarmTypes: test.kinds})

			require.NoError(t, err)
			assert.Len(t, output.MetricAlarms, test.metric)
			require.Len(t, output.CompositeAlarms, test.composite)
			for _, composite := range output.CompositeAlarms {
				assert.Equal(t, "ALARM(errors)", *composite.AlarmRule)
				assert.Equal(t, types.StateValueInsufficientData, composite.StateValue)
			}
			assert.Equal(t, test.resource, call.Resource)
		})
	}
}

func TestDescribeAlarmsComesInPages(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name  string
		input cloudwatch.DescribeAlarmsInput
		pages []int
	}
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("alarm-%03d", i)
	}
	for _, test := range []testcase{
		{"by default fifty", cloudwatch.DescribeAlarmsInput{AlarmNames: names}, []int{50, 50}},
		{"as many as wanted", cloudwatch.DescribeAlarmsInput{AlarmNames: names, MaxRecords: aws.Int32(100)}, []int{100}},
		{"small", cloudwatch.DescribeAlarmsInput{AlarmNames: names[:5], MaxRecords: aws.Int32(2)}, []int{2, 2, 1}},
		{"by prefix", cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("alarm-10"), MaxRecords: aws.Int32(8)}, []int{8, 2}},
		{"by state", cloudwatch.DescribeAlarmsInput{StateValue: types.StateValueAlarm}, []int{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			for i := range 110 {
				name := fmt.Sprintf("alarm-%03d", i)
				if i%2 == 0 {
					a.PutMetricAlarm(localaws.MetricAlarm{Name: name})
				} else {
					a.PutCompositeAlarm(localaws.CompositeAlarm{Name: name})
				}
			}
			require.NoError(t, a.SetAlarmState("alarm-042", localaws.AlarmAlarm, "fired"))
			input := test.input
			input.AlarmTypes = bothTypes
			pages := cloudwatch.NewDescribeAlarmsPaginator(a.cloudwatch(), &input)
			seen := map[string]bool{}
			var sizes []int
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				require.NoError(t, err)
				sizes = append(sizes, len(page.MetricAlarms)+len(page.CompositeAlarms))
				for _, alarm := range page.MetricAlarms {
					seen[*alarm.AlarmName] = true
				}
				for _, alarm := range page.CompositeAlarms {
					seen[*alarm.AlarmName] = true
				}
			}
			assert.Equal(t, test.pages, sizes)
			total := 0
			for _, size := range test.pages {
				total += size
			}
			assert.Len(t, seen, total, "each alarm once")
		})
	}
}

func TestDescribeAlarmsRefuses(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name  string
		input cloudwatch.DescribeAlarmsInput
		code  string
		text  string
	}
	for _, test := range []testcase{
		{"101 names", cloudwatch.DescribeAlarmsInput{AlarmNames: strings.Split(strings.Repeat("a,", 100)+"a", ",")}, "ValidationError", "Member must have length less than or equal to 100"},
		{"an empty name", cloudwatch.DescribeAlarmsInput{AlarmNames: []string{""}}, "ValidationError", "Member must have length between 1 and 255"},
		{"101 records", cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(101)}, "ValidationError", "Member must have value between 1 and 100"},
		{"no records", cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(0)}, "ValidationError", "Member must have value between 1 and 100"},
		{"an unknown type", cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{"Metric"}}, "ValidationError", "Member must satisfy enum value set"},
		{"an unknown state", cloudwatch.DescribeAlarmsInput{StateValue: "ok"}, "ValidationError", "Member must satisfy enum value set"},
		{"names and a prefix", cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a"}, AlarmNamePrefix: aws.String("a")}, "InvalidParameterCombination", "cannot be used together"},
		{"a token it did not give", cloudwatch.DescribeAlarmsInput{NextToken: aws.String("made up")}, "InvalidNextToken", "The next token specified is invalid."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			_, err := a.cloudwatch().DescribeAlarms(context.Background(), &test.input)
			requireRefused(t, err, 400, test.code, test.text)
		})
	}
}

func TestUnknownAlarmsCannotBeChanged(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "a"})
	require.NoError(t, a.DeleteAlarm("a"))
	require.EqualError(t, a.SetAlarmState("a", localaws.AlarmOK, ""), "change alarm a: it does not exist")
	require.EqualError(t, a.DeleteAlarm("a"), "change alarm a: it does not exist")
	require.EqualError(t, a.SetAlarmState("a", "Ok", ""), `set state of alarm a: there is no state "Ok"`)
	output, err := a.cloudwatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a"}})
	require.NoError(t, err)
	assert.Empty(t, output.MetricAlarms)
}

func TestDescribeAlarmsIsRateLimited(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{})
	describe := func() error {
		_, err := a.cloudwatch().DescribeAlarms(context.Background(), &cloudwatch.DescribeAlarmsInput{})
		return err
	}
	for range 9 {
		require.NoError(t, describe())
	}
	requireRefused(t, describe(), 400, "Throttling", "Rate exceeded")
	a.clock.advance(time.Second)
	require.NoError(t, describe())
}
