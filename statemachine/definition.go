package statemachine

import (
	sfn "github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// comment is the comment of the state machine. The machine has no TimeoutSeconds: a timeout
// would end an execution without any Catch, and every wait in it is bounded.
const comment = "Sluice moves live traffic from one version of an application to the next, a little at a time, watches it, and puts it back when it gets worse."

// define connects the states of a deployment, and returns the first one.
func define(b builder) sfn.IChainable {
	// The states, in running order.
	publish := first(b, flow.Publish)
	open := task(b, flow.Open)
	changed := b.choice("Changed?", "Is it the deployment's turn, and is there anything to shift? Not when every target serves its candidate already.")
	awaitTurn := b.wait(flow.TurnState, "$.deployment.turn.waitSeconds", "Another deployment holds a target, or has waited for longer: waits before it looks again whether its turn has come.")
	unchanged := b.succeed("Unchanged", "$.deployment.unchanged", "There was nothing to shift. The output says why.")
	before := hooks(b, round{
		point: shift.BeforeTraffic, task: flow.BeforeHook, note: flow.NoteBeforeHook, failed: "BeforeHookFailed",
		items: "$.release.hooks.beforeTraffic", fields: []string{"deployment"},
		comment: "Asks your hooks one after the other, before any traffic is shifted. Without hooks it passes.",
	})
	setWeight := task(b, flow.SetWeight)
	next := b.choice("Next?", "Goes where the progress says: bake at this weight, shift to the next step, finish, or roll back.")
	bake := b.wait(flow.BakeState, "$.progress.waitSeconds", "Lets the candidate serve at this weight until the alarms are read again.")
	checkAlarms := task(b, flow.CheckAlarms)
	after := hooks(b, round{
		point: shift.AfterTraffic, task: flow.AfterHook, note: flow.NoteAfterHook, failed: "AfterHookFailed",
		items: "$.release.hooks.afterTraffic", fields: []string{"deployment", "progress"},
		comment: "Asks your hooks one after the other, when all traffic is shifted. Without hooks it passes.",
	})
	closing := task(b, flow.Close)
	promoted := b.succeed("Promoted", "$", "Every target sends all its traffic to its candidate.")
	rollback := undo(b, promoted, unchanged)

	// The path of a healthy deployment.
	publish.Next(open).Next(changed)
	changed.When(sfn.Condition_IsPresent(jsii.String("$.deployment.unchanged")), unchanged, nil).
		When(sfn.Condition_IsPresent(jsii.String("$.deployment.turn")), awaitTurn, nil).
		Otherwise(before)
	awaitTurn.Next(open)
	before.Next(setWeight).Next(next)
	next.When(equals("$.progress.next", shift.NextBake), bake, nil).
		When(equals("$.progress.next", shift.NextShift), setWeight, nil).
		When(equals("$.progress.next", shift.NextFinish), after, nil).
		Otherwise(rollback)
	bake.Next(checkAlarms).Next(next)
	after.Next(closing).Next(promoted)

	// Every failure leads to Rollback.
	publish.AddCatch(noteFailure(b, rollback), catch("$"))
	open.AddCatch(rollback, catch("$.failure"))
	before.AddCatch(rollback, catch("$.failure"))
	setWeight.AddCatch(rollback, catch("$.failure"))
	checkAlarms.AddCatch(rollback, catch("$.failure"))
	after.AddCatch(rollback, catch("$.failure"))
	closing.AddCatch(rollback, catch("$.failure"))
	return publish
}

// noteFailure makes a Document of a failed Publish. The Catch itself cannot write into the
// raw input, which may be any kind of JSON.
func noteFailure(b builder, rollback sfn.IChainable) sfn.IChainable {
	return b.pass("NoteFailure", map[string]any{"failure": at("$")},
		"The request was refused, or could not be settled; no traffic was touched.").Next(rollback)
}

// undo connects the states of a failure: Rollback, and the states in which an execution
// fails.
func undo(b builder, promoted, unchanged sfn.IChainable) sfn.IChainable {
	rollback := task(b, flow.Rollback)
	outcome := b.choice("Outcome?", "Goes where the rollback says how the deployment ended.")
	rejected := b.fail(shift.Rejected, "The deployment was refused before any traffic was touched. The cause says what to fix before it is started again.")
	rolledBack := b.fail(shift.RolledBack, "Traffic was shifted, and every target is back on its stable version. The cause says what went wrong.")
	stranded := b.fail(shift.Stranded, "A person must look: at least one target is not where Sluice can vouch for it. The cause says which, and what was found there.")

	noteUnchanged := b.pass("NoteUnchanged", map[string]any{"deployment": map[string]any{"unchanged": at("$.rollback.unchanged")}},
		"One try of Open failed, and another one had found that there is nothing to shift; it has ended the deployment.")

	rollback.Next(outcome)
	noteUnchanged.Next(unchanged)
	// Promoted, when a deployment had been closed and only its announcement failed.
	outcome.When(sfn.Condition_IsPresent(jsii.String("$.rollback.unchanged")), noteUnchanged, nil).
		When(equals("$.rollback.outcome", shift.Promoted), promoted, nil).
		When(equals("$.rollback.outcome", shift.Rejected), rejected, nil).
		When(equals("$.rollback.outcome", shift.RolledBack), rolledBack, nil).
		Otherwise(stranded)
	rollback.AddCatch(b.incomplete(), catch("$.failure"))
	return rollback
}
