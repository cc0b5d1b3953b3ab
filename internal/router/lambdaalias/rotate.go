package lambdaalias

import (
	"context"
	"errors"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// rotatingMark ends the description of an alias between the two writes of
// rotateDescription.
const rotatingMark = " (Sluice is putting traffic back)"

// maxDescription bounds an alias's description, in characters (UpdateAlias, Description).
const maxDescription = 256

// Rotate gives an alias another RevisionId without changing which version serves its
// traffic. It repeats what the alias has. That gives a new RevisionId (recorded by LocalStack
// against AWS in 2025, for an UpdateAlias without a version and weights); AWS does not document
// it. If the RevisionId stays the same, Rotate makes a detour that changes the alias for a
// moment.
//
// It returns what SetRoute returns. With an error it returns the Route that the alias is
// known to have, from which the next Rotate continues.
func (r *Router) Rotate(ctx context.Context, t shift.Target, found shift.Route, other shift.Version) (shift.Route, error) {
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return found, err
	}
	if strings.HasSuffix(found.Detail, rotatingMark) {
		return r.rotateDescription(ctx, function, alias, found)
	}
	written, err := r.clear(ctx, function, alias, found)
	if err != nil || written.Revision != found.Revision {
		return written, err
	}
	return r.detour(ctx, function, alias, written, other)
}

// clear gives all traffic to the serving version, and leaves the description as it is. With an
// error it returns the Route found.
func (r *Router) clear(ctx context.Context, function, alias string, found shift.Route) (shift.Route, error) {
	written, err := r.update(ctx, function, alias, shift.Route{Serving: found.Serving, Revision: found.Revision}, nil)
	if err != nil {
		return found, err
	}
	return written, nil
}

// detour gives the version other a zero weight, which sends it no traffic (UpdateAlias:
// weights 0.0 to 1.0), and then clears the weights. If that version cannot have a weight,
// because it was deleted, has failed, or cannot share the alias, the detour changes the
// description and changes it back.
func (r *Router) detour(ctx context.Context, function, alias string, found shift.Route, other shift.Version) (shift.Route, error) {
	if other == "" {
		return r.rotateDescription(ctx, function, alias, found)
	}
	divided := shift.Route{Serving: found.Serving, Additional: other, Weight: shift.None, Revision: found.Revision}
	written, err := r.update(ctx, function, alias, divided, nil)
	switch {
	case errors.Is(err, shift.ErrVersionNotFound), errors.Is(err, shift.ErrRouteRefused):
		return r.rotateDescription(ctx, function, alias, found)
	case err != nil:
		return found, err
	}
	return r.clear(ctx, function, alias, written)
}

// rotateDescription marks the description and then restores it. If it is interrupted between
// the two writes, the next call completes it with one write. Only in that case a description
// that left no room for the mark loses its end.
func (r *Router) rotateDescription(ctx context.Context, function, alias string, found shift.Route) (shift.Route, error) {
	original, interrupted := strings.CutSuffix(found.Detail, rotatingMark)
	if !interrupted {
		marked := addRotatingMark(original)
		written, err := r.update(ctx, function, alias, found, &marked)
		if err != nil {
			return found, err
		}
		found.Revision, found.Detail = written.Revision, marked
	}
	written, err := r.update(ctx, function, alias, found, &original)
	if err != nil {
		return found, err
	}
	return written, nil
}

func addRotatingMark(description string) string {
	room := maxDescription - len(rotatingMark)
	if runes := []rune(description); len(runes) > room {
		description = string(runes[:room])
	}
	return description + rotatingMark
}
