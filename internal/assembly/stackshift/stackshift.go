// Package stackshift builds the Lambda stack-shift.
package stackshift

import (
	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/configuration/deploymentconfig"
	"github.com/sluice-aws/sluice/internal/execution/stepfunctions"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator/lambdanet"
	"github.com/sluice-aws/sluice/internal/router/lambdaalias"
	"github.com/sluice-aws/sluice/internal/stack/cloudformation"
	"github.com/sluice-aws/sluice/internal/task"
)

// New builds the Lambda flow.StackShift, which CloudFormation and Sluice's announcements invoke.
func New(s assembly.Settings) flow.Lambda {
	return task.StackShift{
		Ledger: dynamo.FromConfig(s.AWS, s.Table), Stacks: cloudformation.FromConfig(s.AWS),
		Executions: stepfunctions.FromConfig(s.AWS, s.StateMachine), Router: lambdaalias.FromConfig(s.AWS),
		Configs: deploymentconfig.FromConfig(s.AWS), Net: lambdanet.FromConfig(s.AWS, s.SafetyNet),
		StateMachine: s.StateMachine, Wait: s.Runtime.Wait, Pause: s.Runtime.Pause, Now: s.Runtime.Now,
	}.Handle
}
