package lambdaalias_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const machineARN = "arn:aws:states:us-east-1:123456789012:stateMachine:sluice"

// IAM denies access to a function that does not exist, where a tag would permit it.
func TestADeletedFunctionIsToldFromOneThatMayNotBeAccessed(t *testing.T) {
	t.Parallel()
	var (
		denied = answer{status: 403, err: "AccessDeniedException", body: `{"Message":"no identity-based policy allows it"}`}
		gone   = answer{404, "ResourceNotFoundException", `{"Type":"User","Message":"Function not found: ` + ordersARN + `"}`}
		tags   = answer{body: `{"Tags":{}}`}
	)
	for name, test := range map[string]struct {
		answers []answer
		missing bool
		calls   int
	}{
		"deleted":                          {[]answer{denied, gone}, true, 2},
		"it has lost the tag":              {[]answer{denied, tags}, false, 2},
		"nobody may read the tags":         {[]answer{denied, denied}, false, 2},
		"there is another reason":          {[]answer{stale, gone}, false, 1},
		"Lambda itself says what it lacks": {[]answer{noAlias, tags}, true, 1},
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
				err := do(r.TellingDeleted(machineARN))
				require.Error(t, err, call)
				if test.missing {
					require.ErrorIs(t, err, shift.ErrTargetNotFound, call)
				} else {
					require.NotErrorIs(t, err, shift.ErrTargetNotFound, call)
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

// Who has no permission to ask for it does not ask.
func TestARouterAsksWhetherAFunctionExistsOnlyIfItIsToTell(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{status: 403, err: "AccessDeniedException", body: `{"Message":"no"}`})
	_, err := r.Route(t.Context(), orders)
	require.ErrorContains(t, err, "AccessDeniedException")
	assert.Len(t, w.requests, 1)
}
