package shift

import (
	"fmt"
	"strings"
	"time"
)

// Seconds is a duration as an execution waits: in whole seconds.
type Seconds int64

// InSeconds rounds a duration up to whole seconds.
func InSeconds(d time.Duration) Seconds {
	return Seconds((d + time.Second - 1) / time.Second)
}

// Duration returns the same length of time as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// String shows the length of time to people, as in "1h30m" or "45s".
func (s Seconds) String() string {
	text := (s % 3600).Duration().String()
	if s >= 3600 { // the hours by themselves: a time.Duration ends after 292 years
		text = fmt.Sprintf("%dh%dm%ds", s/3600, s%3600/60, s%60)
	}
	for _, tail := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, tail) {
			text = text[:len(text)-2]
		}
	}
	return text
}
