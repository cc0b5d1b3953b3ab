package cloudfront

import (
	"fmt"

	"github.com/sluice-aws/sluice/internal/shift"
)

// CheckStart returns shift.ErrRouteChanged for a value that Sluice did not write, and
// shift.ErrTargetWeighted for viewers that are divided already.
func (r *Router) CheckStart(t shift.Target, found shift.Route, _ bool) error {
	switch {
	case isForeign(found):
		return fmt.Errorf(`%w: %s has %s: delete the key, and say "createAlias": true to have it created again`, shift.ErrRouteChanged, t, found)
	case found.IsWhole():
		return nil
	}
	return fmt.Errorf("%w: %s has %s, and no deployment of Sluice is doing that now: send all viewers to one release first, by a key without candidate and weight and with another n",
		shift.ErrTargetWeighted, t, found)
}

// CheckCompatible returns nil: any two releases can share the viewers.
func (r *Router) CheckCompatible(shift.Target, shift.Published, shift.Published) error { return nil }
