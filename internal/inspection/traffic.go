package inspection

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Week is how far back the traffic is read.
const Week = 7 * 24 * time.Hour

// regression is the failure for which traffic should be enough: so large a share of the requests.
const regression = 0.05

// often is in which share of the cases a regression has to be found for the traffic to be enough.
const often = 0.5

// farBeside is from which share on the requests that do not come through the alias are told.
const farBeside = 0.01

// inspectTraffic compares what the functions have served with the Plan.
func (in *inspecting) inspectTraffic() {
	var targets []shift.Target
	paths := map[shift.Target]string{}
	for n, a := range in.seen.Release.Arrivals {
		if a.Target.Kind() == shift.KindLambda && in.exists(n) && !in.makes(a.Target) {
			targets = append(targets, a.Target)
			paths[a.Target] = targetPath(n)
		}
	}
	if len(targets) == 0 {
		return
	}
	served, err := in.Traffic.Served(in.ctx, targets, Week, in.Now)
	if err != nil {
		in.add("", err)
		return
	}
	for _, t := range targets {
		in.besideAlias(paths[t], t, served[t])
		in.enough(paths[t], t, served[t], len(targets))
	}
}

// makes says whether the deployment makes the Target, which has served nothing then.
func (in *inspecting) makes(t shift.Target) bool {
	return slices.ContainsFunc(in.seen.Changes, func(c shift.Change) bool { return c.Target == t && c.Creates() })
}

// besideAlias tells of requests that do not come through the alias.
func (in *inspecting) besideAlias(path string, t shift.Target, s Served) {
	function, alias, _ := flow.SplitLambdaTarget(t)
	if all := s.Requests + s.Beside; all > 0 && s.Beside >= farBeside*all {
		in.note(path, AliasBypassed, function, "in the last week %s of the requests to %s did not come through the alias %s: they are neither shifted nor judged",
			shift.PercentText(s.Beside/all), function, alias)
	}
}

// enough tells if the traffic of a Target is too little for its Plan.
func (in *inspecting) enough(path string, t shift.Target, s Served, targets int) {
	release := in.seen.Release
	if s.Covers == 0 {
		in.note(path, NoTraffic, string(t), "CloudWatch shows no request to %s in the last week: neither an alarm on its requests nor a comparison can find a failure. Send it requests while it is shifted (\"synthetic\" asks a function for them)", t)
		return
	}
	if !release.Judging.On() {
		in.enoughForAlarms(path, t, s)
		return
	}
	plan, err := shift.NewPlan(release.Steps, release.Hooks, release.Judging)
	if err != nil {
		return // it is told already
	}
	traffic := forecast.Traffic{RequestsPerMinute: s.perMinute(), ErrorRate: math.Min(s.Errors/s.Requests, 1)}
	best, found := bestStep(forecast.Outlook(plan, release.Judging, traffic, targets))
	if best.Bake == 0 || found >= often {
		return
	}
	in.thin(path, t, s, best.Bake, best.Weight.Share(), fmt.Sprintf("too few to see a %s failure, which %s", shift.PercentText(regression), foundText(found)))
}

// enoughForAlarms tells if a regression would often show the alarms nothing. What they need to fire is
// not known, but it is one failed request at least.
func (in *inspecting) enoughForAlarms(path string, t shift.Target, s Served) {
	release := in.seen.Release
	if len(release.Alarms) == 0 {
		return
	}
	var best shift.Step
	requests := 0.0
	for _, step := range release.Steps {
		if n := s.perMinute() * step.Bake.Duration().Minutes() * judge.Weight(step.Weight).Share(); n > requests {
			best, requests = step, n
		}
	}
	unseen := math.Pow(1-regression, math.Round(requests))
	if best.Bake == 0 || 1-unseen >= often {
		return
	}
	in.thin(path, t, s, best.Bake.Duration(), judge.Weight(best.Weight).Share(),
		fmt.Sprintf("too few for an alarm to see a %s failure, because in %s of the cases none of them fails", shift.PercentText(regression), shift.PercentText(unseen)))
}

// thin tells that the best Step of the Plan shows the Candidate too few requests, and why they are.
func (in *inspecting) thin(path string, t shift.Target, s Served, bake time.Duration, share float64, why string) {
	seen := math.Round(s.perMinute() * bake.Minutes() * share)
	in.note(path, ThinTraffic, string(t),
		"at your %s requests a minute (the average of the last %s), %s at %s%% show the candidate %s requests: %s. Bake longer or with more weight, or name a function for \"synthetic\" requests",
		number(s.perMinute()), span(s.Covers), minutes(bake), number(100*share), number(seen), why)
}

// bestStep returns the Step in which the regression is found most often, among those with both
// versions.
func bestStep(steps []judge.StepOutlook) (best judge.StepOutlook, found float64) {
	found = -1
	for _, s := range steps {
		if s.Bake == 0 || s.Weight >= judge.All {
			continue
		}
		for _, d := range s.Detections {
			if d.Regression == regression && d.Found > found {
				best, found = s, d.Found
			}
		}
	}
	return best, found
}

func foundText(share float64) string {
	if share == 0 {
		return "would not be found"
	}
	return fmt.Sprintf("would be found in %s of the cases", shift.PercentText(share))
}

// number shows a number with a fraction only if it is small.
func number(x float64) string {
	if x >= 10 {
		return strconv.FormatFloat(math.Round(x), 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(10*x)/10, 'f', -1, 64)
}

func minutes(d time.Duration) string {
	if d == time.Minute {
		return "a minute"
	}
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return shift.InSeconds(d).String()
}

// span shows how much time was looked at.
func span(d time.Duration) string {
	switch hours := int(math.Round(d.Hours())); {
	case hours >= 7*24-1:
		return "week"
	case hours >= 48:
		return fmt.Sprintf("%d days", hours/24)
	default:
		return fmt.Sprintf("%d hours", max(hours, 1))
	}
}
