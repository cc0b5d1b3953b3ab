package task

import "time"

// Clock returns the current time. In a Lambda that is AWS's.
type Clock func() time.Time

// read returns the current time. A nil Clock is time.Now.
func (c Clock) read() time.Time {
	if c == nil {
		return time.Now()
	}
	return c()
}
