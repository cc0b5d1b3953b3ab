// Package hookendpoint builds the Lambda hook-endpoint.
package hookendpoint

import (
	"sluice/internal/assembly"
	"sluice/internal/flow"
	"sluice/internal/hook/taskstate"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/task"
)

// New builds the Lambda flow.HookEndpoint, which answers requests to its URL.
func New(s assembly.Settings) flow.Lambda {
	return task.HookEndpoint{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), States: taskstate.FromConfig(s.AWS), Now: s.Runtime.Now,
	}.Handle
}
