package request

import (
	"slices"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

const (
	// fieldKeep is the field of an input that says how many versions of each function stay when it
	// is promoted.
	fieldKeep = "keepVersions"
	maxKept   = 1000
)

func decodeKeep(v strictjson.Value) int {
	if !v.Present() {
		return 0
	}
	return int(v.Int(1, maxKept))
}

// checkKeep refuses to delete versions of what Sluice does not store: releases, endpoints and
// distributions belong to their owners.
func checkKeep(v strictjson.Value, release shift.Release) {
	isFunction := func(a shift.Arrival) bool { return a.Target == "" || a.Target.Kind() == shift.KindLambda }
	if v.Present() && len(release.Arrivals) > 0 && !slices.ContainsFunc(release.Arrivals, isFunction) {
		v.Problem("deletes old versions of functions, and this deployment shifts none: leave it out")
	}
}
