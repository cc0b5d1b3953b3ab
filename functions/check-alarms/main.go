// Command check-alarms is the Lambda behind the state CheckAlarms.
package main

import (
	"sluice/internal/boot"
	"sluice/internal/flow"
	"sluice/internal/gate/alarm"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/task"
)

func main() {
	boot.Start(flow.CheckAlarms, func(s boot.Settings) flow.Handler[flow.Document, shift.Progress] {
		return task.CheckAlarms{
			Ledger: dynamo.FromConfig(s.AWS, s.Table),
			Gates:  []task.Gate{alarm.FromConfig(s.AWS), task.RouteGate{Router: lambdaalias.FromConfig(s.AWS)}},
		}.Handle
	})
}
