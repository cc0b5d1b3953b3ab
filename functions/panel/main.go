// Command panel is the Lambda behind the custom widget of the stack's CloudWatch dashboard.
package main

import (
	"sluice/internal/assembly/panel"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.StartLambda(flow.Panel, panel.New) }
