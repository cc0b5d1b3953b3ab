package dynamo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// oddNames are names of alarms. CloudWatch accepts up to 255 characters, all but control
// characters (PutMetricAlarm, AlarmName). Some of them have a meaning in expressions.
var oddNames = []string{
	"orders-5xx", "[prod] orders-5xx", "orders-5xx[0]", "orders [0] 5xx", "[0]", "[]", "[", "]", "][", "a[0][1]",
	"a.b", ".", ".a", "a.", "a..b", "a.[0]", "#x", "#0", ":y", ":0", "$n", "$", "%5B", "%", "%%5D[",
	`"quoted"`, `it's`, `back\slash`, "with spaces", " ", "status", "seen", "size(a)", "a AND b", "ä", "日本語", "🚨[🚨]",
	strings.Repeat("x", 255), strings.Repeat("[", 255), strings.Repeat("🚨", 255),
}

func TestAnAlarmCountsWhateverItIsCalled(t *testing.T) {
	t.Parallel()
	for _, name := range oddNames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkCounts(t, name)
		})
	}
}

func FuzzAnAlarmCountsWhateverItIsCalled(f *testing.F) {
	for _, name := range oddNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || shift.BoundText(name, 255) != name {
			t.Skip("no alarm is called that")
		}
		checkCounts(t, name)
	})
}

// checkCounts ignores an alarm, reports that it is OK, and fires it. Another alarm has a
// later time than all of that, and must not be confused with it.
func checkCounts(t *testing.T, name string) {
	t.Helper()
	w := newWorld(t)
	other := strings.ReplaceAll(name, "[", "%5B")
	if other == name {
		other = "not " + name
	}
	r, d := release(orders), describe(first, orders)
	r.Alarms, d.Alarms = []string{name, other}, []string{name, other}
	_, err := w.Open(t.Context(), first, r, noon)
	require.NoError(t, err)
	_, err = w.Describe(t.Context(), d, []string{name, other},
		[]shift.Alarm{{Name: name, Since: noon}, {Name: other, Since: midnight}})
	require.NoError(t, err)
	fire := func(alarm string, at time.Time, wasOK bool) error {
		_, err := w.MarkFired(t.Context(), first, alarm, at, wasOK, []shift.Reason{shift.AlarmFiredReason(alarm, "because")})
		return err
	}

	require.ErrorIs(t, fire(name, noon, true), shift.ErrAlarmIgnored, "Open has read it so")
	require.NoError(t, w.MarkCalmed(t.Context(), first, name, noon))
	require.ErrorIs(t, fire(name, noon.Add(time.Second), false), shift.ErrAlarmIgnored, "it has not been OK since")
	require.NoError(t, w.MarkCalmed(t.Context(), first, name, noon.Add(time.Minute)))
	require.NoError(t, w.MarkCalmed(t.Context(), first, other, noon.Add(time.Minute)))
	assert.Equal(t, []string{other}, w.record(t, first).UntilOK)
	require.ErrorIs(t, fire(other, noon.Add(time.Minute), true), shift.ErrAlarmIgnored, "Open has read the other one later")
	require.NoError(t, fire(name, noon.Add(time.Minute), false))
	assert.Equal(t, shift.StatusRestoring, w.record(t, first).Status)

	watchers, err := w.Watchers(t.Context(), name)
	require.NoError(t, err)
	assert.Len(t, watchers, 1)
	w.closed(t, first)
	watchers, err = w.Watchers(t.Context(), name)
	require.NoError(t, err)
	assert.Empty(t, watchers)
}
