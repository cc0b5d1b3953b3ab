package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAlarmsAreJudgedByTheirState(t *testing.T) {
	t.Parallel()
	tolerant := shift.AlarmRules{IgnoreUnreadable: true}
	ignoring := shift.AlarmRules{UntilOK: []string{"orders-5xx"}}
	tests := []struct {
		name  string
		rules shift.AlarmRules
		state shift.AlarmState
		want  shift.Observation
	}{
		{"healthy", shift.AlarmRules{}, shift.AlarmOK, shift.Observation{Verdict: shift.Pass, Reason: shift.Reason{Name: shift.AlarmIsOK, Subject: "orders-5xx"}}},
		{"firing", shift.AlarmRules{}, shift.AlarmFiring, shift.Observation{Verdict: shift.Fail, Reason: shift.ParseReason("AlarmFired: orders-5xx is in ALARM: because")}},
		{"without data", shift.AlarmRules{}, shift.AlarmInsufficient, shift.Observation{Verdict: shift.Pass, Reason: shift.ParseReason("alarm orders-5xx has insufficient data")}},
		{"unreadable", shift.AlarmRules{}, shift.AlarmUnreadable, shift.Observation{Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: orders-5xx: because")}},
		{"gone since the start", shift.AlarmRules{}, shift.AlarmMissing, shift.Observation{Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: orders-5xx: because")}},
		{"of a state that nobody knows", shift.AlarmRules{}, "NEW", shift.Observation{Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: orders-5xx: because")}},
		{"unreadable, ignored", tolerant, shift.AlarmUnreadable, shift.Observation{Verdict: shift.Pass, Reason: shift.ParseReason("alarm orders-5xx cannot be read (because), which is ignored as asked")}},
		{"firing where the unreadable is ignored", tolerant, shift.AlarmFiring, shift.Observation{Verdict: shift.Fail, Reason: shift.ParseReason("AlarmFired: orders-5xx is in ALARM: because")}},
		{"firing since before the start", ignoring, shift.AlarmFiring, shift.Observation{Verdict: shift.Pass, Reason: shift.ParseReason("alarm orders-5xx was firing at the start and is ignored until it has been OK")}},
		{"unreadable where firing is ignored", ignoring, shift.AlarmUnreadable, shift.Observation{Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: orders-5xx: because")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.rules.Observe([]shift.Alarm{{Name: "orders-5xx", State: test.state, Reason: "because"}})
			assert.Equal(t, []shift.Observation{test.want}, got)
		})
	}
}

func TestEveryAlarmIsObserved(t *testing.T) {
	t.Parallel()
	got := shift.Judge(shift.AlarmRules{UntilOK: []string{"a"}}.Observe([]shift.Alarm{
		{Name: "a", State: shift.AlarmFiring}, {Name: "b", State: shift.AlarmOK}, {Name: "c", State: shift.AlarmFiring, Reason: "3 > 2"},
	})...)
	assert.Equal(t, shift.Fail, got.Verdict)
	assert.Equal(t, reasons(
		"AlarmFired: c is in ALARM: 3 > 2",
		"alarm a was firing at the start and is ignored until it has been OK",
	), got.Reasons)
}

func TestAnAlarmCountsAgainOnceItHasBeenOK(t *testing.T) {
	t.Parallel()
	rules := shift.AlarmRules{UntilOK: []string{"a", "b", "c", "d"}}
	calmed := shift.RecoveredAlarms(rules.UntilOK, rules.Observe([]shift.Alarm{
		{Name: "a", State: shift.AlarmOK}, {Name: "b", State: shift.AlarmFiring},
		{Name: "c", State: shift.AlarmInsufficient}, {Name: "d", State: shift.AlarmUnreadable}, {Name: "e", State: shift.AlarmOK},
	}))
	assert.Equal(t, []string{"a"}, calmed)
	assert.Equal(t, []string{"a", "b", "c", "d"}, rules.UntilOK, "the rules stay as they were")
}

// A state that CloudWatch itself doubts is as good as none, but for ALARM.
func TestADoubtfulAlarmIsUnreadableUnlessItFires(t *testing.T) {
	t.Parallel()
	doubt := "its evaluation state is PARTIAL_DATA"
	tests := map[shift.AlarmState]shift.Observation{
		shift.AlarmOK:           {Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: a: its evaluation state is PARTIAL_DATA: because")},
		shift.AlarmInsufficient: {Verdict: shift.Hold, Reason: shift.ParseReason("AlarmUnreadable: a: its evaluation state is PARTIAL_DATA: because")},
		shift.AlarmFiring:       {Verdict: shift.Fail, Reason: shift.ParseReason("AlarmFired: a is in ALARM: because")},
	}
	for state, want := range tests {
		alarms := []shift.Alarm{{Name: "a", State: state, Reason: "because", Doubt: doubt}}
		assert.Equal(t, []shift.Observation{want}, shift.AlarmRules{}.Observe(alarms), string(state))
		ignoring := shift.AlarmRules{UntilOK: []string{"a"}}
		assert.Empty(t, shift.RecoveredAlarms(ignoring.UntilOK, ignoring.Observe(alarms)), string(state))
	}
	_, err := shift.Options{}.CheckAtStart([]shift.Alarm{{Name: "a", State: shift.AlarmOK, Reason: "because", Doubt: doubt}})
	require.ErrorIs(t, err, shift.ErrAlarmUnreadable)
}

func TestADeploymentStartsOnlyWithAlarmsThatCanBeWatched(t *testing.T) {
	t.Parallel()
	reject := shift.Options{AlarmsAtStart: shift.RejectFiring}
	ignore := shift.Options{AlarmsAtStart: shift.IgnoreUntilOK}
	tolerant := shift.Options{AlarmsAtStart: shift.RejectFiring, IgnoreUnreadableAlarms: true}
	tests := []struct {
		name    string
		options shift.Options
		state   shift.AlarmState
		firing  []string
		is      error
		want    string
	}{
		{"healthy", reject, shift.AlarmOK, []string{}, nil, ""},
		{"without data", reject, shift.AlarmInsufficient, []string{}, nil, ""},
		{"missing", reject, shift.AlarmMissing, nil, shift.ErrAlarmNotFound, "orders-5xx: because: create it there, or name an alarm that exists"},
		{"missing where the unreadable is ignored", tolerant, shift.AlarmMissing, nil, shift.ErrAlarmNotFound, "orders-5xx"},
		{"unreadable", reject, shift.AlarmUnreadable, nil, shift.ErrAlarmUnreadable, `orders-5xx: because; or say "ignoreUnreadableAlarms": true`},
		{"unreadable, ignored", tolerant, shift.AlarmUnreadable, []string{}, nil, ""},
		{"firing", reject, shift.AlarmFiring, nil, shift.ErrAlarmFiring, `orders-5xx: because; wait until it is OK, or say "alarmsAtStart": "ignoreUntilOk" if this deployment is the fix`},
		{"firing, ignored until OK", ignore, shift.AlarmFiring, []string{"orders-5xx"}, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			firing, err := test.options.CheckAtStart([]shift.Alarm{
				{Name: "other", State: shift.AlarmOK}, {Name: "orders-5xx", State: test.state, Reason: "because"},
			})
			require.ErrorIs(t, err, test.is)
			assert.Equal(t, test.firing, firing)
			if test.is != nil {
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestOnlyAnAlarmThatIsMissingDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, state := range []shift.AlarmState{shift.AlarmOK, shift.AlarmFiring, shift.AlarmInsufficient, shift.AlarmUnreadable} {
		require.NoError(t, shift.Alarm{Name: "a", State: state}.CheckExists())
	}
	err := shift.Alarm{Name: "a", State: shift.AlarmMissing, Reason: "there is none in eu-west-1"}.CheckExists()
	require.ErrorIs(t, err, shift.ErrAlarmNotFound)
	require.EqualError(t, err, "alarm not found: a: there is none in eu-west-1: create it there, or name an alarm that exists; one of another region is named by its ARN")
}
