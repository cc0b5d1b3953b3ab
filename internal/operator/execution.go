package operator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// ErrUnavailable is returned by calls of AWS that failed for a passing reason: AWS
// throttled the call, had a fault, or could not be reached. The call may be retried.
var ErrUnavailable = errors.New("AWS is unavailable at the moment")

// ErrNameTaken is returned if an execution cannot be started because of its name.
var ErrNameTaken = errors.New("an execution with this name has ended, or has another input")

// Execution is the ARN of an execution:
// arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME.
type Execution string

// IsARN reports whether a text is an ARN. If not, it is a name.
func IsARN(text string) bool { return strings.HasPrefix(text, "arn:") }

// ParseExecution parses the ARN of an execution.
func ParseExecution(text string) (Execution, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 8 || parts[0] != "arn" || parts[2] != "states" || parts[5] != "execution" || parts[7] == "" {
		return "", fmt.Errorf("%q is not the ARN of an execution: arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME", shift.BoundText(text, maxShown))
	}
	return Execution(text), nil
}

// maxShown is how many characters of the user's input an error message quotes.
const maxShown = 120

// NewExecution returns the ARN of a state machine's execution with a given name.
func NewExecution(machineARN, name string) Execution {
	return Execution(strings.Replace(machineARN, ":stateMachine:", ":execution:", 1) + ":" + name)
}

// Listed is what a list of executions says of one.
type Listed struct {
	Execution Execution
	// Status is that of Step Functions, such as RUNNING.
	Status  string
	Started time.Time
	Ended   time.Time // zero while it runs
}

func (x Execution) part(n int) string {
	parts := strings.Split(string(x), ":")
	if n >= len(parts) {
		return ""
	}
	return parts[n]
}

// Region returns the region of the execution.
func (x Execution) Region() string { return x.part(3) }

// Name returns the last part of the ARN.
func (x Execution) Name() string { return x.part(7) }

// consoleHosts are the hosts of the AWS console by partition, without the region before them
// (AWS General Reference, Management Console endpoints, and the endpoint pages of China,
// GovCloud and the European Sovereign Cloud). The consoles of the isolated partitions
// (aws-iso…) have no public documentation.
var consoleHosts = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-eusc":   "console.amazonaws-eusc.eu",
	"aws-us-gov": "console.amazonaws-us-gov.com",
}

// ConsolePartitions lists the partitions whose console is known, in sorted order.
func ConsolePartitions() []string { return slices.Sorted(maps.Keys(consoleHosts)) }

// ConsoleOfExecutions returns what the URL of an execution's page in the AWS console begins
// with. The execution's ARN follows. It is empty in a partition whose console is not known: no
// link is better than one to a host that may be anybody's.
func ConsoleOfExecutions(partition, region string) string {
	host := consoleHosts[partition]
	if host == "" {
		return ""
	}
	return fmt.Sprintf("https://%s.%s/states/home?region=%s#/v2/executions/details/", region, host, region)
}

// Console returns the URL of the execution's page in the AWS console. It is empty in a
// partition whose console is not known.
func (x Execution) Console() string {
	page := ConsoleOfExecutions(x.part(1), x.Region())
	if page == "" {
		return ""
	}
	return page + string(x)
}

// maxName is the length of an execution's name at most (StartExecution, name).
const maxName = 80

// NewName returns a name for an execution that says what it shifts and when it
// started, such as orders-live-20261121T061031Z. It contains only characters that
// CloudWatch Logs accepts too (StartExecution, name). If the name is too long, the
// targets are cut, never the time.
func NewName(release shift.Release, at time.Time) string { return NewMarkedName(release, at, "") }

// NewMarkedName is NewName with a mark at its end, by which such executions are found again.
func NewMarkedName(release shift.Release, at time.Time, mark string) string {
	stamp := at.UTC().Format("-20060102T150405Z") + mark
	if more := len(release.Arrivals) - 1; more > 0 {
		stamp = fmt.Sprintf("-and-%d-more", more) + stamp
	}
	what := "deployment"
	if len(release.Arrivals) > 0 {
		what = strings.TrimPrefix(string(release.Arrivals[0].Target), shift.KindLambda+":")
	}
	what = strings.Map(replaceSpecial, what)
	return what[:min(len(what), maxName-len(stamp))] + stamp
}

// replaceSpecial replaces a character that is not allowed in a name.
func replaceSpecial(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
		return r
	}
	return '-'
}
