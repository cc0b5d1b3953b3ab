package statemachine

import (
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func (b builder) choice(name, comment string) sfn.Choice {
	return sfn.NewChoice(b.scope, jsii.String(name), &sfn.ChoiceProps{Comment: jsii.String(comment)})
}

// equals compares the text at a path.
func equals[S ~string](path string, text S) sfn.Condition {
	return sfn.Condition_StringEquals(jsii.String(path), jsii.String(string(text)))
}

func (b builder) wait(name, secondsPath, comment string) sfn.Wait {
	return sfn.NewWait(b.scope, jsii.String(name), &sfn.WaitProps{
		Comment: jsii.String(comment),
		Time:    sfn.WaitTime_SecondsPath(jsii.String(secondsPath)),
	})
}

func (b builder) pass(name string, parameters map[string]any, comment string) sfn.Pass {
	return sfn.NewPass(b.scope, jsii.String(name), &sfn.PassProps{
		Comment:    jsii.String(comment),
		Parameters: &parameters,
	})
}

// succeed ends an execution. The value at the path is its output.
func (b builder) succeed(name, path, comment string) sfn.Succeed {
	return sfn.NewSucceed(b.scope, jsii.String(name), &sfn.SucceedProps{
		Comment:   jsii.String(comment),
		InputPath: jsii.String(path),
	})
}

// fail ends an execution with an Outcome as its error.
func (b builder) fail(outcome shift.Outcome, comment string) sfn.Fail {
	return sfn.NewFail(b.scope, jsii.String(string(outcome)), &sfn.FailProps{
		Comment:   jsii.String(comment),
		Error:     jsii.String(string(outcome)),
		CausePath: jsii.String("$.rollback.cause"),
	})
}

// incomplete ends an execution whose Rollback has failed. The Outcome is not known then, so
// the Cause is a fixed text.
func (b builder) incomplete() sfn.Fail {
	return sfn.NewFail(b.scope, jsii.String(flow.RollbackIncomplete), &sfn.FailProps{
		Comment: jsii.String("A person must look: Rollback could not finish within the hour. The safety net goes on."),
		Error:   jsii.String(flow.RollbackIncomplete),
		Cause: jsii.String(flow.RollbackIncomplete + ": traffic could not be put back within the hour. " +
			"The deployment's record stays restoring, and the safety net goes on trying. " +
			"Look at the last error of the state Rollback (if access is denied there: has the function lost its tag " + flow.TagAlias + "?), and at what each target serves; " +
			"a target that still sends traffic to the candidate can be set to its stable version by hand."),
	})
}

// catch catches every error that can be caught, and stores it at the path.
func catch(resultPath string) *sfn.CatchProps {
	return &sfn.CatchProps{Errors: jsii.Strings("States.ALL"), ResultPath: jsii.String(resultPath)}
}
