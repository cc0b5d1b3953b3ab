package picture

import (
	"fmt"
	"strconv"
	"time"
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
	digits := strconv.FormatInt(int64(n), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// Clock formats the time since the execution began, such as 2:05 or 1:00:30.
func Clock(d time.Duration) string {
	s := int64(d / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s%3600/60, s%60)
}
