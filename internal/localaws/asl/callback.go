package asl

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// callback is what an attempt with a task token waits for.
type callback struct {
	token     string
	submitted bool   // the Lambda function has returned
	answer    func() // ends the attempt as the token's holder said; nil: no answer yet
	beat      func() // starts the time to the next heartbeat again
}

// newToken gives the attempt a token of its own. AWS makes a new one for every
// attempt, too.
func (m *Machine) newToken(a *attempt) {
	text := fmt.Sprintf("%s#%d", a.visit.walk.execution.arn, len(m.tokens)+1)
	a.callback = &callback{token: base64.StdEncoding.EncodeToString([]byte(text))}
	m.tokens[a.token] = a
}

// waiting is the attempt that waits for a token, or an *Error.
func (m *Machine) waiting(token string) (*attempt, error) {
	a, found := m.tokens[token]
	switch {
	case !found:
		return nil, &Error{CodeInvalidToken, "Invalid Token: 'Invalid token'"}
	case a.over || a.answer != nil:
		return nil, &Error{CodeTaskTimedOut, "Task Timed Out: 'Provided task does not exist anymore'"}
	default:
		return a, nil
	}
}

// SendTaskSuccess answers a task token with the task's output. The execution
// goes on after SendTaskSuccess has returned; where the Lambda function that
// was given the token has not returned yet, when it does.
func (m *Machine) SendTaskSuccess(token string, output json.RawMessage) error {
	doc, err := newDocument(output)
	if err != nil || len(output) == 0 || len(output) > maxDocument {
		return &Error{CodeInvalidOutput, "Invalid Output: the output is not JSON of at most 262144 bytes"}
	}
	a, err := m.waiting(token)
	if err != nil {
		return err
	}
	a.settle(func() { a.visit.taskSucceeded(doc) })
	return nil
}

// SendTaskFailure answers a task token with an error, which Retry and Catch may
// take.
func (m *Machine) SendTaskFailure(token, error, cause string) error {
	if err := checkFailure(error, cause); err != nil {
		return err
	}
	a, err := m.waiting(token)
	if err != nil {
		return err
	}
	a.settle(func() { a.visit.taskFailed(fault{Failure: Failure{Error: error, Cause: cause}}) })
	return nil
}

// SendTaskHeartbeat starts the time of HeartbeatSeconds again. It makes no
// event, and does not extend TimeoutSeconds (Step Functions API reference).
func (m *Machine) SendTaskHeartbeat(token string) error {
	a, err := m.waiting(token)
	if err != nil {
		return err
	}
	if a.beat != nil {
		a.beat()
	}
	return nil
}

// settle keeps the answer, and lets it take effect once the Lambda function has
// returned and the caller too.
func (a *attempt) settle(answer func()) {
	a.answer = answer
	if a.submitted {
		a.stopTimers()
		a.after(0, answer)
	}
}

// awaitHeartbeat has missed called when no heartbeat comes in time.
func (a *attempt) awaitHeartbeat(every time.Duration, missed func()) {
	cancel := func() {}
	a.beat = func() {
		cancel()
		cancel = a.after(every, missed)
	}
	a.beat()
}
