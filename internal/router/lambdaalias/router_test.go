package lambdaalias_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/lambdaalias"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	orders    = shift.Target("lambda:orders:live")
	aliasPath = "/2015-03-31/functions/orders/aliases/live"
	ordersARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
)

// wire is the HTTP client below the real SDK client. It gives the answers, and records the
// requests.
type wire struct {
	requests []request
	answers  []answer // in turn, the last one again and again
}

type request struct {
	method, path, query, body string
}

type answer struct {
	status int
	err    string // the code of an error, "" for none
	body   string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	req := request{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery}
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		req.body = string(text)
	}
	w.requests = append(w.requests, req)
	a := w.answers[0]
	if len(w.answers) > 1 {
		w.answers = w.answers[1:]
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if a.err != "" {
		header.Set("X-Amzn-Errortype", a.err)
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func newRouter(answers ...answer) (*lambdaalias.Router, *wire) {
	w := &wire{answers: answers}
	return lambdaalias.New(lambda.NewFromConfig(localaws.ClientConfig("id", w))), w
}

func alias(weights string) answer {
	routing := ""
	if weights != "" {
		routing = `,"RoutingConfig":{"AdditionalVersionWeights":` + weights + `}`
	}
	return answer{body: `{"FunctionVersion":"1","RevisionId":"r2"` + routing + `}`}
}

var (
	notFound  = answer{404, "ResourceNotFoundException", `{"Type":"User","Message":"Function not found: ` + ordersARN + `:9"}`}
	noAlias   = answer{404, "ResourceNotFoundException", `{"Type":"User","Message":"Alias not found: ` + ordersARN + `:live"}`}
	stale     = answer{412, "PreconditionFailedException", `{"Message":"The RevisionId provided does not match the latest RevisionId"}`}
	conflict  = answer{409, "ResourceConflictException", `{"Message":"conflict"}`}
	throttled = answer{429, "TooManyRequestsException", `{"message":"Rate exceeded"}`}
	broken    = answer{500, "ServiceException", `{"Message":"oops"}`}
)

func TestRouteIsReadExactly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, weights string
		want          shift.Route
	}{
		{"no weights", ``, shift.Route{}},
		{"cleared weights", `{}`, shift.Route{}},
		{"ten percent", `{"2":0.1}`, shift.Route{Additional: "2", Weight: 1000}},
		{"a basis point", `{"2":0.0001}`, shift.Route{Additional: "2", Weight: 1}},
		{"nothing", `{"2":0}`, shift.Route{Additional: "2", Weight: shift.None}},
		{"everything", `{"2":1.0}`, shift.Route{Additional: "2", Weight: shift.All, Settling: true}},
		{"finer than a basis point", `{"2":0.10004}`, shift.Route{Additional: "2", Weight: shift.Foreign}},
		{"ten percent, returned with another last digit", `{"2":0.10000000000000002}`, shift.Route{Additional: "2", Weight: 1000}},
		{"everything, returned with other digits", `{"2":0.99999999}`, shift.Route{Additional: "2", Weight: shift.All, Settling: true}},
		{"above all", `{"2":1.7}`, shift.Route{Additional: "2", Weight: shift.Foreign}},
		{"below none", `{"2":-0.1}`, shift.Route{Additional: "2", Weight: shift.Foreign}},
		{"two versions", `{"3":0.1,"2":0.1}`, shift.Route{Additional: "2", Weight: shift.Foreign}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, w := newRouter(alias(tt.weights))
			got, err := r.Route(t.Context(), orders)
			require.NoError(t, err)
			tt.want.Serving, tt.want.Revision = "1", "r2"
			assert.Equal(t, tt.want, got)
			assert.Equal(t, []request{{method: "GET", path: aliasPath}}, w.requests)
		})
	}
}

func TestRouteIsWrittenAsAWhole(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		route shift.Route
		body  string
	}{
		{
			"a share for the candidate", shift.Route{Serving: "1", Additional: "2", Weight: 1050, Revision: "r1"},
			`{"FunctionVersion":"1","RevisionId":"r1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.105}}}`,
		},
		{
			"weights cleared explicitly", shift.Route{Serving: "2", Revision: "r1"},
			`{"FunctionVersion":"2","RevisionId":"r1","RoutingConfig":{"AdditionalVersionWeights":{}}}`,
		},
		{
			"nothing for the candidate", shift.Route{Serving: "1", Additional: "2", Revision: "r1"},
			`{"FunctionVersion":"1","RevisionId":"r1","RoutingConfig":{"AdditionalVersionWeights":{"2":0}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, w := newRouter(alias(`{"2":0.25}`))
			got, err := r.SetRoute(t.Context(), orders, tt.route)
			require.NoError(t, err)
			require.Len(t, w.requests, 1)
			assert.Equal(t, "PUT "+aliasPath, w.requests[0].method+" "+w.requests[0].path)
			assert.JSONEq(t, tt.body, w.requests[0].body)
			assert.Equal(t, shift.Route{Serving: "1", Additional: "2", Weight: 2500, Revision: "r2"}, got, "what Lambda answered")
		})
	}
}

func TestImpossibleRouteIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, route := range map[string]shift.Route{
		"without a revision":       {Serving: "1"},
		"without a version":        {Revision: "r1"},
		"a foreign weight":         {Serving: "1", Additional: "2", Weight: shift.Foreign, Revision: "r1"},
		"more than all":            {Serving: "1", Additional: "2", Weight: shift.All + 1, Revision: "r1"},
		"a weight for no version":  {Serving: "1", Weight: 1000, Revision: "r1"},
		"a version with no number": {Additional: "2", Weight: 1000, Revision: "r1"},
	} {
		r, w := newRouter(alias(""))
		_, err := r.SetRoute(t.Context(), orders, route)
		require.Error(t, err, name)
		assert.ErrorContains(t, err, string(orders), name)
		assert.Empty(t, w.requests, name)
	}
}

func TestAliasIsCreatedWithOneVersion(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{status: 201, body: `{"FunctionVersion":"2","RevisionId":"r1","Description":"Created by Sluice in execution first"}`})
	got, err := r.Create(t.Context(), orders, shift.Route{Serving: "2", Maker: "first"})
	require.NoError(t, err)
	assert.Equal(t, shift.Route{
		Serving: "2", Revision: "r1", Maker: "first", Detail: "Created by Sluice in execution first",
	}, got)
	require.Len(t, w.requests, 1)
	assert.Equal(t, "POST /2015-03-31/functions/orders/aliases", w.requests[0].method+" "+w.requests[0].path)
	assert.JSONEq(t, `{"Name":"live","FunctionVersion":"2","Description":"Created by Sluice in execution first"}`, w.requests[0].body)

	_, err = r.Create(t.Context(), orders, shift.Route{Serving: "1", Additional: "2", Weight: 1000})
	require.Error(t, err)
	assert.Len(t, w.requests, 1)
}

func TestDeletingAgainDoesNoHarm(t *testing.T) {
	t.Parallel()
	for _, a := range []answer{{status: 204}, noAlias} {
		r, w := newRouter(a)
		require.NoError(t, r.Delete(t.Context(), orders))
		assert.Equal(t, []request{{method: "DELETE", path: aliasPath}}, w.requests)
	}
}

func TestRemedyNamesTheAliasesOfAllPages(t *testing.T) {
	t.Parallel()
	r, w := newRouter(
		notFound,
		answer{body: `{"Aliases":[{"Name":"live"},{"Name":"beta"}],"NextMarker":"m"}`},
		answer{body: `{"Aliases":[{"Name":"dev"}]}`},
	)
	err := r.CheckArrival(t.Context(), shift.Arrival{Target: orders})
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	require.ErrorContains(t, err, `it has live, beta, dev: create the alias, name another one, or say "createAlias": true`)
	require.Len(t, w.requests, 3)
	assert.Equal(t, "Qualifier=live", w.requests[0].query)
	assert.Equal(t, "MaxItems=48", w.requests[1].query)
	assert.Contains(t, w.requests[2].query, "Marker=m")
}

func TestRemedyNamesAtMostAFewDozenAliases(t *testing.T) {
	t.Parallel()
	var page []string
	for i := range 30 {
		page = append(page, fmt.Sprintf(`{"Name":"a%d"}`, i))
	}
	r, w := newRouter(notFound, answer{body: `{"Aliases":[` + strings.Join(page, ",") + `],"NextMarker":"m"}`})
	err := r.CheckArrival(t.Context(), shift.Arrival{Target: orders})
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	_, remedy, _ := strings.Cut(err.Error(), "; it has ")
	assert.Equal(t, 47, strings.Count(remedy[:strings.Index(remedy, ":")], ","))
	assert.Len(t, w.requests, 3)
}

func TestProvisionedConcurrencyMakesARouteSettle(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{body: `{"Status":"READY","RequestedProvisionedConcurrentExecutions":1}`})
	settles, err := r.Settles(t.Context(), orders)
	require.NoError(t, err)
	assert.True(t, settles)
	assert.Equal(t, []request{{method: "GET", path: "/2019-09-30/functions/orders/provisioned-concurrency", query: "Qualifier=live"}}, w.requests)

	r, _ = newRouter(answer{404, "ProvisionedConcurrencyConfigNotFoundException", `{"message":"No Provisioned Concurrency Config found for this function"}`})
	settles, err = r.Settles(t.Context(), orders)
	require.NoError(t, err)
	assert.False(t, settles)
}

func TestErrorsOfLambdaHaveTheirMeaning(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *lambdaalias.Router) error{
		"Route": func(ctx context.Context, r *lambdaalias.Router) error { _, err := r.Route(ctx, orders); return err },
		"SetRoute": func(ctx context.Context, r *lambdaalias.Router) error {
			_, err := r.SetRoute(ctx, orders, shift.Route{Serving: "1", Revision: "r1"})
			return err
		},
		"Create": func(ctx context.Context, r *lambdaalias.Router) error {
			_, err := r.Create(ctx, orders, shift.Route{Serving: "1"})
			return err
		},
		"Delete": func(ctx context.Context, r *lambdaalias.Router) error { return r.Delete(ctx, orders) },
		"CheckArrival": func(ctx context.Context, r *lambdaalias.Router) error {
			return r.CheckArrival(ctx, shift.Arrival{Target: orders})
		},
		"Publish": func(ctx context.Context, r *lambdaalias.Router) error { _, err := r.Publish(ctx, orders); return err },
		"DescribeVersion": func(ctx context.Context, r *lambdaalias.Router) error {
			_, err := r.DescribeVersion(ctx, orders, "9")
			return err
		},
		"Settles": func(ctx context.Context, r *lambdaalias.Router) error { _, err := r.Settles(ctx, orders); return err },
		"Tags":    func(ctx context.Context, r *lambdaalias.Router) error { _, err := r.Tags(ctx, ordersARN); return err },
	}
	means := map[string]map[string]error{
		"not found": {
			"Route": shift.ErrTargetNotFound, "SetRoute": shift.ErrVersionNotFound, "Create": shift.ErrVersionNotFound,
			"CheckArrival": shift.ErrFunctionNotFound, "Publish": shift.ErrFunctionNotFound,
			"DescribeVersion": shift.ErrFunctionNotFound, "Settles": shift.ErrTargetNotFound, "Tags": shift.ErrFunctionNotFound,
		},
		"no alias": {"SetRoute": shift.ErrTargetNotFound},
		"stale":    {"SetRoute": shift.ErrRevisionMismatch},
		"conflict": {"Create": shift.ErrRevisionMismatch, "Publish": shift.ErrFunctionUpdating},
	}
	answers := map[string]answer{
		"not found": notFound, "no alias": noAlias, "stale": stale, "conflict": conflict, "throttled": throttled, "broken": broken,
	}
	sentinels := []error{
		shift.ErrTargetNotFound, shift.ErrVersionNotFound, shift.ErrFunctionNotFound, shift.ErrRevisionMismatch, shift.ErrFunctionUpdating, shift.ErrThrottled,
	}
	for name, call := range calls {
		for kind, a := range answers {
			want := means[kind][name]
			if kind == "throttled" {
				want = shift.ErrThrottled
			}
			if want == nil && (kind == "not found" || kind == "no alias") {
				continue // deleting what is gone, and what only UpdateAlias tells apart
			}
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				r, w := newRouter(a)
				err := call(t.Context(), r)
				require.ErrorContains(t, err, "orders")
				require.ErrorContains(t, err, a.err, "the original is wrapped")
				for _, s := range sentinels {
					assert.Equal(t, s == want, errors.Is(err, s), "%v in %v", s, err)
				}
				if want != shift.ErrFunctionNotFound {
					assert.Len(t, w.requests, 1, "nothing is tried again")
				}
			})
		}
	}
}

func TestTargetOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	const other = shift.Target("cloudfront:E123")
	r, w := newRouter(alias(""))
	for _, call := range []func() error{
		func() error { _, err := r.Route(t.Context(), other); return err },
		func() error {
			_, err := r.SetRoute(t.Context(), other, shift.Route{Serving: "1", Revision: "r"})
			return err
		},
		func() error { _, err := r.Create(t.Context(), other, shift.Route{Serving: "1"}); return err },
		func() error { return r.Delete(t.Context(), other) },
		func() error { return r.CheckArrival(t.Context(), shift.Arrival{Target: other}) },
		func() error { return r.Wake(t.Context(), other, "1") },
		func() error { _, err := r.Publish(t.Context(), other); return err },
		func() error { _, err := r.DescribeVersion(t.Context(), other, "1"); return err },
		func() error { _, err := r.Settles(t.Context(), other); return err },
	} {
		assert.ErrorIs(t, call(), shift.ErrUnknownTarget)
	}
	assert.Empty(t, w.requests)
}

// Every call that Lambda refuses fails the router's, and so does every later one.
func TestNoFailureOfLambdaIsLost(t *testing.T) {
	t.Parallel()
	refusal := answer{status: 400, err: "InvalidRequestContentException", body: `{"message":"what is this"}`}
	missing := answer{status: 404, err: "ResourceNotFoundException", body: `{"message":"Function not found"}`}
	found := shift.Route{Serving: "1", Revision: "r1"}
	last := func(_ any, err error) error { return err }
	for name, test := range map[string]struct {
		answers []answer // before the refusal
		do      func(context.Context, *lambdaalias.Router) error
	}{
		"Route":    {nil, func(ctx context.Context, r *lambdaalias.Router) error { return last(r.Route(ctx, orders)) }},
		"SetRoute": {nil, func(ctx context.Context, r *lambdaalias.Router) error { return last(r.SetRoute(ctx, orders, found)) }},
		"Rotate":   {nil, func(ctx context.Context, r *lambdaalias.Router) error { return last(r.Rotate(ctx, orders, found, "2")) }},
		"Create": {nil, func(ctx context.Context, r *lambdaalias.Router) error {
			return last(r.Create(ctx, orders, shift.Route{Serving: "1"}))
		}},
		"Delete":  {nil, func(ctx context.Context, r *lambdaalias.Router) error { return r.Delete(ctx, orders) }},
		"Settles": {nil, func(ctx context.Context, r *lambdaalias.Router) error { return last(r.Settles(ctx, orders)) }},
		"Publish": {nil, func(ctx context.Context, r *lambdaalias.Router) error { return last(r.Publish(ctx, orders)) }},
		"DescribeVersion": {nil, func(ctx context.Context, r *lambdaalias.Router) error {
			return last(r.DescribeVersion(ctx, orders, "1"))
		}},
		"DescribeVersion, of none": {[]answer{missing}, func(ctx context.Context, r *lambdaalias.Router) error {
			return last(r.DescribeVersion(ctx, orders, "1"))
		}},
		"CheckArrival": {nil, func(ctx context.Context, r *lambdaalias.Router) error {
			return r.CheckArrival(ctx, shift.Arrival{Target: orders})
		}},
		"CheckArrival, of none": {[]answer{missing}, func(ctx context.Context, r *lambdaalias.Router) error {
			return r.CheckArrival(ctx, shift.Arrival{Target: orders})
		}},
		"Wake": {nil, func(ctx context.Context, r *lambdaalias.Router) error { return r.Wake(ctx, orders, "1") }},
		"Tags": {nil, func(ctx context.Context, r *lambdaalias.Router) error { return last(r.Tags(ctx, ordersARN)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w := newRouter(append(test.answers, refusal)...)
			require.ErrorContains(t, test.do(t.Context(), r), "what is this")
			assert.Len(t, w.requests, len(test.answers)+1)
		})
	}
}
