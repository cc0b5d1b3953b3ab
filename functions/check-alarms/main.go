// Command check-alarms is the Lambda behind the state CheckAlarms.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"github.com/sluice-aws/sluice/internal/assembly/checkalarms"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.CheckAlarms, checkalarms.New) }
