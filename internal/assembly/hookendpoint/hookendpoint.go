// Package hookendpoint builds the Lambda hook-endpoint.
package hookendpoint

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/hook/taskstate"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the Lambda flow.HookEndpoint, which answers requests to its URL.
func New(s assembly.Settings) flow.Lambda {
	return task.HookEndpoint{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), States: taskstate.FromConfig(s.AWS), Now: s.Runtime.Now,
	}.Handle
}
