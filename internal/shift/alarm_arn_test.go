package shift_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const site5xx = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site-5xx"

func TestTheARNOfAnAlarmIsReadInItsParts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]shift.AlarmARN{
		site5xx: {"aws", "us-east-1", "111122223333", "site-5xx"},
		"arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:a:b c/ü": {"aws-us-gov", "us-gov-west-1", "111122223333", "a:b c/ü"},
	} {
		got, is := shift.ParseAlarmARN(text)
		require.True(t, is, text)
		assert.Equal(t, want, got)
		assert.Equal(t, text, got.String())
	}
}

func TestWhatIsNoARNOfAnAlarmIsAName(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "orders-5xx", "arn", "arn:aws:cloudwatch:us-east-1:111122223333:alarm", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:",
		"arn:aws:cloudwatch:us-east-1:111122223333:dashboard:a", "arn:aws:sns:us-east-1:111122223333:alarm:a",
		"arn:aws:cloudwatch::111122223333:alarm:a", "arn::cloudwatch:us-east-1:111122223333:alarm:a", "arn:aws:cloudwatch:us-east-1::alarm:a",
		"arn:aws:cloudwatch:us-east-1:11112222333:alarm:a", "arn:aws:cloudwatch:us-east-1:1111222233334:alarm:a", "arn:aws:cloudwatch:us-east-1:11112222333x:alarm:a",
		"arn:aws:cloudwatch:evil.example.com/:111122223333:alarm:a", "arn:aws:cloudwatch:US-EAST-1:111122223333:alarm:a",
		"arn:aws:cloudwatch:-us-east-1:111122223333:alarm:a", "arn:aws:cloudwatch:us-east-:111122223333:alarm:a",
		"arn:aws:cloudwatch:" + strings.Repeat("r", 31) + ":111122223333:alarm:a", "ARN:aws:cloudwatch:us-east-1:111122223333:alarm:a",
	} {
		_, is := shift.ParseAlarmARN(text)
		assert.False(t, is, text)
		assert.Equal(t, text, shift.AlarmTitle(text))
	}
}

// People read the name and the region; code goes by the ARN.
func TestAnAlarmOfAnotherRegionIsShownWithItsRegion(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"orders-5xx", "site-5xx in us-east-1"}, shift.AlarmTitles([]string{"orders-5xx", site5xx}))
	for state, text := range map[shift.AlarmState]string{
		shift.AlarmFiring:       "site-5xx in us-east-1 is in ALARM: because",
		shift.AlarmInsufficient: "alarm site-5xx in us-east-1 has insufficient data",
		shift.AlarmUnreadable:   "site-5xx in us-east-1: because",
	} {
		o := shift.AlarmRules{}.Observe([]shift.Alarm{{Name: site5xx, State: state, Reason: "because"}})
		assert.Equal(t, site5xx, o[0].Reason.Subject)
		assert.Equal(t, text, o[0].Reason.Text)
	}
	err := shift.Alarm{Name: site5xx, State: shift.AlarmMissing, Reason: "there is none there"}.CheckExists()
	require.EqualError(t, err, "alarm not found: site-5xx in us-east-1: there is none there: create it there, or name an alarm that exists; one of another region is named by its ARN")
	_, err = shift.Options{AlarmsAtStart: shift.RejectFiring}.CheckAtStart([]shift.Alarm{{Name: site5xx, State: shift.AlarmFiring, Reason: "because"}})
	assert.ErrorContains(t, err, "site-5xx in us-east-1: because; wait until it is OK")
}

// The longest name of an alarm, in the longest name of a region.
func TestTheARNOfAnAlarmIsNeverCutInAReason(t *testing.T) {
	t.Parallel()
	longest := shift.AlarmARN{Partition: "aws-us-gov", Region: strings.Repeat("r", 30), Account: "111122223333", Name: strings.Repeat("é", 255)}.String()
	_, is := shift.ParseAlarmARN(longest)
	require.True(t, is)
	bounded := shift.BoundReasons([]shift.Reason{shift.AlarmFiredReason(longest, "because")})
	assert.Equal(t, longest, bounded[0].Subject)
}

// The same name at home is another alarm.
func TestAnAlarmOfAnotherRegionIsIgnoredByItsARN(t *testing.T) {
	t.Parallel()
	alarms := []shift.Alarm{{Name: "site-5xx", State: shift.AlarmFiring, Since: time.Unix(1, 0)}, {Name: site5xx, State: shift.AlarmFiring}}
	o := shift.AlarmRules{UntilOK: []string{site5xx}}.Observe(alarms)
	assert.Equal(t, shift.Fail, o[0].Verdict)
	assert.Equal(t, shift.Pass, o[1].Verdict)
	alarms[0].State = shift.AlarmOK
	o = shift.AlarmRules{UntilOK: []string{site5xx}}.Observe(alarms)
	assert.Empty(t, shift.RecoveredAlarms([]string{site5xx}, o), "the other one is OK")
}
