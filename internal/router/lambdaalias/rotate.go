package lambdaalias

import (
	"context"
	"errors"
	"strings"

	"sluice/internal/shift"
)

// rotating ends the description of an alias while Rotate is between its two writes.
const rotating = " (Sluice is putting traffic back)"

// maxDescription is how long an alias's description may be (UpdateAlias, Description).
const maxDescription = 256

// Rotate gives an alias another RevisionId while it goes on serving the Route that was
// read. Writing what is there already is not documented to give a new one, so the alias
// differs in between: by a zero weight for the version beside, which sends it no traffic
// (UpdateAlias: weights 0.0 to 1.0). Where that version can have no weight, because it was
// deleted, has failed, or cannot share the alias, the description is changed and changed
// back.
//
// It returns what SetRoute returns. After an error it returns the Route that the alias is
// known to have, which the next Rotate can go on from with one write.
func (r *Router) Rotate(ctx context.Context, t shift.Target, found shift.Route, beside shift.Version) (shift.Route, error) {
	function, alias, err := t.Lambda()
	if err != nil {
		return found, err
	}
	whole := shift.Route{Serving: found.Serving}
	if beside == "" || strings.HasSuffix(found.Detail, rotating) {
		return r.rotateDescription(ctx, function, alias, found)
	}
	if found.Additional == "" {
		divided := shift.Route{Serving: found.Serving, Additional: beside, Weight: shift.None, Revision: found.Revision}
		written, err := r.update(ctx, function, alias, divided, nil)
		switch {
		case errors.Is(err, shift.ErrVersionNotFound), errors.Is(err, shift.ErrRouteRefused):
			return r.rotateDescription(ctx, function, alias, found)
		case err != nil:
			return found, err
		}
		found = written
	}
	whole.Revision = found.Revision
	written, err := r.update(ctx, function, alias, whole, nil)
	if err != nil {
		return found, err
	}
	return written, nil
}

// rotateDescription changes the description and changes it back. One that was cut short
// between the two writes is completed by the next, with one write; only then the end is
// lost of a description that leaves no room for the mark.
func (r *Router) rotateDescription(ctx context.Context, function, alias string, found shift.Route) (shift.Route, error) {
	described, cutShort := strings.CutSuffix(found.Detail, rotating)
	if !cutShort {
		mark := marked(described)
		written, err := r.update(ctx, function, alias, found, &mark)
		if err != nil {
			return found, err
		}
		found.Revision, found.Detail = written.Revision, mark
	}
	written, err := r.update(ctx, function, alias, found, &described)
	if err != nil {
		return found, err
	}
	return written, nil
}

func marked(description string) string {
	room := maxDescription - len(rotating)
	if runes := []rune(description); len(runes) > room {
		description = string(runes[:room])
	}
	return description + rotating
}
