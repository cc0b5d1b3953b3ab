// Command hook-endpoint is the Lambda behind the public URL to which hooks answer that were
// written for CodeDeploy.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/hookendpoint"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.StartLambda(flow.HookEndpoint, hookendpoint.New) }
