// Package stackshift builds the Lambda stack-shift.
package stackshift

import (
	"sluice/internal/assembly"
	"sluice/internal/configuration/deploymentconfig"
	"sluice/internal/execution/stepfunctions"
	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/operator/lambdanet"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/stack/cloudformation"
	"sluice/internal/task"
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
