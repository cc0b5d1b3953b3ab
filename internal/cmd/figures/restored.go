package main

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

const (
	// disturbedStrategy is the strategy of the deployments that are disturbed: ten
	// steps, one a minute.
	disturbedStrategy = "Linear10PercentEvery1Minute"
	disturbedBake     = 9 * time.Minute
	callLatency       = 50 * time.Millisecond // an assumption; AWS publishes no number
	// momentInterval is the time between the moments that are tried. It has no common
	// factor with the minute of the polls and sweeps, so the moments are spread over
	// the whole time between two of them.
	momentInterval = 29 * time.Second
)

// disturbance is something that makes Sluice put the traffic back, and how its event is
// delivered.
type disturbance struct {
	name     string
	event    func(at time.Duration) string
	delivery string
}

func stopEvent(at time.Duration) string {
	return fmt.Sprintf(`{"atSeconds": %d, "do": "stopExecution"}`, at/time.Second)
}

// disturbances are in the order of the table.
var disturbances = []disturbance{
	{"an alarm fires", alarmEvent, ``},
	{"an alarm fires, and its event is lost", alarmEvent, `"alarms": {"lost": true}`},
	{"the execution is stopped", stopEvent, ``},
	{"the execution is stopped, and its event is lost", stopEvent, `"executions": {"lost": true}`},
}

// targetCounts are the numbers of targets that are shifted together.
var targetCounts = []int{1, 10, 32}

// restoredTable shows how long it takes from a disturbance until all traffic is back on
// Stable.
func restoredTable() (table, error) {
	var rows [][]string
	for _, d := range disturbances {
		for _, n := range targetCounts {
			delays, err := measureDelays(d, n)
			if err != nil {
				return table{}, fmt.Errorf("%s: %w", d.name, err)
			}
			rows = append(rows, []string{d.name, strconv.Itoa(n), secondsText(delays[len(delays)/2]), secondsText(delays[len(delays)*9/10]), secondsText(delays[len(delays)-1])})
		}
	}
	return newTable("restored", []string{"what happens", "targets", "median", "p90", "worst"}, rows), nil
}

func secondsText(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

// measureDelays plays one deployment for each moment at which it can be disturbed. It
// returns the delays in ascending order.
func measureDelays(d disturbance, targets int) ([]time.Duration, error) {
	var moments []time.Duration
	for at := momentInterval; at < disturbedBake; at += momentInterval {
		moments = append(moments, at)
	}
	delays := make([]time.Duration, len(moments))
	failures := make([]error, len(moments))
	var all sync.WaitGroup
	busy := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, at := range moments {
		all.Go(func() {
			busy <- struct{}{}
			defer func() { <-busy }()
			delays[i], failures[i] = measureDelay(d, targets, at)
		})
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(delays)
	return delays, nil
}

func measureDelay(d disturbance, targets int, at time.Duration) (time.Duration, error) {
	r, err := play(lockstepInput(targets), fmt.Sprintf(`{"latencyMs": %d, "events": [%s], "delivery": {%s}}`, callLatency.Milliseconds(), d.event(at), d.delivery))
	if err != nil {
		return 0, err
	}
	if r.Outcome != string(shift.RolledBack) {
		return 0, fmt.Errorf("after %s it ended as %s: %s", at, r.Outcome, r.Cause)
	}
	back := map[shift.Target]float64{}
	for _, route := range r.Routes {
		if route.Percent == shift.None {
			back[route.Target] = max(back[route.Target], route.Seconds)
		}
	}
	if len(back) != targets {
		return 0, fmt.Errorf("after %s only %d of %d targets are back", at, len(back), targets)
	}
	var last float64
	for _, seconds := range back {
		last = max(last, seconds)
	}
	return time.Duration(last*float64(time.Second)) - at, nil
}

// lockstepInput returns the input of a deployment that shifts several functions in
// lockstep. An alarm watches them.
func lockstepInput(targets int) string {
	names := make([]string, targets)
	for i := range names {
		names[i] = fmt.Sprintf(`{"function": "service-%02d"}`, i+1)
	}
	return `{"judge": "off", "targets": [` + strings.Join(names, ", ") + `], "alarms": ["orders-5xx"], "strategy": "` + disturbedStrategy + `"}`
}

// callLatencies are plausible durations of an AWS call. The faster the calls are, the
// sooner many targets reach the limit of Lambda's control plane for an account.
var callLatencies = []time.Duration{0, 20 * time.Millisecond, callLatency, 2 * callLatency}

// targetsTable shows what a deployment takes, by its number of targets.
func targetsTable() (table, error) {
	head := []string{"targets", "transitions", "history events", "invocations", "AWS calls", "cost", "Lambda's control plane"}
	for i, latency := range callLatencies {
		if i == 0 {
			head = append(head, "time in addition to the bakes, if a call takes 0 ms")
			continue
		}
		head = append(head, fmt.Sprintf("%d ms", latency.Milliseconds()))
	}
	var rows [][]string
	for _, n := range targetCounts {
		row := []string{strconv.Itoa(n)}
		var longer []string
		for _, latency := range callLatencies {
			r, err := play(lockstepInput(n), fmt.Sprintf(`{"latencyMs": %d}`, latency.Milliseconds()))
			t, err := checkOutcome(r, err, shift.Promoted, 0)
			if err != nil {
				return table{}, err
			}
			if latency == callLatency {
				row = append(append(row, t.cells()...), strconv.Itoa(controlPlaneCalls(r)))
			}
			longer = append(longer, secondsText(time.Duration(r.VirtualSeconds*float64(time.Second))-disturbedBake))
		}
		rows = append(rows, append(row, longer...))
	}
	return newTable("targets", head, rows), nil
}

// controlPlaneCalls counts the calls that fall under the limit of Lambda's control
// plane, 15 requests a second for an account. All calls except these do (Lambda
// quotas).
func controlPlaneCalls(r world.Result) int {
	calls := 0
	for action, n := range r.Calls {
		if strings.HasPrefix(action, "lambda:") && action != "lambda:GetFunction" && action != "lambda:InvokeFunction" {
			calls += n
		}
	}
	return calls
}
