// Package closedeployment builds the Lambda close-deployment.
package closedeployment

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/announcer"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/prune"
	"github.com/sluice-aws/sluice/internal/prune/lambdaversions"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
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
