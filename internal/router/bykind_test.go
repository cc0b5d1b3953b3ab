package router_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/router"
	"github.com/sluice-aws/sluice/internal/shift"
)

// namedAdapter answers with its name.
type namedAdapter struct {
	router.Adapter
	name shift.Version
}

func (n namedAdapter) Rules() shift.Rules { return shift.Rules{CallsPerSecond: len(n.name)} }

func (n namedAdapter) Route(context.Context, shift.Target) (shift.Route, error) {
	return shift.Route{Serving: n.name}, nil
}

func TestEachTargetIsRoutedByTheAdapterOfItsKind(t *testing.T) {
	t.Parallel()
	kinds := router.ByKind{"lambda": namedAdapter{name: "a"}, "cloudfront": namedAdapter{name: "bb"}}
	for target, want := range map[shift.Target]shift.Version{"lambda:orders:live": "a", "cloudfront:E1": "bb"} {
		route, err := kinds.Route(t.Context(), target)
		require.NoError(t, err)
		assert.Equal(t, want, route.Serving)
		rules, err := kinds.Rules(target)
		require.NoError(t, err)
		assert.Equal(t, len(want), rules.CallsPerSecond)
	}
}

func TestATargetOfAKindWithoutAnAdapterIsUnknown(t *testing.T) {
	t.Parallel()
	kinds := router.ByKind{"lambda": namedAdapter{name: "a"}}
	const other = shift.Target("route53:Z1:example.com")
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Rules":           func() error { _, err := kinds.Rules(other); return err },
		"Route":           func() error { _, err := kinds.Route(ctx, other); return err },
		"SetRoute":        func() error { _, err := kinds.SetRoute(ctx, other, shift.Route{}); return err },
		"Rotate":          func() error { _, err := kinds.Rotate(ctx, other, shift.Route{}, "2"); return err },
		"Create":          func() error { _, err := kinds.Create(ctx, other, shift.Route{}); return err },
		"Delete":          func() error { return kinds.Delete(ctx, other) },
		"Arrived":         func() error { _, err := kinds.Arrived(ctx, other, ""); return err },
		"Settles":         func() error { _, err := kinds.Settles(ctx, other); return err },
		"Publish":         func() error { _, err := kinds.Publish(ctx, other); return err },
		"DescribeVersion": func() error { _, err := kinds.DescribeVersion(ctx, other, "1"); return err },
		"CheckArrival":    func() error { return kinds.CheckArrival(ctx, shift.Arrival{Target: other}) },
		"CheckCandidate":  func() error { return kinds.CheckCandidate(ctx, shift.Arrival{Target: other}) },
		"Wake":            func() error { return kinds.Wake(ctx, other, "1") },
		"CheckStart":      func() error { return kinds.CheckStart(other, shift.Route{}, false) },
		"CheckCompatible": func() error { return kinds.CheckCompatible(other, shift.Published{}, shift.Published{}) },
		"DescribeChange":  func() error { _, err := kinds.DescribeChange(shift.Change{Target: other}); return err },
	} {
		err := call()
		require.ErrorIs(t, err, shift.ErrUnknownTarget, name)
		assert.ErrorContains(t, err, `nothing here shifts "route53:Z1:example.com": it can be a target of the kind lambda`, name)
	}
}

// broken is an adapter all of whose calls fail, and that answers besides.
type broken struct{ route shift.Route }

var errBroken = errors.New("broken")

func (broken) Rules() shift.Rules                                         { return shift.Rules{Grain: 7} }
func (b broken) Route(context.Context, shift.Target) (shift.Route, error) { return b.route, errBroken }
func (b broken) SetRoute(context.Context, shift.Target, shift.Route) (shift.Route, error) {
	return b.route, errBroken
}
func (b broken) Rotate(context.Context, shift.Target, shift.Route, shift.Version) (shift.Route, error) {
	return b.route, errBroken
}
func (b broken) Create(context.Context, shift.Target, shift.Route) (shift.Route, error) {
	return b.route, errBroken
}
func (broken) Delete(context.Context, shift.Target) error { return errBroken }
func (broken) Arrived(_ context.Context, _ shift.Target, receipt string) (bool, error) {
	return receipt == "c1", errBroken
}
func (broken) Settles(context.Context, shift.Target) (bool, error) { return true, errBroken }
func (broken) Publish(context.Context, shift.Target) (shift.Published, error) {
	return shift.Published{Version: "8"}, errBroken
}
func (broken) CheckArrival(context.Context, shift.Arrival) error { return errBroken }

func (broken) CheckCandidate(context.Context, shift.Arrival) error { return errBroken }
func (broken) DescribeVersion(_ context.Context, _ shift.Target, v shift.Version) (shift.Published, error) {
	return shift.Published{Version: v}, errBroken
}
func (broken) Wake(context.Context, shift.Target, shift.Version) error { return errBroken }
func (broken) CheckStart(shift.Target, shift.Route, bool) error        { return errBroken }
func (broken) CheckCompatible(shift.Target, shift.Published, shift.Published) error {
	return errBroken
}
func (broken) DescribeChange(shift.Change) (any, error) { return "told", errBroken }

func TestWhatAnAdapterAnswersIsPassedOn(t *testing.T) {
	t.Parallel()
	route := shift.Route{Serving: "1", Revision: "r"}
	kinds := router.ByKind{"lambda": broken{route}}
	const target = shift.Target("lambda:orders:live")
	ctx := t.Context()
	type result = []any
	two := func(value any, err error) result { return result{value, err} }
	for name, test := range map[string]struct{ got, want result }{
		"Route":           {two(kinds.Route(ctx, target)), result{route, errBroken}},
		"SetRoute":        {two(kinds.SetRoute(ctx, target, shift.Route{})), result{route, errBroken}},
		"Rotate":          {two(kinds.Rotate(ctx, target, shift.Route{}, "2")), result{route, errBroken}},
		"Create":          {two(kinds.Create(ctx, target, shift.Route{})), result{route, errBroken}},
		"Delete":          {result{kinds.Delete(ctx, target)}, result{errBroken}},
		"Arrived":         {two(kinds.Arrived(ctx, target, "c1")), result{true, errBroken}},
		"Settles":         {two(kinds.Settles(ctx, target)), result{true, errBroken}},
		"Publish":         {two(kinds.Publish(ctx, target)), result{shift.Published{Version: "8"}, errBroken}},
		"DescribeVersion": {two(kinds.DescribeVersion(ctx, target, "7")), result{shift.Published{Version: "7"}, errBroken}},
		"CheckArrival":    {result{kinds.CheckArrival(ctx, shift.Arrival{Target: target})}, result{errBroken}},
		"CheckCandidate":  {result{kinds.CheckCandidate(ctx, shift.Arrival{Target: target})}, result{errBroken}},
		"Wake":            {result{kinds.Wake(ctx, target, "7")}, result{errBroken}},
		"CheckStart":      {result{kinds.CheckStart(target, route, true)}, result{errBroken}},
		"CheckCompatible": {result{kinds.CheckCompatible(target, shift.Published{}, shift.Published{})}, result{errBroken}},
		"DescribeChange":  {two(kinds.DescribeChange(shift.Change{Target: target})), result{"told", errBroken}},
	} {
		assert.Equal(t, test.want, test.got, name)
	}
}
