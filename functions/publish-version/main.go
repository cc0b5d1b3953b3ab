// Command publish-version is the Lambda behind the state Publish.
package main

import (
	"encoding/json"

	"sluice/internal/boot"
	"sluice/internal/flow"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
	"sluice/internal/task"
)

func main() {
	boot.Start(flow.Publish, func(s boot.Settings) flow.Handler[json.RawMessage, shift.Release] {
		return task.PublishVersion{Versions: lambdaalias.FromConfig(s.AWS)}.Handle
	})
}
