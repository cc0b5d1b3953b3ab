// Command open-deployment is the Lambda behind the state Open.
package main

import (
	"sluice/internal/announce/emf"
	"sluice/internal/announce/eventbridge"
	"sluice/internal/boot"
	"sluice/internal/flow"
	"sluice/internal/gate/alarm"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/task"
)

func main() {
	boot.Start(flow.Open, func(s boot.Settings) flow.Handler[flow.Document, shift.Deployment] {
		return task.OpenDeployment{
			Ledger:    dynamo.FromConfig(s.AWS, s.Table),
			Router:    lambdaalias.FromConfig(s.AWS),
			Alarms:    alarm.FromConfig(s.AWS),
			Announcer: emf.Counted(eventbridge.FromConfig(s.AWS, s.EventBus), s.Metrics),
		}.Handle
	})
}
