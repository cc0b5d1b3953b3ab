package shift

import (
	"fmt"
	"slices"
	"time"
)

// AlarmState is the state of an alarm as far as it could be read.
type AlarmState string

const (
	// AlarmOK and AlarmFiring : the alarm is quiet, or it fires.
	AlarmOK     AlarmState = "OK"
	AlarmFiring AlarmState = "ALARM"
	// AlarmInsufficient is INSUFFICIENT_DATA: new, or nothing to evaluate.
	AlarmInsufficient AlarmState = "INSUFFICIENT_DATA"
	// AlarmUnreadable : the alarm exists, but its state cannot be read or cannot be
	// trusted.
	AlarmUnreadable AlarmState = "UNREADABLE"
	// AlarmMissing : no alarm has that name.
	AlarmMissing AlarmState = "MISSING"
)

// Alarm is what was read of one alarm.
type Alarm struct {
	// Name is what the alarm is known by: its name, or its ARN if it is of another region.
	Name   string
	State  AlarmState
	Reason string
	// Doubt says why the state cannot be trusted. It is empty when the state can be
	// trusted.
	Doubt string
	// Since is when the alarm entered that state. It is zero when that time is not known.
	Since time.Time
	// Definition is what it watches.
	Definition AlarmDefinition
}

// distrust returns the alarm with the state that counts. An alarm whose state is in doubt
// counts as unreadable. A firing alarm always counts as firing, because ignoring it could
// leave traffic on a bad version.
func (a Alarm) distrust() Alarm {
	if a.Doubt != "" && a.State != AlarmFiring {
		a.State, a.Reason = AlarmUnreadable, a.Doubt+": "+a.Reason
	}
	return a
}

// AlarmRules say how the alarms of a Deployment are judged.
type AlarmRules struct {
	// IgnoreUnreadable lets the Plan go on when an alarm cannot be read.
	IgnoreUnreadable bool
	// UntilOK names the alarms that were firing at the start. They do not count until they
	// have been OK.
	UntilOK []string
}

// Observe turns alarms into Observations: one that fires is Fail, one that
// cannot be read is Hold, and one without data is Pass, but says so.
func (r AlarmRules) Observe(alarms []Alarm) []Observation {
	observations := make([]Observation, 0, len(alarms))
	for _, a := range alarms {
		observations = append(observations, r.observe(a.distrust()))
	}
	return observations
}

func (r AlarmRules) observe(a Alarm) Observation {
	switch a.State {
	case AlarmOK:
		return Observation{Verdict: Pass, Reason: Reason{Name: AlarmIsOK, Subject: a.Name}}
	case AlarmInsufficient:
		return Observation{Verdict: Pass, Reason: aboutAlarm(AlarmWithoutData, a, "alarm %s has insufficient data", AlarmTitle(a.Name))}
	case AlarmFiring:
		if slices.Contains(r.UntilOK, a.Name) {
			return Observation{Verdict: Pass, Reason: aboutAlarm(AlarmIgnoredUntilOK, a, "alarm %s was firing at the start and is ignored until it has been OK", AlarmTitle(a.Name))}
		}
		return Observation{Verdict: Fail, Reason: AlarmFiredReason(a.Name, a.Reason)}
	}
	if r.IgnoreUnreadable {
		return Observation{Verdict: Pass, Reason: aboutAlarm(AlarmUnreadableIgnored, a, "alarm %s cannot be read (%s), which is ignored as asked", AlarmTitle(a.Name), a.Reason)}
	}
	return Observation{Verdict: Hold, Reason: aboutAlarm(AlarmNotRead, a, "%s: %s", AlarmTitle(a.Name), a.Reason)}
}

func aboutAlarm(name string, a Alarm, format string, args ...any) Reason {
	return Reason{Name: name, Subject: a.Name, Text: fmt.Sprintf(format, args...)}
}

// RecoveredAlarms returns those of the ignored alarms that were observed to be OK. They
// count from now on.
func RecoveredAlarms(untilOK []string, observations []Observation) []string {
	return slices.DeleteFunc(slices.Clone(untilOK), func(name string) bool {
		return !slices.ContainsFunc(observations, func(o Observation) bool {
			return o.Reason.Name == AlarmIsOK && o.Reason.Subject == name
		})
	})
}

// CheckExists returns ErrAlarmNotFound for an alarm that does not exist.
func (a Alarm) CheckExists() error {
	if a.State != AlarmMissing {
		return nil
	}
	return fmt.Errorf("%w: %s: %s: create it there, or name an alarm that exists; one of another region is named by its ARN", ErrAlarmNotFound, AlarmTitle(a.Name), a.Reason)
}

// CheckAtStart returns the names of the alarms that fire before the start and are ignored
// until they have been OK. It returns ErrAlarmNotFound, ErrAlarmUnreadable or
// ErrAlarmFiring for an alarm that a Deployment cannot start with.
func (o Options) CheckAtStart(alarms []Alarm) ([]string, error) {
	firing := []string{}
	for _, read := range alarms {
		a := read.distrust()
		switch {
		case a.State == AlarmMissing:
			return nil, a.CheckExists()
		case a.State == AlarmUnreadable && !o.IgnoreUnreadableAlarms:
			return nil, fmt.Errorf(`%w: %s: %s; or say "ignoreUnreadableAlarms": true`, ErrAlarmUnreadable, AlarmTitle(a.Name), a.Reason)
		case a.State == AlarmFiring && o.AlarmsAtStart == RejectFiring:
			return nil, fmt.Errorf(`%w: %s: %s; wait until it is OK, or say "alarmsAtStart": "ignoreUntilOk" if this deployment is the fix`,
				ErrAlarmFiring, AlarmTitle(a.Name), a.Reason)
		case a.State == AlarmFiring:
			firing = append(firing, a.Name)
		}
	}
	return firing, nil
}
