package shift

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Reason says why something is judged, or has ended, as it is. Code goes by its Name
// and its Subject; the Text is for people.
type Reason struct {
	// Name is a constant below, or the name under which an error travels.
	Name string `json:"name"`
	// Subject is what the Reason is about, such as an alarm; empty where the Name says
	// it all.
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
}

// Names of the Reasons that the domain gives.
const (
	// AlarmFired : an alarm is in ALARM.
	AlarmFired = "AlarmFired"
	// AlarmNotRead : the state of an alarm cannot be had, or not be trusted.
	AlarmNotRead = "AlarmUnreadable"
	// AlarmUnreadableIgnored : the same, and the Deployment asked to ignore it.
	AlarmUnreadableIgnored = "AlarmUnreadableIgnored"
	// AlarmIgnoredUntilOK : an alarm that was firing at the start still does not count.
	AlarmIgnoredUntilOK = "AlarmIgnoredUntilOk"
	// AlarmWithoutData : an alarm has insufficient data.
	AlarmWithoutData = "AlarmWithoutData"
	// AlarmIsOK has no text: only code asks which alarms were OK.
	AlarmIsOK = "AlarmIsOk"
	// RouteChanged : a Target has a Route that Sluice did not write.
	RouteChanged = "RouteChanged"
	// RouteUnread : the Route of a Target could not be read at a poll.
	RouteUnread = "RouteUnread"

	// HeldTooLong : too many judgements in a row could not be made.
	HeldTooLong = "HeldTooLong"
	// HistoryBudgetUsed : the execution's history is nearly full.
	HistoryBudgetUsed = "HistoryBudget"

	// Paused : a person asked for a pause, and it goes on.
	Paused = "Paused"
	// PauseExpired : nobody resumed in time, and the Deployment goes back.
	PauseExpired = "PauseExpired"
	// PauseEnded : nobody resumed in time, and the Deployment goes on.
	PauseEnded = "PauseEnded"
	// PromotedByHand : a person asked to skip the rest of the Plan.
	PromotedByHand = "PromotedByHand"
	// Aborted : a person asked to put the traffic back.
	Aborted = "Aborted"

	// ExecutionEnded : the execution ended before its Deployment did.
	ExecutionEnded = "ExecutionEnded"

	// DeployedBefore : an event told of a version that was deployed there before.
	DeployedBefore = "DeployedBefore"
	// Superseded : a newer version serves the Target already.
	Superseded = "Superseded"
	// AlreadyServed : every Target serves its Candidate already.
	AlreadyServed = "AlreadyServed"

	// MoreReasons stands last where there were too many.
	MoreReasons = "MoreReasons"
)

// informational are the Reasons that complain of nothing: people are shown their Text alone.
var informational = map[string]bool{
	"":                     true,
	AlarmUnreadableIgnored: true,
	AlarmIgnoredUntilOK:    true,
	AlarmWithoutData:       true,
	RouteUnread:            true,
	HeldTooLong:            true,
	Paused:                 true,
	PauseEnded:             true,
	PromotedByHand:         true,
	Superseded:             true,
	AlreadyServed:          true,
	MoreReasons:            true,
}

// String shows the Reason to people: its Name first, unless it complains of nothing.
func (r Reason) String() string {
	if informational[r.Name] {
		return r.Text
	}
	return r.Name + ": " + r.Text
}

// UnmarshalJSON reads a Reason. Documents and records that were written before Reasons
// had names hold a text in its place.
func (r *Reason) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*r = ParseReason(text)
		return nil
	}
	type plain Reason
	return json.Unmarshal(data, (*plain)(r))
}

// Texts shows each Reason to people.
func Texts(reasons []Reason) []string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = r.String()
	}
	return texts
}

// FirstReason is the Reason that decides; the zero value when there is none.
func FirstReason(reasons []Reason) Reason {
	if len(reasons) == 0 {
		return Reason{}
	}
	return reasons[0]
}

const (
	maxReasons     = 10
	maxReasonRunes = 256
)

// BoundReasons keeps Reasons small enough for the document that flows: at most 10, with
// texts of 256 characters. The last one counts what was left out.
func BoundReasons(reasons []Reason) []Reason {
	bounded := make([]Reason, 0, min(len(reasons), maxReasons))
	for i, r := range reasons {
		if i == maxReasons-1 && len(reasons) > maxReasons {
			return append(bounded, Reason{Name: MoreReasons, Text: fmt.Sprintf("and %d more", len(reasons)-i)})
		}
		bounded = append(bounded, r.bound())
	}
	return bounded
}

// bound cuts what people see of the Reason to 256 characters.
func (r Reason) bound() Reason {
	room := maxReasonRunes
	if !informational[r.Name] {
		room = max(room-len([]rune(r.Name))-len(": "), 1)
	}
	return Reason{Name: BoundText(r.Name, maxReasonRunes), Subject: BoundText(r.Subject, maxReasonRunes), Text: BoundText(r.Text, room)}
}

func join(texts []string) string { return strings.Join(texts, "; ") }
