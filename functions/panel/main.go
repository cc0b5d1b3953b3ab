// Command panel is the Lambda behind the custom widget of the stack's CloudWatch dashboard.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/panel"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.StartLambda(flow.Panel, panel.New) }
