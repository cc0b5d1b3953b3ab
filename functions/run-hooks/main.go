// Command run-hooks is the Lambda behind the states BeforeTrafficHook and
// AfterTrafficHook, and behind those that note which hook has failed.
package main

import (
	"sluice/internal/assembly/runhooks"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.Start(flow.BeforeHook, runhooks.New) }
