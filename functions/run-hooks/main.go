// Command run-hooks is the Lambda behind the states BeforeTrafficHook and
// AfterTrafficHook, which differ only in their names.
package main

import (
	"sluice/internal/boot"
	"sluice/internal/flow"
	"sluice/internal/hook/lambdahook"
	"sluice/internal/task"
)

func main() {
	boot.Start(flow.BeforeHook, func(s boot.Settings) flow.Handler[flow.Document, struct{}] {
		return task.RunHooks{Hooks: lambdahook.FromConfig(s.AWS)}.Handle
	})
}
