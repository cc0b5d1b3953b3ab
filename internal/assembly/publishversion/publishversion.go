// Package publishversion builds the Lambda publish-version.
package publishversion

import (
	"encoding/json"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/configuration/parameterstore"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/hook/lambdahook"
	"github.com/sluice-aws/sluice/internal/router/lambdaalias"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictyaml"
	"github.com/sluice-aws/sluice/internal/synthetic/lambdaload"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the handler of flow.Publish.
func New(s assembly.Settings) flow.Handler[json.RawMessage, shift.Release] {
	return task.PublishVersion{
		Versions: routers.FromSettings(s), Tags: lambdaalias.FromConfig(s.AWS), Configurations: parameterstore.FromConfig(s.AWS),
		Alarms: alarm.FromConfig(s.AWS), Hooks: lambdahook.FromConfig(s.AWS), Synthetic: lambdaload.FromConfig(s.AWS),
		Allowed: s.Allowed, Alias: s.Alias, Parameters: s.Parameters, FrontEnds: s.FrontEnds, HookEndpoint: s.HookEndpoint, Kinds: s.Kinds, YAML: strictyaml.Convert, Wait: s.Runtime.Wait,
	}.Handle
}
