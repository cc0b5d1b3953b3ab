package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// frontEnd is a target that is not a function.
type frontEnd struct {
	Target shift.Target `json:"target"`
	// Lag is how long viewers may see the step before, at least.
	Lag shift.Seconds `json:"lagSeconds"`

	kind flow.Kind
}

type frontEnds []frontEnd

func newFrontEnds(r shift.Release) frontEnds {
	var list frontEnds
	for _, a := range r.Arrivals {
		if kind, known := flow.KindOf(a.Target); known && kind.Name != shift.KindLambda {
			list = append(list, frontEnd{Target: a.Target, Lag: kind.Rules.Lag, kind: kind})
		}
	}
	return list
}

// steps returns the steps of a release as they are shifted: the last one waits for the viewers. It
// returns shift.ErrInvalidPlan for steps that a target cannot take.
func (f frontEnds) steps(r shift.Release) ([]shift.Step, error) {
	targets, lag := make([]shift.Target, len(r.Arrivals)), shift.Seconds(0)
	for i, a := range r.Arrivals {
		targets[i] = a.Target
	}
	for _, e := range f {
		lag = max(lag, e.Lag)
	}
	return shift.WithLag(r.Steps, lag), shift.CheckPlan(flow.LimitedBy(targets), r.Steps)
}

// warnings say what a person should know about viewers.
func (f frontEnds) warnings(functions int) []string {
	var list []string
	for _, e := range f {
		list = append(list, e.warning())
	}
	if settings := f.settings(); len(settings) > 0 {
		list = append(list, fmt.Sprintf("The stack must have the settings that turn these targets on: %s. If one is missing, the deployment is refused before anything is touched: add it, and deploy the stack again.", strings.Join(settings, ", ")))
	}
	if len(f)+functions > 1 && len(f) > 0 {
		list = append(list, "The targets move together by their weights, not by their viewers: a viewer of the new release may meet the stable version of another target. Each version has to work with both versions of the others until the end.")
	}
	return list
}

// settings are those of the stack that turn the targets on.
func (f frontEnds) settings() []string {
	var list []string
	for _, e := range f {
		if !slices.Contains(list, e.kind.Setting) {
			list = append(list, e.kind.Setting)
		}
	}
	return list
}

// lagText is how long viewers may see the step before. A plan does not read TTLs.
func (e frontEnd) lagText() string {
	if e.kind.Name == shift.KindRoute53 {
		return fmt.Sprintf("%s, or longer if its records have a TTL above 1m", e.Lag)
	}
	return e.Lag.String()
}

func (e frontEnd) warning() string {
	switch e.kind.Name {
	case shift.KindRoute53:
		return fmt.Sprintf("The weights of %s are shares of DNS answers, not of requests: one large resolver is one answer. Sluice reads the TTL of its records when the deployment opens, and refuses bakes that are too short for it.", e.Target)
	case shift.KindSwitch:
		return fmt.Sprintf("All viewers of %s move at once, as soon as their edge has the change. Going back takes as long.", e.Target)
	}
	return fmt.Sprintf("Browsers keep what they have of %s: give its HTML a max-age of at most 60 seconds, or viewers stay on a release for longer.", e.Target)
}

// errOnlyFunctions says why there is nothing to forecast.
var errOnlyFunctions = errors.New("targets: only the versions of functions are compared, and the deployment shifts none, so that there is nothing to forecast: leave --rpm or --traffic out")
