package task

import "time"

// Clock tells the time of a Lambda, which is AWS's.
type Clock func() time.Time

// read tells it; nil is time.Now.
func (c Clock) read() time.Time {
	if c == nil {
		return time.Now()
	}
	return c()
}
