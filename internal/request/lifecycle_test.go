package request_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

const lifecycleTarget = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"

// urlEvent is a request to a function URL, as Lambda passes it on.
func urlEvent(t testing.TB, path, target, body string, encode bool) []byte {
	t.Helper()
	if encode {
		body = base64.StdEncoding.EncodeToString([]byte(body))
	}
	text, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
		"headers": map[string]string{
			"x-amz-target": target, "content-type": "application/x-amz-json-1.1", "x-amz-security-token": "a session token",
			"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/codedeploy/aws4_request, SignedHeaders=host, Signature=00",
		},
		"requestContext": map[string]any{"requestId": "r1", "http": map[string]string{"method": "POST", "path": path, "sourceIp": "192.0.2.1"}},
		"body":           body, "isBase64Encoded": encode,
	})
	require.NoError(t, err)
	return text
}

func newHookID(t testing.TB) hookid.ID {
	t.Helper()
	id, err := hookid.New(bytes.NewReader(bytes.Repeat([]byte("r"), 32)))
	require.NoError(t, err)
	return id
}

func lifecycleBody(id, status string) string {
	return `{"deploymentId":"d-ABCDEFGHI","lifecycleEventHookExecutionId":"` + id + `","status":"` + status + `"}`
}

func TestAnAnswerIsReadFromAnyPathAndEncoding(t *testing.T) {
	t.Parallel()
	id := newHookID(t)
	for _, path := range []string{"/", "//", "/some/where"} {
		for _, encode := range []bool{false, true} {
			for _, status := range []string{"Succeeded", "Failed"} {
				answer, requestID, err := request.DecodeLifecycleAnswer(urlEvent(t, path, lifecycleTarget, lifecycleBody(string(id), status), encode))
				require.NoError(t, err)
				assert.Equal(t, "r1", requestID)
				assert.Equal(t, request.LifecycleAnswer{ID: id, DeploymentID: "d-ABCDEFGHI", Status: shift.LifecycleStatus(status)}, answer)
			}
		}
	}
}

func TestAnAnswerCanBePassedOn(t *testing.T) {
	t.Parallel()
	id := newHookID(t)
	event, err := request.EncodeLifecycleAnswer([]byte(lifecycleBody(string(id), "Failed")))
	require.NoError(t, err)
	answer, _, err := request.DecodeLifecycleAnswer(event)
	require.NoError(t, err)
	assert.Equal(t, request.LifecycleAnswer{ID: id, DeploymentID: "d-ABCDEFGHI", Status: shift.LifecycleFailed}, answer)
}

func TestWhatIsNoAnswerHasItsErrorOfCodeDeploy(t *testing.T) {
	t.Parallel()
	id := string(newHookID(t))
	padded := func(length int) string {
		body := lifecycleBody(id, "Succeeded")
		return body + strings.Repeat(" ", length-len(body))
	}
	for name, test := range map[string]struct {
		target, body string
		want         error
	}{
		"another operation":             {"CodeDeploy_20141006.CreateDeployment", lifecycleBody(id, "Succeeded"), request.ErrUnknownOperation},
		"no operation":                  {"", "", request.ErrUnknownOperation},
		"no body":                       {lifecycleTarget, "", request.ErrSerialization},
		"no JSON":                       {lifecycleTarget, `deploymentId=d-1`, request.ErrSerialization},
		"two values":                    {lifecycleTarget, `{} {}`, request.ErrSerialization},
		"a list":                        {lifecycleTarget, `[]`, request.ErrSerialization},
		"a member of another type":      {lifecycleTarget, `{"deploymentId": 1}`, request.ErrSerialization},
		"not UTF-8":                     {lifecycleTarget, "{\"deploymentId\": \xff\"\"}", request.ErrSerialization},
		"as long as it may be":          {lifecycleTarget, padded(4096), nil},
		"longer":                        {lifecycleTarget, padded(4097), request.ErrSerialization},
		"megabytes":                     {lifecycleTarget, padded(5 << 20), request.ErrSerialization},
		"a status that is no answer":    {lifecycleTarget, lifecycleBody(id, "InProgress"), request.ErrLifecycleStatus},
		"a status in another case":      {lifecycleTarget, lifecycleBody(id, "succeeded"), request.ErrLifecycleStatus},
		"no members":                    {lifecycleTarget, `{}`, request.ErrLifecycleStatus},
		"an id of CodeDeploy's":         {lifecycleTarget, lifecycleBody("eyJlbmNyeXB0ZWREYXRhIjoi", "Succeeded"), request.ErrLifecycleID},
		"no id":                         {lifecycleTarget, lifecycleBody("", "Succeeded"), request.ErrLifecycleID},
		"an id of another length":       {lifecycleTarget, lifecycleBody(id+"A", "Succeeded"), request.ErrLifecycleID},
		"a wrong status and a wrong id": {lifecycleTarget, lifecycleBody("x", "x"), request.ErrLifecycleStatus},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, encode := range []bool{false, true} {
				if encode || name != "not UTF-8" { // JSON cannot pass it on
					_, requestID, err := request.DecodeLifecycleAnswer(urlEvent(t, "/", test.target, test.body, encode))
					assert.Equal(t, "r1", requestID)
					if test.want == nil {
						require.NoError(t, err)
						continue
					}
					assert.Equal(t, test.want, err)
				}
			}
		})
	}
	for _, event := range []string{``, `null1`, `[]`, `"x"`, `{"headers": []}`, `{"headers": {"x-amz-target": 1}}`} {
		_, _, err := request.DecodeLifecycleAnswer([]byte(event))
		assert.Equal(t, request.ErrSerialization, err, event)
	}
	_, _, err := request.DecodeLifecycleAnswer([]byte(`{"headers": {"x-amz-target": "` + lifecycleTarget + `"}, "body": "no base64", "isBase64Encoded": true}`))
	assert.Equal(t, request.ErrSerialization, err)
}

// Whatever somebody sends, it is an answer with all its parts or one of CodeDeploy's errors, which
// quotes nothing of what was sent.
func FuzzLifecycleAnswer(f *testing.F) {
	id := newHookID(f)
	f.Add(urlEvent(f, "/", lifecycleTarget, lifecycleBody(string(id), "Succeeded"), true))
	f.Add(urlEvent(f, "/", lifecycleTarget, lifecycleBody(string(id), "Failed"), false))
	f.Add(urlEvent(f, "/", lifecycleTarget, `{"status": null}`, false))
	f.Add([]byte(`{"headers": null, "body": "e30=", "isBase64Encoded": true}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		answer, _, err := request.DecodeLifecycleAnswer(event)
		if err != nil {
			var known *request.LifecycleError
			require.True(t, errors.As(err, &known))
			require.Contains(t, []*request.LifecycleError{request.ErrUnknownOperation, request.ErrSerialization, request.ErrLifecycleStatus, request.ErrLifecycleID}, known)
			require.Zero(t, answer)
			return
		}
		again, ok := hookid.Parse(string(answer.ID))
		require.True(t, ok)
		require.Equal(t, again, answer.ID)
		require.Contains(t, []shift.LifecycleStatus{shift.LifecycleSucceeded, shift.LifecycleFailed}, answer.Status)
		require.LessOrEqual(t, len(answer.DeploymentID), 4096)
	})
}
