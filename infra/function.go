package main

import (
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/forecast"
)

// lambdas are Sluice's functions, by the names of their folders.
type lambdas map[string]awslambda.Function

// published returns the published version of each task's function. The state machine's
// definition names versions. A running execution keeps the definition that it started with, and
// so the code too, even if Sluice is deployed in the meantime. CDK publishes a new version only
// when the code or the configuration of the function changes. The safety net is not in the
// definition and has no version.
func (l lambdas) published() map[string]awslambda.IFunction {
	versions := map[string]awslambda.IFunction{}
	for _, spec := range flow.Specs() {
		versions[spec.Function] = l[spec.Function].CurrentVersion()
	}
	return versions
}

// The memory of the functions, in megabytes. Lambda allocates CPU in proportion to memory, so
// the functions that put traffic back have more of it, to start faster. Package forecast uses
// defaultMemory for the cost of a deployment.
const (
	defaultMemory  = forecast.InvocationMegabytes
	rollbackMemory = 512
	panelMemory    = 256 // a person waits for it
)

// blueprint configures a function.
type blueprint struct {
	name        string
	description string
	timeout     time.Duration
	memory      int
	// concurrency is how many of its sandboxes Lambda runs at most. 0 is no bound of its own.
	concurrency int
	// environment has the variables that not all functions have.
	environment map[string]string
}

// blueprints returns the blueprints of all functions, in running order.
func (a *sluice) blueprints() []blueprint {
	var all []blueprint
	for _, spec := range flow.Specs() {
		if !slices.ContainsFunc(all, func(b blueprint) bool { return b.name == spec.Function }) {
			all = append(all, blueprint{name: spec.Function, description: spec.Comment, timeout: spec.Timeout, memory: defaultMemory})
		}
	}
	all = append(all, blueprint{
		name:        flow.SafetyNet,
		description: "Puts traffic back when the state machine cannot: after alarms, after executions that were stopped, every minute, and on command.",
		timeout:     flow.SafetyNetTimeout,
	}, blueprint{
		name:        flow.StackShift,
		description: "Shifts the aliases of CloudFormation stacks: their custom resource invokes it, and the announcements of the executions that it has started.",
		timeout:     flow.StackShiftTimeout, memory: defaultMemory,
	})
	all = append(all, blueprint{
		name:        flow.Macro,
		description: "Makes a template that shifts its aliases with CodeDeploy shift them with Sluice, for CloudFormation. It calls nobody.",
		timeout:     flow.MacroTimeout,
		memory:      defaultMemory,
	})
	if a.settings.hasPanel() {
		all = append(all, blueprint{
			name:        flow.Panel,
			description: "Shows the deployments in the stack's CloudWatch dashboard, to whoever may invoke it.",
			timeout:     flow.PanelTimeout, memory: panelMemory,
		})
	}
	if a.settings.HookEndpoint {
		all = append(all, blueprint{
			name:        flow.HookEndpoint,
			description: "Takes the answers of hooks that were written for CodeDeploy. Its URL is public, and an answer needs the id of a hook that is awaited.",
			timeout:     flow.HookEndpointTimeout, memory: defaultMemory, concurrency: flow.HookEndpointConcurrency,
		})
	}
	for i := range all {
		a.adjust(&all[i])
	}
	return all
}

// adjust gives a function what not all functions have.
func (a *sluice) adjust(b *blueprint) {
	switch b.name {
	case flow.Publish.Function:
		b.environment = a.inputVariables()
	case flow.Open.Function:
		b.environment = map[string]string{flow.RevertHoursVariable: strconv.Itoa(a.settings.RevertHours)}
	case flow.Rollback.Function:
		b.memory = rollbackMemory
	case flow.Macro:
		b.environment = map[string]string{flow.StackShiftVariable: a.permit.functionARN(a.permit.functionName(flow.StackShift))}
	case flow.SafetyNet:
		b.memory = rollbackMemory
		b.environment = map[string]string{flow.StateMachineVariable: a.permit.machineARN()}
	case flow.StackShift:
		b.environment = map[string]string{
			flow.StateMachineVariable: a.permit.machineARN(), flow.SafetyNetVariable: a.permit.functionName(flow.SafetyNet),
		}
	case flow.Panel:
		b.environment = a.panelVariables()
	}
}

// panelVariables say what the widget shows, and whether it has buttons.
func (a *sluice) panelVariables() map[string]string {
	all := map[string]string{flow.StateMachineVariable: a.permit.machineARN()}
	if a.settings.Panel == flow.PanelOn {
		all[flow.PanelVariable] = a.permit.functionARN(a.permit.functionName(flow.Panel))
		all[flow.SafetyNetVariable] = a.permit.functionName(flow.SafetyNet)
	}
	return all
}

// inputVariables say which inputs publish-version takes.
func (a *sluice) inputVariables() map[string]string {
	all := map[string]string{
		flow.AliasVariable:      a.settings.Alias,
		flow.FunctionsVariable:  a.settings.Functions.setting(),
		flow.ParametersVariable: a.settings.ConfigParameters,
	}
	if a.settings.HookEndpoint {
		all[flow.HookEndpointVariable] = flow.HookEndpointURL
	}
	return all
}

// functionNames returns the names of all functions of a stack, in running order.
func functionNames(s settings) []string {
	var names []string
	for _, spec := range flow.Specs() {
		if !slices.Contains(names, spec.Function) {
			names = append(names, spec.Function)
		}
	}
	names = append(names, flow.SafetyNet, flow.StackShift, flow.Macro)
	if s.hasPanel() {
		names = append(names, flow.Panel)
	}
	if s.HookEndpoint {
		names = append(names, flow.HookEndpoint)
	}
	return names
}

func (a *sluice) newFunctions(from built) lambdas {
	all := lambdas{}
	for _, b := range a.blueprints() {
		all[b.name] = a.newFunction(b, from)
	}
	return all
}

func (a *sluice) newFunction(b blueprint, from built) awslambda.Function {
	environment := map[string]*string{
		flow.TableVariable:   a.table.TableName(),
		flow.MetricsVariable: jsii.String(a.metrics()),
	}
	for _, more := range []map[string]string{a.settings.FrontEnds.variables(a.permit.store), b.environment} {
		for name, value := range more {
			environment[name] = jsii.String(value)
		}
	}
	name := a.permit.functionName(b.name)
	var concurrency *float64
	if b.concurrency > 0 {
		concurrency = jsii.Number(b.concurrency)
	}
	logs := newLogGroup(a.stack, a.settings, b.name+"-logs", "/aws/lambda/"+name)
	return awslambda.NewFunction(a.stack, jsii.String(b.name), &awslambda.FunctionProps{
		FunctionName: jsii.String(name),
		Description:  jsii.String(b.description),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: from.architecture,
		Handler:      jsii.String("bootstrap"),
		Code:         from.code(b.name),
		MemorySize:   jsii.Number(b.memory),

		ReservedConcurrentExecutions: concurrency,

		Timeout:     awscdk.Duration_Seconds(jsii.Number(b.timeout.Seconds())),
		Environment: &environment,
		Role:        a.permit.function(b.name),
		LogGroup:    logs,
		Tracing:     awslambda.Tracing_ACTIVE,
		// This applies to the versions that published returns. An execution that started
		// before an upgrade still invokes the versions in its definition.
		CurrentVersionOptions: &awslambda.VersionOptions{RemovalPolicy: awscdk.RemovalPolicy_RETAIN},
	})
}
