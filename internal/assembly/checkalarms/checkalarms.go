// Package checkalarms builds the Lambda check-alarms.
package checkalarms

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/announcer"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/synthetic/lambdaload"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the handler of flow.CheckAlarms.
func New(s assembly.Settings) flow.Handler[flow.Document, shift.Progress] {
	router := routers.FromSettings(s)
	return task.CheckAlarms{
		Ledger: dynamo.FromConfig(s.AWS, s.Table),
		Gates: []task.Gate{
			alarm.FromConfig(s.AWS),
			metric.FromConfig(s.AWS),
			task.RouteGate{
				Router: router,
				Now:    s.Runtime.Now, Pause: s.Runtime.Pause,
			},
			task.ArrivalGate{Router: router},
		},
		Synthetic: lambdaload.FromConfig(s.AWS), Router: router,
		Announcer: announcer.FromSettings(s),
	}.Handle
}
