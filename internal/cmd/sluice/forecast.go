package main

import (
	"slices"

	"sluice/internal/forecast"
	"sluice/internal/shift"
)

// expectation is what a deployment takes when nothing goes wrong, as plan prints it.
type expectation struct {
	Strategy string         `json:"strategy"`
	Targets  []shift.Target `json:"targets"` // none for a strategy alone
	Alarms   []string       `json:"alarms"`
	Hooks    []string       `json:"hooks"` // in the order in which they run
	Steps    []stage        `json:"steps"`
	// Duration is all bakes together. Hooks come on top, at most with their
	// timeouts.
	Duration     shift.Seconds `json:"durationSeconds"`
	HookTimeouts shift.Seconds `json:"hookTimeoutsSeconds"`
	Transitions  int           `json:"transitions"`
	Events       int           `json:"historyEvents"`
	Lambda       lambdaCalls   `json:"lambda"`
	AlarmReads   int           `json:"alarmReads"`
	Cost         cost          `json:"cost"`
	Polling      polling       `json:"polling"`
	Warnings     []string      `json:"warnings"`

	plan     shift.Plan
	deployed bool // it is of a deployment, not of a strategy alone
}

// stage is a Step, and when it begins.
type stage struct {
	Number int           `json:"step"`
	Begins shift.Seconds `json:"beginsAtSeconds"`
	Weight shift.Weight  `json:"weightPercent"`
	Bake   shift.Seconds `json:"bakeSeconds"`
	Polls  int           `json:"polls"`
	Poll   shift.Seconds `json:"pollSeconds"`
}

// lambdaCalls are the requests to Lambda.
type lambdaCalls struct {
	ControlPlane int `json:"controlPlaneCallsPerTarget"`
	Invocations  int `json:"invocations"` // of Sluice's own Lambdas
}

// cost is the bill, and what it was reckoned with.
type cost struct {
	StepFunctions forecast.Cost `json:"stepFunctionsDollars"`
	Lambda        forecast.Cost `json:"lambdaDollars"`
	CloudWatch    forecast.Cost `json:"cloudWatchDollars"`
	Total         forecast.Cost `json:"totalDollars"`
	Prices        prices        `json:"prices"`
}

// polling is what the same plan takes where the alarms are asked every ten seconds.
type polling struct {
	Every       shift.Seconds `json:"everySeconds"`
	Transitions int           `json:"transitions"`
	Events      int           `json:"historyEvents"`
	Invocations int           `json:"invocations"`
	AlarmReads  int           `json:"alarmReads"`
	Total       forecast.Cost `json:"totalDollars"`
	Fits        bool          `json:"fitsAnExecution"`
}

func newPolling(p shift.Plan, readsAlarms bool) polling {
	c := forecast.Polling(p)
	if !readsAlarms {
		c.Polls = 0
	}
	return polling{
		Every: forecast.PollEvery, Transitions: c.Transitions, Events: c.Events, Invocations: c.Invocations, AlarmReads: c.Polls,
		Total: c.Bill(c.Polls).Total(), Fits: c.Events <= forecast.MaxEvents,
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

// priceSources are where the prices of internal/forecast come from.
var priceSources = []string{
	"aws.amazon.com/step-functions/pricing",
	"aws.amazon.com/lambda/pricing",
	"aws.amazon.com/cloudwatch/pricing",
}

// newExpectation predicts what a release takes: of a deployment, or of no more
// than a strategy, which is taken to have one target and an alarm. It returns
// the errors of shift.NewPlan.
func newExpectation(r shift.Release, deployed bool) (expectation, error) {
	p, err := shift.NewPlan(r.Steps, r.Hooks)
	if err != nil {
		return expectation{}, err
	}
	course, reads := forecast.Healthy(p, r.Hooks), 0
	if len(r.Alarms) > 0 || !deployed {
		reads = course.AlarmReads()
	}
	f := expectation{
		Strategy: r.Strategy, Targets: []shift.Target{}, Alarms: append([]string{}, r.Alarms...), Hooks: []string{}, Steps: stages(p),
		Duration: course.Duration, HookTimeouts: r.Hooks.Timeouts(),
		Transitions: course.Transitions, Events: course.Events,
		Lambda:     lambdaCalls{ControlPlane: forecast.ControlCalls(p), Invocations: course.Invocations},
		AlarmReads: reads,
		Cost:       newCost(course.Bill(reads)),
		Polling:    newPolling(p, reads > 0),
		Warnings:   warnings(p, r, deployed),
		plan:       p,
		deployed:   deployed,
	}
	for _, a := range r.Arrivals {
		f.Targets = append(f.Targets, a.Target)
	}
	for _, h := range slices.Concat(r.Hooks.BeforeTraffic, r.Hooks.AfterTraffic) {
		f.Hooks = append(f.Hooks, h.Function)
	}
	return f, nil
}

func stages(p shift.Plan) []stage {
	list := make([]stage, p.Len())
	for i, begins := range p.StepStarts() {
		s := p.Steps[i]
		list[i] = stage{
			Number: i + 1, Begins: shift.InSeconds(begins), Weight: s.Weight, Bake: s.Bake, Poll: s.Poll,
			Polls: shift.Plan{Steps: p.Steps[i : i+1]}.Polls(),
		}
	}
	return list
}

func newCost(b forecast.Bill) cost {
	return cost{
		StepFunctions: b.Transitions, Lambda: b.Invocations, CloudWatch: b.AlarmReads, Total: b.Total(),
		Prices: prices{
			Region: forecast.PriceRegion, Transition: forecast.PriceOfTransition, Request: forecast.PriceOfRequest,
			GBSecond: forecast.PriceOfGBSecond, AlarmRead: forecast.PriceOfAlarmRead,
			Megabytes: forecast.InvocationMegabytes, Milliseconds: forecast.InvocationMilliseconds,
			Sources: priceSources,
		},
	}
}
