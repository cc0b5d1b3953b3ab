package cloudfront

import (
	"context"
	"fmt"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Publish returns shift.ErrVersionNotFound: nothing says which of the uploaded releases is
// meant.
func (r *Router) Publish(_ context.Context, t shift.Target) (shift.Published, error) {
	return shift.Published{}, fmt.Errorf("%w: %s has no release in the input: upload one to releases/ID/ in the bucket, and name it as release", shift.ErrVersionNotFound, t)
}

// DescribeVersion returns a release. It returns shift.ErrVersionNotFound for an id that no
// release can have.
func (r *Router) DescribeVersion(_ context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	if _, err := flow.SplitCloudFrontTarget(t); err != nil {
		return shift.Published{}, err
	}
	if !flow.IsRelease(string(v)) {
		return shift.Published{}, fmt.Errorf("%w: %q is not the id of a release: it has 1 to 64 letters, digits, dots, hyphens and underscores",
			shift.ErrVersionNotFound, shift.BoundText(string(v), 80))
	}
	return shift.Published{Version: v, Readiness: shift.Ready}, nil
}

// Wake does nothing: a release is always ready.
func (r *Router) Wake(context.Context, shift.Target, shift.Version) error { return nil }
