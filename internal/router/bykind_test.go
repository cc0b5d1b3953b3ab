package router_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/router"
	"sluice/internal/shift"
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
		"Settles":         func() error { _, err := kinds.Settles(ctx, other); return err },
		"Publish":         func() error { _, err := kinds.Publish(ctx, other); return err },
		"DescribeVersion": func() error { _, err := kinds.DescribeVersion(ctx, other, "1"); return err },
		"CheckTarget":     func() error { return kinds.CheckTarget(ctx, other) },
		"Wake":            func() error { return kinds.Wake(ctx, other, "1") },
		"CheckStart":      func() error { return kinds.CheckStart(other, shift.Route{}, false) },
		"CheckCompatible": func() error { return kinds.CheckCompatible(other, shift.Published{}, shift.Published{}) },
		"DescribeChange":  func() error { _, err := kinds.DescribeChange(shift.Change{Target: other}); return err },
	} {
		assert.ErrorIs(t, call(), shift.ErrUnknownTarget, name)
	}
}
