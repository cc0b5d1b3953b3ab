package main

import (
	"fmt"
	"strconv"
	"time"

	"sluice/internal/shift"
)

// counted is a number and what is counted, in the singular or the plural.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped is a number with its thousands set apart: 15,000.
func grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// clock shows a time of a simulation, as in 2:05 or 1:00:30.
func clock(d time.Duration) string {
	s := int64(d / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s%3600/60, s%60)
}

// days shows a length of time in days when there are several.
func days(s shift.Seconds) string {
	const day = 24 * 3600
	if s < 2*day {
		return s.String()
	}
	if s%day == 0 {
		return fmt.Sprintf("%d days", s/day)
	}
	return fmt.Sprintf("%d days and %s", s/day, s%day)
}
