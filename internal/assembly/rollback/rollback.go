// Package rollback builds the Lambda rollback.
package rollback

import (
	"sluice/internal/assembly"
	"sluice/internal/assembly/announcer"
	"sluice/internal/assembly/routers"
	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/task"
)

// New builds the handler of flow.Rollback.
func New(s assembly.Settings) flow.Handler[flow.Document, flow.Undoing] {
	return task.Rollback{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.FromSettings(s), Announcer: announcer.FromSettings(s),
		Together: s.Runtime.Together, Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
