package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/sluice-aws/sluice/internal/shift"
)

// row is one thing that is tested.
type row struct {
	name string
	// expects is what Sluice or AWS should do.
	expects string
	// settles is what AWS's documentation leaves open and the row answers, and what is known of
	// it. It is empty if there is nothing.
	settles string
	// needs are the IAM actions of this row, beside those of all rows.
	needs []string
	takes time.Duration
	// relies says that Sluice does not work as its pages say where the row does not hold. Of
	// the other rows Sluice only takes the careful view.
	relies bool
	test   func(context.Context, *demo) (finding, error)
}

// verdict is the result of a row.
type verdict string

const (
	held    verdict = "held"
	differs verdict = "differs"
	failed  verdict = "FAILED"
	skipped verdict = "skipped"
)

// finding is what a row has seen.
type finding struct {
	verdict verdict
	seen    string
}

func found(v verdict, format string, args ...any) (finding, error) {
	return finding{v, fmt.Sprintf(format, args...)}, nil
}

// errSkip says that a row cannot be tested here.
var errSkip = errors.New("")

func skip(format string, args ...any) (finding, error) {
	return finding{}, fmt.Errorf("%w"+format, append([]any{errSkip}, args...)...)
}

// result is a row with its finding.
type result struct {
	row
	finding
}

func (r row) play(ctx context.Context, d *demo) result {
	f, err := r.test(ctx, d)
	if err != nil {
		f = r.judge(ctx, err)
	}
	f.seen = shift.BoundText(f.seen, maxSeen)
	return result{r, f}
}

// maxSeen bounds the text of a finding, in characters.
const maxSeen = 600

// judge returns the finding of a row that ended with an error.
func (r row) judge(ctx context.Context, err error) finding {
	var coded smithy.APIError
	switch {
	case ctx.Err() != nil:
		return finding{skipped, "interrupted"}
	case errors.Is(err, errSkip):
		return finding{skipped, err.Error()}
	case isMissing(err):
		return finding{skipped, "this AWS does not have it: " + plain(err)}
	case errors.As(err, &coded) && strings.HasPrefix(coded.ErrorCode(), "AccessDenied"):
		return finding{skipped, "you may not do it: " + plain(err)}
	case !r.relies:
		return finding{skipped, plain(err)}
	}
	return finding{failed, plain(err)}
}

// isMissing reports whether the service does not know an operation or a member of its request.
// The codes are AWS's (Common Errors of AWS's API references), the status is that of the local
// AWS.
func isMissing(err error) bool {
	var coded smithy.APIError
	var answered interface{ HTTPStatusCode() int }
	return errors.As(err, &answered) && answered.HTTPStatusCode() == http.StatusNotImplemented ||
		errors.As(err, &coded) && slices.Contains([]string{"UnknownOperationException", "InvalidAction"}, coded.ErrorCode())
}

// plain returns an error's text in one line, without the SDK's words around AWS's.
func plain(err error) string {
	text := err.Error()
	var coded smithy.APIError
	var operation *smithy.OperationError
	if errors.As(err, &coded) && errors.As(err, &operation) {
		text = fmt.Sprintf("%s: %s: %s", operation.Operation(), coded.ErrorCode(), coded.ErrorMessage())
	}
	return strings.Join(strings.Fields(text), " ")
}

// The widths of the first columns.
const (
	nameWidth    = 18
	verdictWidth = 9
)

func printRow(to io.Writer, r result) {
	fmt.Fprintf(to, "  %-*s%-*s%s\n", nameWidth, r.name, verdictWidth, r.verdict, r.seen)
}

// printDetails explains what did not hold, and returns the exit status.
func printDetails(to io.Writer, results []result) int {
	count := map[verdict]int{}
	for _, r := range results {
		count[r.verdict]++
		if r.verdict == held || r.verdict == skipped {
			continue
		}
		fmt.Fprintf(to, "\n%s %s\n  expected  %s\n  seen      %s\n", r.name, r.verdict, r.expects, r.seen)
		if r.settles != "" {
			fmt.Fprintf(to, "  known     %s\n", r.settles)
		}
		if r.verdict == differs {
			fmt.Fprintln(to, "  Please tell us: open an issue with these lines.")
		}
	}
	fmt.Fprintf(to, "\n%d held, %d differ, %d failed, %d skipped\n", count[held], count[differs], count[failed], count[skipped])
	if count[failed] > 0 {
		fmt.Fprintln(to, "Do not rely on this Sluice before the rows that failed hold.")
		return statusFailed
	}
	return statusHeld
}

// needed are the IAM actions of every run.
var needed = []string{
	"lambda:CreateFunction", "lambda:DeleteFunction", "lambda:GetFunction", "lambda:ListFunctions", "lambda:UpdateFunctionCode",
	"lambda:PublishVersion", "lambda:CreateAlias", "lambda:GetAlias", "lambda:UpdateAlias", "lambda:TagResource",
	"states:ListStateMachines", "states:StartExecution", "states:DescribeExecution", "states:StopExecution",
	"iam:PassRole", "iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole", "iam:ListRoles",
	"events:ListRules", "sqs:ListQueues", "cloudwatch:DescribeAlarms", "cloudwatch:ListAlarmMuteRules",
}

// printList prints the rows without testing anything.
func printList(to io.Writer, rows []row) {
	fmt.Fprint(to, "Every run makes a role, five functions of a few lines, and what its rows name; and removes it all.\n"+
		"It costs about a cent: some state transitions, invocations and API calls.\n"+
		"Subscribers of Sluice's topic get the announcements of its deployments.\n")
	fmt.Fprintf(to, "It needs %s.\n", strings.Join(needed, ", "))
	var takes time.Duration
	for _, r := range rows {
		takes += r.takes
		kind := "settles"
		if r.relies {
			kind = "relies"
		}
		fmt.Fprintf(to, "\n%-*s%s, about %s\n  expects  %s\n", nameWidth, r.name, kind, r.takes, r.expects)
		if r.settles != "" {
			fmt.Fprintf(to, "  known    %s\n", r.settles)
		}
		if len(r.needs) > 0 {
			fmt.Fprintf(to, "  needs    %s\n", strings.Join(r.needs, ", "))
		}
	}
	fmt.Fprintf(to, "\n%d rows, about %d minutes\n", len(rows), int(takes.Minutes()+0.5))
}
