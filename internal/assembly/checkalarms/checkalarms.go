// Package checkalarms builds the Lambda check-alarms.
package checkalarms

import (
	"sluice/internal/assembly"
	"sluice/internal/assembly/announcer"
	"sluice/internal/assembly/routers"
	"sluice/internal/flow"
	"sluice/internal/gate/alarm"
	"sluice/internal/gate/metric"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/shift"
	"sluice/internal/synthetic/lambdaload"
	"sluice/internal/task"
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
