// Package setweight builds the Lambda set-weight.
package setweight

import (
	"sluice/internal/assembly"
	"sluice/internal/assembly/announcer"
	"sluice/internal/assembly/routers"
	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/shift"
	"sluice/internal/task"
)

// New builds the handler of flow.SetWeight.
func New(s assembly.Settings) flow.Handler[flow.Document, shift.Progress] {
	return task.SetWeight{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.FromSettings(s), Announcer: announcer.FromSettings(s),
		Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
