package localaws_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// clock is virtual time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// account is a local AWS account with the SDK configuration that reaches it.
type account struct {
	*localaws.Cloud
	clock  *clock
	config aws.Config
}

// unlimited returns a configuration without rate limits.
func unlimited() localaws.Config {
	return localaws.Config{ControlPlaneRate: -1, FunctionReadRate: -1, AlarmReadRate: -1, MetricReadRate: -1, DatapointRate: -1, ParameterReadRate: -1}
}

func newAccount(t *testing.T, config localaws.Config) account {
	t.Helper()
	time := newClock()
	config.Now = time.Now
	cloud := localaws.New(config)
	return account{Cloud: cloud, clock: time, config: localaws.ClientConfig("set-weight", cloud)}
}

func (a account) lambda() *lambda.Client         { return lambda.NewFromConfig(a.config) }
func (a account) cloudwatch() *cloudwatch.Client { return cloudwatch.NewFromConfig(a.config) }
func (a account) events() *eventbridge.Client    { return eventbridge.NewFromConfig(a.config) }
func (a account) states() *sfn.Client            { return sfn.NewFromConfig(a.config) }

// orders adds the function orders and publishes the given number of versions, each with
// different code.
func (a account) orders(t *testing.T, versions int) {
	t.Helper()
	require.NoError(t, a.AddFunction(localaws.Function{Name: "orders", Content: "0", Tags: map[string]string{"sluice:alias": "live"}}))
	for range versions {
		a.release(t)
	}
}

// release publishes a version with new code.
func (a account) release(t *testing.T) localaws.Version {
	t.Helper()
	current, ok := a.Version("orders", "$LATEST")
	require.True(t, ok)
	require.NoError(t, a.UpdateCode("orders", current.CodeSha256))
	published, err := a.Publish("orders")
	require.NoError(t, err)
	return published
}

// live points the alias live at a version.
func (a account) live(t *testing.T, version string) localaws.Alias {
	t.Helper()
	alias, err := a.CreateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: version})
	require.NoError(t, err)
	return alias
}

// requireRefused asserts that err is an AWS error with this status and code whose
// message contains text.
func requireRefused(t *testing.T, err error, status int, code, text string) {
	t.Helper()
	var awsError smithy.APIError
	require.ErrorAs(t, err, &awsError)
	assert.Equal(t, code, awsError.ErrorCode())
	assert.Contains(t, awsError.ErrorMessage(), text)
	var httpError interface{ HTTPStatusCode() int }
	require.ErrorAs(t, err, &httpError)
	assert.Equal(t, status, httpError.HTTPStatusCode())
}

func TestEveryCallIsRecordedWithItsActorAndWhatIAMChecks(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	a.live(t, "1")
	var calls []localaws.Call
	a.OnCall(func(call localaws.Call) { calls = append(calls, call) })
	ctx := context.Background()

	_, err := a.lambda().GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
	require.NoError(t, err)
	_, err = a.lambda().GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("orders"), Qualifier: aws.String("7")})
	requireRefused(t, err, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:orders:7")
	_, err = a.lambda().GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("gone")})
	requireRefused(t, err, 404, "ResourceNotFoundException", "Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:function:orders:gone")

	require.Len(t, calls, 3)
	assert.Equal(t, "set-weight", calls[0].Actor)
	assert.Equal(t, a.clock.Now(), calls[0].Time)
	assert.Equal(t, "lambda:GetAlias", calls[0].Action())
	assert.Equal(t, []localaws.Permission{{Action: "lambda:GetAlias", Resource: "arn:aws:lambda:us-east-1:123456789012:function:orders"}}, calls[0].Permissions())
	assert.Equal(t, 200, calls[0].StatusCode)
	assert.Empty(t, calls[0].ErrorCode)
	assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:orders:7", calls[1].Resource)
	assert.Equal(t, 404, calls[1].StatusCode)
	assert.Equal(t, "ResourceNotFoundException", calls[1].ErrorCode)
	assert.Equal(t, map[string]int{"lambda:GetAlias": 2, "lambda:GetFunction": 1}, a.CallCounts())
}

func TestAFaultedCallHasNoEffect(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection reset")
	type testcase struct {
		name   string
		fault  func(localaws.Call) error
		status int
		code   string
	}
	for _, test := range []testcase{
		{"throttled", func(call localaws.Call) error { return localaws.Throttled(call.Service) }, 429, "TooManyRequestsException"},
		{"denied", func(call localaws.Call) error { return localaws.AccessDenied(call) }, 403, "AccessDeniedException"},
		{"service error", func(call localaws.Call) error { return localaws.ServiceFailure(call.Service) }, 500, "ServiceException"},
		{"connection lost", func(localaws.Call) error { return lost }, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 2)
			before := a.live(t, "1")
			a.Fault(test.fault)
			var calls []localaws.Call
			a.OnCall(func(call localaws.Call) { calls = append(calls, call) })

			_, err := a.lambda().UpdateAlias(context.Background(), &lambda.UpdateAliasInput{
				FunctionName: aws.String("orders"), Name: aws.String("live"), FunctionVersion: aws.String("2"),
			})

			if test.code == "" {
				require.ErrorIs(t, err, lost)
			} else {
				requireRefused(t, err, test.status, test.code, "")
			}
			after, _ := a.Alias("orders", "live")
			assert.Equal(t, before, after)
			require.Len(t, calls, 1)
			assert.Equal(t, test.status, calls[0].StatusCode)
			assert.Equal(t, test.code, calls[0].ErrorCode)
		})
	}
}

func TestFaultAfterLosesTheReplyButNotTheEffect(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	lost := errors.New("connection reset")
	a.FaultAfter(func(localaws.Call) error { return lost })

	_, err := a.lambda().UpdateAlias(context.Background(), &lambda.UpdateAliasInput{
		FunctionName: aws.String("orders"), Name: aws.String("live"), FunctionVersion: aws.String("2"),
	})

	require.ErrorIs(t, err, lost)
	after, _ := a.Alias("orders", "live")
	assert.Equal(t, "2", after.FunctionVersion)
	assert.Equal(t, map[string]int{"lambda:UpdateAlias": 1}, a.CallCounts())
}

func TestACallerWithoutASignatureIsRefused(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	anonymous := lambda.NewFromConfig(aws.Config{Region: "us-east-1", HTTPClient: a.Cloud, Credentials: aws.AnonymousCredentials{}})

	_, err := anonymous.GetFunction(context.Background(), &lambda.GetFunctionInput{FunctionName: aws.String("orders")})

	requireRefused(t, err, 403, "MissingAuthenticationToken", "Missing Authentication Token")
}

func TestACancelledCallHasNoEffect(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	before := a.live(t, "1")
	ctx, cancel := context.WithCancel(context.Background())
	a.Fault(func(localaws.Call) error { cancel(); return nil })

	_, err := a.lambda().UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: aws.String("orders"), Name: aws.String("live"), FunctionVersion: aws.String("2"),
	})

	require.ErrorIs(t, err, context.Canceled)
	after, _ := a.Alias("orders", "live")
	assert.Equal(t, before, after)
}

func TestUnsupportedRequestsAreRefusedByName(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type testcase struct {
		name string
		call func(account) error
		text string
	}
	for _, test := range []testcase{
		{"lambda operation", func(a account) error {
			_, err := a.lambda().GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
			return err
		}, "not implemented in the local AWS: lambda:GET /2016-08-19/account-settings"},
		{"lambda member", func(a account) error {
			_, err := a.lambda().PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: aws.String("orders"), PublishTo: lambdatypes.FunctionVersionLatestPublishedLatestPublished})
			return err
		}, `not implemented in the local AWS: lambda:PublishVersion with "PublishTo"`},
		{"lambda query", func(a account) error {
			_, err := a.lambda().ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("orders")}, func(o *lambda.Options) {
				o.HTTPClient = withQuery{a.Cloud, "FunctionVersion=ALL"}
			})
			return err
		}, "not implemented in the local AWS: lambda:ListVersionsByFunction with FunctionVersion"},
		{"invoke log", func(a account) error {
			_, err := a.lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("orders"), LogType: lambdatypes.LogTypeTail})
			return err
		}, "not implemented in the local AWS: lambda:InvokeFunction with X-Amz-Log-Type Tail"},
		{"invoke without an Invoker", func(a account) error {
			_, err := a.lambda().Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("orders")})
			return err
		}, "not implemented in the local AWS: lambda:InvokeFunction: no Invoker is set"},
		{"cloudwatch operation", func(a account) error {
			_, err := a.cloudwatch().EnableAlarmActions(ctx, &cloudwatch.EnableAlarmActionsInput{AlarmNames: []string{"a"}})
			return err
		}, "not implemented in the local AWS: cloudwatch:EnableAlarmActions"},
		{"cloudwatch member", func(a account) error {
			_, err := a.cloudwatch().DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{ParentsOfAlarmName: aws.String("a")})
			return err
		}, "not implemented in the local AWS: cloudwatch:DescribeAlarms with ParentsOfAlarmName"},
		{"events operation", func(a account) error {
			_, err := a.events().ListArchives(ctx, &eventbridge.ListArchivesInput{})
			return err
		}, "not implemented in the local AWS: events:ListArchives"},
		{"events member", func(a account) error {
			_, err := a.events().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries(`{}`), EndpointId: aws.String("a.b")}, func(o *eventbridge.Options) {
				o.BaseEndpoint = aws.String("http://local.invalid")
			})
			return err
		}, `not implemented in the local AWS: events:PutEvents with "EndpointId"`},
		{"states operation", func(a account) error {
			_, err := a.states().ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
			return err
		}, "not implemented in the local AWS: states:ListStateMachines"},
		{"states without a StateMachines", func(a account) error {
			_, err := a.states().StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(executionARN)})
			return err
		}, "not implemented in the local AWS: states:StopExecution: no StateMachines is set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 1)
			requireRefused(t, test.call(a), 501, "NotImplemented", test.text)
		})
	}
}

func TestSDKClientsWorkOverALoopbackPort(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "orders-5xx"})
	a.SetStateMachines(newMachines(a.clock))
	server := httptest.NewServer(a.Cloud)
	defer server.Close()
	a.config = localaws.ClientConfig("operator", server.Client())
	a.config.BaseEndpoint = aws.String(server.URL)
	ctx := context.Background()

	// An ARN as FunctionName is one escaped path segment.
	updated, err := a.lambda().UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: aws.String("arn:aws:lambda:us-east-1:123456789012:function:orders"), Name: aws.String("live"), FunctionVersion: aws.String("1"),
		RoutingConfig: &lambdatypes.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"2": 0.1}},
	})
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{"2": 0.1}, updated.RoutingConfig.AdditionalVersionWeights)
	alarms, err := a.cloudwatch().DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"orders-5xx"}})
	require.NoError(t, err)
	assert.Len(t, alarms.MetricAlarms, 1)
	put, err := a.events().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries(`{}`)})
	require.NoError(t, err)
	assert.Zero(t, put.FailedEntryCount)
	_, err = a.states().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(executionARN)})
	requireRefused(t, err, 400, "ExecutionDoesNotExist", "Execution Does Not Exist: '"+executionARN+"'")

	a.FaultAfter(func(localaws.Call) error { return errors.New("lost") })
	_, err = a.lambda().UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live"), FunctionVersion: aws.String("1")})
	require.Error(t, err, "a lost reply closes the connection")
	assert.Equal(t, 2, a.CallCounts()["lambda:UpdateAlias"])
}

func TestTheSameCallsGetTheSameAnswers(t *testing.T) {
	t.Parallel()
	play := func() (localaws.Alias, localaws.Version) {
		a := newAccount(t, unlimited())
		a.orders(t, 2)
		a.live(t, "1")
		alias, err := a.UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "2"})
		require.NoError(t, err)
		version, _ := a.Version("orders", "2")
		return alias, version
	}
	alias, version := play()
	again, versionAgain := play()
	assert.Equal(t, alias, again)
	assert.Equal(t, version, versionAgain)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, alias.RevisionID)
	assert.NotEqual(t, alias.RevisionID, version.RevisionID)
}
