package localaws_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
