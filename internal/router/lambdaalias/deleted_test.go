package lambdaalias_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const machineARN = "arn:aws:states:us-east-1:123456789012:stateMachine:sluice"

var denied = answer{status: 403, err: "AccessDeniedException", body: `{"Message":"no identity-based policy allows it"}`}

// IAM denies access to a function that does not exist, where a tag would permit it.
func TestADeletedFunctionIsToldFromOneThatMayNotBeAccessed(t *testing.T) {
	t.Parallel()
	var (
		gone = answer{404, "ResourceNotFoundException", `{"Type":"User","Message":"Function not found: ` + ordersARN + `"}`}
		tags = answer{body: `{"Tags":{}}`}
	)
	for name, test := range map[string]struct {
		answers []answer
		want    error
		calls   int
	}{
		"deleted":                          {[]answer{denied, gone}, shift.ErrTargetNotFound, 2},
		"it has lost the tag":              {[]answer{denied, tags}, nil, 2},
		"nobody may read the tags":         {[]answer{denied, denied}, nil, 2},
		"it is throttled":                  {[]answer{denied, throttled}, shift.ErrThrottled, 2},
		"Lambda breaks":                    {[]answer{denied, broken}, nil, 2},
		"Lambda itself says what it lacks": {[]answer{noAlias, tags}, shift.ErrTargetNotFound, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for call, do := range map[string]func(r caller) error{
				"Route": func(r caller) error { _, err := r.Route(t.Context(), orders); return err },
				"SetRoute": func(r caller) error {
					_, err := r.SetRoute(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1"})
					return err
				},
			} {
				r, w := newRouter(test.answers...)
				err := do(r.TellingDeleted(machineARN, nil))
				if test.want != nil {
					require.ErrorIs(t, err, test.want, call)
				} else {
					require.ErrorContains(t, err, "no identity-based policy allows it", call)
					require.NotErrorIs(t, err, shift.ErrTargetNotFound, call)
					assert.NotContains(t, err.Error(), "read the tags", "%s: that is beside the point", call)
				}
				require.Len(t, w.requests, test.calls, call)
				if test.calls > 1 {
					assert.Contains(t, w.requests[1].path, "/2017-03-31/tags/"+ordersARN, call)
				}
			}
		})
	}
}

// caller is what a Lambda calls to put traffic back.
type caller interface {
	Route(context.Context, shift.Target) (shift.Route, error)
	SetRoute(context.Context, shift.Target, shift.Route) (shift.Route, error)
}

// Each try to put traffic back would take two of the 15 requests a second otherwise.
func TestAFunctionThatExistsIsAskedForOnceInAMinute(t *testing.T) {
	t.Parallel()
	r, w := newRouter(denied, answer{body: `{"Tags":{}}`}, denied)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	telling := r.TellingDeleted("arn:aws-cn:states:cn-north-1:123456789012:stateMachine:sluice", func() time.Time { return now })
	for range 3 {
		_, err := telling.Route(t.Context(), orders)
		require.ErrorContains(t, err, "no identity-based policy allows it")
		now = now.Add(29 * time.Second)
	}
	require.Len(t, w.requests, 4, "one of them asks")
	assert.Contains(t, w.requests[1].path, "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders")
	now = now.Add(2 * time.Second)
	_, err := telling.Route(t.Context(), orders)
	require.Error(t, err)
	require.Len(t, w.requests, 6, "and asks again a minute later")
}

// Who has no permission to ask for it does not ask.
func TestARouterAsksWhetherAFunctionExistsOnlyIfItIsToTell(t *testing.T) {
	t.Parallel()
	r, w := newRouter(denied)
	_, err := r.Route(t.Context(), orders)
	require.ErrorContains(t, err, "no identity-based policy allows it")
	assert.Len(t, w.requests, 1)
}
