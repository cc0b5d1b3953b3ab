// Command publish-version is the Lambda behind the state Publish.
package main

import (
	_ "time/tzdata" // Lambda's runtime has no time zones of its own

	"github.com/sluice-aws/sluice/internal/assembly/publishversion"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.Publish, publishversion.New) }
