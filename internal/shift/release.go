package shift

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Arrival is a Candidate on its way to a Target.
type Arrival struct {
	Target Target `json:"target"`
	// Candidate is empty until Publish has determined it.
	Candidate Version `json:"candidate"`
	// ExpectStable is what the Target has to serve when the Deployment opens. If it is empty,
	// it may serve anything.
	ExpectStable Version `json:"expectStable,omitempty"`
	// Detail is opaque data of the router, which returned it with the Candidate.
	Detail string `json:"detail,omitempty"`
}

// UnmarshalJSON reads an Arrival. Earlier versions, which had only one kind of Target,
// wrote the ARN of a function instead of the detail.
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

// CheckStable returns ErrStableDiffers if the Target serves something else than was expected.
// serving is empty for a Target that does not exist.
func (a Arrival) CheckStable(serving Version) error {
	switch {
	case a.ExpectStable == "" || serving == a.ExpectStable:
		return nil
	case serving == "":
		return fmt.Errorf("%w: %s does not exist, and was expected to serve %s: create it, or leave out what it is expected to serve",
			ErrStableDiffers, a.Target, a.ExpectStable)
	case serving == a.Candidate:
		return fmt.Errorf("%w: %s already serves %s, which was to be shifted to it, and was expected to serve %s: this has been deployed before, or somebody has moved it by hand",
			ErrStableDiffers, a.Target, serving, a.ExpectStable)
	}
	return fmt.Errorf("%w: %s serves %s, and was expected to serve %s: see who has moved it; if %[3]s is right, expect that, or leave it out to start from whatever serves",
		ErrStableDiffers, a.Target, serving, a.ExpectStable)
}

// Trigger says who started a Deployment.
type Trigger string

const (
	// Explicit : somebody started this Deployment.
	Explicit Trigger = "explicit"
	// Event : an event reported that a version was published.
	Event Trigger = "event"
)

// WhenHeld says what to do about a Target that another Deployment holds.
type WhenHeld string

// WhenFrozen says what a new Deployment does while the account is frozen.
type WhenFrozen string

// WhenUnchanged says whether nothing to shift is a success.
type WhenUnchanged string

// AtStart says what to do about an alarm that fires before the start.
type AtStart string

const (
	FailWhenHeld WhenHeld = "fail"
	WaitWhenHeld WhenHeld = "wait"
	// ReplaceWhenHeld has it put back, and those Rejected that wait for the Target.
	ReplaceWhenHeld WhenHeld = "replace"

	WaitWhenFrozen WhenFrozen = "wait"
	FailWhenFrozen WhenFrozen = "fail"
	// PassWhenFrozen lets a Deployment through that puts traffic back.
	PassWhenFrozen WhenFrozen = "pass"

	SucceedUnchanged WhenUnchanged = "succeed"
	FailUnchanged    WhenUnchanged = "fail"

	RejectFiring  AtStart = "reject"
	IgnoreUntilOK AtStart = "ignoreUntilOk"
)

// Options are the choices of a release that have a default.
type Options struct {
	// CreateTarget allows to create a Target that does not exist. An input calls it
	// createAlias.
	CreateTarget           bool          `json:"createAlias"`
	Unchanged              WhenUnchanged `json:"unchanged"`
	WhenHeld               WhenHeld      `json:"whenHeld"`
	IgnoreUnreadableAlarms bool          `json:"ignoreUnreadableAlarms"`
	AlarmsAtStart          AtStart       `json:"alarmsAtStart"`
	// WhenFrozen is empty in a release of an earlier version: it waits.
	WhenFrozen    WhenFrozen `json:"whenFrozen,omitempty"`
	PauseLimit    Seconds    `json:"pauseLimitSeconds"`
	WhenPauseEnds AfterWait  `json:"whenPauseEnds"`
	// KeepVersions is how many versions of each function stay when the Deployment is promoted, at
	// least; 0 deletes none.
	KeepVersions int `json:"keepVersions,omitempty"`
}

// NotAsked is the release of an event that Sluice was not configured to act on.
func NotAsked(reason string) Release {
	return Release{
		Arrivals: []Arrival{}, Steps: []Step{}, Alarms: []string{}, Trigger: Event, Unchanged: reason,
		Hooks: Hooks{BeforeTraffic: []Hook{}, AfterTraffic: []Hook{}},
	}
}

// Release is a request for a Deployment after it was checked and completed.
type Release struct {
	// Schema is the number of the format in which it was written.
	Schema   int       `json:"schema,omitempty"`
	Arrivals []Arrival `json:"targets"`
	Strategy string    `json:"strategy"` // as asked for, to be shown
	Steps    []Step    `json:"steps"`    // what the strategy means
	Alarms   []string  `json:"alarms"`
	Hooks    Hooks     `json:"hooks"`
	Options  Options   `json:"options"`
	Judging  Judging   `json:"judge,omitzero"`
	Trigger  Trigger   `json:"trigger"`
	// Parameter names the parameter that configured an event-started release. It is empty
	// if tags did.
	Parameter string `json:"parameter,omitempty"`
	// Reverts is the Deployment that the release reverts, and RevertReason why. Its Arrivals are
	// not known then until Open has read the Ledger.
	Reverts      string `json:"reverts,omitempty"`
	RevertReason string `json:"revertReason,omitempty"`
	// Unchanged says why an event-started release shifts nothing. It is empty if something
	// is to be shifted.
	Unchanged string `json:"unchanged,omitempty"`
	// At is when the release was completed, for records.
	At time.Time `json:"at"`
	// Retries is how often Publish was retried. It counts for the history.
	Retries int `json:"retries"`
}

// PutsBack says whether its Deployment will (Deployment.PutsBack).
func (r Release) PutsBack() bool {
	return r.Reverts != "" || r.Options.WhenFrozen == PassWhenFrozen
}

// maxOpening is how many items one opening may touch besides the Deployment's
// own record and its open item: a transaction takes 100 actions.
const maxOpening = 98

// FitsOneTransaction says whether the Targets (two items each) and the alarms (one each)
// fit into one opening.
func (r Release) FitsOneTransaction() bool {
	return 2*len(r.Arrivals)+len(r.Alarms) <= maxOpening
}

// Compares says whether the Candidate is compared with Stable. That happens while a Step bakes.
func (r Release) Compares() bool {
	return r.Judging.On() && slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Bake > 0 })
}
