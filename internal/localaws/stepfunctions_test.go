package localaws_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// newStates returns an account with a state machine that runs executions.
func newStates(t *testing.T) (account, *machines) {
	t.Helper()
	a := newAccount(t, unlimited())
	m := newMachines(a.clock)
	a.SetStateMachines(m)
	return a, m
}

// startExecution starts an execution over the wire and returns its ARN.
func startExecution(t *testing.T, a account, name, input string) string {
	t.Helper()
	output, err := a.states().StartExecution(context.Background(), &sfn.StartExecutionInput{
		StateMachineArn: aws.String(machineARN), Name: aws.String(name), Input: aws.String(input),
	})
	require.NoError(t, err)
	return *output.ExecutionArn
}

func TestAnExecutionIsStartedDescribedAndStopped(t *testing.T) {
	t.Parallel()
	a, _ := newStates(t)
	ctx := context.Background()
	begun := a.clock.Now()
	arn := startExecution(t, a, "one", `{"function":"orders"}`)
	assert.Equal(t, executionARN, arn)

	running, err := a.states().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
	require.NoError(t, err)
	assert.Equal(t, types.ExecutionStatusRunning, running.Status)
	assert.Equal(t, begun, running.StartDate.UTC())
	assert.Nil(t, running.StopDate)
	assert.Nil(t, running.Output)
	assert.Equal(t, `{"function":"orders"}`, *running.Input)
	assert.True(t, running.InputDetails.Included)
	assert.Equal(t, types.ExecutionRedriveStatusNotRedrivable, running.RedriveStatus)

	a.clock.advance(90*time.Second + 250*time.Millisecond)
	stopped, err := a.states().StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(arn), Error: aws.String("Stopped"), Cause: aws.String("by hand")})
	require.NoError(t, err)
	assert.Equal(t, a.clock.Now(), stopped.StopDate.UTC())
	a.clock.advance(time.Minute)
	again, err := a.states().StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(arn), Cause: aws.String("again")})
	require.NoError(t, err)
	assert.Equal(t, stopped.StopDate, again.StopDate, "what has ended stays as it ended")

	ended, err := a.states().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
	require.NoError(t, err)
	assert.Equal(t, types.ExecutionStatusAborted, ended.Status)
	assert.Equal(t, "Stopped", *ended.Error)
	assert.Equal(t, "by hand", *ended.Cause)
	assert.Equal(t, types.ExecutionRedriveStatusRedrivable, ended.RedriveStatus)
}

func TestAnEndedExecutionIsDescribedWithItsResult(t *testing.T) {
	t.Parallel()
	a, m := newStates(t)
	arn := startExecution(t, a, "one", `{}`)
	m.end(arn, localaws.ExecutionSucceeded)
	m.executions[0].Output, m.executions[0].NotRedrivable = `{"outcome":"Promoted"}`, "Execution is SUCCEEDED and cannot be redriven"

	output, err := a.states().DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})

	require.NoError(t, err)
	assert.Equal(t, `{"outcome":"Promoted"}`, *output.Output)
	assert.True(t, output.OutputDetails.Included)
	assert.Equal(t, types.ExecutionRedriveStatusNotRedrivable, output.RedriveStatus)
	assert.Equal(t, "Execution is SUCCEEDED and cannot be redriven", *output.RedriveStatusReason)
	assert.Nil(t, output.Error)
}

func TestStartingAgainWithTheSameName(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name    string
		input   string
		ended   bool
		refused bool
	}
	for _, test := range []testcase{
		{"same input while it runs: the same answer", `{"n":1}`, false, false},
		{"other input while it runs", `{"n":2}`, false, true},
		{"same input after it ended", `{"n":1}`, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, m := newStates(t)
			arn := startExecution(t, a, "one", `{"n":1}`)
			if test.ended {
				m.end(arn, localaws.ExecutionSucceeded)
			}
			a.clock.advance(time.Second)

			output, err := a.states().StartExecution(context.Background(), &sfn.StartExecutionInput{
				StateMachineArn: aws.String(machineARN), Name: aws.String("one"), Input: aws.String(test.input),
			})

			assert.Len(t, m.executions, 1)
			if test.refused {
				requireRefused(t, err, 400, "ExecutionAlreadyExists", "Execution Already Exists: '"+executionARN+"'")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, arn, *output.ExecutionArn)
			assert.Equal(t, a.clock.Now().Add(-time.Second), output.StartDate.UTC())
		})
	}
}

func TestAnExecutionWithoutANameGetsOne(t *testing.T) {
	t.Parallel()
	a, m := newStates(t)
	for range 2 {
		_, err := a.states().StartExecution(context.Background(), &sfn.StartExecutionInput{StateMachineArn: aws.String(machineARN)})
		require.NoError(t, err)
	}
	assert.NotEqual(t, m.executions[0].Name, m.executions[1].Name)
	assert.Equal(t, "{}", m.executions[0].Input)
}

// The forbidden characters and the lengths are those of StartExecution in the API reference.
func TestTheNameOfAnExecutionHasALengthAndAForm(t *testing.T) {
	t.Parallel()
	start := func(name string) (*machines, error) {
		a, m := newStates(t)
		_, err := a.states().StartExecution(context.Background(), &sfn.StartExecutionInput{StateMachineArn: aws.String(machineARN), Name: &name})
		return m, err
	}
	for _, name := range []string{"a", strings.Repeat("a", 80), strings.Repeat("é", 80), "a.b-c_d", "a'b", "(a)!+=@"} {
		m, err := start(name)
		require.NoError(t, err, name)
		assert.Len(t, m.executions, 1)
	}
	refused := []string{"", strings.Repeat("a", 81), strings.Repeat("é", 81)}
	for _, r := range "\t\n \u00a0\u2028<>{}[]?*\"#%\\^|~`$&,;:/\x00\x1f\x7f\u009f\uFFFE\uFFFF\U0010FFFF" {
		refused = append(refused, "a"+string(r)+"b")
	}
	for _, name := range refused {
		m, err := start(name)
		requireRefused(t, err, 400, "InvalidName", "Invalid Name: '"+name+"'")
		assert.Empty(t, m.executions)
	}
}

// The lengths are those of Step Functions' API model, which counts characters.
func TestStepFunctionsBoundsLengths(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	long := func(prefix string, n int) *string { return aws.String(prefix + strings.Repeat("é", n-len(prefix))) }
	for name, test := range map[string]struct {
		most int
		send func(client *sfn.Client, n int) error
		// passed is the code of the refusal of what is short enough, and refused that of what is not.
		passed, refused string
		text            string
	}{
		"the cause of a stop": {32768, func(client *sfn.Client, n int) error {
			_, err := client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(executionARN), Cause: long("", n)})
			return err
		}, "ExecutionDoesNotExist", "ValidationException", "Value at 'cause'"},
		"the error of a stop": {256, func(client *sfn.Client, n int) error {
			_, err := client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(executionARN), Error: long("", n)})
			return err
		}, "ExecutionDoesNotExist", "ValidationException", "Value at 'error'"},
		"the cause of an answer": {32768, func(client *sfn.Client, n int) error {
			_, err := client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: aws.String("answered"), Cause: long("", n)})
			return err
		}, "TaskDoesNotExist", "ValidationException", "Value at 'cause'"},
		"the error of an answer": {256, func(client *sfn.Client, n int) error {
			_, err := client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: aws.String("answered"), Error: long("", n)})
			return err
		}, "TaskDoesNotExist", "ValidationException", "Value at 'error'"},
		"the output of an answer": {256 << 10, func(client *sfn.Client, n int) error {
			_, err := client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: aws.String("answered"), Output: aws.String(`"` + strings.Repeat("x", n-2) + `"`)})
			return err
		}, "TaskDoesNotExist", "ValidationException", "Value at 'output'"},
		"the ARN of an execution": {256, func(client *sfn.Client, n int) error {
			_, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: long(executionARN, n)})
			return err
		}, "ExecutionDoesNotExist", "ValidationException", "Value at 'executionArn'"},
		"the ARN of a state machine": {256, func(client *sfn.Client, n int) error {
			_, err := client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: long(machineARN, n)})
			return err
		}, "StateMachineDoesNotExist", "ValidationException", "Value at 'stateMachineArn'"},
		"the client's token of a redrive": {64, func(client *sfn.Client, n int) error {
			_, err := client.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: aws.String(executionARN), ClientToken: aws.String(strings.Repeat("x", n))})
			return err
		}, "ExecutionDoesNotExist", "ValidationException", "Value at 'clientToken'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newStates(t)
			requireRefused(t, test.send(a.states(), test.most), 400, test.passed, "")
			requireRefused(t, test.send(a.states(), test.most+1), 400, test.refused, test.text)
		})
	}
	a, _ := newStates(t)
	for _, token := range []string{"a b", "é", ""} {
		_, err := a.states().RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: aws.String(executionARN), ClientToken: &token})
		requireRefused(t, err, 400, "ValidationException", "Value at 'clientToken'")
	}
}

func TestStepFunctionsRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	start := func(input sfn.StartExecutionInput) func(*sfn.Client) error {
		return func(client *sfn.Client) error {
			if input.StateMachineArn == nil {
				input.StateMachineArn = aws.String(machineARN)
			}
			_, err := client.StartExecution(ctx, &input)
			return err
		}
	}
	describe := func(arn string) func(*sfn.Client) error {
		return func(client *sfn.Client) error {
			_, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
			return err
		}
	}
	list := func(input sfn.ListExecutionsInput) func(*sfn.Client) error {
		return func(client *sfn.Client) error {
			_, err := client.ListExecutions(ctx, &input)
			return err
		}
	}
	type testcase struct {
		name string
		call func(*sfn.Client) error
		code string
		text string
	}
	elsewhere := "arn:aws:states:us-east-1:123456789012:stateMachine:other"
	for _, test := range []testcase{
		{"unknown machine", start(sfn.StartExecutionInput{StateMachineArn: aws.String(elsewhere)}), "StateMachineDoesNotExist", "State Machine Does Not Exist: '" + elsewhere + "'"},
		{"no machine's ARN", start(sfn.StartExecutionInput{StateMachineArn: aws.String("sluice")}), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: sluice'"},
		{"an execution's ARN for a machine's", start(sfn.StartExecutionInput{StateMachineArn: aws.String(executionARN)}), "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: execution'"},
		{"a name with a space", start(sfn.StartExecutionInput{Name: aws.String("a b")}), "InvalidName", "Invalid Name: 'a b'"},
		{"a name with a colon", start(sfn.StartExecutionInput{Name: aws.String("a:b")}), "InvalidName", "Invalid Name: 'a:b'"},
		{"an empty name", start(sfn.StartExecutionInput{Name: aws.String("")}), "InvalidName", "Invalid Name: ''"},
		{"a name of 81", start(sfn.StartExecutionInput{Name: aws.String(strings.Repeat("a", 81))}), "InvalidName", "Invalid Name"},
		{"an input that is not JSON", start(sfn.StartExecutionInput{Input: aws.String("{")}), "InvalidExecutionInput", "Invalid State Machine Execution Input"},
		{"an input that is too long", start(sfn.StartExecutionInput{Input: aws.String(`"` + strings.Repeat("x", 256<<10) + `"`)}), "ValidationException", "Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144"},
		{"a trace header", start(sfn.StartExecutionInput{TraceHeader: aws.String("Root=1")}), "NotImplemented", `states:StartExecution with "traceHeader"`},
		{"a long cause", func(client *sfn.Client) error {
			_, err := client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(executionARN), Cause: aws.String(strings.Repeat("c", 32769))})
			return err
		}, "ValidationException", "Value at 'cause' failed to satisfy constraint: Member must have length less than or equal to 32768"},
		{"a long error", func(client *sfn.Client) error {
			_, err := client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: aws.String("waiting"), Error: aws.String(strings.Repeat("e", 257))})
			return err
		}, "ValidationException", "Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256"},
		{"unknown execution", describe(executionARN), "ExecutionDoesNotExist", "Execution Does Not Exist: '" + executionARN + "'"},
		{"a machine's ARN for an execution's", describe(machineARN), "InvalidArn", "Resource type not valid in this context: stateMachine"},
		{"unknown status", list(sfn.ListExecutionsInput{StateMachineArn: aws.String(machineARN), StatusFilter: "running"}), "ValidationException", "Value 'running' at 'statusFilter'"},
		{"1001 results", list(sfn.ListExecutionsInput{StateMachineArn: aws.String(machineARN), MaxResults: 1001}), "ValidationException", "Value '1001' at 'maxResults'"},
		{"a token it did not give", list(sfn.ListExecutionsInput{StateMachineArn: aws.String(machineARN), NextToken: aws.String("x")}), "InvalidToken", "Invalid Token: 'Invalid token'"},
		{"unknown machine's executions", list(sfn.ListExecutionsInput{StateMachineArn: aws.String(elsewhere)}), "StateMachineDoesNotExist", "State Machine Does Not Exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, m := newStates(t)
			status := 400
			if test.code == "NotImplemented" {
				status = 501
			}
			requireRefused(t, test.call(a.states()), status, test.code, test.text)
			assert.Empty(t, m.executions)
		})
	}
}

func TestExecutionsAreListedNewestFirstInPages(t *testing.T) {
	t.Parallel()
	a, m := newStates(t)
	for i := range 5 {
		arn := startExecution(t, a, fmt.Sprintf("e%d", i), `{}`)
		if i%2 == 1 {
			m.end(arn, localaws.ExecutionFailed)
		}
		a.clock.advance(time.Second)
	}
	names := func(input sfn.ListExecutionsInput, between func()) (names []string) {
		input.StateMachineArn = aws.String(machineARN)
		pages := sfn.NewListExecutionsPaginator(a.states(), &input)
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			require.NoError(t, err)
			for _, e := range page.Executions {
				names = append(names, *e.Name)
			}
			between()
		}
		return names
	}
	calm := func() {}
	assert.Equal(t, []string{"e4", "e3", "e2", "e1", "e0"}, names(sfn.ListExecutionsInput{}, calm))
	assert.Equal(t, []string{"e4", "e3", "e2", "e1", "e0"}, names(sfn.ListExecutionsInput{MaxResults: 2}, calm))
	assert.Equal(t, []string{"e3", "e1"}, names(sfn.ListExecutionsInput{StatusFilter: types.ExecutionStatusFailed, MaxResults: 1}, calm))

	// Between two pages, an execution that starts, or the end of the last one returned,
	// does not shift the second page.
	extra := 0
	assert.Equal(t, []string{"e4", "e2", "e0"}, names(sfn.ListExecutionsInput{StatusFilter: types.ExecutionStatusRunning, MaxResults: 1}, func() {
		if extra++; extra == 1 {
			startExecution(t, a, "later", `{}`)
			m.end(strings.Replace(executionARN, ":one", ":e4", 1), localaws.ExecutionTimedOut)
		}
	})[:3])
}

func TestReadsOfAnExecutionMayLag(t *testing.T) {
	t.Parallel()
	a, m := newStates(t)
	ctx := context.Background()
	arn := startExecution(t, a, "one", `{}`)
	listed := func() []types.ExecutionListItem {
		out, err := a.states().ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(machineARN)})
		require.NoError(t, err)
		return out.Executions
	}
	describe := func() error {
		_, err := a.states().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
		return err
	}
	require.Len(t, listed(), 1)
	m.executions[0].Unlisted = true
	assert.Empty(t, listed())
	require.NoError(t, describe())
	m.executions[0].Undescribed = true
	requireRefused(t, describe(), 400, "ExecutionDoesNotExist", "")
	_, err := a.states().StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(arn)})
	require.NoError(t, err, "what is done to it does not lag")
}

func TestHistoryComesInPagesInBothOrders(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name  string
		input sfn.GetExecutionHistoryInput
		sizes []int
		first int64
		last  int64
	}
	for _, test := range []testcase{
		{"by default a hundred", sfn.GetExecutionHistoryInput{}, []int{100, 100, 50}, 1, 250},
		{"a thousand", sfn.GetExecutionHistoryInput{MaxResults: 1000}, []int{250}, 1, 250},
		{"from the end", sfn.GetExecutionHistoryInput{ReverseOrder: true, MaxResults: 200}, []int{200, 50}, 250, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, m := newStates(t)
			m.events = 250
			startExecution(t, a, "one", `{}`)
			input := test.input
			input.ExecutionArn = aws.String(executionARN)
			pages := sfn.NewGetExecutionHistoryPaginator(a.states(), &input)
			var sizes []int
			var events []types.HistoryEvent
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				require.NoError(t, err)
				sizes = append(sizes, len(page.Events))
				events = append(events, page.Events...)
			}
			assert.Equal(t, test.sizes, sizes)
			assert.Equal(t, test.first, events[0].Id)
			assert.Equal(t, test.last, events[len(events)-1].Id)
		})
	}
}

func TestHistoryOmitsExecutionDataOnRequest(t *testing.T) {
	t.Parallel()
	a, _ := newStates(t)
	startExecution(t, a, "one", `{}`)
	read := func(data *bool) types.HistoryEvent {
		output, err := a.states().GetExecutionHistory(context.Background(), &sfn.GetExecutionHistoryInput{ExecutionArn: aws.String(executionARN), IncludeExecutionData: data})
		require.NoError(t, err)
		require.Len(t, output.Events, 1)
		return output.Events[0]
	}
	whole := read(nil)
	assert.Equal(t, types.HistoryEventTypeExecutionStarted, whole.Type)
	assert.Equal(t, a.clock.Now(), whole.Timestamp.UTC())
	assert.Equal(t, "{}", *whole.ExecutionStartedEventDetails.Input)
	assert.Equal(t, whole, read(aws.Bool(true)))
	bare := read(aws.Bool(false))
	assert.Nil(t, bare.ExecutionStartedEventDetails.Input)
	assert.Nil(t, bare.ExecutionStartedEventDetails.InputDetails)
	assert.Equal(t, "arn:aws:iam::123456789012:role/sluice", *bare.ExecutionStartedEventDetails.RoleArn)
}

func TestATaskIsAnsweredByItsToken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, m := newStates(t)
	var calls []localaws.Call
	a.OnCall(func(call localaws.Call) { calls = append(calls, call) })
	_, err := a.states().SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: aws.String("waiting")})
	require.NoError(t, err)
	_, err = a.states().SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: aws.String("waiting"), Error: aws.String("SmokeFailed"), Cause: aws.String("503")})
	require.NoError(t, err)
	_, err = a.states().SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: aws.String("waiting"), Output: aws.String(`{"ok":true}`)})
	require.NoError(t, err)

	assert.Equal(t, []string{"heartbeat", "failure SmokeFailed 503", `success {"ok":true}`}, m.sent)
	for _, call := range calls {
		assert.Equal(t, machineARN, call.Resource)
	}
}

func TestATokenThatNoTaskWaitsWithIsRefused(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		token  string
		output string
		code   string
		text   string
	}
	for _, test := range []testcase{
		{"never issued", "made up", `{}`, "InvalidToken", "Invalid Token: 'Invalid token'"},
		{"too long", strings.Repeat("t", 2049), `{}`, "InvalidToken", "Invalid Token: 'Invalid token'"},
		{"answered already", "answered", `{}`, "TaskDoesNotExist", "Provided task does not exist anymore"},
		{"timed out", "late", `{}`, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"},
		{"output that is not JSON", "waiting", `ok`, "InvalidOutput", "Invalid Output"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, m := newStates(t)
			_, err := a.states().SendTaskSuccess(context.Background(), &sfn.SendTaskSuccessInput{TaskToken: aws.String(test.token), Output: aws.String(test.output)})
			requireRefused(t, err, 400, test.code, test.text)
			assert.Empty(t, m.sent)
		})
	}
}

func TestOnlyFailedOrAbortedExecutionsAreRedrivable(t *testing.T) {
	t.Parallel()
	type testcase struct {
		status string
		text   string
	}
	for _, test := range []testcase{
		{localaws.ExecutionFailed, ""},
		{localaws.ExecutionAborted, ""},
		{localaws.ExecutionRunning, "Execution is RUNNING and cannot be redriven"},
		{localaws.ExecutionSucceeded, "the execution is not redrivable: it succeeded"},
	} {
		t.Run(test.status, func(t *testing.T) {
			t.Parallel()
			a, m := newStates(t)
			arn := startExecution(t, a, "one", `{}`)
			m.end(arn, test.status)
			output, err := a.states().RedriveExecution(context.Background(), &sfn.RedriveExecutionInput{ExecutionArn: aws.String(arn)})
			if test.text != "" {
				requireRefused(t, err, 400, "ExecutionNotRedrivable", test.text)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, a.clock.Now(), output.RedriveDate.UTC())
			described, err := a.states().DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
			require.NoError(t, err)
			assert.Equal(t, types.ExecutionStatusRunning, described.Status)
			assert.EqualValues(t, 1, *described.RedriveCount)
		})
	}
}

func TestAStateMachineIsDescribedWithItsDefinition(t *testing.T) {
	t.Parallel()
	a, _ := newStates(t)
	output, err := a.states().DescribeStateMachine(context.Background(), &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(machineARN)})
	require.NoError(t, err)
	assert.Equal(t, "sluice", *output.Name)
	assert.Equal(t, `{"StartAt":"Publish"}`, *output.Definition)
	assert.Equal(t, types.StateMachineTypeStandard, output.Type)
	assert.Equal(t, types.StateMachineStatusActive, output.Status)
}

func TestStateMachinesAreListedInPages(t *testing.T) {
	t.Parallel()
	a, m := newStates(t)
	m.others = []string{"-two", "-three"}
	var names []string
	pages := sfn.NewListStateMachinesPaginator(a.states(), &sfn.ListStateMachinesInput{MaxResults: 2})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		require.NoError(t, err)
		for _, machine := range page.StateMachines {
			names = append(names, *machine.Name)
			assert.Equal(t, types.StateMachineTypeStandard, machine.Type)
			assert.Equal(t, a.clock.Now(), machine.CreationDate.UTC())
		}
	}
	assert.Equal(t, []string{"sluice", "sluice-two", "sluice-three"}, names)

	_, err := a.states().ListStateMachines(context.Background(), &sfn.ListStateMachinesInput{MaxResults: 1001})
	requireRefused(t, err, 400, "ValidationException", "Value '1001' at 'maxResults'")
	_, err = a.states().ListStateMachines(context.Background(), &sfn.ListStateMachinesInput{NextToken: aws.String("x")})
	requireRefused(t, err, 400, "InvalidToken", "Invalid Token: 'Invalid token'")
}
