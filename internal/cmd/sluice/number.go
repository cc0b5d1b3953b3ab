package main

import (
	"fmt"

	"github.com/sluice-aws/sluice/internal/shift"
)

// daysText formats a duration, from two days on in days.
func daysText(s shift.Seconds) string {
	const day = 24 * 3600
	if s < 2*day {
		return s.String()
	}
	if s%day == 0 {
		return fmt.Sprintf("%d days", s/day)
	}
	return fmt.Sprintf("%d days and %s", s/day, s%day)
}
