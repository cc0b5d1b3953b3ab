// Command set-weight is the Lambda behind the state SetWeight.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"github.com/sluice-aws/sluice/internal/assembly/setweight"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.SetWeight, setweight.New) }
