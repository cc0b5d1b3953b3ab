package lambda

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// urlRate is how many requests a second a URL takes for each unit of its function's reserved
// concurrency (Lambda Developer Guide, Throttling to Lambda function URLs).
const urlRate = 10

// The answers to a synchronous request above the reserved concurrency of a function (Invoke, in
// Lambda's API reference, TooManyRequestsException).
var (
	tooManyAtOnce  = tooMany("ReservedFunctionConcurrentInvocationLimitExceeded")
	tooManyASecond = tooMany("ReservedFunctionInvocationRateLimitExceeded")
)

func tooMany(reason string) error {
	return &protocol.Error{StatusCode: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Rate Exceeded.", Reason: reason}
}

// ReserveConcurrency bounds how many requests a function serves at once. 0 switches it off.
func (s *Functions) ReserveConcurrency(function string, executions int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err != nil {
		return fmt.Errorf("reserve concurrency for %s: %w", function, err)
	}
	f.reserved, f.urlRequests = &executions, throttle.NewBucket(urlRate*float64(executions))
	return nil
}

// Admit counts a synchronous request that a function serves until release is called. It returns
// Lambda's answer, 429, if the function serves as many as are reserved for it.
func (s *Functions) Admit(function string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err != nil {
		return nil, err
	}
	return s.admit(f)
}

// AdmitURL does for a request to a function's URL what Admit does. A URL takes no more than so many
// requests a second, either.
func (s *Functions) AdmitURL(function string, now time.Time) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err != nil {
		return nil, err
	}
	release, err = s.admit(f)
	if err == nil && !f.urlRequests.Take(now) {
		f.running--
		return nil, tooManyASecond
	}
	return release, err
}

// admit does the work of Admit. The caller holds the lock.
func (s *Functions) admit(f *function) (release func(), err error) {
	if f.reserved != nil && f.running >= *f.reserved {
		return nil, tooManyAtOnce
	}
	f.running++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.running--
	}, nil
}
