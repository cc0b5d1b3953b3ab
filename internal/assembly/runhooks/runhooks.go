// Package runhooks builds the Lambda run-hooks.
package runhooks

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/hook/lambdahook"
	"github.com/sluice-aws/sluice/internal/hook/taskstate"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the handler of flow.BeforeHook and flow.AfterHook, and of the tasks that note which
// hook has failed.
func New(s assembly.Settings) flow.Handler[flow.Document, *flow.Failure] {
	return task.RunHooks{
		Hooks: lambdahook.FromConfig(s.AWS), States: taskstate.FromConfig(s.AWS), Router: routers.FromSettings(s), Ledger: dynamo.FromConfig(s.AWS, s.Table),
		Wait: s.Runtime.Wait, Timeout: s.Runtime.Timeout, Now: s.Runtime.Now, Random: s.Runtime.Random,
	}.Handle
}
