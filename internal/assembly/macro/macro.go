// Package macro builds the Lambda macro.
package macro

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/task"
	"github.com/sluice-aws/sluice/internal/template"
)

// New builds the Lambda flow.Macro, which only CloudFormation invokes.
func New(s assembly.Settings) flow.Lambda {
	return task.Macro{Rewrite: template.Rewrite, Options: template.Options{
		StackShift: s.StackShift, HookEndpoint: s.HookURL, HookLayer: s.HookLayer,
	}}.Handle
}
