// Command set-weight is the Lambda behind the state SetWeight.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"sluice/internal/assembly/setweight"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.SetWeight, setweight.New) }
