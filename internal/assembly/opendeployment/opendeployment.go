// Package opendeployment builds the Lambda open-deployment.
package opendeployment

import (
	"sluice/internal/assembly"
	"sluice/internal/assembly/announcer"
	"sluice/internal/assembly/routers"
	"sluice/internal/flow"
	"sluice/internal/gate/alarm"
	"sluice/internal/gate/metric"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/shift"
	"sluice/internal/task"
)

// New builds the handler of flow.Open.
func New(s assembly.Settings) flow.Handler[flow.Document, shift.Deployment] {
	return task.OpenDeployment{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Router: routers.FromSettings(s),
		Alarms: alarm.FromConfig(s.AWS), Metrics: metric.FromConfig(s.AWS), Announcer: announcer.FromSettings(s),
		RevertWindow: s.RevertWindow,
		Wait:         s.Runtime.Wait, Now: s.Runtime.Now, Pause: s.Runtime.Pause,
	}.Handle
}
