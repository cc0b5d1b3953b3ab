package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"sluice/internal/flow"
	"sluice/internal/localaws/stack"
	"sluice/internal/request"
	"sluice/internal/world"
)

// localAccount is an AWS account that is played on a port of this machine.
type localAccount struct {
	endpoint string
	flags    localFlags
	stderr   io.Writer
	world    *world.Paced
	fleet    *stack.Fleet // nil if the functions run in this process
}

// create creates the account.
func (a *localAccount) create(s inputs) error {
	pace := world.Pace{Speed: a.flags.speed, Problem: func(err error) { fmt.Fprintf(a.stderr, "sluice: %v\n", err) }}
	if a.flags.functions == asBootstraps {
		pace.Run = func(ctx context.Context, function string, payload []byte) ([]byte, bool, error) {
			return a.fleet.Run(ctx, function, payload)
		}
	}
	var err error
	if a.world, err = world.NewPaced(pace, s.scenario, s.deployment); err != nil {
		return fmt.Errorf("create the account: %w", err)
	}
	if a.flags.functions == asBootstraps {
		if a.fleet, err = a.deploy(); err != nil {
			a.world.Close()
			return err
		}
	}
	return nil
}

// deploy creates the functions of the stack's template, each of which runs in processes
// of its own.
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
	if verbose() {
		logs = a.stderr
	}
	fleet, err := stack.NewFleet(functions, stack.Site{
		Place: at, Endpoint: a.endpoint, Bootstraps: bootstrapsDir, Prefix: world.FunctionPrefix, Logs: logs,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: build them with make %s", err, bootstrapsDir)
	}
	return fleet, nil
}

// verbose reports whether --verbose was given.
func verbose() bool { return slog.Default().Enabled(context.Background(), slog.LevelInfo) }

func (a *localAccount) close() {
	a.world.Close()
	if a.fleet == nil {
		return
	}
	a.fleet.Close()
	if verbose() {
		a.printStartTimes(a.stderr)
	}
}

// printStartTimes prints how long each process took until it was ready for its first
// event.
func (a *localAccount) printStartTimes(to io.Writer) {
	t := &table{indent: gutter}
	starts := a.fleet.Starts()
	for _, name := range sortedKeys(starts) {
		for _, s := range starts[name] {
			if s.Ready > 0 {
				t.add(name, "ready after "+s.Ready.Round(time.Millisecond).String())
			}
		}
	}
	t.write(to)
}

// print prints how to use the account.
func (a *localAccount) print(to io.Writer, s inputs) {
	_, region, _ := a.world.Place()
	machine := a.world.StateMachine()
	first := strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":first"
	fmt.Fprintf(to, "An AWS account is on %s, where time passes %s. Ctrl-C ends it.\nIn another terminal:\n\n", a.endpoint, speedText(a.flags.speed))
	say := func(format string, args ...any) { fmt.Fprintf(to, "  "+format+"\n", args...) }
	say("export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%[2]s", a.endpoint, region)
	say("export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_PAGER=")
	fmt.Fprintln(to)
	release, err := request.DecodeInput(s.deployment, "")
	if err != nil {
		return // cannot happen: the deployment was decoded before
	}
	say("aws stepfunctions start-execution --name first --state-machine-arn %s \\", machine)
	say("  --input '%s'", a.exampleInput(s))
	say("sluice watch first")
	say("sluice abort %s --reason 'by hand'", release.Arrivals[0].Target)
	say("aws stepfunctions describe-execution --execution-arn %s", first)
	say("aws stepfunctions get-execution-history --execution-arn %s", first)
	say("aws stepfunctions stop-execution --execution-arn %s", first)
	for _, arrival := range release.Arrivals {
		if function, alias, err := flow.SplitLambdaTarget(arrival.Target); err == nil {
			say("aws lambda get-alias --function-name %s --name %s", function, alias)
			say("aws lambda invoke --function-name %s:%s answer.json", function, alias)
		}
	}
	for _, alarm := range release.Alarms {
		say("aws cloudwatch set-alarm-state --alarm-name %s --state-value ALARM --state-reason 'by hand'", alarm)
	}
	say("aws dynamodb scan --table-name sluice")
	a.printHooks(to, s)
}

// printHooks lists the functions that can be used as hooks.
func (a *localAccount) printHooks(to io.Writer, s inputs) {
	var waiting []string
	names := sortedKeys(s.scenario.Hooks)
	for _, name := range names {
		if s.scenario.Hooks[name].Result == world.HookHangs {
			waiting = append(waiting, name)
		}
	}
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(to, "\nHooks that the input can name: %s.", strings.Join(names, ", "))
	if len(waiting) > 0 {
		fmt.Fprintf(to, "\nIn the mode callback, %s waits for aws stepfunctions send-task-success\nwith the task token from the execution's history.", strings.Join(waiting, ", "))
	}
	fmt.Fprintln(to)
}

// exampleInput returns an input to start, on one line. It leaves out the hooks of the
// sample, because one of them waits for a person's answer.
func (a *localAccount) exampleInput(s inputs) string {
	if a.flags.deployment == "" {
		s.scenario.Hooks = nil
		return string(sampleDeployment(s.scenario))
	}
	var line bytes.Buffer
	if json.Compact(&line, s.deployment) != nil {
		return string(s.deployment)
	}
	return line.String()
}

// speedText says how fast time passes.
func speedText(speed float64) string {
	if speed == 1 {
		return "as it does here"
	}
	return fmt.Sprintf("%g times as fast", speed)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
