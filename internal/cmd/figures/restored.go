package main

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/internal/shift"
	"sluice/internal/world"
)

const (
	// watched is what happens in the middle of: ten steps, one a minute.
	watched      = "Linear10PercentEvery1Minute"
	watchedBakes = 9 * time.Minute
	callTakes    = 50 * time.Millisecond // an assumption; AWS says nothing
	// betweenMoments shares no factor with the minute of the polls and sweeps, so
	// that the moments fall everywhere between two of them.
	betweenMoments = 29 * time.Second
)

// disturbance is what takes traffic back, and how the event of it travels.
type disturbance struct {
	name     string
	happens  func(at time.Duration) string
	delivery string
}

func stops(at time.Duration) string {
	return fmt.Sprintf(`{"atSeconds": %d, "do": "stopExecution"}`, at/time.Second)
}

// disturbances are in the order of the table.
var disturbances = []disturbance{
	{"an alarm fires", fires, ``},
	{"an alarm fires, and its event is lost", fires, `"alarms": {"lost": true}`},
	{"the execution is stopped", stops, ``},
	{"the execution is stopped, and its event is lost", stops, `"executions": {"lost": true}`},
}

// sizes are how many targets are shifted together.
var sizes = []int{1, 10, 32}

// restoredTable is how long it takes until all traffic is back on Stable, from the
// moment on at which something happens.
func restoredTable() (table, error) {
	var rows [][]string
	for _, d := range disturbances {
		for _, n := range sizes {
			delays, err := delaysOf(d, n)
			if err != nil {
				return table{}, fmt.Errorf("%s: %w", d.name, err)
			}
			rows = append(rows, []string{d.name, strconv.Itoa(n), inSeconds(delays[len(delays)/2]), inSeconds(delays[len(delays)*9/10]), inSeconds(delays[len(delays)-1])})
		}
	}
	return newTable("restored", []string{"what happens", "targets", "median", "p90", "worst"}, rows), nil
}

func inSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

// delaysOf plays a deployment for each of many moments at which it is disturbed. The
// delays are sorted.
func delaysOf(d disturbance, targets int) ([]time.Duration, error) {
	var moments []time.Duration
	for at := betweenMoments; at < watchedBakes; at += betweenMoments {
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
			delays[i], failures[i] = delayOf(d, targets, at)
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

func delayOf(d disturbance, targets int, at time.Duration) (time.Duration, error) {
	r, err := play(together(targets), fmt.Sprintf(`{"latencyMs": %d, "events": [%s], "delivery": {%s}}`, callTakes.Milliseconds(), d.happens(at), d.delivery))
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

// together is a deployment of some functions in lockstep, which an alarm watches.
func together(targets int) string {
	names := make([]string, targets)
	for i := range names {
		names[i] = fmt.Sprintf(`{"function": "service-%02d"}`, i+1)
	}
	return `{"targets": [` + strings.Join(names, ", ") + `], "alarms": ["orders-5xx"], "strategy": "` + watched + `"}`
}

// callsMayTake are the times between which an AWS call's may lie. The faster they are,
// the sooner many targets have used up what Lambda's control plane gives to an account.
var callsMayTake = []time.Duration{0, 20 * time.Millisecond, callTakes, 2 * callTakes}

// targetsTable is how a deployment grows with what it shifts together.
func targetsTable() (table, error) {
	head := []string{"targets", "transitions", "history events", "invocations", "AWS calls", "cost", "Lambda's control plane"}
	for i, latency := range callsMayTake {
		if i == 0 {
			head = append(head, "time beside the bakes, with calls of 0 ms")
			continue
		}
		head = append(head, fmt.Sprintf("%d ms", latency.Milliseconds()))
	}
	var rows [][]string
	for _, n := range sizes {
		row := []string{strconv.Itoa(n)}
		var longer []string
		for _, latency := range callsMayTake {
			r, err := play(together(n), fmt.Sprintf(`{"latencyMs": %d}`, latency.Milliseconds()))
			t, err := ended(r, err, shift.Promoted)
			if err != nil {
				return table{}, err
			}
			if latency == callTakes {
				row = append(append(row, t.cells()...), strconv.Itoa(controlPlane(r)))
			}
			longer = append(longer, inSeconds(time.Duration(r.VirtualSeconds*float64(time.Second))-watchedBakes))
		}
		rows = append(rows, append(row, longer...))
	}
	return newTable("targets", head, rows), nil
}

// controlPlane is how many of the calls count for the 15 requests a second that
// Lambda's control plane gives to an account: all but these (Lambda quotas).
func controlPlane(r world.Result) int {
	calls := 0
	for action, n := range r.Calls {
		if strings.HasPrefix(action, "lambda:") && action != "lambda:GetFunction" && action != "lambda:InvokeFunction" {
			calls += n
		}
	}
	return calls
}
