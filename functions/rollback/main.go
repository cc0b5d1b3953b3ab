// Command rollback is the Lambda behind the state Rollback.
package main

import (
	"sluice/internal/assembly/rollback"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.Rollback, rollback.New) }
