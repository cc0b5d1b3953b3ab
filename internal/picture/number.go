package picture

import (
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Quantity formats a number with its noun, in the singular or the plural, such as
// "1 step" or "2 steps".
func Quantity(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return GroupDigits(n) + " " + many
}

// GroupDigits formats a number with thousands separators: 15,000.
func GroupDigits[N int | int64](n N) string {
	return shift.Thousands(int64(n))
}

// Clock formats the time since the execution began, such as 2:05 or 1:00:30.
func Clock(d time.Duration) string {
	s := int64(d / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s%3600/60, s%60)
}
