package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAnAlarmCountsFromWhatOpenHasNotReadOn(t *testing.T) {
	t.Parallel()
	d := &shift.Deployment{}
	open := func(untilOK ...string) shift.Record {
		return shift.Record{Status: shift.StatusOpen, Deployment: d, UntilOK: untilOK, Seen: map[string]time.Time{"a": noon, "new": {}}}
	}
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		record shift.Record
		alarm  string
		at     time.Time
		wasOK  bool
		fired  error
		calmed bool
	}{
		{"news", open(), "a", noon.Add(ms), false, nil, false},
		{"what Open has read", open(), "a", noon, false, shift.ErrAlarmIgnored, false},
		{"the same millisecond", open(), "a", noon.Add(ms - 1), false, shift.ErrAlarmIgnored, false},
		{"older", open(), "a", noon.Add(-time.Hour), true, shift.ErrAlarmIgnored, false},
		{"of an alarm that has never changed", open(), "new", noon.Add(-time.Hour), false, nil, false},
		{"of an alarm that nobody watches", open(), "other", noon.Add(time.Hour), false, shift.ErrAlarmIgnored, false},
		{"ignored until it has been OK", open("a"), "a", noon.Add(ms), false, shift.ErrAlarmIgnored, true},
		{"ignored, and was OK just before", open("a"), "a", noon.Add(ms), true, nil, true},
		{"another one is ignored", open("b"), "a", noon.Add(ms), false, nil, false},
		{"being restored", shift.Record{Status: shift.StatusRestoring, Deployment: d}, "a", noon, false, nil, false},
		{"being restored, and ignored", shift.Record{
			Status: shift.StatusRestoring, Deployment: d, UntilOK: []string{"a"}, Seen: map[string]time.Time{"a": noon},
		}, "a", noon.Add(ms), false, nil, false},
		{"ignored, and what Open has read", open("a"), "a", noon, false, shift.ErrAlarmIgnored, false},
		{"ignored, and nobody watches it", open("other"), "other", noon, true, shift.ErrAlarmIgnored, false},
		{"closed", shift.Record{Status: shift.StatusClosed, Deployment: d}, "a", noon.Add(ms), false, shift.ErrDeploymentClosed, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, test.record.CheckFired(test.alarm, test.at, test.wasOK), test.fired)
			calmed, err := test.record.CheckCalmed(test.alarm, test.at)
			require.NoError(t, err)
			assert.Equal(t, test.calmed, calmed)
		})
	}
	opening := shift.Record{Status: shift.StatusOpen}
	require.ErrorIs(t, opening.CheckFired("a", noon, true), shift.ErrDeploymentOpening)
	_, err := opening.CheckCalmed("a", noon)
	require.ErrorIs(t, err, shift.ErrDeploymentOpening)
}

func TestATryOfOpenThatBeganSinceReadsTheAlarmItself(t *testing.T) {
	t.Parallel()
	assert.False(t, shift.ReadByOpen(noon, noon.Add(time.Minute), time.Minute))
	assert.True(t, shift.ReadByOpen(noon, noon.Add(time.Minute+1), time.Minute))
}

func TestATimeThatIsNotKnownIsTheBeginning(t *testing.T) {
	t.Parallel()
	assert.Zero(t, shift.Milliseconds(time.Time{}))
	assert.EqualValues(t, 1500, shift.Milliseconds(time.Unix(1, 500_000_000)))
}
