// Command publish-version is the Lambda behind the state Publish.
package main

import (
	"encoding/json"

	"sluice/internal/boot"
	"sluice/internal/configuration/parameterstore"
	"sluice/internal/flow"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/task"
)

func main() {
	boot.Start(flow.Publish, func(s boot.Settings) flow.Handler[json.RawMessage, shift.Release] {
		router := lambdaalias.FromConfig(s.AWS)
		return task.PublishVersion{
			Versions: router, Tags: router, Configurations: parameterstore.FromConfig(s.AWS),
			Allowed: s.Allowed, Alias: s.Alias, Parameters: s.Parameters,
		}.Handle
	})
}
