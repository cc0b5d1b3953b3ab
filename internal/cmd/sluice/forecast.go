package main

import (
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/shift"
)

// estimate is what a deployment takes if nothing goes wrong. plan prints it.
type estimate struct {
	Strategy string         `json:"strategy"`
	Targets  []shift.Target `json:"targets"` // empty for a strategy alone
	Alarms   []string       `json:"alarms"`
	Hooks    []string       `json:"hooks"` // in the order in which they run
	Steps    []plannedStep  `json:"steps"`
	// Duration is the sum of all bakes. The hooks add at most HookTimeouts.
	Duration     shift.Seconds `json:"durationSeconds"`
	HookTimeouts shift.Seconds `json:"hookTimeoutsSeconds"`
	Transitions  int           `json:"transitions"`
	Events       int           `json:"historyEvents"`
	Lambda       lambdaCalls   `json:"lambda"`
	AlarmReads   int           `json:"alarmReads"`
	MetricReads  int           `json:"metricReads,omitempty"`
	// Synthetic may be asked for requests at every poll.
	Synthetic shift.Synthetic `json:"synthetic,omitzero"`
	Cost      cost            `json:"cost"`
	Polling   polling         `json:"polling"`
	// FrontEnds are the targets that are not functions.
	FrontEnds []frontEnd `json:"frontEnds,omitempty"`
	// PolledAlarms are the alarms of other regions.
	PolledAlarms polledAlarms `json:"polledAlarms,omitempty"`
	Outlooks     []outlook    `json:"outlook,omitempty"`
	Warnings     []string     `json:"warnings"`

	plan         shift.Plan
	release      shift.Release
	isDeployment bool // false for a strategy alone
	functions    int  // among the targets
}

// plannedStep is a Step, and when it begins.
type plannedStep struct {
	Number int           `json:"step"`
	Begins shift.Seconds `json:"beginsAtSeconds"`
	Weight shift.Weight  `json:"weightPercent"`
	Bake   shift.Seconds `json:"bakeSeconds"`
	Polls  int           `json:"polls"`
	Poll   shift.Seconds `json:"pollSeconds"`
	// Window is when it may be taken, and TakenAt when it is at the earliest if the deployment starts
	// now. TakenAt is missing in a plan without windows, which does not depend on the time.
	Window  string    `json:"window,omitempty"`
	TakenAt time.Time `json:"takenAt,omitzero"`
}

// lambdaCalls counts the requests to Lambda.
type lambdaCalls struct {
	ControlPlane int `json:"controlPlaneCallsPerTarget"`
	Invocations  int `json:"invocations"` // of Sluice's own functions
}

// cost is the bill, and the prices it was calculated with.
type cost struct {
	StepFunctions forecast.Cost `json:"stepFunctionsDollars"`
	Lambda        forecast.Cost `json:"lambdaDollars"`
	CloudWatch    forecast.Cost `json:"cloudWatchDollars"`
	Total         forecast.Cost `json:"totalDollars"`
	Prices        prices        `json:"prices"`
}

// polling is what the same plan would take in a loop that reads the alarms every ten
// seconds.
type polling struct {
	Every       shift.Seconds `json:"everySeconds"`
	Transitions int           `json:"transitions"`
	Events      int           `json:"historyEvents"`
	Invocations int           `json:"invocations"`
	AlarmReads  int           `json:"alarmReads"`
	Total       forecast.Cost `json:"totalDollars"`
	Fits        bool          `json:"fitsAnExecution"`
}

// regions is from how many it reads alarms.
func newPolling(p shift.Plan, regions int) polling {
	c := forecast.Polling(p)
	reads := regions * c.Polls
	return polling{
		Every: forecast.PollEvery, Transitions: c.Transitions, Events: c.Events, Invocations: c.Invocations, AlarmReads: reads,
		Total: c.Bill(reads, 0).Total(), Fits: c.Events <= forecast.MaxEvents,
	}
}

type prices struct {
	Region       string        `json:"region"`
	FreeTier     bool          `json:"freeTier"`
	Transition   forecast.Cost `json:"transitionDollars"`
	Request      forecast.Cost `json:"lambdaRequestDollars"`
	GBSecond     forecast.Cost `json:"lambdaGigabyteSecondDollars"`
	AlarmRead    forecast.Cost `json:"alarmReadDollars"`
	Megabytes    int           `json:"invocationMegabytes"`
	Milliseconds int           `json:"invocationMilliseconds"`
	Sources      []string      `json:"sources"`
}

// priceSources are the sources of the prices in internal/forecast.
var priceSources = []string{
	"aws.amazon.com/step-functions/pricing",
	"aws.amazon.com/lambda/pricing",
	"aws.amazon.com/cloudwatch/pricing",
}

// newEstimate estimates what a release takes. A strategy alone (isDeployment is false)
// is assumed to have one target and one alarm. It returns the errors of shift.NewPlan
// and shift.CheckPlan.
func newEstimate(r shift.Release, deployed bool) (estimate, error) {
	frontEnds := newFrontEnds(r)
	steps, err := frontEnds.steps(r)
	if err != nil {
		return estimate{}, err
	}
	p, err := shift.NewPlan(steps, r.Hooks, r.Judging)
	if err != nil {
		return estimate{}, err
	}
	functions := len(r.Arrivals) - len(frontEnds)
	course, elsewhere := forecast.Healthy(p, r.Hooks), newPolledAlarms(p, r)
	regions := elsewhere.countRegions(r)
	if !deployed {
		regions = 1
	}
	reads := course.AlarmReads(regions)
	metrics := course.MetricReads(r.Judging, max(functions, 1))
	f := estimate{
		Strategy: r.Strategy, Targets: []shift.Target{}, Alarms: append([]string{}, r.Alarms...), Hooks: []string{}, Steps: plannedSteps(p),
		Duration: course.Duration, HookTimeouts: r.Hooks.Timeouts(),
		Transitions: course.Transitions, Events: course.Events,
		Lambda:       lambdaCalls{Invocations: course.Invocations},
		AlarmReads:   reads,
		MetricReads:  metrics,
		Synthetic:    r.Judging.Synthetic,
		Cost:         newCost(course.Bill(reads, metrics)),
		Polling:      newPolling(p, regions),
		Warnings:     append(warnings(p, r, deployed), elsewhere.warnings(r)...),
		PolledAlarms: elsewhere,
		FrontEnds:    frontEnds,
		plan:         p,
		release:      r,
		isDeployment: deployed,
		functions:    functions,
	}
	if functions > 0 || !deployed {
		f.Lambda.ControlPlane = forecast.ControlCalls(p)
	}
	for _, a := range r.Arrivals {
		f.Targets = append(f.Targets, a.Target)
	}
	for _, h := range slices.Concat(r.Hooks.BeforeTraffic, r.Hooks.AfterTraffic) {
		f.Hooks = append(f.Hooks, h.Function)
	}
	return f, nil
}

// addFindings adds what a check has found to the warnings.
func (f *estimate) addFindings(c checkedAlarms) {
	for _, found := range c.Findings {
		f.Warnings = append(f.Warnings, strings.ToUpper(found.Text[:1])+found.Text[1:]+".")
	}
}

func plannedSteps(p shift.Plan) []plannedStep {
	list := make([]plannedStep, p.Len())
	for i, begins := range p.StepStarts() {
		s := p.Steps[i]
		list[i] = plannedStep{
			Number: i + 1, Begins: shift.InSeconds(begins), Weight: s.Weight, Bake: s.Bake, Poll: s.Poll,
			Polls: shift.Plan{Steps: p.Steps[i : i+1]}.Polls(),
		}
	}
	return list
}

// addTimes says when each step is taken if the deployment starts now, if one has a window.
func (f *estimate) addTimes(now time.Time) {
	if !slices.ContainsFunc(f.plan.Steps, func(s shift.Step) bool { return s.Window.IsSet() }) {
		return
	}
	for i, at := range forecast.Taken(f.plan, now) {
		f.Steps[i].TakenAt = at.UTC().Truncate(time.Second)
		if w := f.plan.Step(i + 1).Window; w.IsSet() {
			f.Steps[i].Window = w.String()
		}
	}
}

func newCost(b forecast.Bill) cost {
	return cost{
		StepFunctions: b.Transitions, Lambda: b.Invocations, CloudWatch: b.AlarmReads + b.MetricReads, Total: b.Total(),
		Prices: prices{
			Region: forecast.PriceRegion, Transition: forecast.PriceOfTransition, Request: forecast.PriceOfRequest,
			GBSecond: forecast.PriceOfGBSecond, AlarmRead: forecast.PriceOfAlarmRead,
			Megabytes: forecast.InvocationMegabytes, Milliseconds: forecast.InvocationMilliseconds,
			Sources: priceSources,
		},
	}
}
