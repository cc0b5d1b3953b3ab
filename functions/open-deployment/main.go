// Command open-deployment is the Lambda behind the state Open.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"github.com/sluice-aws/sluice/internal/assembly/opendeployment"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.Open, opendeployment.New) }
