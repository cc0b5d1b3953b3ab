// Command open-deployment is the Lambda behind the state Open.
package main

import (
	"sluice/internal/assembly/opendeployment"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.Open, opendeployment.New) }
