package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	states "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// outside is a Paced world on a port, and a caller.
type outside struct {
	*Paced
	endpoint string

	mu       sync.Mutex
	problems []error
}

// open runs a Paced world until the test ends.
func open(t *testing.T, p Pace, scenario string, input string) *outside {
	t.Helper()
	o := &outside{}
	p.Problem = func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.problems = append(o.problems, err)
	}
	s, err := DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	o.Paced, err = NewPaced(p, s, json.RawMessage(input))
	require.NoError(t, err)
	server := httptest.NewServer(o.Paced)
	o.endpoint = server.URL
	o.Listen(o.endpoint)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		o.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		o.Close()
		server.Close()
	})
	return o
}

func (o *outside) config(name string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(o.endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: name, SecretAccessKey: "local"}, nil
		}),
	}
}

func (o *outside) start(t *testing.T, name, input string) string {
	t.Helper()
	started, err := sfn.NewFromConfig(o.config("operator")).StartExecution(t.Context(), &sfn.StartExecutionInput{
		StateMachineArn: aws.String(o.StateMachine()), Name: aws.String(name), Input: aws.String(input),
	})
	require.NoError(t, err)
	return *started.ExecutionArn
}

// awaitEnd waits until an execution has ended.
func (o *outside) awaitEnd(t *testing.T, arn string) *sfn.DescribeExecutionOutput {
	t.Helper()
	var execution *sfn.DescribeExecutionOutput
	eventually(t, func() bool {
		var err error
		execution, err = sfn.NewFromConfig(o.config("operator")).DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
		require.NoError(t, err)
		return execution.Status != states.ExecutionStatusRunning
	})
	return execution
}

func (o *outside) alias(t *testing.T) string {
	t.Helper()
	alias, err := lambda.NewFromConfig(o.config("operator")).GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
	require.NoError(t, err)
	text := *alias.FunctionVersion
	if alias.RoutingConfig != nil {
		text += fmt.Sprint(alias.RoutingConfig.AdditionalVersionWeights)
	}
	return text
}

func (o *outside) invoke(t *testing.T, name, function, payload string) (*lambda.InvokeOutput, error) {
	t.Helper()
	return lambda.NewFromConfig(o.config(name)).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(function), Payload: []byte(payload)})
}

// speedNow returns the speed of the clock.
func (o *outside) speedNow() float64 {
	o.Paced.mu.Lock()
	defer o.Paced.mu.Unlock()
	return o.speed
}

func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came to this")
		}
	}
}

const orders = `{"function": "orders", "alarms": ["orders-5xx"]}`

func TestTimePassesByItselfInAPacedWorld(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 10_000}, `{}`, orders)
	ended := o.awaitEnd(t, o.start(t, "first", orders))
	assert.Equal(t, states.ExecutionStatusSucceeded, ended.Status, aws.ToString(ended.Cause))
	assert.Equal(t, 5*time.Minute, ended.StopDate.Sub(*ended.StartDate).Truncate(time.Minute))
	assert.Equal(t, "2", o.alias(t))
	assert.Empty(t, o.problems)
}

func TestAnAlarmSetFromOutsideWakesTheSafetyNet(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 10}, `{}`, orders)
	arn := o.start(t, "first", `{"function": "orders", "alarms": ["orders-5xx"], "strategy": "Canary10Percent600Minutes"}`)
	eventually(t, func() bool { return o.alias(t) == "1map[2:0.1]" })
	_, err := cloudwatch.NewFromConfig(o.config("operator")).SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("orders-5xx"), StateValue: cloudwatchtypes.StateValueAlarm, StateReason: aws.String("by hand"),
	})
	require.NoError(t, err)
	eventually(t, func() bool { return o.alias(t) == "1" })
	_, err = sfn.NewFromConfig(o.config("operator")).StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: aws.String(arn)})
	require.NoError(t, err)
}

func TestAStoppedExecutionIsRolledBackAfterItsEvent(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 10}, `{}`, orders)
	arn := o.start(t, "first", `{"function": "orders", "strategy": "Canary10Percent600Minutes"}`)
	eventually(t, func() bool { return o.alias(t) == "1map[2:0.1]" })
	_, err := sfn.NewFromConfig(o.config("operator")).StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: aws.String(arn)})
	require.NoError(t, err)
	eventually(t, func() bool { return o.alias(t) == "1" })
	assert.Equal(t, states.ExecutionStatusAborted, o.awaitEnd(t, arn).Status)
}

func TestAPublishedVersionStartsADeployment(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 10_000}, `{}`, orders)
	_, err := lambda.NewFromConfig(o.config("operator")).PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	eventually(t, func() bool { return o.alias(t) == "2" })
	assert.Empty(t, o.problems)
}

func TestAnEventOfSomebodyElseIsNotAnAnnouncement(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 1}, `{}`, orders)
	put, err := eventbridge.NewFromConfig(o.config("operator")).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{
		{Source: aws.String(flow.OwnSource), DetailType: aws.String(flow.AnnouncementDetailType), Detail: aws.String(`{"state": 7}`)},
	}})
	require.NoError(t, err)
	assert.Zero(t, put.FailedEntryCount)
	assert.Empty(t, o.problems)
}

func TestARequestReachesAVersionByTheAliasWeights(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 1}, `{"stable": {"errorRate": 1}}`, orders)
	answer, err := o.invoke(t, "customer", "orders:live", `{}`)
	require.NoError(t, err)
	assert.Equal(t, "1", *answer.ExecutedVersion)
	assert.Equal(t, "Unhandled", aws.ToString(answer.FunctionError))
	assert.Contains(t, string(answer.Payload), "version 1 of orders failed")
}

func TestAPersonMayInvokeTheSafetyNet(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 1}, `{}`, orders)
	answer, err := o.invoke(t, "operator", FunctionPrefix+flow.SafetyNet, `{"source": "`+flow.OwnSource+`", "detail-type": "`+flow.SweepDetailType+`"}`)
	require.NoError(t, err)
	assert.Empty(t, aws.ToString(answer.FunctionError), "%s", answer.Payload)
	answer, err = o.invoke(t, "operator", FunctionPrefix+flow.SafetyNet,
		`{"detail-type": "`+flow.CommandDetailType+`", "time": "2026-05-04T12:00:00Z", "detail": {"target": "lambda:orders:live", "command": "abort", "reason": "test"}}`)
	require.NoError(t, err)
	assert.Contains(t, string(answer.Payload), "DeploymentUnknown")
}

// A working process must not meet a virtual timeout. A process that waits for the world must not
// slow it down.
func TestTheClockRunsNoFasterThanTheRealOneWhileAProcessWorks(t *testing.T) {
	t.Parallel()
	const fast = 1000
	var o *outside
	working := make(chan float64, 1)
	asked := make(chan float64, 1)
	run := func(_ context.Context, function string, _ []byte) ([]byte, bool, error) {
		if function != "run-hooks" {
			return []byte(`{}`), false, nil // a sweep
		}
		working <- o.speedNow()
		_, err := o.invoke(t, function, "orders-smoke", `{}`)
		asked <- o.speedNow()
		return []byte(`{"done": true}`), false, err
	}
	o = open(t, Pace{Speed: fast, Run: run}, `{"hooks": {"orders-smoke": {"afterSeconds": 600}}}`,
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-smoke"}]}}`)
	began := o.virtual()
	answer, err := o.invoke(t, "operator", FunctionPrefix+flow.BeforeHook.Function, `{}`)
	require.NoError(t, err)
	assert.JSONEq(t, `{"done": true}`, string(answer.Payload))
	assert.InDelta(t, 1, <-working, 0)
	assert.InDelta(t, 1, <-asked, 0, "it works again")
	assert.GreaterOrEqual(t, o.virtual().Sub(began), 600*time.Second, "the hook took its time")
	eventually(t, func() bool { return o.speedNow() == fast })
}

func (o *outside) virtual() time.Time {
	o.Paced.mu.Lock()
	defer o.Paced.mu.Unlock()
	return o.world.clock.now
}

// A hook that never answers makes run-hooks reach its virtual timeout.
func TestAProcessIsEndedAtItsVirtualTimeout(t *testing.T) {
	t.Parallel()
	var o *outside
	over := make(chan error, 1)
	run := func(ctx context.Context, function string, _ []byte) ([]byte, bool, error) {
		if function != "run-hooks" {
			return []byte(`{}`), false, nil
		}
		_, err := lambda.NewFromConfig(o.config(function)).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("orders-smoke")})
		over <- ctx.Err()
		return nil, false, err
	}
	o = open(t, Pace{Speed: 10_000, Run: run}, `{"hooks": {"orders-smoke": {"result": "hang"}}}`,
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-smoke"}]}}`)
	answer, err := o.invoke(t, "operator", FunctionPrefix+flow.BeforeHook.Function, `{}`)
	require.NoError(t, err)
	assert.Equal(t, "Unhandled", aws.ToString(answer.FunctionError))
	assert.Contains(t, string(answer.Payload), "Task timed out after 900.00 seconds")
	require.ErrorIs(t, <-over, context.Canceled)
	assert.Empty(t, o.problems, "nothing went wrong but in the function")
}

func TestTheErrorOfAProcessHasTheNameInItsReport(t *testing.T) {
	t.Parallel()
	run := func(_ context.Context, function string, _ []byte) ([]byte, bool, error) {
		switch function {
		case "publish-version":
			return []byte(`{"errorType": "InvalidInput", "errorMessage": "no"}`), true, nil
		case "rollback":
			return []byte(`{"outcome": "Rejected", "cause": "InvalidInput: no"}`), false, nil
		}
		return []byte(`{}`), false, nil
	}
	o := open(t, Pace{Speed: 10_000, Run: run}, `{}`, orders)
	arn := o.start(t, "first", orders)
	o.awaitEnd(t, arn)
	history, err := sfn.NewFromConfig(o.config("operator")).GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: aws.String(arn)})
	require.NoError(t, err)
	for _, event := range history.Events {
		if failed := event.LambdaFunctionFailedEventDetails; failed != nil {
			assert.Equal(t, "InvalidInput", *failed.Error)
			assert.JSONEq(t, `{"errorType": "InvalidInput", "errorMessage": "no"}`, *failed.Cause)
			return
		}
	}
	t.Fatal("publish-version did not fail")
}

func TestAFailedRunnerIsReported(t *testing.T) {
	t.Parallel()
	run := func(context.Context, string, []byte) ([]byte, bool, error) {
		return nil, false, errors.New("no such process")
	}
	o := open(t, Pace{Speed: 1, Run: run}, `{}`, orders)
	answer, err := o.invoke(t, "operator", FunctionPrefix+flow.SafetyNet, `{}`)
	require.NoError(t, err)
	assert.Equal(t, "Unhandled", aws.ToString(answer.FunctionError))
	o.mu.Lock()
	defer o.mu.Unlock()
	require.NotEmpty(t, o.problems)
	assert.ErrorContains(t, o.problems[0], "run safety-net: no such process")
}

func TestACallerThatGoesAwayDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	o := open(t, Pace{Speed: 1}, `{"hooks": {"orders-smoke": {"result": "hang"}}}`,
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-smoke"}]}}`)
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	_, err := lambda.NewFromConfig(o.config("operator")).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("orders-smoke")})
	require.Error(t, err)
	assert.Equal(t, "1", o.alias(t))
}

func TestASpeedBelowOneIsRefused(t *testing.T) {
	t.Parallel()
	_, err := NewPaced(Pace{Speed: 0.5}, DefaultScenario(), json.RawMessage(orders))
	assert.ErrorContains(t, err, "the speed must be at least 1, not 0.5")
}
