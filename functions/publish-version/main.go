// Command publish-version is the Lambda behind the state Publish.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"sluice/internal/assembly/publishversion"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.Publish, publishversion.New) }
