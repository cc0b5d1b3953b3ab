package proof

import (
	"net/http"
	"regexp"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/world"
)

// roads are what brings traffic back in time. Without one, the others still bring it
// back, and its own promise is broken.
var roads = []guard{
	{
		name:    "the event of an alarm",
		without: withoutList(`"alarm#`),
		bases:   []string{"alarm fast path"},
		breaks:  regexp.MustCompile(`^I7: a fires, and 2s after that .* is not back by the event`),
	},
	{
		name: "the poll of the alarms",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if c.actor != "check-alarms" {
				return nil, nil
			}
			return nil, world.ErrConnectionLost
		},
		bases:  []string{"canary with an alarm that is polled"},
		breaks: regexp.MustCompile(`^I7: a fires, and .* is not back by the poll`),
	},
	{
		name:    "the sweep of what is open",
		without: withoutList(`"open"`),
		bases:   []string{"canary promoted"},
		second: func(first strike, _ []strike) []strike {
			if first.fault.name != "stopped" {
				return nil
			}
			return []strike{{event: 1, kind: flow.ExecutionDetailType, fault: onTheWay[0]}}
		},
		breaks: regexp.MustCompile(`^I7: main has ended as ABORTED, and 1m1.5s after that .* is not back by the sweep`),
	},
	{
		name: "the event of an execution's end",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "safety-net" && c.operation == "UpdateItem" {
				return nil, world.ErrConnectionLost
			}
			return nil, nil
		},
		bases:  []string{"canary promoted"},
		breaks: regexp.MustCompile(`^I7: main has ended as ABORTED, and 2s after that .* is not back by the event`),
	},
	{
		name: "Rollback",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.actor == "rollback" && c.updatesAlias() {
				return nil, world.ErrConnectionLost
			}
			return nil, nil
		},
		bases:  []string{"a failing hook when all traffic is shifted"},
		breaks: regexp.MustCompile(`^I7: main rolls back, and 1.5s after that .* is not back by Rollback`),
	},
}
