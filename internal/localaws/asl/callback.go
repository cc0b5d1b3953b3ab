package asl

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// callback is the state of an attempt that waits for its task token.
type callback struct {
	token            string
	submitted        bool   // the Lambda function has returned
	answer           func() // ends the attempt with the answer; nil: no answer yet
	restartHeartbeat func() // restarts the heartbeat timeout
}

// issueToken gives the attempt a new token. AWS also issues a new one for every
// attempt.
func (m *Machine) issueToken(a *attempt) {
	text := fmt.Sprintf("%s#%d", a.visit.walk.execution.arn, len(m.tokens)+1)
	a.callback = &callback{token: base64.StdEncoding.EncodeToString([]byte(text))}
	m.tokens[a.token] = a
}

// findWaiting returns the attempt that waits for a token, or an *Error.
func (m *Machine) findWaiting(token string) (*attempt, error) {
	a, found := m.tokens[token]
	switch {
	case !found:
		return nil, &Error{CodeInvalidToken, "Invalid Token: 'Invalid token'"}
	case a.ended || a.answer != nil:
		return nil, &Error{CodeTaskTimedOut, "Task Timed Out: 'Provided task does not exist anymore'"}
	default:
		return a, nil
	}
}

// SendTaskSuccess answers a task token with the task's output. The execution continues
// after SendTaskSuccess has returned, and not before the Lambda function that was given
// the token has returned.
func (m *Machine) SendTaskSuccess(token string, output json.RawMessage) error {
	doc, err := newDocument(output)
	if err != nil || len(output) == 0 || len(output) > maxDocumentBytes {
		return &Error{CodeInvalidOutput, "Invalid Output: the output is not JSON of at most 262144 bytes"}
	}
	a, err := m.findWaiting(token)
	if err != nil {
		return err
	}
	a.acceptAnswer(func() { a.visit.succeedTask(doc) })
	return nil
}

// SendTaskFailure answers a task token with an error, which Retry and Catch may handle.
func (m *Machine) SendTaskFailure(token, error, cause string) error {
	if err := checkFailure(error, cause); err != nil {
		return err
	}
	a, err := m.findWaiting(token)
	if err != nil {
		return err
	}
	a.acceptAnswer(func() { a.visit.failTask(fault{Failure: Failure{Error: error, Cause: cause}, answered: true}) })
	return nil
}

// SendTaskHeartbeat restarts the timeout of HeartbeatSeconds. It records no event and
// does not extend TimeoutSeconds (Step Functions API reference).
func (m *Machine) SendTaskHeartbeat(token string) error {
	a, err := m.findWaiting(token)
	if err != nil {
		return err
	}
	if a.restartHeartbeat != nil {
		a.restartHeartbeat()
	}
	return nil
}

// acceptAnswer stores the answer. The answer takes effect once both the Lambda function
// and the caller have returned.
func (a *attempt) acceptAnswer(answer func()) {
	a.answer = answer
	if a.submitted {
		a.stopTimers()
		a.after(0, answer)
	}
}

// awaitHeartbeat calls missed when no heartbeat arrives in time.
func (a *attempt) awaitHeartbeat(every time.Duration, missed func()) {
	cancel := func() {}
	a.restartHeartbeat = func() {
		cancel()
		cancel = a.after(every, missed)
	}
	a.restartHeartbeat()
}
