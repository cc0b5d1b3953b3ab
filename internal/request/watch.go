package request

import (
	"fmt"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// fieldWatch is the field of an input that says for how long the Candidate is watched when it has
// all traffic.
const fieldWatch = "watchMinutes"

// decodeWatch adds a bake to the last Step of a strategy that has none. It is at 100 %, so nothing
// stays on Stable meanwhile.
func decodeWatch(in strictjson.Object, release shift.Release) shift.Release {
	v := in.Field(fieldWatch)
	if !v.Present() {
		return release
	}
	length := interval(v)
	strategy, judge := in.Field("strategy"), in.Field("judge")
	switch {
	case strategy.IsObject() && strategy.Members().Field("steps").Present():
		v.Problem("stands beside strategy.steps, whose last step can bake by itself: write bakeMinutes there")
		return release
	case judge.IsObject() && judge.Members().Field("controlPercent").Present():
		v.Problem("stands beside judge.controlPercent, which keeps a share on stable while the last step bakes, and this watches the candidate at 100%%: leave out one of the two")
		return release
	case len(release.Steps) == 0 || v.HasProblem():
		return release
	}
	release.Steps = append([]shift.Step(nil), release.Steps...)
	release.Steps[len(release.Steps)-1].Bake = length
	release.Judging.Control = 0
	if strategy.IsObject() {
		release.Strategy = shift.DescribeSteps(release.Steps)
	} else {
		release.Strategy = fmt.Sprintf("%s, then watched for %s", release.Strategy, length)
	}
	return release
}

// checkWatch refuses to watch where nothing could be found.
func checkWatch(in strictjson.Object, release shift.Release) {
	v := in.Field(fieldWatch)
	if v.Present() && len(release.Alarms) == 0 && !release.Judging.On() && !in.Field("alarms").HasProblem() && !in.Field("judge").HasProblem() {
		v.Problem("has nothing to watch with: name alarms, or have the versions compared (judge)")
	}
}
