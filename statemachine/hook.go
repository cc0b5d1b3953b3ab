package statemachine

import (
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	tasks "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctionstasks"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// round describes the Map that asks all hooks of a Point.
type round struct {
	point shift.Point // also the name of the Map
	task  flow.Task[flow.Document, *flow.Failure]
	// note is the task that is reached when a hook fails, and failed names the state in
	// which the round ends then.
	note    flow.Task[flow.Document, *flow.Failure]
	failed  string
	items   string   // path of the hooks
	fields  []string // of the Document that a hook receives
	comment string
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
	state.AddCatch(b.noteHook(r), catch("$.failure"))
	return state
}

// noteHook connects the states of a hook that has failed: the failure is given the hook's name,
// and then fails the Map. If the name cannot be added, the failure is passed on without it.
func (b builder) noteHook(r round) sfn.IChainable {
	note := task(b, r.note)
	failed := sfn.NewFail(b.scope, jsii.String(r.failed), &sfn.FailProps{
		ErrorPath: jsii.String("$.failure.Error"),
		CausePath: jsii.String("$.failure.Cause"),
		Comment:   jsii.String("The hook said no, broke, or did not answer within its timeoutSeconds. The traffic goes back."),
	})
	note.AddCatch(failed, &sfn.CatchProps{Errors: jsii.Strings("States.ALL"), ResultPath: sfn.JsonPath_DISCARD()})
	return note.Next(failed)
}
