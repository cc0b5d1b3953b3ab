package shift

import (
	"fmt"
	"slices"
	"time"
)

// How an alarm counts whose change an event tells of.
//
// An event counts for a Deployment only if it is newer than what Open has read of the
// alarm: otherwise Open has decided about it. An alarm tells its time in milliseconds at
// its finest, and so much of it is compared.

// CheckFired says what becomes of an alarm that went to ALARM at a time, for the
// Deployment of this record. nil means that it counts, or that the traffic is on its way
// back already. wasOK says that the alarm was OK just before.
//
// It returns ErrDeploymentOpening while Open has not said what it has read, ErrAlarmIgnored
// for an event that Open has known of and for an alarm that does not count until it has
// been OK, and ErrDeploymentClosed.
func (r Record) CheckFired(alarm string, at time.Time, wasOK bool) error {
	switch {
	case r.Status == StatusRestoring:
		return nil
	case r.Status != StatusOpen:
		return r.CheckOpen()
	case r.Opening():
		return ErrDeploymentOpening
	case !r.isNews(alarm, at), !wasOK && slices.Contains(r.UntilOK, alarm):
		return ErrAlarmIgnored
	}
	return nil
}

// CheckCalmed says whether an alarm that went to OK at a time counts from then on, where it
// was ignored until then. It returns ErrDeploymentOpening as CheckFired does.
func (r Record) CheckCalmed(alarm string, at time.Time) (counts bool, err error) {
	if r.Opening() {
		return false, ErrDeploymentOpening
	}
	return r.Status == StatusOpen && r.isNews(alarm, at) && slices.Contains(r.UntilOK, alarm), nil
}

// isNews says whether Open has read the alarm as it was before a time.
func (r Record) isNews(alarm string, at time.Time) bool {
	since, read := r.Seen[alarm]
	return read && Milliseconds(since) < Milliseconds(at)
}

// Milliseconds is a time as alarms' times are compared: since 1970, and 0 for none.
func Milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// ReadByOpen says whether a Deployment that is being opened now reads an alarm after it has
// changed: no try of Open that was running then can still be running.
func ReadByOpen(changed, now time.Time, longestTry time.Duration) bool {
	return now.Sub(changed) > longestTry
}

// AlarmFiredReason says that an alarm fired, and why.
func AlarmFiredReason(alarm, why string) Reason {
	return Reason{Name: AlarmFired, Subject: alarm, Text: fmt.Sprintf("%s is in ALARM: %s", alarm, why)}
}
