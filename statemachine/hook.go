package statemachine

import (
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	tasks "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctionstasks"
	"github.com/aws/jsii-runtime-go"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// round describes the Map that asks all hooks of a Point.
type round struct {
	point shift.Point // also the name of the Map
	task  flow.Task[flow.Document, struct{}]
	// timedOut names the state that is reached when a hook does not answer in time.
	timedOut string
	items    string   // path of the hooks
	fields   []string // of the Document that a hook receives
	comment  string
}

// hooks makes the Map that asks the hooks of a Point one after the other.
func hooks(b builder, r round) sfn.Map {
	selector := map[string]any{"hook": at("$$.Map.Item.Value")}
	for _, f := range r.fields {
		selector[f] = at("$." + f)
	}
	all := sfn.NewMap(b.scope, jsii.String(string(r.point)), &sfn.MapProps{
		Comment:        jsii.String(r.comment),
		ItemsPath:      jsii.String(r.items),
		ItemSelector:   &selector,
		MaxConcurrency: jsii.Number(1),
		ResultPath:     sfn.JsonPath_DISCARD(),
	})
	all.ItemProcessor(hook(b, r), &sfn.ProcessorConfig{Mode: sfn.ProcessorMode_INLINE})
	return all
}

// hook makes the state that asks one hook, and waits for the answer by task token until the
// hook's timeout.
func hook(b builder, r round) sfn.IChainable {
	payload := call()
	(*payload)["taskToken"] = at("$$.Task.Token")
	state := b.invoke(r.task.Spec, &tasks.LambdaInvokeProps{
		IntegrationPattern: sfn.IntegrationPattern_WAIT_FOR_TASK_TOKEN,
		Payload:            sfn.TaskInput_FromObject(payload),
		TaskTimeout:        sfn.Timeout_At(jsii.String("$.hook.timeoutSeconds")),
		// Answers are discarded. One may have 256 KiB, and 20 Documents have more. A Map
		// that collected them would fail with States.DataLimitExceeded, which States.ALL
		// does not catch (Step Functions, Error handling).
		ResultPath: sfn.JsonPath_DISCARD(),
		OutputPath: sfn.JsonPath_DISCARD(),
	})
	state.AddCatch(b.timedOut(r), &sfn.CatchProps{Errors: jsii.Strings("States.Timeout")})
	return state
}

// timedOut gives the timeout of a hook an error name of its own, so that it is not mistaken
// for a timeout of one of Sluice's own Lambdas.
func (b builder) timedOut(r round) sfn.Fail {
	return sfn.NewFail(b.scope, jsii.String(r.timedOut), &sfn.FailProps{
		Error:   jsii.String(flow.HookTimedOut),
		Cause:   jsii.String(string(r.point)),
		Comment: jsii.String("The hook did not answer within its timeoutSeconds. The traffic goes back."),
	})
}
