// Package closedeployment builds the Lambda close-deployment.
package closedeployment

import (
	"sluice/internal/assembly"
	"sluice/internal/assembly/announcer"
	"sluice/internal/assembly/routers"
	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/prune"
	"sluice/internal/prune/lambdaversions"
	"sluice/internal/shift"
	"sluice/internal/task"
)

// New builds the handler of flow.Close.
func New(s assembly.Settings) flow.Handler[flow.Document, shift.Summary] {
	ledger := dynamo.FromConfig(s.AWS, s.Table)
	return task.CloseDeployment{
		Ledger: ledger, Pruner: prune.Pruner{Ledger: ledger, Functions: lambdaversions.FromConfig(s.AWS), Window: shift.MaxRevertWindow},
		Router: routers.FromSettings(s), Announcer: announcer.FromSettings(s),
		Wait: s.Runtime.Wait, Now: s.Runtime.Now, Pause: s.Runtime.Pause, Timeout: s.Runtime.Timeout,
	}.Handle
}
