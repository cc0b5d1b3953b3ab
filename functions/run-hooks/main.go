// Command run-hooks is the Lambda behind the states BeforeTrafficHook and
// AfterTrafficHook, and behind those that note which hook has failed.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/runhooks"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.Start(flow.BeforeHook, runhooks.New) }
