package lambdaload_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/synthetic/lambdaload"
)

// wire is the HTTP client below the real SDK client. It answers all requests alike.
type wire struct {
	status   int
	code     string
	message  string
	err      error
	requests []request
}

type request struct{ path, kind, body string }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	var text []byte
	if r.Body != nil {
		var err error
		if text, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	path, err := url.PathUnescape(r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	w.requests = append(w.requests, request{path, r.Header.Get("X-Amz-Invocation-Type"), string(text)})
	if w.err != nil {
		return nil, w.err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if w.code != "" {
		header.Set("X-Amzn-Errortype", w.code)
	}
	return &http.Response{StatusCode: w.status, Header: header, Body: io.NopCloser(strings.NewReader(`{"Message":"` + w.message + `"}`)), Request: r}, nil
}

func load(w *wire) *lambdaload.Load { return lambdaload.FromConfig(localaws.ClientConfig("id", w)) }

func TestAFunctionIsAskedAsynchronously(t *testing.T) {
	t.Parallel()
	for _, function := range []string{"orders-load", "orders-load:live", "arn:aws:lambda:us-east-1:123456789012:function:orders-load:7"} {
		w := &wire{status: 202}
		require.NoError(t, load(w).Ask(t.Context(), function, shift.LoadRequest{
			DeploymentID: "first", Seconds: 60, Targets: []shift.LoadTarget{{Described: map[string]string{"function": "orders"}, Requests: 7}},
		}))
		require.Len(t, w.requests, 1)
		assert.Equal(t, "/2015-03-31/functions/"+function+"/invocations", w.requests[0].path)
		assert.Equal(t, "Event", w.requests[0].kind)
		assert.JSONEq(t, `{"deploymentId": "first", "seconds": 60, "targets": [{"function": "orders", "requests": 7}]}`, w.requests[0].body)
	}
}

func TestAFunctionIsCheckedWithoutRunning(t *testing.T) {
	t.Parallel()
	w := &wire{status: 204}
	require.NoError(t, load(w).Check(t.Context(), "orders-load"))
	require.Len(t, w.requests, 1)
	assert.Equal(t, "DryRun", w.requests[0].kind)
}

func TestAFunctionThatCannotBeAskedSaysWhy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code    string
		status  int
		message string
		is      error
		says    string
	}{
		{"ResourceNotFoundException", 404, "no", shift.ErrSyntheticNotFound, "correct its name or qualifier, or create it: ResourceNotFoundException: no"},
		{"AccessDeniedException", 403, "no", shift.ErrSyntheticNotFound, "or tag it sluice:synthetic (the stack's setting synthetic can allow names instead): AccessDeniedException: no"},
		{"InvalidParameterValueException", 400, "You cannot invoke a durable function using an unqualified ARN.", shift.ErrSyntheticNotFound, "name it NAME:ALIAS or NAME:VERSION"},
		{"InvalidParameterValueException", 400, "no", nil, "InvalidParameterValueException: no"},
		{"TooManyRequestsException", 429, "no", shift.ErrThrottled, "throttled: TooManyRequestsException: no"},
		{"ServiceException", 500, "no", nil, "ServiceException: no"},
	} {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			w := &wire{status: test.status, code: test.code, message: test.message}
			for _, err := range []error{load(w).Check(t.Context(), "orders-load"), load(w).Ask(t.Context(), "orders-load", shift.LoadRequest{})} {
				require.ErrorContains(t, err, test.says)
				for _, s := range []error{shift.ErrSyntheticNotFound, shift.ErrThrottled} {
					assert.Equal(t, s == test.is, errors.Is(err, s))
				}
			}
			assert.Len(t, w.requests, 2, "a function is asked once")
		})
	}
}

func TestALostConnectionIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection reset")
	err := load(&wire{err: gone}).Ask(t.Context(), "orders-load", shift.LoadRequest{})
	require.ErrorIs(t, err, gone)
	assert.ErrorContains(t, load(&wire{status: 202}).Ask(t.Context(), "orders-load", shift.LoadRequest{Targets: []shift.LoadTarget{{Described: "orders"}}}), "encode the request")
}
