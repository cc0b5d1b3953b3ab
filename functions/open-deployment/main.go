// Command open-deployment is the Lambda behind the state Open.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"sluice/internal/assembly/opendeployment"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.Open, opendeployment.New) }
