package picture

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestStateOfAnAlarmIsDerivedFromItsReason(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"orders-5xx", strings.Repeat("x", 255)} {
		for _, rules := range []shift.AlarmRules{{}, {IgnoreUnreadable: true}, {UntilOK: []string{name}}} {
			for _, state := range []shift.AlarmState{shift.AlarmOK, shift.AlarmFiring, shift.AlarmInsufficient, shift.AlarmUnreadable} {
				reasons := shift.Judge(rules.Observe([]shift.Alarm{
					{Name: "a", State: shift.AlarmInsufficient}, {Name: name, State: state, Reason: "because"}, {Name: "b", State: shift.AlarmFiring},
				})...).Reasons
				assert.Equal(t, state, alarmStateIn(reasons, name), "%v %q", rules, reasons)
			}
		}
	}
}

func TestStateOfAnAlarmIsUnknownIfItsReasonWasLeftOut(t *testing.T) {
	t.Parallel()
	var alarms []shift.Alarm
	for i := range 12 {
		alarms = append(alarms, shift.Alarm{Name: strconv.Itoa(i), State: shift.AlarmFiring})
	}
	reasons := shift.Judge(shift.AlarmRules{}.Observe(alarms)...).Reasons
	assert.Equal(t, shift.AlarmFiring, alarmStateIn(reasons, "3"))
	assert.Empty(t, alarmStateIn(reasons, "11"))
	assert.Equal(t, shift.AlarmOK, alarmStateIn(nil, "11"))
}
