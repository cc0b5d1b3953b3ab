// Package panel builds the Lambda panel.
package panel

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/dashboard"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
)

// New builds the Lambda flow.Panel, which CloudWatch invokes.
func New(s assembly.Settings) flow.Lambda {
	now := time.Now
	if s.Runtime.Now != nil {
		now = s.Runtime.Now
	}
	return dashboard.NewPanel(dashboard.Config{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Alarms: alarm.FromConfig(s.AWS),
		Executions: executions{stepfunctions.FromConfig(s.AWS), s.StateMachine},
		Control:    control.FromConfig(s.AWS, strings.TrimSuffix(cmp.Or(s.SafetyNet, flow.SafetyNet), "-"+flow.SafetyNet)).ForOthers(),
		Console:    operator.Execution.Console,
		Now:        now, Together: s.Runtime.Together,
		Clock: func() (time.Time, float64) { return now(), 1 }, // Lambda's clock is AWS's
	}, s.Panel).Answer
}

// executions are those of Sluice's state machine.
type executions struct {
	*stepfunctions.Machines
	machine string
}

// Recent implements dashboard.Executions.
func (x executions) Recent(ctx context.Context, ended int) ([]operator.Listed, error) {
	return x.Machines.Recent(ctx, x.machine, ended)
}
