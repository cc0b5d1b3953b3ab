// Package setweight builds the Lambda set-weight.
package setweight

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/announcer"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the handler of flow.SetWeight.
func New(s assembly.Settings) flow.Handler[flow.Document, shift.Progress] {
	return task.SetWeight{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.FromSettings(s), Announcer: announcer.FromSettings(s),
		Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
