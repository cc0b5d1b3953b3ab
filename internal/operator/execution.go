package operator

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/internal/shift"
)

// ErrUnavailable is returned by whoever asks AWS when it could not be asked just
// now: throttled, out of order, or out of reach. It may be asked again.
var ErrUnavailable = errors.New("AWS cannot be asked just now")

// Execution is the ARN of an execution:
// arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME.
type Execution string

// IsARN says whether a text is to be read as an ARN; otherwise it is a name.
func IsARN(text string) bool { return strings.HasPrefix(text, "arn:") }

// ParseExecution reads the ARN of an execution.
func ParseExecution(text string) (Execution, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 8 || parts[0] != "arn" || parts[2] != "states" || parts[5] != "execution" || parts[7] == "" {
		return "", fmt.Errorf("%q is not the ARN of an execution: arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME", shift.BoundText(text, maxShown))
	}
	return Execution(text), nil
}

// maxShown bounds what an error repeats of what a person wrote.
const maxShown = 120

// Named is the execution of a state machine with a name.
func Named(machineARN, name string) Execution {
	return Execution(strings.Replace(machineARN, ":stateMachine:", ":execution:", 1) + ":" + name)
}

func (x Execution) part(n int) string {
	parts := strings.Split(string(x), ":")
	if n >= len(parts) {
		return ""
	}
	return parts[n]
}

// Region is where it runs.
func (x Execution) Region() string { return x.part(3) }

// Name is the last part of its ARN.
func (x Execution) Name() string { return x.part(7) }

// consoles are the hosts of the AWS console by partition.
var consoles = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-us-gov": "console.amazonaws-us-gov.com",
}

// Console is the address of the page that shows it; "" where none is known.
func (x Execution) Console() string {
	host := consoles[x.part(1)]
	if host == "" {
		return ""
	}
	return fmt.Sprintf("https://%s.%s/states/home?region=%s#/v2/executions/details/%s", x.Region(), host, x.Region(), x)
}

// maxName is how long an execution's name can be (StartExecution, name).
const maxName = 80

// NewName names an execution for what it does, as in
// orders-live-20261121T061031Z, in characters that CloudWatch's logs take, too
// (StartExecution, name). A long one loses of what is shifted, never of the time.
func NewName(release shift.Release, at time.Time) string {
	stamp := at.UTC().Format("-20060102T150405Z")
	if more := len(release.Arrivals) - 1; more > 0 {
		stamp = fmt.Sprintf("-and-%d-more", more) + stamp
	}
	what := "deployment"
	if len(release.Arrivals) > 0 {
		what = strings.TrimPrefix(string(release.Arrivals[0].Target), shift.KindLambda+":")
	}
	what = strings.Map(plain, what)
	return what[:min(len(what), maxName-len(stamp))] + stamp
}

func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
		return r
	}
	return '-'
}
