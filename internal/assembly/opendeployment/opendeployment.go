// Package opendeployment builds the Lambda open-deployment.
package opendeployment

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/announcer"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
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
