// Package boot starts a Lambda: its configuration, its logging, and the naming
// of its errors. Start is the only thing that a main function calls.
package boot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"sluice/internal/flow"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// Settings are what a Lambda is configured with, beside its code.
type Settings struct {
	AWS aws.Config
	// Table is the Ledger's, from SLUICE_TABLE.
	Table string
	// StateMachine is its ARN, from SLUICE_STATE_MACHINE; only the safety net asks
	// for it, because it stands outside.
	StateMachine string
	// EventBus is where announcements go, from SLUICE_EVENT_BUS.
	EventBus string
	// Metrics is the namespace of the metrics that announcements are counted by, from
	// SLUICE_METRICS.
	Metrics string
	// Alias is that of a target which names none, from SLUICE_ALIAS; live when it is
	// empty. Only publish-version uses it, and the next two.
	Alias string
	// Parameters is the folder of the configurations that tags may name, from
	// SLUICE_PARAMETERS.
	Parameters string
	// Allowed says which functions may be shifted, from SLUICE_FUNCTIONS.
	Allowed shift.Allowed
}

// Names of the environment variables. The account's default bus is used where no
// other is named.
const (
	tableVariable        = "SLUICE_TABLE"
	stateMachineVariable = "SLUICE_STATE_MACHINE"
	eventBusVariable     = "SLUICE_EVENT_BUS"
	metricsVariable      = "SLUICE_METRICS"
	aliasVariable        = "SLUICE_ALIAS"
	functionsVariable    = "SLUICE_FUNCTIONS"
	parametersVariable   = "SLUICE_PARAMETERS"
	defaultEventBus      = "default"
	defaultMetrics       = "sluice"
)

// Start serves the Task with the handler that wire makes of the Settings, until
// Lambda ends the process. The compiler holds the handler to the Task's types.
func Start[D, F any](task flow.Task[D, F], wire func(Settings) flow.Handler[D, F]) {
	StartLambda(task.Function, func(s Settings) flow.Lambda { return flow.Serve(task, wire(s)) })
}

// StartLambda serves a Lambda that no state calls.
func StartLambda(name string, wire func(Settings) flow.Lambda) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("function", name))
	settings, err := load(context.Background(), name, os.Getenv)
	if err != nil {
		slog.Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(Invoker(wire(settings)))
}

// load reads the Settings. The clients make one attempt a call: Step Functions
// does the retrying, where it is seen and counted, but for throttled calls that
// package task has its reasons to wait for in place.
func load(ctx context.Context, function string, getenv func(string) string) (Settings, error) {
	table := getenv(tableVariable)
	if table == "" {
		return Settings{}, fmt.Errorf("%s is not set: it names the ledger's DynamoDB table", tableVariable)
	}
	machine := getenv(stateMachineVariable)
	if machine == "" && function == flow.SafetyNet {
		return Settings{}, fmt.Errorf("%s is not set: it is the ARN of the state machine that %s looks after", stateMachineVariable, function)
	}
	bus := cmp.Or(getenv(eventBusVariable), defaultEventBus)
	alias := getenv(aliasVariable)
	if alias != "" && !request.IsAlias(alias) {
		return Settings{}, fmt.Errorf("%s is %q, which %s", aliasVariable, shift.BoundText(alias, 80), request.NoAlias)
	}
	parameters := cmp.Or(getenv(parametersVariable), request.DefaultParameters)
	if !request.IsParameterFolder(parameters) {
		return Settings{}, fmt.Errorf("%s is %q, which is not the folder of parameters, such as %s",
			parametersVariable, shift.BoundText(parameters, 80), request.DefaultParameters)
	}
	allowed, err := shift.ParseAllowed(getenv(functionsVariable))
	if err != nil {
		return Settings{}, fmt.Errorf("%s: %w", functionsVariable, err)
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err != nil {
		return Settings{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return Settings{
		AWS: cfg, Table: table, StateMachine: machine, EventBus: bus, Metrics: cmp.Or(getenv(metricsVariable), defaultMetrics),
		Alias: alias, Parameters: parameters, Allowed: allowed,
	}, nil
}

// Invoker is a flow.Lambda as the Lambda runtime wants it.
type Invoker flow.Lambda

// Invoke implements lambda.Handler. An error is reported under its wire name;
// aws-lambda-go would name any other by its outermost Go type, which no Catch
// matches.
func (i Invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := i(ctx, payload)
	if err == nil {
		return answer, nil
	}
	wire := flow.Wire(err)
	slog.ErrorContext(ctx, "failed", "name", wire.Name, "error", wire.Message)
	return nil, messages.InvokeResponse_Error{Type: wire.Name, Message: wire.Message}
}
