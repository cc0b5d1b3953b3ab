package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// tourStep is one deployment of the tour.
type tourStep struct {
	name  string // of the execution
	title string
	// deployment is what is started, as it could stand in deployment.json.
	deployment string
	// target and candidate say how a bad version behaves; empty if it is healthy.
	target, candidate string
	// abortAfter is when the tour in a terminal aborts it; 0 if it does not.
	abortAfter time.Duration
	button     string
	// before tells what is about to happen, during what happens, and look where to see it on the page.
	before, during []string
	look           string
	expected       shift.Outcome
	after          string // what was seen, if it ended as expected
}

// tourSteps are the tour.
var tourSteps = []tourStep{
	{
		name: "canary", title: "A canary", button: "Start the canary",
		deployment: `{"function": "orders", "strategy": "Canary10Percent5Minutes"}`,
		before: []string{
			"The function orders has new code. Sluice publishes it as version 2 and sends it 10% of the requests for 5 minutes. If nothing is wrong by then, version 2 gets all of them.",
		},
		during: []string{"Version 2 serves 10% of the requests, and version 1 the rest. Each minute Sluice compares how many requests fail on each of them."},
		look:   "the bar below is the share of version 2. Below the bar is what the comparison knows so far.", expected: shift.Promoted,
		after: "Promoted: version 2 now serves all requests. No request of version 2 failed, and nobody had to watch.",
	},
	{
		name: "bad-version", title: "A bad version", button: "Start the bad version",
		deployment: `{"function": "payments", "strategy": "Linear10PercentEvery10Minutes"}`,
		target:     "lambda:payments:live", candidate: `{"errorRate": 0.2}`,
		before: []string{
			"Next, a bad version: the new code of payments fails in 20% of the requests. Nobody has set an alarm. Sluice is to send version 2 another 10% every 10 minutes.",
		},
		during: []string{"Version 2 serves 10% of the requests. Sluice does not know yet that it is bad: it compares the two versions, and waits until chance cannot explain the difference."},
		look:   "the comparison below counts the failed requests of both versions.", expected: shift.RolledBack,
		after: "RolledBack: Sluice found within minutes that version 2 fails more often than version 1, and put all requests back on version 1. Most customers never met the bad version.",
	},
	{
		name: "stopped-by-you", title: "You stop one yourself", button: "Start it", abortAfter: 400 * time.Second,
		deployment: `{"function": "search", "strategy": "Canary10Percent120Minutes"}`,
		before: []string{
			"Next, you stop one yourself: the new code of search works, and no measurement is bad. But customers call and complain about the results. You can stop a deployment at any time.",
		},
		during:   []string{"Version 2 serves 10% of the requests, and customers complain. Press Abort, give a reason, and press Abort again."},
		look:     "the button Abort is below. In an AWS account, 'sluice abort search' does the same.",
		expected: shift.RolledBack,
		after:    "RolledBack: a second after your abort, all requests were back on version 1. Your reason is kept with the deployment.",
	},
	{
		name: "website", title: "A website and its function", button: "Start it",
		deployment: `{
  "targets": [
    {"function": "shop"},
    {"cloudfront": {"distribution": "E1SHOP", "release": "2026-11-29", "bucket": "shop-site"}}
  ],
  "strategy": "Canary10Percent5Minutes"
}`,
		before: []string{
			"Last, a shop: a website in CloudFront, and the function shop behind it. The new website needs the new function, so they move together.",
		},
		during: []string{"The new release of the website and version 2 of the function both get 10%. If one of them is bad, both go back."},
		look:   "the deployment below has two targets, and one share for both.", expected: shift.Promoted,
		after: "Promoted: the website and the function have moved together, step by step.",
	},
}

// tourWelcome is what the tour begins with.
var tourWelcome = []string{
	"Sluice moves live traffic to a new version in small steps, watches it, and puts it back by itself when it gets worse. You will see four deployments.",
	"All of it happens on this machine. The state machine and the Lambdas are those that run in AWS, but the AWS around them is played, and so are the customers.",
}

// tourDeployment stands before what is started.
const tourDeployment = "This is the whole deployment.json:"

// tourEnd is what the tour ends with.
var tourEnd = []string{"That was the tour. Next you can:"}

// tourNext are commands to go on with.
var tourNext = []string{
	"sluice simulate -f deployment.json       try your own deployment here",
	"sluice local                             play with an AWS account here",
	"sluice start -f deployment.json --wait   start it in AWS",
}

// tourReading says where to read on.
const tourReading = "How to install Sluice into your AWS account, and your first deployment: https://github.com/sluice-aws/sluice"

// tourTitle is the title of a step.
func tourTitle(step int) string {
	return fmt.Sprintf("Step %d of %d: %s", step+1, len(tourSteps), tourSteps[step].title)
}

// result tells how a step has ended.
func (s tourStep) result(o shift.Outcome) string {
	if o == s.expected {
		return s.after
	}
	return fmt.Sprintf("%s: it ended otherwise than on this tour, because somebody has stopped or promoted it. That is fine.", o)
}

// scenario is the world of some steps. abort says whether the scenario aborts them.
func tourScenario(steps []tourStep, abort bool) (world.Scenario, error) {
	type versions struct {
		Candidate json.RawMessage `json:"candidate"`
	}
	var text struct {
		Targets map[string]versions `json:"targets,omitempty"`
		Events  []map[string]any    `json:"events,omitempty"`
	}
	text.Targets = map[string]versions{}
	for _, s := range steps {
		if s.candidate != "" {
			text.Targets[s.target] = versions{json.RawMessage(s.candidate)}
		}
		if abort && s.abortAfter > 0 {
			text.Events = append(text.Events, map[string]any{
				"atSeconds": s.abortAfter.Seconds(), "do": "abort", "target": "lambda:search:live", "reason": "customers complain",
			})
		}
	}
	written, err := json.Marshal(text)
	if err != nil {
		return world.Scenario{}, err
	}
	return world.DecodeScenario(written)
}
