// Command run-hooks is the Lambda behind the states BeforeTrafficHook and
// AfterTrafficHook, which differ only in their names.
package main

import (
	"sluice/internal/assembly/runhooks"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.BeforeHook, runhooks.New) }
