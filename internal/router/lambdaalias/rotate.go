package lambdaalias

import (
	"context"
	"strings"

	"sluice/internal/shift"
)

// rotating ends the description of an alias while Rotate is between its two writes.
const rotating = " (Sluice is putting traffic back)"

// maxDescription is how long an alias's description may be (UpdateAlias, Description).
const maxDescription = 256

// Rotate gives an alias another RevisionId while it goes on serving the Route that was
// read: its description is changed, and changed back (AliasConfiguration, RevisionId:
// it changes when the alias is updated). One that was cut short between the two writes
// is completed by the next, with one write; only then is the end lost of a description
// that leaves no room for the mark. It returns what SetRoute returns.
func (r *Router) Rotate(ctx context.Context, t shift.Target, found shift.Route) (shift.Route, error) {
	function, alias, err := t.Lambda()
	if err != nil {
		return shift.Route{}, err
	}
	described, cutShort := strings.CutSuffix(found.Note, rotating)
	if !cutShort {
		mark := marked(described)
		written, err := r.update(ctx, function, alias, found, &mark)
		if err != nil {
			return shift.Route{}, err
		}
		found.Revision = written.Revision
	}
	return r.update(ctx, function, alias, found, &described)
}

func marked(description string) string {
	room := maxDescription - len(rotating)
	if runes := []rune(description); len(runes) > room {
		description = string(runes[:room])
	}
	return description + rotating
}
