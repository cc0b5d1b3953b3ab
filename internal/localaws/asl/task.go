package asl

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
)

// task is the work of a Task state: one call of a Lambda function. A Task with a token
// then waits for the token's answer.
type task struct {
	resource  string // a function's ARN; empty for a Task with a token
	timeout   clock
	heartbeat clock
}

var (
	functionARN = regexp.MustCompile(`^arn:[a-z][a-z0-9-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:(\$LATEST|[A-Za-z0-9_-]+))?$`)
	tokenARN    = regexp.MustCompile(`^arn:[a-z][a-z0-9-]*:states:::lambda:invoke\.waitForTaskToken$`)
)

// tokenIntegration names lambda:invoke.waitForTaskToken in histories.
var tokenIntegration = TaskDetails{ResourceType: "lambda", Resource: "invoke.waitForTaskToken"}

func readTask(o *object, s *state) {
	o.readTransition(s)
	o.readInputOutput(s)
	s.parameters = o.template("Parameters")
	s.resultSelector = o.template("ResultSelector")
	s.result = o.resultPath()
	o.readErrorHandling(s)
	t := &task{timeout: o.clock("TimeoutSeconds", time.Second), heartbeat: o.clock("HeartbeatSeconds", time.Second)}
	s.work = t
	resource := o.requiredString("Resource")
	switch {
	case resource == "":
	case functionARN.MatchString(resource):
		t.resource = resource
		if t.heartbeat.set {
			o.problem("HeartbeatSeconds", "has no effect here: a function called by its ARN sends no heartbeat")
		}
	case tokenARN.MatchString(resource):
		o.checkTokenParameters(s.parameters)
	default:
		o.problem("Resource", "must be a Lambda function's ARN, or lambda:invoke.waitForTaskToken")
	}
	if t.timeout.fixed > 0 && t.heartbeat.fixed >= t.timeout.fixed {
		o.problem("HeartbeatSeconds", "must be smaller than TimeoutSeconds")
	}
}

// checkTokenParameters checks the Parameters of lambda:invoke.waitForTaskToken:
// FunctionName, and a Payload that contains the token.
func (o *object) checkTokenParameters(t *template) {
	if o.fields["Parameters"] == nil {
		o.parser.problem(o.at, "needs Parameters with FunctionName and Payload")
		return
	}
	parameters, ok := o.parser.object(fieldPath(o.at, "Parameters"), o.fields["Parameters"])
	if !ok {
		return
	}
	for _, name := range []string{"FunctionName", "Payload"} {
		if static, dynamic := parameters.has(name), parameters.has(name+".$"); !static && !dynamic {
			o.parser.problem(parameters.at, "needs %s", name)
		}
	}
	if name, found := parameters.fields["FunctionName"]; found && !name.isString() {
		parameters.problem("FunctionName", "must be a string")
	}
	parameters.close()
	if t != nil && !t.usesPath("$$.Task.Token") {
		o.parser.problem(parameters.at, "must pass on the token, $$.Task.Token")
	}
}

// start makes one attempt. The timeouts run from the started event on.
func (t *task) start(v *visit) {
	a, machine := v.attempt, v.walk.execution.machine
	if t.resource == "" {
		machine.issueToken(a)
	}
	doc, ok := v.effectiveInput()
	if !ok {
		return
	}
	timeout, ok := t.timeout.read(v, doc)
	if !ok {
		return
	}
	heartbeat, ok := t.heartbeat.read(v, doc)
	if !ok {
		return
	}
	input, ok := v.render(v.state.parameters, doc)
	if !ok {
		return
	}
	call, ok := t.call(v, input)
	if !ok {
		return
	}
	t.schedule(v, input, timeout, heartbeat)
	if timeout > 0 {
		a.after(timeout, func() { t.timeOut(v, fault{Failure: Failure{Error: errorTimeout}}) })
	}
	if heartbeat > 0 && a.callback != nil {
		a.awaitHeartbeat(heartbeat, func() { t.timeOut(v, fault{Failure: Failure{Error: errorTimeout}, heartbeat: true}) })
	}
	t.invoke(v, call)
}

// call returns the invocation of the Lambda function for an attempt.
func (t *task) call(v *visit, input Document) (Invocation, bool) {
	call := Invocation{ExecutionARN: v.walk.execution.arn, State: v.state.name, Retry: v.retries}
	if t.resource != "" {
		call.FunctionARN, call.Payload = t.resource, json.RawMessage(input)
		return call, true
	}
	name, _ := input.member("FunctionName")
	function, ok := input[name.from:name.to].text()
	if !ok {
		v.crash("The FunctionName parameter is not a string.")
		return call, false
	}
	payload, _ := input.member("Payload")
	call.FunctionARN, call.Token = function, v.attempt.token
	call.Payload = json.RawMessage(input[payload.from:payload.to])
	return call, true
}

// schedule records that the attempt is scheduled and started.
func (t *task) schedule(v *visit, input Document, timeout, heartbeat time.Duration) {
	if t.resource != "" {
		v.walk.record(Event{
			Type: LambdaFunctionScheduled,
			LambdaFunctionScheduled: &LambdaScheduledDetails{
				Resource: t.resource, Input: input, TimeoutInSeconds: int64(timeout / time.Second),
			},
		})
		v.walk.record(Event{Type: LambdaFunctionStarted})
		return
	}
	v.walk.record(Event{
		Type: TaskScheduled,
		TaskScheduled: &TaskScheduledDetails{
			TaskDetails: tokenIntegration, Region: v.walk.execution.machine.region(), Parameters: input,
			TimeoutInSeconds: int64(timeout / time.Second), HeartbeatInSeconds: int64(heartbeat / time.Second),
		},
	})
	v.walk.record(Event{Type: TaskStarted, TaskStarted: &tokenIntegration})
}

// region returns the region in the machine's ARN.
func (m *Machine) region() string {
	if parts := strings.SplitN(m.options.ARN, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

// invoke starts the Lambda function. It ignores the result if the attempt has ended by
// then.
func (t *task) invoke(v *visit, call Invocation) {
	a, ex := v.attempt, v.walk.execution
	if a.ended {
		return // a listener ended it while its events were recorded
	}
	called := false
	ex.machine.host.Invoke(call, func(output json.RawMessage, failure *Failure) {
		if called {
			return
		}
		called = true
		ex.do(func() {
			if !a.ended {
				t.handleReturn(v, call.FunctionARN, output, failure)
			}
		})
	})
}

// handleReturn handles a Lambda function's result. If the Task waits for its token, a
// failure ends the attempt, and a success only means that the function accepted the
// work.
func (t *task) handleReturn(v *visit, function string, output json.RawMessage, failure *Failure) {
	if failure != nil {
		v.failTask(fault{Failure: *failure})
		return
	}
	doc, err := newDocument(output)
	switch {
	case err != nil:
		v.crash("The function's output is not JSON: " + err.Error())
	case len(doc) > maxDocumentBytes:
		v.failTask(t.tooLarge())
	case v.attempt.callback != nil:
		v.submitTask(function, doc)
	default:
		v.succeedTask(doc)
	}
}

// tooLarge returns the fault of a result over the quota. It has AWS's name for the
// task, as recorded by LocalStack.
func (t *task) tooLarge() fault {
	if t.resource == "" {
		return dataLimit("lambda")
	}
	return dataLimit(t.resource)
}

// submitTask records what lambda:invoke returned, and applies the token's answer if it
// has already arrived.
func (v *visit) submitTask(function string, payload Document) {
	a := v.attempt
	output := append(Document(`{"ExecutedVersion":"`+executedVersion(function)+`","Payload":`), payload...)
	output = append(output, `,"StatusCode":200}`...)
	v.walk.record(Event{Type: TaskSubmitted, TaskSubmitted: &TaskOutputDetails{TaskDetails: tokenIntegration, Output: output}})
	if a.ended {
		return
	}
	a.callback.submitted = true
	if a.answer != nil {
		a.answer()
	}
}

var versionARN = regexp.MustCompile(`:function:[^:]+:([0-9]+)$`)

// executedVersion returns the version that a function's ARN names. It returns $LATEST
// for an alias, because this package does not know an alias's version.
func executedVersion(function string) string {
	if found := versionARN.FindStringSubmatch(function); found != nil {
		return found[1]
	}
	return "$LATEST"
}

// succeedTask ends an attempt with the task's result.
func (v *visit) succeedTask(result Document) {
	if v.attempt.callback != nil {
		v.walk.record(Event{Type: TaskSucceeded, TaskSucceeded: &TaskOutputDetails{TaskDetails: tokenIntegration, Output: result}})
	} else {
		v.walk.record(Event{Type: LambdaFunctionSucceeded, LambdaFunctionSucceeded: &OutputDetails{Output: result}})
	}
	v.succeed(result)
}

// failTask ends an attempt with the task's failure.
func (v *visit) failTask(f fault) {
	details := FailureDetails{Error: f.Error, Cause: f.Cause}
	if v.attempt.callback != nil {
		v.walk.record(Event{Type: TaskFailed, TaskFailed: &TaskFailureDetails{tokenIntegration, details}})
	} else {
		v.walk.record(Event{Type: LambdaFunctionFailed, LambdaFunctionFailed: &details})
	}
	v.fail(f)
}

// timeOut ends an attempt that took too long or missed a heartbeat. Both are
// States.Timeout in the history (as recorded by LocalStack). The Lambda function keeps
// running, and its result is ignored.
func (t *task) timeOut(v *visit, f fault) {
	details := FailureDetails{Error: f.Error}
	if v.attempt.callback != nil {
		v.walk.record(Event{Type: TaskTimedOut, TaskTimedOut: &TaskFailureDetails{tokenIntegration, details}})
	} else {
		v.walk.record(Event{Type: LambdaFunctionTimedOut, LambdaFunctionTimedOut: &details})
	}
	v.fail(f)
}
