package e2e_test

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	codedeploytypes "github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	states "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// minute is a plan that takes a minute. long is a plan whose end no test waits for.
const (
	minute = `"strategy": "Canary10Percent1Minute"`
	long   = `"strategy": "Canary10Percent600Minutes"`
)

// stages are played one after the other in one account, where each finds what the ones before have
// left.
var stages = []struct {
	name string
	play func(*account, *testing.T)
}{
	{"a canary is promoted", (*account).promotesACanary},
	{"the definition names published versions", (*account).namesPublishedVersions},
	{"nothing to shift is left as it is", (*account).leavesWhatIsServed},
	{"an alarm puts the traffic back", (*account).goesBackByAnAlarm},
	{"a person's abort puts the traffic back", (*account).goesBackByAnAbort},
	{"a stopped execution leaves no traffic behind", (*account).goesBackWhenStopped},
	{"a sync hook agrees", (*account).asksASyncHook},
	{"a callback hook agrees with its task token", (*account).asksACallbackHook},
	{"a hook that was written for CodeDeploy agrees", (*account).asksAHookOfCodeDeploy},
	{"a hook that refuses rejects the deployment", (*account).heedsARefusal},
	{"the macro answers CloudFormation", (*account).rewritesATemplate},
	{"stack-shift hears how an execution has ended that no stack waits for", (*account).hearsAnEnd},
	{"the widget shows the deployments", (*account).showsTheWidget},
	{"errors carry their names", (*account).namesErrors},
}

func TestTheLambdasOwnBinariesShiftTrafficAndPutItBack(t *testing.T) {
	t.Parallel()
	a := play(t, "--speed", "60")
	for _, stage := range stages {
		t.Run(stage.name, func(t *testing.T) { stage.play(a, t) })
	}
	a.everyFunctionRanAndEnds(t)
}

func (a *account) promotesACanary(t *testing.T) {
	ran := a.sluice(t, "start", "--wait", "--name", "healthy", "-f", deployment(t, `{"function": "orders", "alarms": ["orders-errors"], `+minute+`}`))
	assert.Equal(t, 0, ran.status, ran.stderr)
	assert.Regexp(t, `SetWeight +10% +step 1 of 2`, ran.stdout)
	assert.Regexp(t, `outcome +Promoted`, ran.stdout)
	assert.Equal(t, "2", a.alias(t))
	ended := a.end(t, "healthy")
	require.Equal(t, states.ExecutionStatusSucceeded, ended.Status, "%s", aws.ToString(ended.Cause))
	assert.Contains(t, *ended.Output, `"outcome":"Promoted"`)
}

func (a *account) namesPublishedVersions(t *testing.T) {
	machine, err := a.states().DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(a.machine())})
	require.NoError(t, err)
	versions, err := a.lambda().ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String(flow.DefaultNamePrefix + "-" + flow.SetWeight.Function)})
	require.NoError(t, err)
	require.Len(t, versions.Versions, 2, "$LATEST, and the published version")
	assert.Contains(t, *machine.Definition, `"`+*versions.Versions[1].FunctionArn+`"`)
}

func (a *account) leavesWhatIsServed(t *testing.T) {
	a.start(t, "again", `{"function": "orders"}`)
	ended := a.end(t, "again")
	require.Equal(t, states.ExecutionStatusSucceeded, ended.Status, "%s", aws.ToString(ended.Cause))
	assert.Contains(t, *ended.Output, `"outcome":"Unchanged"`)
}

func (a *account) goesBackByAnAlarm(t *testing.T) {
	a.newCode(t, "sick.zip")
	a.start(t, "sick", `{"function": "orders", "alarms": ["orders-errors"], `+long+`}`)
	eventually(t, "10% of the traffic are on version 3", func() bool { return a.alias(t) == "2 and 10% on 3" })
	_, err := cloudwatch.NewFromConfig(a.config()).SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("orders-errors"), StateValue: types.StateValueAlarm, StateReason: aws.String("by hand"),
	})
	require.NoError(t, err)
	ended := a.end(t, "sick")
	assert.Equal(t, "RolledBack", aws.ToString(ended.Error))
	assert.Contains(t, aws.ToString(ended.Cause), "AlarmFired: orders-errors is in ALARM: by hand")
	assert.Equal(t, "2", a.alias(t))

	ran := a.sluice(t, "watch", "sick")
	assert.Equal(t, 1, ran.status, ran.stderr)
	assert.Regexp(t, `outcome +RolledBack`, ran.stdout)
}

func (a *account) goesBackByAnAbort(t *testing.T) {
	a.start(t, "aborted", `{"function": "orders", `+long+`}`)
	eventually(t, "10% of the traffic are on version 3", func() bool { return a.alias(t) == "2 and 10% on 3" })
	ran := a.sluice(t, "abort", "orders", "--reason", "customers call")
	assert.Equal(t, 0, ran.status, ran.stderr)
	assert.Equal(t, "2", a.alias(t))
	_, err := a.states().StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: aws.String(a.execution("aborted"))})
	require.NoError(t, err)

	ran = a.sluice(t, "history", "orders")
	assert.Equal(t, 0, ran.status, ran.stderr)
	assert.Regexp(t, `1 to 2 .*Promoted +healthy`, ran.stdout)
	assert.Regexp(t, `2 to 3 .*RolledBack +aborted`, ran.stdout)
	assert.Contains(t, ran.stdout, "customers call")
	assert.NotRegexp(t, `-[0-9]+:`, ran.stdout, "no duration is negative, even if the clocks differ")
}

func (a *account) goesBackWhenStopped(t *testing.T) {
	a.start(t, "stopped", `{"function": "orders", `+long+`}`)
	eventually(t, "10% of the traffic are on version 3", func() bool { return a.alias(t) == "2 and 10% on 3" })
	_, err := a.states().StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: aws.String(a.execution("stopped"))})
	require.NoError(t, err)
	eventually(t, "all traffic is on version 2", func() bool { return a.alias(t) == "2" })
	assert.Equal(t, states.ExecutionStatusAborted, a.end(t, "stopped").Status)
}

func (a *account) asksASyncHook(t *testing.T) {
	a.start(t, "smoke", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-smoke"}]}, `+minute+`}`)
	ended := a.end(t, "smoke")
	require.Equal(t, states.ExecutionStatusSucceeded, ended.Status, "%s", aws.ToString(ended.Cause))
	assert.Equal(t, "3", a.alias(t))
}

func (a *account) asksACallbackHook(t *testing.T) {
	a.newCode(t, "approved.zip")
	a.start(t, "approved", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-approval", "mode": "callback"}]}, `+minute+`}`)
	_, err := a.states().SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: aws.String(a.token(t, "approved")), Output: aws.String(`{}`)})
	require.NoError(t, err)
	ended := a.end(t, "approved")
	require.Equal(t, states.ExecutionStatusSucceeded, ended.Status, "%s", aws.ToString(ended.Cause))
	assert.Equal(t, "4", a.alias(t))
}

func (a *account) asksAHookOfCodeDeploy(t *testing.T) {
	a.newCode(t, "codedeploy.zip")
	a.start(t, "codedeploy", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-approval", "mode": "codedeploy"}]}, `+minute+`}`)
	config := a.config()
	config.BaseEndpoint = aws.String(a.endpoint + "/lambda-url/" + flow.DefaultNamePrefix + "-" + flow.HookEndpoint)
	event := a.lifecycleEvent(t)
	_, err := codedeploy.NewFromConfig(config).PutLifecycleEventHookExecutionStatus(t.Context(), &codedeploy.PutLifecycleEventHookExecutionStatusInput{
		DeploymentId: &event.DeploymentID, LifecycleEventHookExecutionId: &event.HookID, Status: codedeploytypes.LifecycleEventStatusSucceeded,
	})
	require.NoError(t, err)
	ended := a.end(t, "codedeploy")
	require.Equal(t, states.ExecutionStatusSucceeded, ended.Status, "%s", aws.ToString(ended.Cause))
	assert.Equal(t, "5", a.alias(t))
}

func (a *account) heedsARefusal(t *testing.T) {
	a.newCode(t, "refused.zip")
	a.start(t, "refused", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-approval", "mode": "callback"}]}}`)
	_, err := a.states().SendTaskFailure(t.Context(), &sfn.SendTaskFailureInput{
		TaskToken: aws.String(a.token(t, "refused")), Error: aws.String("NotToday"), Cause: aws.String("it is Friday"),
	})
	require.NoError(t, err)
	ended := a.end(t, "refused")
	assert.Equal(t, "Rejected", aws.ToString(ended.Error))
	assert.Contains(t, aws.ToString(ended.Cause), "NotToday: it is Friday")
	assert.Equal(t, "5", a.alias(t))
}

func (a *account) rewritesATemplate(t *testing.T) {
	answer, err := a.lambda().Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(flow.DefaultNamePrefix + "-" + flow.Macro),
		Payload:      []byte(`{"requestId": "r-1", "params": {}, "fragment": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}}`),
	})
	require.NoError(t, err)
	assert.Empty(t, aws.ToString(answer.FunctionError))
	assert.Equal(t, `{"requestId":"r-1","status":"success","fragment":{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}}`, string(answer.Payload))
}

func (a *account) hearsAnEnd(t *testing.T) {
	answer, err := a.lambda().Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(flow.DefaultNamePrefix + "-" + flow.StackShift),
		Payload:      []byte(`{"detail-type": "` + flow.AnnouncementDetailType + `", "detail": {"deploymentId": "arn:aws:states:us-east-1:123456789012:execution:sluice:cfn-0"}}`),
	})
	require.NoError(t, err)
	assert.Empty(t, aws.ToString(answer.FunctionError))
	assert.Equal(t, `{}`, string(answer.Payload))
}

func (a *account) showsTheWidget(t *testing.T) {
	answer, err := a.lambda().Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(flow.DefaultNamePrefix + "-" + flow.Panel), Payload: []byte(`{"widgetContext": {"theme": "light", "forms": {"all": {}}}}`),
	})
	require.NoError(t, err)
	assert.Empty(t, aws.ToString(answer.FunctionError))
	var page string
	require.NoError(t, json.Unmarshal(answer.Payload, &page), "%s", answer.Payload)
	assert.Contains(t, page, "lambda:orders:live")
	assert.NotContains(t, page, "cannot be read")
}

func (a *account) namesErrors(t *testing.T) {
	a.start(t, "invalid", `{"function": "orders", "strategy": "BigBang", "speed": "fast"}`)
	ended := a.end(t, "invalid")
	assert.Equal(t, "Rejected", aws.ToString(ended.Error))
	assert.Contains(t, aws.ToString(ended.Cause), "InvalidInput: ")
	assert.Contains(t, aws.ToString(ended.Cause), "strategy: unknown strategy")
	assert.Contains(t, aws.ToString(ended.Cause), "speed: is not known here")
}

// everyFunctionRanAndEnds checks that each function of this repository had its own process, and
// that none is left.
func (a *account) everyFunctionRanAndEnds(t *testing.T) {
	t.Helper()
	mains, err := filepath.Glob(root + "/functions/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, mains)
	if runtime.GOOS != "linux" {
		t.Log("only on Linux the test checks that every function has run and ended")
		a.interrupt(t)
		return
	}
	processes := a.children(t)
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		assert.True(t, slices.ContainsFunc(processes, func(c child) bool { return c.name == name }), "%s never ran", name)
	}
	a.interrupt(t)
	for _, c := range processes {
		assert.False(t, isAlive(c), "%s is left running as process %d", c.name, c.pid)
	}
}

// start starts an execution.
func (a *account) start(t testing.TB, name, input string) {
	t.Helper()
	_, err := a.states().StartExecution(t.Context(), &sfn.StartExecutionInput{
		StateMachineArn: aws.String(a.machine()), Name: aws.String(name), Input: aws.String(input),
	})
	require.NoError(t, err)
}

// end waits until an execution has ended.
func (a *account) end(t testing.TB, name string) *sfn.DescribeExecutionOutput {
	t.Helper()
	var execution *sfn.DescribeExecutionOutput
	eventually(t, "the execution "+name+" has ended", func() bool {
		var err error
		execution, err = a.states().DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(a.execution(name))})
		require.NoError(t, err)
		return execution.Status != states.ExecutionStatusRunning
	})
	return execution
}

// lifecycleEvent returns the event of a hook that was written for CodeDeploy, as the account shows
// it.
func (a *account) lifecycleEvent(t *testing.T) (event struct {
	DeploymentID string `json:"DeploymentId"`
	HookID       string `json:"LifecycleEventHookExecutionId"`
},
) {
	t.Helper()
	eventually(t, "the hook has been asked", func() bool {
		_, after, found := strings.Cut(a.logs.String(), "the hook orders-approval was asked: ")
		text, _, whole := strings.Cut(after, "\n")
		return found && whole && json.Unmarshal([]byte(text), &event) == nil
	})
	return event
}

// token returns the task token that an execution waits with. It reads the token from the history
// as a person would.
func (a *account) token(t *testing.T, name string) string {
	t.Helper()
	var token string
	eventually(t, "the hook has been asked", func() bool {
		history, err := a.states().GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: aws.String(a.execution(name)), MaxResults: 1000})
		require.NoError(t, err)
		for _, event := range history.Events {
			if event.TaskScheduledEventDetails != nil {
				var scheduled struct{ Payload struct{ TaskToken string } }
				require.NoError(t, json.Unmarshal([]byte(*event.TaskScheduledEventDetails.Parameters), &scheduled))
				token = scheduled.Payload.TaskToken
			}
		}
		return slices.ContainsFunc(history.Events, func(e states.HistoryEvent) bool { return e.Type == states.HistoryEventTypeTaskSubmitted })
	})
	return token
}
