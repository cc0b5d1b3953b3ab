package asl

import (
	"math"
	"slices"
	"time"
)

// The error names that AWS reserves and this package reports or matches (Step
// Functions developer guide, Handling errors).
const (
	errorAll              = "States.ALL"
	errorTaskFailed       = "States.TaskFailed"
	errorTimeout          = "States.Timeout"
	errorHeartbeatTimeout = "States.HeartbeatTimeout"
	errorRuntime          = "States.Runtime"
	errorDataLimit        = "States.DataLimitExceeded"
	errorNoChoice         = "States.NoChoiceMatched"
	errorResultPath       = "States.ResultPathMatchFailure"
)

// fault is a failure on its way to a Retry or Catch.
type fault struct {
	Failure
	heartbeat bool // a States.Timeout because no heartbeat came
}

// matches says whether an ErrorEquals list takes a fault, as the developer
// guide's "Error names" has it:
//   - States.Runtime always fails the execution: nothing takes it.
//   - States.DataLimitExceeded is taken by its own name only. (LocalStack
//     recorded an AWS execution in which States.ALL took one of a Task's
//     result; here the guide counts, because it is the stricter.)
//   - States.TaskFailed takes everything else but timeouts.
//   - a missed heartbeat is a States.Timeout, and a States.HeartbeatTimeout too.
func (f fault) matches(errorEquals []string) bool {
	if f.Error == errorRuntime {
		return false
	}
	for _, name := range errorEquals {
		switch {
		case name == f.Error:
			return true
		case f.Error == errorDataLimit:
		case name == errorAll:
			return true
		case name == errorTaskFailed && f.Error != errorTimeout:
			return true
		case name == errorHeartbeatTimeout && f.heartbeat:
			return true
		}
	}
	return false
}

// retrier is an entry of a state's Retry.
type retrier struct {
	errorEquals []string
	interval    time.Duration
	maxAttempts int64
	backoff     float64
	maxDelay    time.Duration // 0: none
	jitter      bool
}

// delay is how long to wait before a retry, where done retries of this retrier
// have been made in the visit. With full jitter it is anything from nothing to
// that long.
func (r retrier) delay(done int64, random func() float64) time.Duration {
	seconds := r.interval.Seconds() * math.Pow(r.backoff, float64(done))
	longest := longestTime.Seconds()
	if r.maxDelay > 0 {
		longest = r.maxDelay.Seconds()
	}
	delay := time.Duration(min(seconds, longest) * float64(time.Second))
	if r.jitter {
		delay = time.Duration(random() * float64(delay))
	}
	return delay
}

// catcher is an entry of a state's Catch.
type catcher struct {
	errorEquals []string
	result      resultPath
	next        string
}

// retryAfter is the delay before the visit's next attempt, if its state's Retry
// has one left for the fault. The first retrier that matches decides alone:
// when it is used up, later ones are not asked. Each counts its own attempts,
// over the whole visit.
func (v *visit) retryAfter(f fault) (time.Duration, bool) {
	at := slices.IndexFunc(v.state.retry, func(r retrier) bool { return f.matches(r.errorEquals) })
	if at < 0 || v.used(at) >= v.state.retry[at].maxAttempts {
		return 0, false
	}
	done := v.used(at)
	v.attempts[at]++
	return v.state.retry[at].delay(done, v.walk.execution.machine.host.Float64), true
}

// used is how many retries the visit has made by its retrier at an index.
func (v *visit) used(retrier int) int64 {
	if v.attempts == nil {
		v.attempts = make([]int64, len(v.state.retry))
	}
	return v.attempts[retrier]
}

// caughtBy is the catcher that takes the fault, if any.
func (v *visit) caughtBy(f fault) (catcher, bool) {
	at := slices.IndexFunc(v.state.catch, func(c catcher) bool { return f.matches(c.errorEquals) })
	if at < 0 {
		return catcher{}, false
	}
	return v.state.catch[at], true
}
