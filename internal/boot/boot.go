// Package boot starts a Lambda. It reads the configuration, sets up logging, and names the
// errors. A main function calls only Start or StartLambda.
package boot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/flow"
)

// Start serves the Task until Lambda ends the process. wire builds the handler from the
// assembly.Settings. The compiler checks that the handler has the Task's types.
func Start[D, F any](task flow.Task[D, F], wire func(assembly.Settings) flow.Handler[D, F]) {
	StartLambda(task.Function, func(s assembly.Settings) flow.Lambda { return flow.Serve(task, wire(s)) })
}

// StartLambda serves a Lambda that no state of the state machine invokes.
func StartLambda(name string, wire func(assembly.Settings) flow.Lambda) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("function", name))
	settings, err := load(name, os.Getenv)
	if err != nil {
		slog.Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(Invoker(wire(settings)))
}

// load reads the Settings from the environment.
func load(function string, getenv func(string) string) (assembly.Settings, error) {
	table := getenv(flow.TableVariable)
	if table == "" {
		return assembly.Settings{}, fmt.Errorf("%s is not set: it names the ledger's DynamoDB table", flow.TableVariable)
	}
	if err := checkNeeded(function, getenv); err != nil {
		return assembly.Settings{}, err
	}
	cfg, err := loadAWS(getenv)
	if err != nil {
		return assembly.Settings{}, err
	}
	settings := assembly.Settings{
		AWS: cfg, Table: table, StateMachine: getenv(flow.StateMachineVariable), SafetyNet: getenv(flow.SafetyNetVariable), Panel: getenv(flow.PanelVariable), Metrics: cmp.Or(getenv(flow.MetricsVariable), flow.DefaultMetrics),
		StackShift: getenv(flow.StackShiftVariable), HookURL: getenv(flow.HookURLVariable), HookLayer: getenv(flow.HookLayerVariable),
	}
	err = settings.ReadInputs(getenv)
	return settings, err
}

// checkNeeded checks that a function knows what it works with.
func checkNeeded(function string, getenv func(string) string) error {
	needsMachine := function == flow.SafetyNet || function == flow.StackShift || function == flow.Panel
	if needsMachine && getenv(flow.StateMachineVariable) == "" {
		return fmt.Errorf("%s is not set: it is the ARN of the state machine that %s needs", flow.StateMachineVariable, function)
	}
	needsNet := function == flow.StackShift || function == flow.Panel && getenv(flow.PanelVariable) != ""
	if needsNet && getenv(flow.SafetyNetVariable) == "" {
		return fmt.Errorf("%s is not set: it names the function %s, which %s gives commands", flow.SafetyNetVariable, flow.SafetyNet, function)
	}
	return nil
}

// Invoker adapts a flow.Lambda to the Lambda runtime.
type Invoker flow.Lambda

// Invoke implements lambda.Handler. It reports an error under its wire name. aws-lambda-go
// would name it by its outermost Go type, which no Catch matches.
func (i Invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := i(ctx, payload)
	if err == nil {
		return answer, nil
	}
	wire := flow.Wire(err)
	slog.ErrorContext(ctx, "failed", "name", wire.Name, "error", wire.Message)
	return nil, messages.InvokeResponse_Error{Type: wire.Name, Message: wire.Message}
}
