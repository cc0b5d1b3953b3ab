package localaws_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	codedeploytypes "github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// urlCall calls a function's URL over HTTP.
func urlCall(t *testing.T, a account, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(a.Cloud)
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Amz-Target", "CodeDeploy_20141006.Something")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(text)
}

func TestAFunctionsURLPassesTheRequestOn(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "open"}))
	require.NoError(t, a.AddFunction(localaws.Function{Name: "closed"}))
	require.NoError(t, a.AddURL("open"))
	require.Error(t, a.AddURL("nowhere"))
	var event map[string]any
	result := localaws.InvocationResult{Payload: []byte(`{"statusCode": 418, "headers": {"Content-Type": "text/x", "x-amzn-RequestId": "mine"}, "body": "dGVh", "isBase64Encoded": true}`)}
	a.SetInvoker(func(_ context.Context, call localaws.Invocation) localaws.InvocationResult {
		require.Equal(t, "open", call.Function)
		require.Empty(t, call.Actor, "nobody is known to it")
		event = nil
		require.NoError(t, json.Unmarshal(call.Payload, &event))
		return result
	})
	answer, body := urlCall(t, a, "/lambda-url/open/a//b?x=1", "application/x-amz-json-1.1", `{"a":1}`)
	assert.Equal(t, 418, answer.StatusCode)
	assert.Equal(t, "tea", body)
	assert.Equal(t, "mine", answer.Header.Get("X-Amzn-Requestid"))
	assert.Equal(t, "2.0", event["version"])
	assert.Equal(t, "/a//b", event["rawPath"])
	assert.Equal(t, "x=1", event["rawQueryString"])
	assert.Equal(t, "CodeDeploy_20141006.Something", event["headers"].(map[string]any)["x-amz-target"])
	assert.Equal(t, "eyJhIjoxfQ==", event["body"])
	assert.Equal(t, true, event["isBase64Encoded"])

	_, _ = urlCall(t, a, "/lambda-url/open", "application/json; charset=utf-8", `{"a":1}`)
	assert.Equal(t, "/", event["rawPath"])
	assert.Equal(t, `{"a":1}`, event["body"])
	assert.Equal(t, false, event["isBase64Encoded"])

	result = localaws.InvocationResult{Payload: []byte(`{"errorMessage": "secret"}`), FunctionError: "Unhandled"}
	answer, body = urlCall(t, a, "/lambda-url/open", "text/plain", "x")
	assert.Equal(t, 502, answer.StatusCode)
	assert.Equal(t, "Internal Server Error", body)
	result = localaws.InvocationResult{Payload: []byte(`{"statusCode": 200, "body": "?", "isBase64Encoded": true}`)}
	answer, _ = urlCall(t, a, "/lambda-url/open", "text/plain", "x")
	assert.Equal(t, 502, answer.StatusCode)
	for _, path := range []string{"/lambda-url/closed", "/lambda-url/nowhere/"} {
		answer, _ = urlCall(t, a, path, "text/plain", "x")
		assert.Equal(t, 403, answer.StatusCode, path)
	}
}

// reserved is an account with a function whose URL is public, and for which two executions are
// reserved.
func reserved(t *testing.T, run localaws.Invoker) account {
	t.Helper()
	a := newAccount(t, unlimited())
	require.NoError(t, a.AddFunction(localaws.Function{Name: "open"}))
	require.NoError(t, a.AddURL("open"))
	require.NoError(t, a.ReserveConcurrency("open", 2))
	a.SetInvoker(run)
	return a
}

func answersOK(context.Context, localaws.Invocation) localaws.InvocationResult {
	return localaws.InvocationResult{Payload: []byte(`{"statusCode": 200, "headers": {"Content-Type": "application/x-amz-json-1.1"}, "body": "{\"lifecycleEventHookExecutionId\": \"h\"}"}`)}
}

// A URL takes ten times as many requests a second as its function may serve at once.
func TestAFloodOfAURLIsAnsweredByLambdaItself(t *testing.T) {
	t.Parallel()
	served := 0
	a := reserved(t, func(ctx context.Context, call localaws.Invocation) localaws.InvocationResult {
		served++
		return answersOK(ctx, call)
	})
	flood := func() map[int]int {
		codes := map[int]int{}
		for range 100 {
			answer, body := urlCall(t, a, "/lambda-url/open", "text/plain", "x")
			codes[answer.StatusCode]++
			if answer.StatusCode == 429 {
				require.JSONEq(t, `{"Reason": "ReservedFunctionInvocationRateLimitExceeded", "Type": "User", "message": "Rate Exceeded."}`, body)
				require.Equal(t, "TooManyRequestsException", answer.Header.Get("X-Amzn-Errortype"))
			}
		}
		return codes
	}
	assert.Equal(t, map[int]int{200: 20, 429: 80}, flood())
	a.clock.advance(time.Second / 2)
	assert.Equal(t, map[int]int{200: 10, 429: 90}, flood())
	assert.Equal(t, 30, served)
}

func TestAFunctionServesNoMoreAtOnceThanIsReservedForIt(t *testing.T) {
	t.Parallel()
	arrived, leave := make(chan bool), make(chan bool)
	a := reserved(t, func(ctx context.Context, call localaws.Invocation) localaws.InvocationResult {
		if call.Type == localaws.RequestResponse {
			arrived <- true
			<-leave
		}
		return answersOK(ctx, call)
	})
	invoke := func(kind types.InvocationType) error {
		_, err := a.lambda().Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("open"), InvocationType: kind})
		return err
	}
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- invoke(types.InvocationTypeRequestResponse) }()
		<-arrived
	}
	requireRefused(t, invoke(types.InvocationTypeRequestResponse), 429, "TooManyRequestsException", "Rate Exceeded.")
	answer, body := urlCall(t, a, "/lambda-url/open", "text/plain", "x")
	assert.Equal(t, 429, answer.StatusCode)
	assert.Contains(t, body, "ReservedFunctionConcurrentInvocationLimitExceeded")
	require.NoError(t, invoke(types.InvocationTypeEvent), "Lambda keeps it until there is room")
	require.NoError(t, invoke(types.InvocationTypeDryRun))
	close(leave)
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	go func() { ended <- invoke(types.InvocationTypeRequestResponse) }()
	<-arrived
	require.NoError(t, <-ended, "there is room again")
}

// roundTrips counts the answers to a client, and calls something after each.
type roundTrips struct {
	codes []int
	after func()
}

func (r *roundTrips) Do(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		r.codes = append(r.codes, answer.StatusCode)
		r.after()
	}
	return answer, err
}

// A hook answers in the middle of a flood: its SDK tries again, and gets through.
func TestAnSDKTriesAgainAfterAFlood(t *testing.T) {
	t.Parallel()
	a := reserved(t, answersOK)
	server := httptest.NewServer(a.Cloud)
	t.Cleanup(server.Close)
	for range 20 {
		_, _ = urlCall(t, a, "/lambda-url/open", "text/plain", "x")
	}
	trips := &roundTrips{after: func() { a.clock.advance(time.Second) }}
	client := codedeploy.New(codedeploy.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL + "/lambda-url/open"), HTTPClient: trips,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "hook", SecretAccessKey: "secret"}, nil
		}),
	})
	output, err := client.PutLifecycleEventHookExecutionStatus(context.Background(), &codedeploy.PutLifecycleEventHookExecutionStatusInput{
		DeploymentId: aws.String("d-ABCDEFGHI"), LifecycleEventHookExecutionId: aws.String("h"), Status: codedeploytypes.LifecycleEventStatusSucceeded,
	})
	require.NoError(t, err)
	assert.Equal(t, "h", *output.LifecycleEventHookExecutionId)
	assert.Equal(t, []int{429, 200}, trips.codes)
}
