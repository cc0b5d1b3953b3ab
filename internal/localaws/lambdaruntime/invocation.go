package lambdaruntime

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Result is how an invocation ended.
type Result struct {
	// Payload is what the function returned, or its error's report:
	// {"errorMessage", "errorType"}.
	Payload []byte
	// Failed says that it is a report. Lambda's API calls that "Unhandled".
	Failed bool
}

// Error names in the reports that Lambda itself makes (those of AWS's Runtime
// Interface Emulator).
const (
	errTimedOut  = "Sandbox.Timedout"
	errExit      = "Runtime.ExitError"
	errTooLarge  = "Function.ResponseSizeTooLarge"
	errUnknown   = "Runtime.Unknown"
	contentType  = "application/json"
	largestReply = 6<<20 + 100 // bytes, as Lambda's own error message says
)

// invocation is one event on its way through the process.
type invocation struct {
	id       string
	trace    string
	payload  []byte
	deadline time.Time
	answered chan Result // takes one
}

func newInvocation(payload []byte, deadline time.Time) *invocation {
	root := identifier(12)
	return &invocation{
		id: uuid(), payload: payload, deadline: deadline, answered: make(chan Result, 1),
		trace: fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", time.Now().Unix(), root, identifier(8)),
	}
}

// answer takes the first answer, and says whether it was that.
func (i *invocation) answer(r Result) bool {
	select {
	case i.answered <- r:
		return true
	default:
		return false
	}
}

// report is the Result of an invocation that Lambda itself has given up.
func (i *invocation) report(errorType, format string, args ...any) Result {
	payload, _ := json.Marshal(map[string]string{ // strings always marshal
		"errorType":    errorType,
		"errorMessage": fmt.Sprintf("RequestId: %s Error: %s", i.id, fmt.Sprintf(format, args...)),
	})
	return Result{Payload: payload, Failed: true}
}

func uuid() string {
	text := identifier(16)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// identifier is that many random bytes in hexadecimal digits.
func identifier(bytes int) string {
	raw := make([]byte, bytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return hex.EncodeToString(raw)
}
