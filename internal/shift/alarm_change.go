package shift

import (
	"fmt"
	"slices"
	"time"
)

// When a reported change of an alarm counts.
//
// An event counts for a Deployment only if it is newer than what Open has read of the
// alarm: otherwise Open has decided about it. An alarm tells its time in milliseconds at
// its finest, and so much of it is compared.

// CheckFired says whether a change of an alarm to ALARM counts for the Deployment of this
// record. It returns nil if the change counts, and if the traffic is already on its way
// back. wasOK says that the alarm was OK just before.
//
// It returns ErrDeploymentOpening until Open has recorded the alarms that it read. It
// returns ErrAlarmIgnored for a change that Open already knew of, and for an alarm that
// does not count until it has been OK. It returns ErrDeploymentClosed for a closed record.
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

// CheckCalmed says whether an ignored alarm counts from now on because it went to OK at the
// given time. It returns ErrDeploymentOpening as CheckFired does.
func (r Record) CheckCalmed(alarm string, at time.Time) (counts bool, err error) {
	if r.Opening() {
		return false, ErrDeploymentOpening
	}
	return r.Status == StatusOpen && r.isNews(alarm, at) && slices.Contains(r.UntilOK, alarm), nil
}

// isNews says whether the alarm changed after the state that Open read.
func (r Record) isNews(alarm string, at time.Time) bool {
	since, read := r.Seen[alarm]
	return read && Milliseconds(since) < Milliseconds(at)
}

// Milliseconds returns the milliseconds since 1970, in which the times of alarms are
// compared. It returns 0 for the zero time.
func Milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// ReadByOpen says whether a Deployment that is still being opened reads the alarm after its
// change. It does once every try of Open that was running at the change must have ended.
func ReadByOpen(changed, now time.Time, longestTry time.Duration) bool {
	return now.Sub(changed) > longestTry
}

// AlarmFiredReason says that an alarm fired, and why.
func AlarmFiredReason(alarm, why string) Reason {
	return Reason{Name: AlarmFired, Subject: alarm, Text: fmt.Sprintf("%s is in ALARM: %s", AlarmTitle(alarm), why)}
}
