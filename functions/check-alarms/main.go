// Command check-alarms is the Lambda behind the state CheckAlarms.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"sluice/internal/assembly/checkalarms"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.CheckAlarms, checkalarms.New) }
