package boot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAnErrorIsReportedUnderItsWireName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"a sentinel, however deeply wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", shift.ErrTargetHeld)), "TargetHeld"},
		{"several joined errors, by the first that has a name", errors.Join(errors.New("x"), shift.ErrThrottled), "Throttled"},
		{"an error without a name", errors.New("boom"), "Unexpected"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			serve := flow.Serve(flow.Rollback, func(context.Context, flow.Call[flow.Document]) (flow.Undoing, error) {
				return flow.Undoing{}, test.err
			})
			_, err := Invoker(serve).Invoke(t.Context(), []byte(`{}`))
			var reported messages.InvokeResponse_Error
			require.ErrorAs(t, err, &reported)
			assert.Equal(t, test.want, reported.Type)
			assert.NotEmpty(t, reported.Message)
		})
	}
}

// environment returns what Lambda sets, and additional variables.
func environment(with map[string]string) func(string) string {
	all := map[string]string{
		flow.TableVariable: "ledger", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
	}
	maps.Copy(all, with)
	return func(name string) string { return all[name] }
}

func TestWhatLambdaSetsIsNeeded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		_, err := load(flow.Close.Function, environment(map[string]string{name: ""}))
		require.EqualError(t, err, name+" is not set: Lambda sets it in every function")
	}
}

func TestCallsAreSignedWithTheRoleOfTheFunction(t *testing.T) {
	t.Parallel()
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	settings, err := load(flow.Close.Function, environment(map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1"}))
	require.NoError(t, err)
	_, err = dynamodb.NewFromConfig(settings.AWS).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("ledger")})
	require.NoError(t, err)
	assert.Regexp(t, `^AWS4-HMAC-SHA256 Credential=id/[0-9]{8}/eu-west-1/dynamodb/aws4_request, `, header.Get("Authorization"))
	assert.Equal(t, "token", header.Get("X-Amz-Security-Token"))
}

func TestAMissingTableIsNamed(t *testing.T) {
	t.Parallel()
	_, err := load(flow.Close.Function, func(string) string { return "" })
	require.ErrorContains(t, err, flow.TableVariable+" is not set")
}

func TestTheSafetyNetMustKnowItsStateMachine(t *testing.T) {
	t.Parallel()
	_, err := load(flow.SafetyNet, environment(nil))
	require.ErrorContains(t, err, flow.StateMachineVariable+" is not set")
}

func TestTheWidgetHasButtonsOnlyIfItKnowsTheSafetyNet(t *testing.T) {
	t.Parallel()
	_, err := load(flow.Panel, environment(nil))
	require.ErrorContains(t, err, flow.StateMachineVariable+" is not set")
	settings, err := load(flow.Panel, environment(map[string]string{flow.StateMachineVariable: "machine"}))
	require.NoError(t, err)
	assert.Empty(t, settings.Panel)
	with := map[string]string{flow.StateMachineVariable: "machine", flow.PanelVariable: "panel"}
	_, err = load(flow.Panel, environment(with))
	require.ErrorContains(t, err, flow.SafetyNetVariable+" is not set")
	with[flow.SafetyNetVariable] = "net"
	settings, err = load(flow.Panel, environment(with))
	require.NoError(t, err)
	assert.Equal(t, []string{"panel", "net"}, []string{settings.Panel, settings.SafetyNet})
}

func TestTheTableIsReadAndNothingIsRetried(t *testing.T) {
	t.Parallel()
	settings, err := load(flow.Close.Function, environment(nil))
	require.NoError(t, err)
	assert.Equal(t, "ledger", settings.Table)
	assert.Equal(t, 1, settings.AWS.Retryer().MaxAttempts(), "Step Functions does the retrying")
}

func TestTheAllowedFunctionsAreReadAtTheStart(t *testing.T) {
	t.Parallel()
	start := func(alias, functions, parameters string) (assembly.Settings, error) {
		return load(flow.Publish.Function, environment(map[string]string{flow.AliasVariable: alias, flow.FunctionsVariable: functions, flow.ParametersVariable: parameters}))
	}
	orders := shift.Target("lambda:orders-api:live")
	settings, err := start("", "", "")
	require.NoError(t, err)
	assert.True(t, settings.Allowed.ByTag())
	assert.Empty(t, settings.Alias)
	assert.Equal(t, "/sluice/", settings.Parameters)
	settings, err = start("prod", "orders-*", "/teams/shop/")
	require.NoError(t, err)
	assert.Equal(t, "prod", settings.Alias)
	assert.Equal(t, "/teams/shop/", settings.Parameters)
	assert.NoError(t, settings.Allowed.Check(orders, nil))

	_, err = start("7", "", "")
	require.ErrorContains(t, err, flow.AliasVariable+` is "7", which is not the name of an alias`)
	_, err = start("", "orders api", "")
	require.ErrorContains(t, err, flow.FunctionsVariable+`: "orders api" does not say which functions may be shifted`)
	_, err = start("", "", "/sluice")
	require.ErrorContains(t, err, flow.ParametersVariable+` is "/sluice", which is not a folder of parameters, such as /sluice/`)
}

func TestWhatTheMacroWritesIsReadIfTheStackHasIt(t *testing.T) {
	t.Parallel()
	settings, err := load(flow.Macro, environment(nil))
	require.NoError(t, err)
	assert.Empty(t, settings.StackShift+settings.HookURL+settings.HookLayer)
	settings, err = load(flow.Macro, environment(map[string]string{flow.StackShiftVariable: "a", flow.HookURLVariable: "b", flow.HookLayerVariable: "c"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, []string{settings.StackShift, settings.HookURL, settings.HookLayer})
}

func TestHooksAnswerToTheEndpointIfTheStackHasIt(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": false, "url": true} {
		settings, err := load(flow.Publish.Function, environment(map[string]string{flow.HookEndpointVariable: value}))
		require.NoError(t, err)
		assert.Equal(t, want, settings.HookEndpoint, value)
	}
	_, err := load(flow.Publish.Function, environment(map[string]string{flow.HookEndpointVariable: "on"}))
	require.EqualError(t, err, flow.HookEndpointVariable+` is "on", and must be url or not be set`)
}

func TestNoFrontEndIsShiftedUnlessItsVariableIsSet(t *testing.T) {
	t.Parallel()
	const store = "arn:aws:cloudfront::123456789012:key-value-store/a1"
	settings, err := load(flow.Publish.Function, environment(nil))
	require.NoError(t, err)
	none, err := request.ParseFrontEnds("", "", "")
	require.NoError(t, err)
	assert.Equal(t, none, settings.FrontEnds)
	set := map[string]string{flow.CloudFrontStoreVariable: store, flow.Route53Variable: "Z1/a.example.com", flow.DistributionsVariable: "www.example.com/E1/E2"}
	settings, err = load(flow.SetWeight.Function, environment(set))
	require.NoError(t, err)
	want, err := request.ParseFrontEnds(store, "Z1/a.example.com", "www.example.com/E1/E2")
	require.NoError(t, err)
	assert.Equal(t, want, settings.FrontEnds)
	for name := range set {
		_, err = load(flow.Publish.Function, environment(map[string]string{name: "?"}))
		require.ErrorContains(t, err, name+`: "?" is not`)
	}
}

func TestTheTimeForARevertIsInTheEnvironment(t *testing.T) {
	t.Parallel()
	for hours, want := range map[string]shift.Seconds{"": shift.DefaultRevertWindow, "72": 72 * 3600, "2160": shift.MaxRevertWindow, "0": shift.NoRevertWindow} {
		settings, err := load(flow.Open.Function, environment(map[string]string{flow.RevertHoursVariable: hours}))
		require.NoError(t, err)
		assert.Equal(t, want, settings.RevertWindow, hours)
	}
	for _, hours := range []string{"-1", "2161", "1.5", "a day"} {
		_, err := load(flow.Open.Function, environment(map[string]string{flow.RevertHoursVariable: hours}))
		require.EqualError(t, err, flow.RevertHoursVariable+` is "`+hours+`", and must be a whole number of hours from 0 to 2160`)
	}
}
