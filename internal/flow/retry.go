package flow

import "time"

// Retry is one rule for how a state is retried, as in a definition's Retry.
type Retry struct {
	Errors   []string
	Interval time.Duration
	Attempts int // 0: never
	Backoff  float64
	MaxDelay time.Duration
	Jitter   bool
}

// allErrors matches every error except States.Runtime and States.DataLimitExceeded, which
// no rule can match together with others (Step Functions, Error handling).
const allErrors = "States.ALL"

// retries returns the rules of most states: an error that may heal is retried for more than
// half an hour. A throttled shift keeps its Weight meanwhile. Rules with other waits go
// first.
func retries(first ...Retry) []Retry {
	return append(append([]Retry{noRetry()}, first...), Retry{
		Errors: []string{allErrors}, Interval: 2 * time.Second, Attempts: 60, Backoff: 2, MaxDelay: time.Minute, Jitter: true,
	})
}

// whileThrottled retries throttled requests with long waits. Lambda's control plane accepts
// 15 requests a second from an account. Long waits keep the tries of many deployments from
// crowding out each other, or a rollback.
func whileThrottled() Retry {
	return Retry{Errors: []string{Throttled}, Interval: 30 * time.Second, Attempts: 30, Backoff: 2, MaxDelay: 5 * time.Minute, Jitter: true}
}

// retriesOfRollback returns the rule of a rollback: it is retried for about an hour, with
// short waits.
func retriesOfRollback() []Retry {
	return []Retry{{
		Errors: []string{allErrors}, Interval: time.Second, Attempts: 360, Backoff: 1.5, MaxDelay: 20 * time.Second, Jitter: true,
	}}
}

// noRetry excludes errors that cannot heal from the rules after it.
func noRetry() Retry { return Retry{Errors: permanent()} }

// whileUnreadable retries alarms that cannot be read before the start. A missing permission
// does not heal, and the Target is locked meanwhile.
func whileUnreadable() Retry {
	return Retry{Errors: []string{AlarmUnreadable}, Interval: 2 * time.Second, Attempts: 5, Backoff: 2, MaxDelay: 30 * time.Second, Jitter: true}
}

// whileDenied retries a call for which a permission is missing, before the start. A role that
// was changed a moment ago may need that; otherwise a person has to act, and a deployment that
// waits for long looks as if it hung.
func whileDenied() Retry {
	return Retry{Errors: []string{AccessDenied}, Interval: 5 * time.Second, Attempts: 5, Backoff: 2, MaxDelay: 40 * time.Second, Jitter: true}
}

// untilReady waits for a Candidate to become Active. SnapStart takes minutes, and the SDK's
// own waiter gives up after 26 (PublishedVersionActive).
func untilReady() Retry {
	return Retry{Errors: []string{CandidatePending, FunctionUpdating}, Interval: 5 * time.Second, Attempts: 120, Backoff: 1.2, MaxDelay: 30 * time.Second}
}

// untilHealed waits for the safety net, which sweeps every minute.
func untilHealed() Retry {
	return Retry{Errors: []string{TargetBeingRestored}, Interval: 10 * time.Second, Attempts: 120, Backoff: 1.5, MaxDelay: time.Minute, Jitter: true}
}
