// Package publishversion puts publish-version together.
package publishversion

import (
	"encoding/json"

	"sluice/internal/assembly"
	"sluice/internal/configuration/parameterstore"
	"sluice/internal/flow"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/task"
)

// New builds the handler of flow.Publish.
func New(s assembly.Settings) flow.Handler[json.RawMessage, shift.Release] {
	router := lambdaalias.FromConfig(s.AWS)
	return task.PublishVersion{
		Versions: router, Tags: router, Configurations: parameterstore.FromConfig(s.AWS),
		Allowed: s.Allowed, Alias: s.Alias, Parameters: s.Parameters, Wait: s.Runtime.Wait,
	}.Handle
}
