package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// polledAlarm is an alarm of another region. Its events do not reach Sluice, so only the polls
// find out that it fires.
type polledAlarm struct {
	Alarm  string `json:"alarm"`
	Region string `json:"region"`
	// Within is how long after it fires the next poll comes, at most. It is 0 if no step bakes:
	// then there is none.
	Within shift.Seconds `json:"withinSeconds"`
}

type polledAlarms []polledAlarm

// newPolledAlarms takes each alarm that is named by its ARN for one of another region. A plan
// does not know the deployment's own.
func newPolledAlarms(p shift.Plan, r shift.Release) polledAlarms {
	longest := shift.Seconds(0)
	for _, s := range p.Steps {
		longest = max(longest, s.Poll)
	}
	var list polledAlarms
	for _, alarm := range r.Alarms {
		if a, is := shift.ParseAlarmARN(alarm); is {
			list = append(list, polledAlarm{Alarm: alarm, Region: a.Region, Within: longest})
		}
	}
	return list
}

// countRegions returns from how many regions alarms are read.
func (l polledAlarms) countRegions(r shift.Release) int {
	regions := l.regions()
	if len(r.Alarms) > len(l) {
		return len(regions) + 1
	}
	return len(regions)
}

func (l polledAlarms) regions() []string {
	var regions []string
	for _, a := range l {
		if !slices.Contains(regions, a.Region) {
			regions = append(regions, a.Region)
		}
	}
	return regions
}

// totals says how soon the traffic is back after such an alarm.
func (l polledAlarms) totals(t *table) {
	if len(l) > 0 && l[0].Within > 0 {
		t.add("alarms elsewhere", fmt.Sprintf("%s in %s: the traffic goes back at the next poll, up to %s after one fires, and not about a second after it",
			picture.Quantity(len(l), "alarm", "alarms"), strings.Join(l.regions(), ", "), l[0].Within))
	}
}

// warnings say what a person should know about such alarms.
func (l polledAlarms) warnings(r shift.Release) []string {
	if len(l) == 0 {
		return nil
	}
	titles := make([]string, len(l))
	for i, a := range l {
		titles[i] = shift.AlarmTitle(a.Alarm)
	}
	list := []string{fmt.Sprintf("This plan takes an alarm that is named by its ARN to be in another region than the deployment (%s). "+
		"Sluice receives no events of such an alarm, so only the polls notice that it fires. If it is in the deployment's own region, its ARN means the same as its name, and its event puts the traffic back in about a second.",
		strings.Join(titles, ", "))}
	if len(r.Hooks.AfterTraffic) > 0 {
		list = append(list, "While the AfterTraffic hooks run there are no polls, so an alarm of another region puts nothing back then.")
	}
	return list
}
