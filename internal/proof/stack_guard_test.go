package proof

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
)

// waitsInVain is what comes of an answer that nobody sends.
var waitsInVain = regexp.MustCompile(`^(CloudFormation has waited for an answer in vain|the stack is UPDATE_ROLLBACK_FAILED)`)

const (
	stackUpdated     = "a stack: a healthy version, as documented, order 0"
	stackTakenBack   = "a stack: the rollback is late, in order, order 0"
	stackCancelled   = "a stack: the update is cancelled in mid-shift, in order, order 0"
	stackAskedAgain  = "a stack: an event comes again during the next update, in order, order 0"
	stackAdoptedBack = "a stack: adopted with a new version, and a failure, in order, order 0"
)

// ofStacks removes a guard from the calls of stack-shift.
func ofStacks(without func(r *run, c *wireCall) *http.Response) func(*run, *wireCall) (*http.Response, error) {
	return func(r *run, c *wireCall) (*http.Response, error) {
		if c.actor != flow.StackShift {
			return nil, nil
		}
		return without(r, c), nil
	}
}

// isOfWaiter says whether a call changes whether a request waits: it begins to, or not any more.
func (c *wireCall) isOfWaiter(begins bool) bool {
	change, _ := c.body["UpdateExpression"].(string)
	of := attribute(c.body["Key"], flow.LedgerPartitionKey)
	return c.operation == "UpdateItem" && strings.HasPrefix(of, flow.StackWaitPartition) && strings.HasPrefix(change, "SET") == begins
}

var stackGuards = []guard{
	{
		name: "that the Ledger knows who waits before the execution of a stack starts",
		without: ofStacks(func(_ *run, c *wireCall) *http.Response {
			if c.operation == "TransactWriteItems" {
				return nothing(`{}`)
			}
			return nil
		}),
		bases: []string{stackUpdated}, strikes: []strike{}, breaks: waitsInVain,
	},
	{
		name: "that a stack which rolls back waits for the end of what takes back",
		without: ofStacks(func(_ *run, c *wireCall) *http.Response {
			if c.isOfWaiter(true) {
				return nothing(`{}`)
			}
			return nil
		}),
		bases: []string{stackTakenBack}, strikes: []strike{}, breaks: waitsInVain,
	},
	{
		name: "that a request is forgotten when it was answered",
		without: ofStacks(func(_ *run, c *wireCall) *http.Response {
			if c.isOfWaiter(false) {
				return nothing(`{}`)
			}
			return nil
		}),
		bases: []string{stackUpdated}, strikes: []strike{}, breaks: regexp.MustCompile(`^the ledger keeps a request of CloudFormation`),
	},
	{
		name: "the status of the stack, which tells a rollback from an update",
		without: ofStacks(func(_ *run, c *wireCall) *http.Response {
			if !strings.Contains(c.text, "Action=DescribeStacks") {
				return nil
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/xml"}}, Body: nothing(
				`<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>shop</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`).Body}
		}),
		bases: []string{stackTakenBack, stackCancelled}, strikes: []strike{},
		breaks: regexp.MustCompile(`^(its deployment|the request|the stack is|UPDATE_ROLLBACK_COMPLETE)`),
	},
	{
		name: "that the shift of a stack which rolls back is aborted",
		without: ofStacks(func(_ *run, c *wireCall) *http.Response {
			if strings.HasSuffix(c.path, "/invocations") {
				return nothing(`{"deploymentId": "x"}`)
			}
			return nil
		}),
		bases: []string{stackCancelled}, strikes: []strike{},
		breaks: regexp.MustCompile(`^the stack was taken back, and its shift was Promoted`),
	},
	{
		name: "the name of a stack's execution, which is the same for an event that comes twice",
		without: ofStacks(func(r *run, c *wireCall) *http.Response {
			if name, is := c.body["name"].(string); is && c.operation == "StartExecution" {
				c.body["name"], c.changed = fmt.Sprintf("%s-%d", name, r.made[flow.StackShift+" states:StartExecution"]), true
			}
			return nil
		}),
		bases: []string{stackUpdated}, strikes: []strike{}, breaks: waitsInVain,
	},
	{
		name: "that a request which is older than what is remembered begins nothing",
		without: ofStacks(func(_ *run, c *wireCall) *http.Response {
			if c.operation == "TransactWriteItems" {
				for _, put := range c.writes("Put") {
					if strings.HasPrefix(attribute(put["Item"], flow.LedgerPartitionKey), flow.StackPartition) {
						c.unconditional(put)
					}
				}
			}
			return nil
		}),
		bases:   []string{stackCancelled},
		strikes: []strike{{actor: flow.StackShift, action: "dynamodb:TransactWriteItems", nth: 1, fault: theFault("slower than the Lambda may be, and late")}},
		breaks:  regexp.MustCompile(`^(the stack is|UPDATE_ROLLBACK_COMPLETE|an execution|the ledger keeps|command|I)`),
	},
}
