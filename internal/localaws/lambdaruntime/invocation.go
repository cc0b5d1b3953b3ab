package lambdaruntime

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Result is the result of an invocation.
type Result struct {
	// Payload is the function's return value or its error report: {"errorMessage",
	// "errorType"}.
	Payload []byte
	// Failed means that Payload is an error report. Lambda's API calls that
	// "Unhandled".
	Failed bool
}

// The error types of the reports that Lambda itself makes (those of AWS's Runtime
// Interface Emulator).
const (
	errTimedOut = "Sandbox.Timedout"
	errExit     = "Runtime.ExitError"
	errTooLarge = "Function.ResponseSizeTooLarge"
	errUnknown  = "Runtime.Unknown"
)

const contentType = "application/json"

// maxResponseBytes is the largest response of a function, as Lambda's own error message
// says.
const maxResponseBytes = 6<<20 + 100

// invocation is one event that the process handles or will handle.
type invocation struct {
	id       string
	trace    string
	payload  []byte
	deadline time.Time
	answered chan Result // buffers the first answer
}

func newInvocation(payload []byte, deadline time.Time) *invocation {
	root := randomHex(12)
	return &invocation{
		id: newUUID(), payload: payload, deadline: deadline, answered: make(chan Result, 1),
		trace: fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", time.Now().Unix(), root, randomHex(8)),
	}
}

// answer delivers the first answer and drops later ones. It reports whether r was the
// first.
func (i *invocation) answer(r Result) bool {
	select {
	case i.answered <- r:
		return true
	default:
		return false
	}
}

// report returns the Result of an invocation that Lambda itself ended with an error.
func (i *invocation) report(errorType, format string, args ...any) Result {
	payload, _ := json.Marshal(map[string]string{ // strings always marshal
		"errorType":    errorType,
		"errorMessage": fmt.Sprintf("RequestId: %s Error: %s", i.id, fmt.Sprintf(format, args...)),
	})
	return Result{Payload: payload, Failed: true}
}

func newUUID() string {
	text := randomHex(16)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// randomHex returns random bytes as hexadecimal digits.
func randomHex(bytes int) string {
	raw := make([]byte, bytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return hex.EncodeToString(raw)
}
