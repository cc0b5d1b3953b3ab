package statemachine

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	tasks "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctionstasks"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
)

// first makes the state of the task that takes the raw input. Its result replaces the
// input, and a Document flows from there on.
func first[F any](b builder, t flow.Task[json.RawMessage, F]) tasks.LambdaInvoke {
	props := b.direct(t.Spec)
	props.ResultSelector = &map[string]any{t.Field: at("$")}
	props.ResultPath = jsii.String("$")
	return b.invoke(t.Spec, props)
}

// task makes the state of a task that takes the Document and writes one of its fields. The
// result of a task without a field replaces the Document.
func task[F any](b builder, t flow.Task[flow.Document, F]) tasks.LambdaInvoke {
	props := b.direct(t.Spec)
	props.ResultPath = jsii.String("$")
	if t.Field != "" {
		props.ResultPath = jsii.String("$." + t.Field)
	}
	return b.invoke(t.Spec, props)
}

// direct is for a task that is called by its function's ARN. What the Lambda returns is the
// result, without the envelope of Lambda's Invoke.
func (b builder) direct(spec flow.Spec) *tasks.LambdaInvokeProps {
	return &tasks.LambdaInvokeProps{
		PayloadResponseOnly: jsii.Bool(true),
		Payload:             sfn.TaskInput_FromObject(call()),
		TaskTimeout:         sfn.Timeout_Duration(seconds(spec.StateTimeout())),
	}
}

// call is a flow.Call with values from the context object.
func call() *map[string]any {
	return &map[string]any{
		"state":       at("$$.State.Name"),
		"now":         at("$$.State.EnteredTime"),
		"executionId": at("$$.Execution.Id"),
		"retry":       at("$$.State.RetryCount"),
		"document":    at("$"),
	}
}

// invoke makes a task state with its Comment, its function, and exactly the Retry rules of
// its Spec.
func (b builder) invoke(spec flow.Spec, props *tasks.LambdaInvokeProps) tasks.LambdaInvoke {
	props.Comment = jsii.String(spec.Comment)
	props.LambdaFunction = b.function(spec.State, spec.Function)
	// CDK would retry Lambda's service errors 6 times in a rule of its own.
	props.RetryOnServiceExceptions = jsii.Bool(false)
	state := tasks.NewLambdaInvoke(b.scope, jsii.String(spec.State), props)
	for _, r := range spec.Retries {
		state.AddRetry(retry(r))
	}
	return state
}

func retry(r flow.Retry) *sfn.RetryProps {
	props := &sfn.RetryProps{
		Errors:      jsii.Strings(r.Errors...),
		MaxAttempts: jsii.Number(r.Attempts),
	}
	if r.Attempts == 0 {
		return props
	}
	props.Interval = seconds(r.Interval)
	props.BackoffRate = jsii.Number(r.Backoff)
	props.MaxDelay = seconds(r.MaxDelay)
	props.JitterStrategy = sfn.JitterType_NONE
	if r.Jitter {
		props.JitterStrategy = sfn.JitterType_FULL
	}
	return props
}

// seconds rounds a duration up to whole seconds, the unit of a definition.
func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(int64((d + time.Second - 1) / time.Second)))
}

// at refers to a value of any type at a path. CDK appends ".$" to its name.
func at(path string) *string { return sfn.JsonPath_StringAt(jsii.String(path)) }
