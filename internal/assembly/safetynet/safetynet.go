// Package safetynet builds the Lambda safety-net.
package safetynet

import (
	"sluice/internal/assembly"
	"sluice/internal/assembly/announcer"
	"sluice/internal/assembly/routers"
	"sluice/internal/execution/stepfunctions"
	"sluice/internal/flow"
	"sluice/internal/hook/taskstate"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/task"
)

// New builds the Lambda flow.SafetyNet, which no state of the state machine invokes.
func New(s assembly.Settings) flow.Lambda {
	return task.SafetyNet{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.FromSettings(s), Announcer: announcer.FromSettings(s),
		Executions: stepfunctions.FromConfig(s.AWS, s.StateMachine), States: taskstate.FromConfig(s.AWS),
		Together: s.Runtime.Together, Wait: s.Runtime.Wait, Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
