package shift

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Reason says why something was judged as it was, or why it ended as it did. Code goes by
// the Name and the Subject; the Text is for people.
type Reason struct {
	// Name is a constant below, or the wire name of an error.
	Name string `json:"name"`
	// Subject is what the Reason is about, such as an alarm. It is empty where the Name
	// needs none.
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
}

// Names of the Reasons that the domain gives.
const (
	// AlarmFired : an alarm is in ALARM.
	AlarmFired = "AlarmFired"
	// AlarmNotRead : the state of an alarm cannot be read, or cannot be trusted.
	AlarmNotRead = "AlarmUnreadable"
	// AlarmUnreadableIgnored : an alarm cannot be read, and the Deployment ignores such
	// alarms.
	AlarmUnreadableIgnored = "AlarmUnreadableIgnored"
	// AlarmIgnoredUntilOK : an alarm that was firing at the start does not count yet.
	AlarmIgnoredUntilOK = "AlarmIgnoredUntilOk"
	// AlarmWithoutData : an alarm has insufficient data.
	AlarmWithoutData = "AlarmWithoutData"
	// AlarmIsOK has no text: only code reads it.
	AlarmIsOK = "AlarmIsOk"
	// RouteChanged : a Target has a Route that Sluice did not write.
	RouteChanged = "RouteChanged"
	// RouteUnread : the Route of a Target could not be read at a poll.
	RouteUnread = "RouteUnread"

	// CandidateWorse : the Candidate is worse than Stable.
	CandidateWorse = "CandidateWorse"
	// CandidateWorseObserved : the Candidate is worse than Stable, by a signal that is only
	// observed.
	CandidateWorseObserved = "CandidateWorseObserved"
	// CandidateWorseAlone : the Candidate is worse at 100 % than Stable was before. Nothing
	// is beside it, so this decides nothing.
	CandidateWorseAlone = "CandidateWorseAlone"
	// CannotTell : it cannot be told whether the Candidate is worse.
	CannotTell = "CannotTell"
	// EvidenceMissing : it still cannot be told after all patience, and the Deployment is
	// rolled back.
	EvidenceMissing = "EvidenceMissing"
	// NothingFound : the Candidate has not shown to be worse. The text says what could hide.
	NothingFound = "NothingFound"
	// MetricsNotRead : CloudWatch's metrics cannot be read.
	MetricsNotRead = "MetricsUnreadable"
	// SyntheticAsked : a function was asked for synthetic requests, because evidence is
	// missing.
	SyntheticAsked = "SyntheticAsked"
	// SyntheticNotAsked : it could not be asked. The Deployment goes on without.
	SyntheticNotAsked = "SyntheticNotAsked"

	// HeldTooLong : too many judgements in a row were Holds.
	HeldTooLong = "HeldTooLong"
	// HistoryBudgetUsed : the execution's history is nearly full.
	HistoryBudgetUsed = "HistoryBudget"

	// Paused : a person paused the Deployment.
	Paused = "Paused"
	// PauseExpired : nobody resumed in time, and the Deployment is rolled back.
	PauseExpired = "PauseExpired"
	// PauseEnded : nobody resumed in time, and the Deployment continues.
	PauseEnded = "PauseEnded"
	// AwaitingApproval : the next Step is taken only if a person agrees.
	AwaitingApproval = "AwaitingApproval"
	// ApprovalRejected : a person has rejected the next Step, and the traffic is put back.
	ApprovalRejected = "ApprovalRejected"
	// ApprovalExpired : nobody answered in time, and the traffic is put back.
	ApprovalExpired = "ApprovalExpired"
	// ApprovalEnded : nobody answered in time, and the Deployment continues.
	ApprovalEnded = "ApprovalEnded"
	// OutsideWindow : the next Step is taken only inside of its Window.
	OutsideWindow = "OutsideWindow"
	// WindowExpired : the Window has not opened in time, and the traffic is put back.
	WindowExpired = "WindowExpired"
	// Frozen : the account is frozen, and no Step is taken.
	Frozen = "Frozen"
	// FreezeExpired : the account was frozen for too long, and the traffic is put back.
	FreezeExpired = "FreezeExpired"
	// PromotedByHand : a person skipped the rest of the Plan.
	PromotedByHand = "PromotedByHand"
	// Aborted : a person ended the Deployment and had the traffic put back.
	Aborted = "Aborted"

	// Reverted : the Deployment put back what an earlier one had promoted.
	Reverted = "Reverted"

	// ExecutionEnded : the execution ended before its Deployment did.
	ExecutionEnded = "ExecutionEnded"

	// ViewersLag : some viewers may not see the Step yet.
	ViewersLag = "ViewersLag"

	// DeployedBefore : the version of an event was deployed to the Target before.
	DeployedBefore = "DeployedBefore"
	// Superseded : the Target already serves a newer version.
	Superseded = "Superseded"
	// AlreadyServed : every Target already serves its Candidate.
	AlreadyServed = "AlreadyServed"

	// MoreReasons is the last of too many Reasons and counts those that were left out.
	MoreReasons = "MoreReasons"
)

// informational are the names of Reasons that report no problem. People see only their
// Text.
var informational = map[string]bool{
	"":                     true,
	AlarmUnreadableIgnored: true,
	AlarmIgnoredUntilOK:    true,
	AlarmWithoutData:       true,
	RouteUnread:            true,
	CannotTell:             true,
	NothingFound:           true,
	SyntheticAsked:         true,
	HeldTooLong:            true,
	Paused:                 true,
	PauseEnded:             true,
	AwaitingApproval:       true,
	ApprovalEnded:          true,
	OutsideWindow:          true,
	Frozen:                 true,
	PromotedByHand:         true,
	ViewersLag:             true,
	Superseded:             true,
	Reverted:               true,
	AlreadyServed:          true,
	MoreReasons:            true,
}

// String shows the Reason to people: its Name and its Text, or the Text alone if the Reason
// is informational.
func (r Reason) String() string {
	switch {
	case informational[r.Name]:
		return r.Text
	case r.Text == "":
		return r.Name
	}
	return r.Name + ": " + r.Text
}

// UnmarshalJSON reads a Reason. Documents and records of earlier versions hold a text
// instead.
func (r *Reason) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*r = ParseReason(text)
		return nil
	}
	type plain Reason
	return json.Unmarshal(data, (*plain)(r))
}

// Texts returns each Reason as text for people.
func Texts(reasons []Reason) []string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = r.String()
	}
	return texts
}

// FirstReason returns the decisive Reason, or the zero value if there is none.
func FirstReason(reasons []Reason) Reason {
	if len(reasons) == 0 {
		return Reason{}
	}
	return reasons[0]
}

const (
	maxReasons     = 10
	maxReasonRunes = 256
	// maxSubjectRunes is more than the ARN of any alarm has. Code goes by the Subject, so it
	// must not be cut.
	maxSubjectRunes = 352
)

// BoundReasons limits Reasons to 10, and their texts to 256 characters, so that they fit
// into the document. The last one counts those that were left out.
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

// bound cuts the text that people see to 256 characters.
func (r Reason) bound() Reason {
	room := maxReasonRunes
	if !informational[r.Name] {
		room = max(room-len([]rune(r.Name))-len(": "), 1)
	}
	return Reason{Name: BoundText(r.Name, maxReasonRunes), Subject: BoundText(r.Subject, maxSubjectRunes), Text: BoundText(r.Text, room)}
}

func join(texts []string) string { return strings.Join(texts, "; ") }
