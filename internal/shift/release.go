package shift

import (
	"cmp"
	"encoding/json"
	"time"
)

// Arrival is a Candidate on its way to a Target.
type Arrival struct {
	Target Target `json:"target"`
	// Candidate is empty until Publish has settled it.
	Candidate Version `json:"candidate"`
	// Detail is the router's own, as it gave it with the Candidate.
	Detail string `json:"detail,omitempty"`
}

// UnmarshalJSON reads an Arrival. Those that were written before there was more than one
// kind of Target hold the ARN of a function.
func (a *Arrival) UnmarshalJSON(data []byte) error {
	type plain Arrival
	read := struct {
		*plain
		FunctionARN string `json:"functionArn"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	a.Detail = cmp.Or(a.Detail, read.FunctionARN)
	return nil
}

// Trigger says who started a Deployment.
type Trigger string

const (
	// Explicit : somebody asked for just this.
	Explicit Trigger = "explicit"
	// Event : an event reported that a version was published.
	Event Trigger = "event"
)

// WhenHeld says what to do about a Target that another Deployment holds.
type WhenHeld string

// WhenUnchanged says whether nothing to shift is a success.
type WhenUnchanged string

// AtStart says what to do about an alarm that fires before the start.
type AtStart string

const (
	FailWhenHeld WhenHeld = "fail"
	WaitWhenHeld WhenHeld = "wait"

	SucceedUnchanged WhenUnchanged = "succeed"
	FailUnchanged    WhenUnchanged = "fail"

	RejectFiring  AtStart = "reject"
	IgnoreUntilOK AtStart = "ignoreUntilOk"
)

// Options are the choices of a release that have a default.
type Options struct {
	CreateAlias            bool          `json:"createAlias"`
	Unchanged              WhenUnchanged `json:"unchanged"`
	WhenHeld               WhenHeld      `json:"whenHeld"`
	IgnoreUnreadableAlarms bool          `json:"ignoreUnreadableAlarms"`
	AlarmsAtStart          AtStart       `json:"alarmsAtStart"`
	PauseLimit             Seconds       `json:"pauseLimitSeconds"`
	WhenPauseEnds          AfterWait     `json:"whenPauseEnds"`
}

// NotAsked is the release of an event that nobody has asked Sluice to act upon.
func NotAsked(reason string) Release {
	return Release{
		Arrivals: []Arrival{}, Steps: []Step{}, Alarms: []string{}, Trigger: Event, Unchanged: reason,
		Hooks: Hooks{BeforeTraffic: []Hook{}, AfterTraffic: []Hook{}},
	}
}

// Release is the settled request for a Deployment.
type Release struct {
	// Schema is the form in which it was written.
	Schema   int       `json:"schema,omitempty"`
	Arrivals []Arrival `json:"targets"`
	Strategy string    `json:"strategy"` // as asked for, to be shown
	Steps    []Step    `json:"steps"`    // what the strategy means
	Alarms   []string  `json:"alarms"`
	Hooks    Hooks     `json:"hooks"`
	Options  Options   `json:"options"`
	Trigger  Trigger   `json:"trigger"`
	// Parameter names what an event-started release was configured by, when that
	// were not the function's tags.
	Parameter string `json:"parameter,omitempty"`
	// Unchanged says why nobody has asked for anything to be shifted; empty when
	// somebody has. Only a release that an event has started can have it.
	Unchanged string `json:"unchanged,omitempty"`
	// At is when the release was settled, for records.
	At time.Time `json:"at"`
	// Retries is how often Publish was retried, for the count of history events.
	Retries int `json:"retries"`
}

// maxOpening is how many items one opening may touch besides the Deployment's
// own record and its open item: a transaction takes 100 actions.
const maxOpening = 98

// FitsOneTransaction says whether the Targets (two items each) and the alarms
// (one each) can be opened at once.
func (r Release) FitsOneTransaction() bool {
	return 2*len(r.Arrivals)+len(r.Alarms) <= maxOpening
}
