// Command rollback is the Lambda behind the state Rollback.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/rollback"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.Rollback, rollback.New) }
