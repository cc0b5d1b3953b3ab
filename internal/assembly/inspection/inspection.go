// Package inspection joins the checks of publish-version and open-deployment for a caller that is
// not a Lambda: the command, with the credentials of its user.
package inspection

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/hook/lambdahook"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/router/lambdaalias"
	"github.com/sluice-aws/sluice/internal/strictyaml"
	"github.com/sluice-aws/sluice/internal/synthetic/lambdaload"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds an Inspection with the Settings of publish-version.
func New(s assembly.Settings) task.Inspection {
	versions, alarms, ledger := routers.FromSettings(s), alarm.FromConfig(s.AWS), dynamo.FromConfig(s.AWS, s.Table)
	return task.Inspection{
		Publish: task.PublishVersion{
			Versions: versions, Tags: lambdaalias.FromConfig(s.AWS), Alarms: alarms,
			Hooks: lambdahook.FromConfig(s.AWS), Synthetic: lambdaload.FromConfig(s.AWS),
			Allowed: s.Allowed, Alias: s.Alias, Parameters: s.Parameters, FrontEnds: s.FrontEnds, HookEndpoint: s.HookEndpoint, Kinds: s.Kinds, YAML: strictyaml.Convert, Wait: s.Runtime.Wait,
		},
		Open: task.OpenDeployment{
			Ledger: ledger, Router: versions, Alarms: alarms, Metrics: metric.FromConfig(s.AWS),
			Wait: s.Runtime.Wait, Now: s.Runtime.Now,
		},
		Locks: ledger,
	}
}
