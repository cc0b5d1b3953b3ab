// Package publishversion builds the Lambda publish-version.
package publishversion

import (
	"encoding/json"

	"sluice/internal/assembly"
	"sluice/internal/assembly/routers"
	"sluice/internal/configuration/parameterstore"
	"sluice/internal/flow"
	"sluice/internal/gate/alarm"
	"sluice/internal/hook/lambdahook"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/strictyaml"
	"sluice/internal/synthetic/lambdaload"
	"sluice/internal/task"
)

// New builds the handler of flow.Publish.
func New(s assembly.Settings) flow.Handler[json.RawMessage, shift.Release] {
	return task.PublishVersion{
		Versions: routers.FromSettings(s), Tags: lambdaalias.FromConfig(s.AWS), Configurations: parameterstore.FromConfig(s.AWS),
		Alarms: alarm.FromConfig(s.AWS), Hooks: lambdahook.FromConfig(s.AWS), Synthetic: lambdaload.FromConfig(s.AWS),
		Allowed: s.Allowed, Alias: s.Alias, Parameters: s.Parameters, FrontEnds: s.FrontEnds, HookEndpoint: s.HookEndpoint, Kinds: s.Kinds, YAML: strictyaml.Convert, Wait: s.Runtime.Wait,
	}.Handle
}
