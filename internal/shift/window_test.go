package shift_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func window(t testing.TB, text string) (w shift.Window) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &w))
	require.NoError(t, w.Check())
	return w
}

// Clocks in Berlin go from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25
// October 2026. Both are Sundays.
func TestAWindowGoesByTheClocksOfItsZone(t *testing.T) {
	t.Parallel()
	const (
		office  = `{"days": "Mon Tue Wed Thu Fri", "from": "09:00", "to": "16:00", "timeZone": "Europe/Berlin"}`
		night   = `{"days": "Fri Sat", "from": "22:00", "to": "06:00", "timeZone": "Europe/Berlin"}`
		skipped = `{"days": "Sun", "from": "02:10", "to": "02:50", "timeZone": "Europe/Berlin"}`
		early   = `{"days": "Sun", "from": "02:30", "to": "05:00", "timeZone": "Europe/Berlin"}`
		sunday  = `{"days": "Sun", "from": "20:00", "to": "02:00", "timeZone": "UTC"}`
		whole   = `{"days": "Sat", "from": "00:00", "to": "24:00", "timeZone": "America/New_York"}`
	)
	for _, test := range []struct{ what, window, now, opens, closes string }{
		{"inside", office, "2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z", "2026-01-05T15:00:00Z"},
		{"a second before", office, "2026-01-05T07:59:59Z", "2026-01-05T08:00:00Z", ""},
		{"its end is outside", office, "2026-01-05T15:00:00Z", "2026-01-06T08:00:00Z", ""},
		{"over the weekend", office, "2026-01-09T15:30:00Z", "2026-01-12T08:00:00Z", ""},
		{"after the weekend on which clocks went forward, it opens an hour earlier", office, "2026-03-27T16:00:00Z", "2026-03-30T07:00:00Z", ""},
		{"and closes an hour earlier", office, "2026-03-30T08:00:00Z", "2026-03-30T08:00:00Z", "2026-03-30T14:00:00Z"},
		{"after that on which they went back, an hour later", office, "2026-10-23T15:00:00Z", "2026-10-26T08:00:00Z", ""},
		{"over midnight, the day is that of its beginning", night, "2026-01-10T04:59:00Z", "2026-01-10T04:59:00Z", "2026-01-10T05:00:00Z"},
		{"and not that of its end", night, "2026-01-09T04:59:00Z", "2026-01-09T21:00:00Z", ""},
		{"over the night of 23 hours", night, "2026-03-28T21:30:00Z", "2026-03-28T21:30:00Z", "2026-03-29T04:00:00Z"},
		{"over the night of 25 hours", night, "2026-10-24T20:30:00Z", "2026-10-24T20:30:00Z", "2026-10-25T05:00:00Z"},
		{"an hour that is skipped does not open", skipped, "2026-03-23T00:00:00Z", "2026-04-05T00:10:00Z", ""},
		{"an hour that is repeated opens", skipped, "2026-10-25T00:00:00Z", "2026-10-25T00:10:00Z", ""},
		{"and opens again", skipped, "2026-10-25T00:55:00Z", "2026-10-25T01:10:00Z", ""},
		{"what is left after the gap opens at once", early, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", ""},
		{"from Sunday to Monday", sunday, "2026-01-05T01:59:00Z", "2026-01-05T01:59:00Z", "2026-01-05T02:00:00Z"},
		{"Saturday is long gone", sunday, "2026-01-03T21:00:00Z", "2026-01-04T20:00:00Z", ""},
		{"a whole day of another zone", whole, "2026-01-03T04:00:00Z", "2026-01-03T05:00:00Z", ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			w := window(t, test.window)
			now, err := time.Parse(time.RFC3339, test.now)
			require.NoError(t, err)
			opens, known := w.Opens(now)
			require.True(t, known)
			assert.Equal(t, test.opens, opens.UTC().Format(time.RFC3339))
			if test.closes != "" {
				closes, known := w.Closes(now)
				require.True(t, known)
				assert.Equal(t, test.closes, closes.UTC().Format(time.RFC3339))
			}
		})
	}
}

func TestNoWindowIsAlwaysOpen(t *testing.T) {
	t.Parallel()
	opens, known := shift.Window{}.Opens(noon)
	assert.True(t, known)
	assert.Equal(t, noon, opens)
	_, known = shift.Window{}.Closes(noon)
	assert.False(t, known)
	require.NoError(t, shift.Window{}.Check())
}

func TestWhatIsNoWindowIsRefused(t *testing.T) {
	t.Parallel()
	good := shift.Window{Days: shift.EveryDay, From: 9 * 60, To: 16 * 60, Zone: "UTC"}
	for what, change := range map[string]func(*shift.Window){
		"needs days":                 func(w *shift.Window) { w.Days = 0 },
		"is open for 14 minutes":     func(w *shift.Window) { w.To = w.From + 14 },
		`"Local" is no time zone`:    func(w *shift.Window) { w.Zone = "Local" },
		`"" is no time zone`:         func(w *shift.Window) { w.Zone = "" },
		`"Berlin" is no time zone`:   func(w *shift.Window) { w.Zone = "Berlin" },
		`"../etc/x" is no time zone`: func(w *shift.Window) { w.Zone = "../etc/x" },
	} {
		w := good
		change(&w)
		err := w.Check()
		require.ErrorIs(t, err, shift.ErrInvalidPlan, what)
		assert.ErrorContains(t, err, what)
	}
	for _, text := range []string{"9:00", "09:60", "24:01", "0900", "-1:00", "09:00:00", "", "aa:bb"} {
		_, err := shift.ParseDayTime(text)
		assert.Error(t, err, text)
	}
}

// Whatever window is accepted opens within the time for which it is waited for, closes before it
// opens again, and survives its way through a document.
func TestEveryWindowOpensInTime(t *testing.T) {
	t.Parallel()
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		w := shift.Window{
			Days: shift.Weekdays(rapid.IntRange(1, 127).Draw(t, "days")),
			From: shift.DayTime(rapid.IntRange(0, 1439).Draw(t, "from")), To: shift.DayTime(rapid.IntRange(0, 1440).Draw(t, "to")),
			Zone: rapid.SampledFrom(zones).Draw(t, "zone"),
		}
		if w.Check() != nil {
			t.Skip("too short")
		}
		now := noon.Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(t, "at")) * time.Second)
		opens, known := w.Opens(now)
		require.True(t, known, "%s at %s", w, now)
		require.False(t, opens.Before(now))
		again, _ := w.Opens(opens)
		require.Equal(t, opens, again, "it is open when it opens")
		before := opens.Add(-time.Second)
		if before.After(now) {
			closed, _ := w.Closes(before)
			require.Equal(t, before, closed, "and was closed before")
		}
		text, err := json.Marshal(w)
		require.NoError(t, err)
		var read shift.Window
		require.NoError(t, json.Unmarshal(text, &read))
		require.Equal(t, w, read)
	})
}
