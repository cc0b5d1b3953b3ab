package stepfunctions

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// The largest page of Step Functions' lists, and the page size if MaxResults is 0
// (ListExecutions and GetExecutionHistory in the API reference).
const (
	maxResults     = 1000
	defaultResults = 100
)

// dataDetails says whether an input or output is included in the response. Here it
// always is.
type dataDetails struct {
	Included bool `json:"included"`
}

// executionDescription is DescribeExecution's response.
type executionDescription struct {
	ExecutionArn        string       `json:"executionArn"`
	StateMachineArn     string       `json:"stateMachineArn"`
	Name                string       `json:"name"`
	Status              string       `json:"status"`
	StartDate           json.Number  `json:"startDate"`
	StopDate            *json.Number `json:"stopDate,omitempty"`
	Input               string       `json:"input"`
	InputDetails        dataDetails  `json:"inputDetails"`
	Output              string       `json:"output,omitempty"`
	OutputDetails       *dataDetails `json:"outputDetails,omitempty"`
	Error               string       `json:"error,omitempty"`
	Cause               string       `json:"cause,omitempty"`
	RedriveCount        int          `json:"redriveCount"`
	RedriveDate         *json.Number `json:"redriveDate,omitempty"`
	RedriveStatus       string       `json:"redriveStatus"`
	RedriveStatusReason string       `json:"redriveStatusReason,omitempty"`
}

// describe returns an execution as DescribeExecution does.
func describe(e Execution) executionDescription {
	description := executionDescription{
		ExecutionArn: e.ARN, StateMachineArn: e.StateMachineARN, Name: e.Name, Status: e.Status,
		StartDate: protocol.Epoch(e.Started), StopDate: optionalEpoch(e.Stopped),
		Input: e.Input, InputDetails: dataDetails{true}, Output: e.Output, Error: e.Error, Cause: e.Cause,
		RedriveCount: e.RedriveCount, RedriveDate: optionalEpoch(e.Redriven),
		RedriveStatus: "REDRIVABLE",
	}
	if e.Output != "" {
		description.OutputDetails = &dataDetails{true}
	}
	switch {
	case e.isRunning():
		description.RedriveStatus, description.RedriveStatusReason = "NOT_REDRIVABLE", "Execution is RUNNING and cannot be redriven"
	case e.NotRedrivable != "":
		description.RedriveStatus, description.RedriveStatusReason = "NOT_REDRIVABLE", e.NotRedrivable
	}
	return description
}

// executionOperation returns an operation on an execution. It fails if the execution
// does not exist.
func executionOperation(in input, arn string, run func(Execution) (any, error)) (protocol.Operation, error) {
	op := operationOn(arn, func(time.Time) (any, error) {
		execution, exists := in.machines.Execution(arn)
		if !exists {
			return nil, executionNotFound(arn)
		}
		return run(execution)
	})
	return op, validateARN(arn, "execution")
}

func (s *Executions) describeExecution(in input) (protocol.Operation, error) {
	var input struct {
		ExecutionArn string `json:"executionArn"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	return executionOperation(in, input.ExecutionArn, func(e Execution) (any, error) {
		if e.Undescribed {
			return nil, executionNotFound(e.ARN)
		}
		return describe(e), nil
	})
}

// stopExecution stops an execution. It does not change an execution that has ended.
func (s *Executions) stopExecution(in input) (protocol.Operation, error) {
	var input struct {
		ExecutionArn string `json:"executionArn"`
		Error        string `json:"error"`
		Cause        string `json:"cause"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op, err := executionOperation(in, input.ExecutionArn, func(e Execution) (any, error) {
		if e.isRunning() {
			var err error
			if e, err = in.machines.Stop(e.ARN, input.Error, input.Cause); err != nil {
				return nil, apiError(err)
			}
		}
		return map[string]any{"stopDate": protocol.Epoch(e.Stopped)}, nil
	})
	if err != nil {
		return op, err
	}
	return op, validateErrorAndCause(input.Error, input.Cause)
}

// validateErrorAndCause checks both lengths against the API model.
func validateErrorAndCause(name, cause string) error {
	if err := protocol.CheckLength("error", &name, 256); err != nil {
		return err
	}
	return protocol.CheckLength("cause", &cause, 32768)
}

// clientTokens are the tokens of a redrive that Step Functions accepts (ClientToken in its API
// model).
var clientTokens = regexp.MustCompile(`^[!-~]{1,64}$`)

func validateClientToken(token *string) error {
	if token != nil && !clientTokens.MatchString(*token) {
		return protocol.Constraint("Value at 'clientToken' failed to satisfy constraint: Member must have length between 1 and 64 and satisfy regular expression pattern: [!-~]+")
	}
	return nil
}

func (s *Executions) redriveExecution(in input) (protocol.Operation, error) {
	var input struct {
		ExecutionArn string  `json:"executionArn"`
		ClientToken  *string `json:"clientToken"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op, err := executionOperation(in, input.ExecutionArn, func(e Execution) (any, error) {
		if e.isRunning() {
			return nil, newError("ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven")
		}
		redriven, err := in.machines.Redrive(e.ARN)
		if err != nil {
			return nil, apiError(err)
		}
		return map[string]any{"redriveDate": protocol.Epoch(redriven.Redriven)}, nil
	})
	if err != nil {
		return op, err
	}
	return op, validateClientToken(input.ClientToken)
}

// executionItem is an execution in a list.
type executionItem struct {
	ExecutionArn    string       `json:"executionArn"`
	StateMachineArn string       `json:"stateMachineArn"`
	Name            string       `json:"name"`
	Status          string       `json:"status"`
	StartDate       json.Number  `json:"startDate"`
	StopDate        *json.Number `json:"stopDate,omitempty"`
	RedriveCount    int          `json:"redriveCount"`
	RedriveDate     *json.Number `json:"redriveDate,omitempty"`
}

type listExecutionsInput struct {
	StateMachineArn string `json:"stateMachineArn"`
	StatusFilter    string `json:"statusFilter"`
	MaxResults      int    `json:"maxResults"`
	NextToken       string `json:"nextToken"`
}

// executionStatuses are the values of a statusFilter.
var executionStatuses = []string{Running, Succeeded, Failed, TimedOut, Aborted, PendingRedrive}

// listExecutions lists a machine's executions, newest first.
func (s *Executions) listExecutions(in input) (protocol.Operation, error) {
	var input listExecutionsInput
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op := operationOn(input.StateMachineArn, func(time.Time) (any, error) { return input.list(in.machines) })
	if err := validateARN(input.StateMachineArn, "stateMachine"); err != nil {
		return op, err
	}
	if input.StatusFilter != "" && !slices.Contains(executionStatuses, input.StatusFilter) {
		return op, protocol.Constraint("Value '%s' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: %v", input.StatusFilter, executionStatuses)
	}
	return op, validateMaxResults(input.MaxResults)
}

func validateMaxResults(n int) error {
	if n < 0 || n > maxResults {
		return protocol.Constraint("Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 0 and %d", n, maxResults)
	}
	return nil
}

// list returns one page of executions.
func (l listExecutionsInput) list(machines StateMachines) (any, error) {
	if _, exists := machines.StateMachine(l.StateMachineArn); !exists {
		return nil, stateMachineNotFound(l.StateMachineArn)
	}
	items := []executionItem{}
	for _, e := range machines.Executions(l.StateMachineArn) {
		if (e.Unlisted || l.StatusFilter != "" && e.Status != l.StatusFilter) && !l.isLastSeen(e) {
			continue
		}
		items = append(items, executionItem{
			ExecutionArn: e.ARN, StateMachineArn: e.StateMachineARN, Name: e.Name, Status: e.Status,
			StartDate: protocol.Epoch(e.Started), StopDate: optionalEpoch(e.Stopped),
			RedriveCount: e.RedriveCount, RedriveDate: optionalEpoch(e.Redriven),
		})
	}
	page, next, err := cutPage(items, l.NextToken, l.MaxResults, func(e executionItem) string { return e.ExecutionArn })
	if err != nil {
		return nil, err
	}
	return struct {
		Executions []executionItem `json:"executions"`
		NextToken  string          `json:"nextToken,omitempty"`
	}{page, next}, nil
}

// isLastSeen reports whether an execution was the last one of the previous page. The
// next page starts after it, even if its status has changed since.
func (l listExecutionsInput) isLastSeen(e Execution) bool {
	key, ok := paging.Key(l.NextToken)
	return ok && l.NextToken != "" && key == e.ARN
}

// cutPage returns the page that nextToken and maxResults ask for.
func cutPage[T any](items []T, token string, size int, key func(T) string) ([]T, string, error) {
	if size == 0 {
		size = defaultResults
	}
	page, next, ok := paging.Cut(items, token, size, key)
	if !ok {
		return nil, "", invalidToken()
	}
	return page, next, nil
}

type historyInput struct {
	ExecutionArn         string `json:"executionArn"`
	MaxResults           int    `json:"maxResults"`
	ReverseOrder         bool   `json:"reverseOrder"`
	NextToken            string `json:"nextToken"`
	IncludeExecutionData *bool  `json:"includeExecutionData"`
}

func (s *Executions) getExecutionHistory(in input) (protocol.Operation, error) {
	var input historyInput
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op, err := executionOperation(in, input.ExecutionArn, func(e Execution) (any, error) {
		return input.page(in.machines.History(e.ARN))
	})
	if err != nil {
		return op, err
	}
	return op, validateMaxResults(input.MaxResults)
}

// page returns one page of a history.
func (h historyInput) page(events []HistoryEvent) (any, error) {
	if h.ReverseOrder {
		events = slices.Clone(events)
		slices.Reverse(events)
	}
	page, next, err := cutPage(events, h.NextToken, h.MaxResults, func(e HistoryEvent) string { return strconv.FormatInt(e.ID, 10) })
	if err != nil {
		return nil, err
	}
	items := make([]map[string]any, len(page))
	for i, event := range page {
		if items[i], err = event.onWire(h.IncludeExecutionData == nil || *h.IncludeExecutionData); err != nil {
			return nil, err
		}
	}
	return struct {
		Events    []map[string]any `json:"events"`
		NextToken string           `json:"nextToken,omitempty"`
	}{items, next}, nil
}

// onWire returns an event as GetExecutionHistory does. It leaves inputs and outputs out
// unless data is true.
func (e HistoryEvent) onWire(data bool) (map[string]any, error) {
	members := map[string]any{"id": e.ID, "previousEventId": e.PreviousID, "timestamp": protocol.Epoch(e.Time), "type": e.Type}
	if e.DetailsName == "" {
		return members, nil
	}
	members[e.DetailsName] = e.Details
	if data {
		return members, nil
	}
	var details map[string]json.RawMessage
	if err := json.Unmarshal(e.Details, &details); err != nil {
		return nil, fmt.Errorf("read the details of event %d: %w", e.ID, err)
	}
	for _, member := range []string{"input", "inputDetails", "output", "outputDetails"} {
		delete(details, member)
	}
	members[e.DetailsName] = details
	return members, nil
}
