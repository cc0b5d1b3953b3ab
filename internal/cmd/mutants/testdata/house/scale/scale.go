// Package scale weighs. Its tests and those of package judges leave some of it unheld.
package scale

import (
	"errors"
	"log/slog"
)

// ErrHeavy is returned for what is too heavy.
var ErrHeavy = errors.New("heavy")

// Total adds weights up to a limit, or returns ErrHeavy.
func Total(limit int, weights ...int) (int, error) {
	total := 0
	for _, w := range weights {
		if w < 0 {
			continue
		}
		total += w
	}
	if total > limit {
		slog.Warn("heavy", "total", total)
		return 0, ErrHeavy
	}
	return total, nil
}

// Kind names a weight.
func Kind(unit string) string {
	switch unit {
	case "g", "kg":
		return "metric"
	case "lb":
		return "imperial"
	}
	return "unknown"
}

// Spin never ends if its step is dropped.
func Spin(n int) int {
	turns := 0
	for turns < n {
		turns++
	}
	return turns
}

// Unused is reached by no test.
func Unused(a, b bool) bool { return a && b }
