package asl

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
)

// task is the work of a Task: one call of a Lambda function, and for some the
// wait for their token's answer.
type task struct {
	resource  string // a function's ARN; empty: by token
	timeout   clock
	heartbeat clock
}

var (
	functionARN = regexp.MustCompile(`^arn:[a-z][a-z0-9-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:(\$LATEST|[A-Za-z0-9_-]+))?$`)
	tokenARN    = regexp.MustCompile(`^arn:[a-z][a-z0-9-]*:states:::lambda:invoke\.waitForTaskToken$`)
)

// byToken names the integration in histories.
var byToken = TaskDetails{ResourceType: "lambda", Resource: "invoke.waitForTaskToken"}

func readTask(o *object, s *state) {
	o.transition(s)
	o.inputOutput(s)
	s.parameters = o.template("Parameters")
	s.resultSelector = o.template("ResultSelector")
	s.result = o.resultPath()
	o.errorHandling(s)
	t := &task{timeout: o.clock("TimeoutSeconds", time.Second), heartbeat: o.clock("HeartbeatSeconds", time.Second)}
	s.work = t
	resource := o.required("Resource")
	switch {
	case resource == "":
	case functionARN.MatchString(resource):
		t.resource = resource
		if t.heartbeat.set {
			o.problem("HeartbeatSeconds", "has no use here: a function called by its ARN sends no heartbeat")
		}
	case tokenARN.MatchString(resource):
		o.tokenParameters(s.parameters)
	default:
		o.problem("Resource", "must be a Lambda function's ARN, or lambda:invoke.waitForTaskToken")
	}
	if t.timeout.fixed > 0 && t.heartbeat.fixed >= t.timeout.fixed {
		o.problem("HeartbeatSeconds", "must be smaller than TimeoutSeconds")
	}
}

// tokenParameters checks what lambda:invoke.waitForTaskToken is given:
// FunctionName, and a Payload that hands the token on.
func (o *object) tokenParameters(t *template) {
	if o.fields["Parameters"] == nil {
		o.parser.problem(o.at, "needs Parameters with FunctionName and Payload")
		return
	}
	parameters, ok := o.parser.object(below(o.at, "Parameters"), o.fields["Parameters"])
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
	if t != nil && !t.mentions("$$.Task.Token") {
		o.parser.problem(parameters.at, "must hand on the token, $$.Task.Token")
	}
}

// start makes one attempt. The clocks run from the started event on.
func (t *task) start(v *visit) {
	a, machine := v.attempt, v.walk.execution.machine
	if t.resource == "" {
		machine.newToken(a)
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
	input, ok := v.rendered(v.state.parameters, doc)
	if !ok {
		return
	}
	call, ok := t.call(v, input)
	if !ok {
		return
	}
	t.schedule(v, input, timeout, heartbeat)
	if timeout > 0 {
		a.after(timeout, func() { t.timedOut(v, fault{Failure: Failure{Error: errorTimeout}}) })
	}
	if heartbeat > 0 && a.callback != nil {
		a.awaitHeartbeat(heartbeat, func() { t.timedOut(v, fault{Failure: Failure{Error: errorTimeout}, heartbeat: true}) })
	}
	t.invoke(v, call)
}

// call is the Lambda function's invocation for an attempt.
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
			TaskDetails: byToken, Region: v.walk.execution.machine.region(), Parameters: input,
			TimeoutInSeconds: int64(timeout / time.Second), HeartbeatInSeconds: int64(heartbeat / time.Second),
		},
	})
	v.walk.record(Event{Type: TaskStarted, TaskStarted: &byToken})
}

// region is the machine's region, from its ARN.
func (m *Machine) region() string {
	if parts := strings.SplitN(m.options.ARN, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

// invoke starts the Lambda function and listens to its end for as long as the
// attempt lasts.
func (t *task) invoke(v *visit, call Invocation) {
	a, ex := v.attempt, v.walk.execution
	if a.over {
		return // ended from within the recording of its events
	}
	called := false
	ex.machine.host.Invoke(call, func(output json.RawMessage, failure *Failure) {
		if called {
			return
		}
		called = true
		ex.do(func() {
			if !a.over {
				t.returned(v, call.FunctionARN, output, failure)
			}
		})
	})
}

// returned takes a Lambda function's result. To a Task that waits for its
// token, a failure is the end, and a return only means that the work was
// accepted.
func (t *task) returned(v *visit, function string, output json.RawMessage, failure *Failure) {
	if failure != nil {
		v.taskFailed(fault{Failure: *failure})
		return
	}
	doc, err := newDocument(output)
	switch {
	case err != nil:
		v.crash("The function's output is not JSON: " + err.Error())
	case len(doc) > maxDocument:
		v.taskFailed(t.tooLarge())
	case v.attempt.callback != nil:
		v.submitted(function, doc)
	default:
		v.taskSucceeded(doc)
	}
}

// tooLarge is the fault of a result over the quota, with AWS's name for the task
// as LocalStack recorded it.
func (t *task) tooLarge() fault {
	if t.resource == "" {
		return dataLimit("lambda")
	}
	return dataLimit(t.resource)
}

// submitted records what lambda:invoke returned, and takes the token's answer
// if it came before.
func (v *visit) submitted(function string, payload Document) {
	a := v.attempt
	output := append(Document(`{"ExecutedVersion":"`+executedVersion(function)+`","Payload":`), payload...)
	output = append(output, `,"StatusCode":200}`...)
	v.walk.record(Event{Type: TaskSubmitted, TaskSubmitted: &TaskOutputDetails{TaskDetails: byToken, Output: output}})
	if a.over {
		return
	}
	a.callback.submitted = true
	if a.answer != nil {
		a.answer()
	}
}

var versionARN = regexp.MustCompile(`:function:[^:]+:([0-9]+)$`)

// executedVersion is the version that a function's ARN names. Which version an alias
// leads to is not known here.
func executedVersion(function string) string {
	if found := versionARN.FindStringSubmatch(function); found != nil {
		return found[1]
	}
	return "$LATEST"
}

// taskSucceeded ends an attempt with the task's result.
func (v *visit) taskSucceeded(result Document) {
	if v.attempt.callback != nil {
		v.walk.record(Event{Type: TaskSucceeded, TaskSucceeded: &TaskOutputDetails{TaskDetails: byToken, Output: result}})
	} else {
		v.walk.record(Event{Type: LambdaFunctionSucceeded, LambdaFunctionSucceeded: &OutputDetails{Output: result}})
	}
	v.succeed(result)
}

// taskFailed ends an attempt with the task's failure.
func (v *visit) taskFailed(f fault) {
	details := FailureDetails{Error: f.Error, Cause: f.Cause}
	if v.attempt.callback != nil {
		v.walk.record(Event{Type: TaskFailed, TaskFailed: &TaskFailureDetails{byToken, details}})
	} else {
		v.walk.record(Event{Type: LambdaFunctionFailed, LambdaFunctionFailed: &details})
	}
	v.fail(f)
}

// timedOut ends an attempt that took too long, or missed a heartbeat: both are
// States.Timeout in the history (as recorded by LocalStack). Its Lambda function
// goes on, and nobody hears of its end.
func (t *task) timedOut(v *visit, f fault) {
	details := FailureDetails{Error: f.Error}
	if v.attempt.callback != nil {
		v.walk.record(Event{Type: TaskTimedOut, TaskTimedOut: &TaskFailureDetails{byToken, details}})
	} else {
		v.walk.record(Event{Type: LambdaFunctionTimedOut, LambdaFunctionTimedOut: &details})
	}
	v.fail(f)
}
