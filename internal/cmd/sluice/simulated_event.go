package main

import (
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/operator"
)

// simulatedEvent converts an event of the local interpreter to the form in which it
// would be read from AWS.
func simulatedEvent(e asl.Event) operator.Event {
	event := operator.Event{ID: e.ID, At: e.Timestamp, Type: string(e.Type)}
	switch {
	case e.StateEntered != nil:
		event.State, event.Data = e.StateEntered.Name, []byte(e.StateEntered.Input)
	case e.StateExited != nil:
		event.State, event.Data = e.StateExited.Name, []byte(e.StateExited.Output)
	case e.ExecutionSucceeded != nil:
		event.Data = []byte(e.ExecutionSucceeded.Output)
	case e.TaskFailed != nil:
		event.Failure = failureOf(e.TaskFailed.FailureDetails)
	case e.TaskTimedOut != nil:
		event.Failure = failureOf(e.TaskTimedOut.FailureDetails)
	default:
		for _, d := range []*asl.FailureDetails{
			e.LambdaFunctionFailed, e.LambdaFunctionTimedOut, e.ExecutionFailed, e.ExecutionAborted, e.ExecutionTimedOut,
		} {
			if d != nil {
				event.Failure = failureOf(*d)
			}
		}
	}
	return event
}

func failureOf(d asl.FailureDetails) flow.Failure {
	return flow.Failure{Error: d.Error, Cause: d.Cause}
}
