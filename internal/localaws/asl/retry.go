package asl

import (
	"math"
	"slices"
	"time"
)

// AWS's reserved error names that this package reports or matches (Step Functions
// developer guide, Handling errors).
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
	answered  bool // by SendTaskFailure
}

// member returns the fault's Error or Cause for the error output.
func (f fault) member(text string) Document {
	if f.answered && text == "" {
		return Document("null")
	}
	return quote(text)
}

// matches reports whether an ErrorEquals list matches a fault, by the rules of the
// developer guide's "Error names":
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

// delay returns how long to wait before the next retry, after done retries by this
// retrier in the visit. Full jitter makes it a random time between zero and that delay.
func (r retrier) delay(done int64, random func() float64) time.Duration {
	seconds := r.interval.Seconds() * math.Pow(r.backoff, float64(done))
	longest := maxDuration.Seconds()
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

// retryAfter returns the delay before the visit's next attempt, if Retry allows one for
// the fault. Only the first matching retrier decides: when it has no attempts left,
// later ones are not considered. Each retrier counts its own attempts over the whole
// visit.
func (v *visit) retryAfter(f fault) (time.Duration, bool) {
	at := slices.IndexFunc(v.state.retry, func(r retrier) bool { return f.matches(r.errorEquals) })
	if at < 0 || v.retriesBy(at) >= v.state.retry[at].maxAttempts {
		return 0, false
	}
	done := v.retriesBy(at)
	v.attempts[at]++
	return v.state.retry[at].delay(done, v.walk.execution.machine.host.Float64), true
}

// retriesBy returns how many retries the visit has made by the retrier at an index.
func (v *visit) retriesBy(retrier int) int64 {
	if v.attempts == nil {
		v.attempts = make([]int64, len(v.state.retry))
	}
	return v.attempts[retrier]
}

// catcherFor returns the first catcher that matches the fault, if any.
func (v *visit) catcherFor(f fault) (catcher, bool) {
	at := slices.IndexFunc(v.state.catch, func(c catcher) bool { return f.matches(c.errorEquals) })
	if at < 0 {
		return catcher{}, false
	}
	return v.state.catch[at], true
}
