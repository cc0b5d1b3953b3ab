package world

import (
	"errors"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// ErrConnectionLost is the error of a call whose connection is lost.
var ErrConnectionLost = errors.New("connection reset by peer")

// installFaults makes AWS fail as the scenario says.
func (w *World) installFaults() {
	seen := make([]int64, len(w.scenario.Faults))
	strike := func(c localaws.Call, after bool) error {
		if c.Actor == onlooker {
			return nil
		}
		for i, f := range w.scenario.Faults {
			if (f.Error == LoseReply) != after || !f.matches(c, w.Elapsed()) {
				continue
			}
			seen[i]++
			if seen[i] > f.Skip && (f.Times == 0 || seen[i] <= f.Skip+f.Times) {
				return f.failure(c)
			}
		}
		return nil
	}
	disturb := func(c localaws.Call, after bool) error {
		if err := w.moment(c, after); err != nil {
			return err
		}
		return strike(c, after)
	}
	w.cloud.Fault(func(c localaws.Call) error {
		if err := disturb(c, false); err != nil {
			return err
		}
		return w.checkPermissions(c)
	})
	w.cloud.FaultAfter(func(c localaws.Call) error { return disturb(c, true) })
}

func (f Fault) matches(c localaws.Call, at time.Duration) bool {
	return f.Call == c.Service+":"+c.Operation && (f.Actor == "" || f.Actor == c.Actor) &&
		strings.Contains(c.Resource, f.Resource) && at >= f.From && (f.Until == 0 || at < f.Until)
}

func (f Fault) failure(c localaws.Call) error {
	switch f.Error {
	case Throttle:
		return localaws.Throttled(c.Service)
	case Deny:
		return localaws.AccessDenied(c)
	case Break:
		return localaws.ServiceFailure(c.Service)
	}
	return ErrConnectionLost
}
