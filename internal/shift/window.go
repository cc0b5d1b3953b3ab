package shift

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Window is when a Step may be taken: on those days, from From until To, by the clocks of a
// time zone. The zero value is always open. It never keeps traffic from being put back.
//
// Clocks are set twice a year. A Window goes by what they show: an hour that they skip is
// missing from it, and one that they repeat belongs to it twice.
type Window struct {
	Days Weekdays `json:"days"`
	From DayTime  `json:"from"`
	// To is exclusive. If it is not after From, the Window ends on the next day.
	To DayTime `json:"to"`
	// Zone is a name of the IANA database, such as Europe/Berlin.
	Zone string `json:"timeZone"`
}

// Weekdays is a set of days of the week.
type Weekdays uint8

// weekdayNames are the names that an input has, in the order of time.Weekday.
var weekdayNames = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// EveryDay is all Weekdays.
const EveryDay Weekdays = 1<<7 - 1

// WeekdayNames are the names of all days, from Monday.
func WeekdayNames() []string { return append(slices.Clone(weekdayNames[1:]), weekdayNames[0]) }

// ParseWeekday reads a day such as Mon.
func ParseWeekday(name string) (Weekdays, error) {
	day := slices.Index(weekdayNames[:], name)
	if day < 0 {
		return 0, fmt.Errorf("%q is no day: write one of %s", BoundText(name, 80), strings.Join(WeekdayNames(), ", "))
	}
	return 1 << day, nil
}

// Has says whether a day is one of them.
func (d Weekdays) Has(day time.Weekday) bool { return d&(1<<day) != 0 }

// Names are the names of the days, from Monday.
func (d Weekdays) Names() []string {
	return slices.DeleteFunc(WeekdayNames(), func(name string) bool {
		day, _ := ParseWeekday(name)
		return d&day == 0
	})
}

// MarshalText writes the names of the days.
func (d Weekdays) MarshalText() ([]byte, error) { return []byte(strings.Join(d.Names(), " ")), nil }

// UnmarshalText reads the names of the days.
func (d *Weekdays) UnmarshalText(text []byte) error {
	*d = 0
	for _, name := range strings.Fields(string(text)) {
		day, err := ParseWeekday(name)
		if err != nil {
			return err
		}
		*d |= day
	}
	return nil
}

// DayTime is a time of the day in minutes, from 0 to 24 hours.
type DayTime int

const (
	dayMinutes DayTime = 24 * 60
)

// ParseDayTime reads a time such as 09:00. The end of a day is 24:00.
func ParseDayTime(text string) (DayTime, error) {
	hours, minutes, colon := strings.Cut(text, ":")
	h, noHours := strconv.ParseUint(hours, 10, 8)
	m, noMinutes := strconv.ParseUint(minutes, 10, 8)
	at := DayTime(h*60 + m)
	if !colon || noHours != nil || noMinutes != nil || len(hours) != 2 || len(minutes) != 2 || m > 59 || at > dayMinutes {
		return 0, fmt.Errorf("%q is no time of a day: write one such as 09:00", BoundText(text, 80))
	}
	return at, nil
}

// String is the time as 09:00.
func (t DayTime) String() string { return fmt.Sprintf("%02d:%02d", t/60, t%60) }

// MarshalText writes the time as 09:00.
func (t DayTime) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a time such as 09:00.
func (t *DayTime) UnmarshalText(text []byte) (err error) {
	*t, err = ParseDayTime(string(text))
	return err
}

// IsSet says whether there is a Window at all.
func (w Window) IsSet() bool { return w != Window{} }

// String describes the Window, as in "Mon, Tue 09:00-16:00 Europe/Berlin".
func (w Window) String() string {
	days := strings.Join(w.Days.Names(), ", ")
	if w.Days == EveryDay {
		days = "every day"
	}
	return fmt.Sprintf("%s %s-%s %s", days, w.From, w.To, w.Zone)
}

// length is how long the Window is open after From.
func (w Window) length() DayTime {
	if w.To > w.From {
		return w.To - w.From
	}
	return w.To - w.From + dayMinutes
}

const (
	// minWindow is the shortest Window. A Step needs some minutes if AWS throttles.
	minWindow DayTime = 15
	// maxWindowWait is how long a Deployment waits for its Window. A Window of one day a week
	// that lies in an hour that clocks skip opens after two weeks.
	maxWindowWait Seconds = 15 * 24 * 3600
)

// Check returns ErrInvalidPlan for a Window that is none.
func (w Window) Check() error {
	if !w.IsSet() {
		return nil
	}
	if w.Days == 0 {
		return fmt.Errorf("%w: a window needs days: name at least one of %s", ErrInvalidPlan, strings.Join(WeekdayNames(), ", "))
	}
	if length := w.length(); length < minWindow {
		return fmt.Errorf("%w: the window %s is open for %d minutes, and needs at least %d", ErrInvalidPlan, w, length, minWindow)
	}
	if _, err := loadZone(w.Zone); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidPlan, err)
	}
	return nil
}

// CheckWindows returns ErrInvalidPlan for a Plan with a Window that is none, or does not open
// within the time for which it would be waited for from now on.
func (p Plan) CheckWindows(now time.Time) error {
	for i, s := range p.Steps {
		if err := s.Window.Check(); err != nil {
			return err
		}
		if _, opens := s.Window.Opens(now); !opens {
			return fmt.Errorf("%w: the window %s of step %d does not open within %s", ErrInvalidPlan, s.Window, i+1, maxWindowWait)
		}
	}
	return nil
}

// CheckZone returns an error for a name that is no time zone's.
func CheckZone(name string) error {
	_, err := loadZone(name)
	return err
}

// loadZone returns a time zone by its name. The zone of the machine is refused: it would not
// be the same everywhere.
func loadZone(name string) (*time.Location, error) {
	if name == "Local" || name == "" {
		return nil, fmt.Errorf("%q is no time zone: write a name of the IANA database, such as Europe/Berlin or UTC", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone: write a name of the IANA database, such as Europe/Berlin or UTC", BoundText(name, 80))
	}
	return zone, nil
}

// Opens returns the first time from now on at which the Window is open. If it does not open
// within maxWindowWait, it returns false.
func (w Window) Opens(now time.Time) (time.Time, bool) { return w.find(now, true) }

// Closes returns the first time from now on at which the Window is closed. It returns false
// for one that is always open.
func (w Window) Closes(now time.Time) (time.Time, bool) { return w.find(now, false) }

// find looks minute by minute, since clocks may be set at any time. It takes a millisecond
// for two weeks.
func (w Window) find(now time.Time, open bool) (time.Time, bool) {
	zone, err := loadZone(w.Zone)
	if !w.IsSet() || err != nil {
		return now, open && !w.IsSet()
	}
	if w.contains(now.In(zone)) == open {
		return now, true
	}
	end := now.Add(maxWindowWait.Duration())
	for at := now.Truncate(time.Minute).Add(time.Minute); !at.After(end); at = at.Add(time.Minute) {
		if w.contains(at.In(zone)) == open {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// contains says whether the Window is open when the clocks of its zone show that.
func (w Window) contains(local time.Time) bool {
	at := DayTime(local.Hour()*60 + local.Minute())
	today, yesterday := local.Weekday(), (local.Weekday()+6)%7
	if w.From < w.To {
		return w.Days.Has(today) && at >= w.From && at < w.To
	}
	return w.Days.Has(today) && at >= w.From || w.Days.Has(yesterday) && at < w.To
}

// opensFor is how often the Window opens at most until it was open for so long, and at least once.
// It is 0 for none, and for one that Check refuses.
func (w Window) opensFor(open Seconds) int {
	if !w.IsSet() || w.Days&EveryDay == 0 || w.length() <= 0 {
		return 0
	}
	return int(ceilDiv(max(open, 1), 60*Seconds(w.length())))
}

// closedFor is how long the Window is closed at most until it has opened that often, if no clock is
// set.
func (w Window) closedFor(opens int) Seconds {
	if opens == 0 {
		return 0
	}
	gaps := w.gaps()
	var week, longest Seconds
	for first, gap := range gaps {
		week += gap
		var some Seconds
		for n := range opens % len(gaps) {
			some += gaps[(first+n)%len(gaps)]
		}
		longest = max(longest, some)
	}
	return Seconds(opens/len(gaps))*week + longest
}

// gaps are for how long the Window is closed after each of its days, in the order of the week.
func (w Window) gaps() []Seconds {
	var days []int
	for day := range 7 {
		if w.Days.Has(time.Weekday(day)) {
			days = append(days, day)
		}
	}
	gaps := make([]Seconds, len(days))
	for i, day := range days {
		untilNext := (days[(i+1)%len(days)]-day+6)%7 + 1
		gaps[i] = 60 * Seconds(DayTime(untilNext)*dayMinutes-w.length())
	}
	return gaps
}

// observe says that a Step waits for its Window. It is nil while the Window is open.
func (w Window) observe(step int, now time.Time) []Observation {
	opens, known := w.Opens(now)
	if !w.IsSet() || known && !opens.After(now) {
		return nil
	}
	reason := Reason{Name: OutsideWindow, Text: fmt.Sprintf("step %d waits for its window: %s", step, w)}
	limit := Limit{
		Of: strconv.Itoa(step), Length: maxWindowWait, Then: RollBackAfterWait, Person: true, Closed: true,
		Expired: Reason{Name: WindowExpired, Text: fmt.Sprintf("the window of step %d has not opened within %s: %s", step, maxWindowWait, w)},
	}
	if known {
		reason.Text += ", opens " + opens.UTC().Format("Mon 2 Jan 15:04 UTC")
		limit.Ends = InSeconds(opens.Sub(now))
	}
	return []Observation{{Verdict: Wait, Reason: reason, Limit: limit}}
}
