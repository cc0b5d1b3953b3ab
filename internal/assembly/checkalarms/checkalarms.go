// Package checkalarms puts check-alarms together.
package checkalarms

import (
	"sluice/internal/assembly"
	"sluice/internal/flow"
	"sluice/internal/gate/alarm"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/task"
)

// New builds the handler of flow.CheckAlarms.
func New(s assembly.Settings) flow.Handler[flow.Document, shift.Progress] {
	return task.CheckAlarms{
		Ledger: dynamo.FromConfig(s.AWS, s.Table),
		Gates: []task.Gate{
			alarm.FromConfig(s.AWS),
			task.RouteGate{
				Router: lambdaalias.FromConfig(s.AWS),
				Wait:   s.Runtime.Wait, Now: s.Runtime.Now, Pause: s.Runtime.Pause,
			},
		},
	}.Handle
}
