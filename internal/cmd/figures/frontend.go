package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

const (
	functionTarget = `{"function": "orders"}`
	siteTarget     = `{"cloudfront": {"distribution": "E1SITE", "release": "r42", "bucket": "site-prod"}}`
	nameTarget     = `{"route53": {"zone": "Z0SHOP", "name": "shop.example.com", "candidate": {"values": {"A": ["203.0.113.7"]}}}}`
	switchTarget   = `{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}}`
)

// routed are targets of a deployment in the table of front ends, with the strategy of the healthy
// one. The deployment that an alarm takes back has one step, half of the traffic if it can be
// divided.
var routed = []struct {
	name, targets, strategy, step string
}{
	{"a function", functionTarget, "Linear10PercentEvery10Minutes", "50"},
	{"a site (`cloudfront`)", siteTarget, "Linear10PercentEvery10Minutes", "50"},
	{"a name (`route53`)", nameTarget, "Linear10PercentEvery10Minutes", "50"},
	{"a function, a site and a name", functionTarget + ", " + siteTarget + ", " + nameTarget, "Linear10PercentEvery10Minutes", "50"},
	{"a switch (`cloudfrontSwitch`)", switchTarget, "AllAtOnce", "100"},
}

// frontEndsTable shows what front ends take: states, and calls of the services that route.
func frontEndsTable() (table, error) {
	var rows [][]string
	for _, of := range routed {
		healthy, err := playRouted(`{"judge": "off", "targets": [`+of.targets+`], "alarms": ["a"], "strategy": "`+of.strategy+`"}`, `{}`, shift.Promoted)
		if err != nil {
			return table{}, fmt.Errorf("%s: %w", of.name, err)
		}
		undone, worst, err := playUndone(of.targets, of.step)
		if err != nil {
			return table{}, fmt.Errorf("%s: %w", of.name, err)
		}
		steps := healthy.result.Invocations[flow.SetWeight.Function]
		rows = append(rows, []string{
			of.name, "`" + of.strategy + "`", strconv.Itoa(healthy.result.Transitions), strconv.Itoa(healthy.result.HistoryEvents),
			strconv.Itoa(healthy.calls[flow.SetWeight.Function] / steps), strconv.Itoa(undone), secondsText(worst),
		})
	}
	return newTable("frontends", []string{"targets", "strategy", "transitions", "history events", "calls of a step", "calls of a restoration", "alarm to restored, worst"}, rows), nil
}

// routedPlay is a deployment that was played, with the calls of the services that route, by
// Lambda.
type routedPlay struct {
	result world.Result
	calls  map[string]int
	// untilBack are those of the safety net until the last write that has changed a Route.
	untilBack int
	back      time.Duration
}

func playRouted(input, scenario string, wanted shift.Outcome) (routedPlay, error) {
	p := routedPlay{calls: map[string]int{}}
	s, err := world.DecodeScenario([]byte(scenario))
	if err != nil {
		return p, fmt.Errorf("the scenario %s: %w", scenario, err)
	}
	w, err := world.New(s, json.RawMessage(input))
	if err != nil {
		return p, err
	}
	defer w.Close()
	changes := 0
	w.OnMoment(func(m world.Moment) error {
		if !m.After || !isRouting(m.Action) {
			return nil
		}
		p.calls[m.Actor]++
		if n := len(w.Routes()); n > changes {
			changes, p.untilBack, p.back = n, p.calls[flow.SafetyNet], w.Elapsed()
		}
		return nil
	})
	x, err := w.Start(world.Simulated, json.RawMessage(input))
	if err == nil {
		err = w.Run()
	}
	if err != nil {
		return p, err
	}
	p.result = w.Result(x)
	if p.result.Outcome != string(wanted) {
		err = fmt.Errorf("a deployment ended as %s instead of %s: %s", p.result.Outcome, wanted, p.result.Cause)
	}
	return p, err
}

// isRouting says whether a call reads or writes a Route.
func isRouting(action string) bool {
	service, operation, _ := strings.Cut(action, ":")
	return slices.Contains([]string{"cloudfront-keyvaluestore", "cloudfront", "route53"}, service) || service == "lambda" && strings.HasSuffix(operation, "Alias")
}

// undoneBake is the bake in which an alarm fires. Two lags of a name fit into it.
const undoneBake = 5 * time.Minute

// playUndone plays deployments whose alarm fires at different moments. It returns the most calls
// of the safety net until all Routes are back, and the longest time that took.
func playUndone(targets, percent string) (calls int, worst time.Duration, err error) {
	input := `{"judge": "off", "targets": [` + targets + `], "alarms": ["orders-5xx"], "strategy": {"steps": [{"percent": ` + percent + `, "bakeMinutes": 5}`
	if percent != "100" {
		input += `, {"percent": 100}`
	}
	input += `]}}`
	for at := momentInterval; at < undoneBake; at += momentInterval {
		p, err := playRouted(input, fmt.Sprintf(`{"latencyMs": %d, "events": [%s]}`, callLatency.Milliseconds(), alarmEvent(at)), shift.RolledBack)
		if err != nil {
			return 0, 0, err
		}
		calls, worst = max(calls, p.untilBack), max(worst, p.back-at)
	}
	return calls, worst, nil
}
