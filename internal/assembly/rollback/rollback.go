// Package rollback builds the Lambda rollback.
package rollback

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/announcer"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the handler of flow.Rollback.
func New(s assembly.Settings) flow.Handler[flow.Document, flow.Undoing] {
	return task.Rollback{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.FromSettings(s), Announcer: announcer.FromSettings(s),
		Together: s.Runtime.Together, Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
