package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// strategies are the predefined strategies of CodeDeploy, without their prefix.
var strategies = []string{
	"Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes",
	"Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
	"AllAtOnce",
}

// play plays a deployment in the world of a scenario.
func play(input, scenario string) (world.Result, error) {
	s, err := world.DecodeScenario([]byte(scenario))
	if err != nil {
		return world.Result{}, fmt.Errorf("the scenario %s: %w", scenario, err)
	}
	return world.Simulate(json.RawMessage(input), s, nil)
}

// usage is what a deployment took, as AWS counts it, with the number of targets that are judged.
type usage struct {
	transitions, events, invocations, calls int
	cost                                    forecast.Cost
}

func usageOf(r world.Result, judged int) usage {
	t := usage{transitions: r.Transitions, events: r.HistoryEvents}
	for _, n := range r.Invocations {
		t.invocations += n
	}
	for _, n := range r.Calls {
		t.calls += n
	}
	course := forecast.Course{Transitions: t.transitions, Invocations: t.invocations, Polls: r.Invocations[flow.CheckAlarms.Function]}
	t.cost = course.Bill(r.Calls["cloudwatch:DescribeAlarms"], course.MetricReads(shift.DefaultJudging(), judged)).Total()
	return t
}

func (t usage) cells() []string {
	return []string{strconv.Itoa(t.transitions), strconv.Itoa(t.events), strconv.Itoa(t.invocations), strconv.Itoa(t.calls), t.cost.String()}
}

// strategiesTable shows what each strategy takes with one target and one alarm: if it
// is promoted, and if it is rolled back.
func strategiesTable() (table, error) {
	var rows [][]string
	for _, strategy := range strategies {
		healthy, err := playHealthy(strategy)
		if err != nil {
			return table{}, err
		}
		undone, err := playRollback(strategy)
		if err != nil {
			return table{}, err
		}
		rows = append(rows, append([]string{"`" + strategy + "`"}, healthy.cells()...), append([]string{"… rolled back"}, undone.cells()...))
	}
	return newTable("strategies", []string{"strategy", "transitions", "history events", "invocations", "AWS calls", "cost"}, rows), nil
}

func playHealthy(strategy string) (usage, error) {
	r, err := play(`{"function": "orders", "alarms": ["orders-5xx"], "strategy": "`+strategy+`"}`, `{}`)
	return checkOutcome(r, err, shift.Promoted, 1)
}

// playRollback makes the alarm fire in the middle of the bakes. If no step bakes, no
// alarm can fire in time; then a hook fails after all traffic was shifted.
func playRollback(strategy string) (usage, error) {
	steps, err := request.Strategy(strategy)
	if err != nil {
		return usage{}, err
	}
	var baked time.Duration
	for _, s := range steps {
		baked += s.Bake.Duration()
	}
	input := `{"function": "orders", "alarms": ["orders-5xx"], "strategy": "` + strategy + `"}`
	scenario := `{"events": [` + alarmEvent(baked/2) + `]}`
	if baked == 0 {
		input = `{"function": "orders", "alarms": ["orders-5xx"], "strategy": "` + strategy + `", "hooks": {"afterTraffic": [{"function": "smoke"}]}}`
		scenario = `{"hooks": {"smoke": {"result": "fail"}}}`
	}
	r, err := play(input, scenario)
	return checkOutcome(r, err, shift.RolledBack, 1)
}

// alarmEvent is the event of a scenario that makes the alarm fire.
func alarmEvent(at time.Duration) string {
	return fmt.Sprintf(`{"atSeconds": %d, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}`, at/time.Second)
}

func checkOutcome(r world.Result, err error, wanted shift.Outcome, judged int) (usage, error) {
	if err == nil && r.Outcome != string(wanted) {
		err = fmt.Errorf("a deployment ended as %s instead of %s: %s", r.Outcome, wanted, r.Cause)
	}
	return usageOf(r, judged), err
}
