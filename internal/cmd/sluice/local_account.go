package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"sluice/internal/flow"
	"sluice/internal/local/stack"
	"sluice/internal/local/world"
)

// localAccount is an AWS account that is played on a port.
type localAccount struct {
	endpoint   string
	flags      localFlags
	complaints io.Writer
	world      *world.Paced
	fleet      *stack.Fleet // nil when the functions run in process
}

// found makes the account.
func (a *localAccount) found(s setting) error {
	pace := world.Pace{Speed: a.flags.speed, Problem: func(err error) { fmt.Fprintf(a.complaints, "sluice: %v\n", err) }}
	if a.flags.functions == asBootstraps {
		pace.Run = func(ctx context.Context, function string, payload []byte) ([]byte, bool, error) {
			return a.fleet.Run(ctx, function, payload)
		}
	}
	var err error
	if a.world, err = world.NewPaced(pace, s.scenario, s.deployment); err != nil {
		return fmt.Errorf("make the account: %w", err)
	}
	if a.flags.functions == asBootstraps {
		if a.fleet, err = a.deploy(); err != nil {
			a.world.Close()
			return err
		}
	}
	return nil
}

// deploy makes the functions of the stack's template, and their processes.
func (a *localAccount) deploy() (*stack.Fleet, error) {
	template, err := os.ReadFile(templateFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s here: run this command in the repository's folder", templateFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read the stack's template: %w", err)
	}
	var at stack.Place
	at.Partition, at.Region, at.Account = a.world.Place()
	functions, err := stack.Read(template, at)
	if err != nil {
		return nil, err
	}
	logs := io.Discard
	if slog.Default().Enabled(context.Background(), slog.LevelInfo) { // --verbose
		logs = a.complaints
	}
	fleet, err := stack.NewFleet(functions, stack.Site{
		Place: at, Endpoint: a.endpoint, Bootstraps: bootstrapsDir, Prefix: "sluice-", Logs: logs,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: build them with make %s", err, bootstrapsDir)
	}
	return fleet, nil
}

func (a *localAccount) close() {
	a.world.Close()
	if a.fleet != nil {
		a.fleet.Close()
	}
}

// text says how to use the account.
func (a *localAccount) text(to io.Writer, s setting) {
	_, region, _ := a.world.Place()
	fmt.Fprintf(to, `An AWS account is on %s, where time passes %s as fast. Ctrl-C ends it.
In another terminal:

  export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%[4]s
  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_PAGER=

  aws stepfunctions start-execution --name first --state-machine-arn %s \
    --input '%s'
  aws stepfunctions list-executions --state-machine-arn %[5]s
  aws stepfunctions get-execution-history --execution-arn %[7]s:first
  aws stepfunctions stop-execution --execution-arn %[7]s:first
`, a.endpoint, times(a.flags.speed), a.endpoint, region, a.world.StateMachine(), started(s.deployment),
		strings.Replace(a.world.StateMachine(), ":stateMachine:", ":execution:", 1))
	release, err := flow.DecodeInput(s.deployment, "")
	if err != nil {
		return // whoever asked for it knows what it is
	}
	for _, arrival := range release.Arrivals {
		if function, alias, err := arrival.Target.Lambda(); err == nil {
			fmt.Fprintf(to, "  aws lambda get-alias --function-name %s --name %s\n", function, alias)
			fmt.Fprintf(to, "  aws lambda invoke --function-name %s:%s /dev/stdout\n", function, alias)
		}
	}
	for _, alarm := range release.Alarms {
		fmt.Fprintf(to, "  aws cloudwatch set-alarm-state --alarm-name %s --state-value ALARM --state-reason 'by hand'\n", alarm)
	}
	fmt.Fprintf(to, "  aws dynamodb scan --table-name sluice\n")
}

// started is a deployment on one line, without the hooks of the sample: one of
// them waits for a person.
func started(deployment []byte) string {
	return strings.Join(strings.Fields(string(deployment)), " ")
}

// times is a speed in words.
func times(speed float64) string {
	if speed == 1 {
		return "just"
	}
	return fmt.Sprintf("%g times", speed)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
