// Command hook-endpoint is the Lambda behind the public URL to which hooks answer that were
// written for CodeDeploy.
package main

import (
	"sluice/internal/assembly/hookendpoint"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.StartLambda(flow.HookEndpoint, hookendpoint.New) }
