// Package safetynet builds the Lambda safety-net.
package safetynet

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/announcer"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/execution/stepfunctions"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/hook/taskstate"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the Lambda flow.SafetyNet, which no state of the state machine invokes.
func New(s assembly.Settings) flow.Lambda {
	return task.SafetyNet{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.ForSafetyNet(s), Announcer: announcer.FromSettings(s),
		Executions: stepfunctions.FromConfig(s.AWS, s.StateMachine), States: taskstate.FromConfig(s.AWS),
		Together: s.Runtime.Together, Wait: s.Runtime.Wait, Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
