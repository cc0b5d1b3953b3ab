package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"sluice/internal/forecast"
	"sluice/internal/request"
	"sluice/internal/shift"
	"sluice/internal/world"
)

// strategies are those that CodeDeploy has predefined, without their prefix.
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

// taken is what a deployment took, as AWS counts it.
type taken struct {
	transitions, events, invocations, calls int
	cost                                    forecast.Cost
}

func takenBy(r world.Result) taken {
	t := taken{transitions: r.Transitions, events: r.HistoryEvents}
	for _, n := range r.Invocations {
		t.invocations += n
	}
	for _, n := range r.Calls {
		t.calls += n
	}
	course := forecast.Course{Transitions: t.transitions, Invocations: t.invocations}
	t.cost = course.Bill(r.Calls["cloudwatch:DescribeAlarms"]).Total()
	return t
}

func (t taken) cells() []string {
	return []string{strconv.Itoa(t.transitions), strconv.Itoa(t.events), strconv.Itoa(t.invocations), strconv.Itoa(t.calls), t.cost.String()}
}

// strategiesTable is what each strategy takes with one target and one alarm: when
// all is well, and when it is rolled back.
func strategiesTable() (table, error) {
	var rows [][]string
	for _, strategy := range strategies {
		healthy, err := healthy(strategy)
		if err != nil {
			return table{}, err
		}
		undone, err := rolledBack(strategy)
		if err != nil {
			return table{}, err
		}
		rows = append(rows, append([]string{"`" + strategy + "`"}, healthy.cells()...), append([]string{"… rolled back"}, undone.cells()...))
	}
	return newTable("strategies", []string{"strategy", "transitions", "history events", "invocations", "AWS calls", "cost"}, rows), nil
}

func healthy(strategy string) (taken, error) {
	r, err := play(`{"function": "orders", "alarms": ["orders-5xx"], "strategy": "`+strategy+`"}`, `{}`)
	return ended(r, err, shift.Promoted)
}

// rolledBack has the alarm fire in the middle of the bakes. Where nothing is baked
// no alarm is in time: there a hook refuses when all traffic is shifted.
func rolledBack(strategy string) (taken, error) {
	steps, err := request.Strategy(strategy)
	if err != nil {
		return taken{}, err
	}
	var baked time.Duration
	for _, s := range steps {
		baked += s.Bake.Duration()
	}
	input := `{"function": "orders", "alarms": ["orders-5xx"], "strategy": "` + strategy + `"}`
	scenario := `{"events": [` + fires(baked/2) + `]}`
	if baked == 0 {
		input = `{"function": "orders", "alarms": ["orders-5xx"], "strategy": "` + strategy + `", "hooks": {"afterTraffic": [{"function": "smoke"}]}}`
		scenario = `{"hooks": {"smoke": {"result": "fail"}}}`
	}
	r, err := play(input, scenario)
	return ended(r, err, shift.RolledBack)
}

// fires has the alarm fire after a while.
func fires(at time.Duration) string {
	return fmt.Sprintf(`{"atSeconds": %d, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}`, at/time.Second)
}

func ended(r world.Result, err error, wanted shift.Outcome) (taken, error) {
	if err == nil && r.Outcome != string(wanted) {
		err = fmt.Errorf("a deployment ended as %s, and not as %s: %s", r.Outcome, wanted, r.Cause)
	}
	return takenBy(r), err
}
