// Command safety-net is the Lambda outside of the state machine: it puts traffic
// back when the state machine cannot.
package main

import (
	"sluice/internal/announce/emf"
	"sluice/internal/announce/eventbridge"
	"sluice/internal/boot"
	"sluice/internal/execution/stepfunctions"
	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/task"
)

func main() {
	boot.StartLambda(flow.SafetyNet, func(s boot.Settings) flow.Lambda {
		return task.SafetyNet{
			Ledger:     dynamo.FromConfig(s.AWS, s.Table),
			Router:     lambdaalias.FromConfig(s.AWS),
			Executions: stepfunctions.FromConfig(s.AWS, s.StateMachine),
			Announcer:  emf.Counted(eventbridge.FromConfig(s.AWS, s.EventBus), s.Metrics),
		}.Handle
	})
}
