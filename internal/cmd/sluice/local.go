package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/assembly/panel"
	"github.com/sluice-aws/sluice/internal/dashboard"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/world"
)

const aboutLocal = `Local plays an AWS account with Sluice in it, on a port of this machine. Use it
with the aws command and with this one. It has a function with traffic, metrics
and alarms, and Sluice's state machine, ledger and safety net, with the
definition and the handlers that run in AWS. Time passes by itself, by default
10 times as fast as here. You can start an execution and stop it, set an alarm
off, edit the alias, and publish a version. You can create a CloudFormation
stack of a template in JSON, with the macro Sluice or with Custom::SluiceShift.
Ctrl-C ends it; nothing is kept.

Without -f there is a function orders: its alias live points at version 1, and
its $LATEST is not published yet. With -f there are the functions, sites, names
in Route 53, alarms and hooks that the deployment names. The scenario says how
the versions behave and what else happens. A version that you publish behaves
like its candidate. Its dashboard, the page of 'sluice dashboard', is on the
third port after that, or on any free one.

With --functions bootstraps, Sluice's Lambdas run as separate processes, as in
AWS, with the environment variables of the stack's template. First build them
with make dist/e2e; then run this command in the repository's folder.`

const examplesOfLocal = `  sluice local
  sluice local --speed 60 -s scenario.json
  sluice local -f deployment.json --port 4570 --functions bootstraps`

func init() { world.AddLambda(flow.Spec{Function: flow.Panel, Timeout: flow.PanelTimeout}, panel.New) }

// How Sluice's functions run.
const (
	inProcess     = "in-process"
	asBootstraps  = "bootstraps"
	bootstrapsDir = "dist/e2e"
	templateFile  = "infra/testdata/sluice-hook-endpoint.template.json" // it has all functions
)

const (
	defaultPort  = 4570
	defaultSpeed = 10
	maxPort      = 65535
)

// localFlags are the flags of local.
type localFlags struct {
	deployment, scenario string
	port                 int
	speed                float64
	functions            string
}

func newLocal() *cobra.Command {
	var flags localFlags
	cmd := &cobra.Command{
		Use:                   "local [-f FILE] [-s FILE] [--port N] [--speed N] [--functions HOW]",
		Short:                 "Play an AWS account on this machine",
		Long:                  aboutLocal,
		Example:               examplesOfLocal,
		DisableFlagsInUseLine: true,
		Args:                  func(_ *cobra.Command, args []string) error { return flags.check(args) },
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			setting, err := flags.readInputs(cmd.InOrStdin())
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return setting.serve(ctx, flags, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	cmd.Flags().StringVarP(&flags.deployment, "file", "f", "", "read a deployment from `FILE`; - is standard input")
	cmd.Flags().StringVarP(&flags.scenario, "scenario", "s", "", "read the scenario from `FILE`; - is standard input")
	cmd.Flags().IntVar(&flags.port, "port", defaultPort, "listen on 127.0.0.1:`N`; 0: any free port")
	cmd.Flags().Float64Var(&flags.speed, "speed", defaultSpeed, "let time pass `N` times as fast")
	cmd.Flags().StringVar(&flags.functions, "functions", inProcess, "`HOW` Sluice's Lambdas run: in-process\nor bootstraps")
	return cmd
}

// maxSpeed is a day in a second and a half. The local world could not keep up with more.
const maxSpeed = 60_000

func (f localFlags) check(args []string) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("local takes no arguments, but got %q", args[0])
	case source(f.deployment) == standardInput && f.deployment == f.scenario:
		return errors.New("the deployment and the scenario cannot both be standard input")
	case f.speed < 1 || f.speed > maxSpeed:
		return fmt.Errorf("--speed is %g, but must be between 1 and %d", f.speed, maxSpeed)
	case f.port < 0 || f.port > maxPort:
		return fmt.Errorf("--port is %d, but must be between 0 and %d", f.port, maxPort)
	case f.functions != inProcess && f.functions != asBootstraps:
		return fmt.Errorf("--functions is %q, but must be %s or %s", f.functions, inProcess, asBootstraps)
	}
	return nil
}

// readInputs reads the files. It uses a sample for a file that is not given.
func (f localFlags) readInputs(stdin io.Reader) (inputs, error) {
	switch {
	case f.deployment != "":
		return readInputs(source(f.deployment), appSpecFlags{}, source(f.scenario), stdin)
	case f.scenario == "":
		return inputs{deployment: sampleDeployment(sampleScenario, ""), scenario: sampleScenario}, nil
	}
	from, err := source(f.scenario).read(stdin)
	if err != nil {
		return inputs{}, err
	}
	s, err := world.DecodeScenario(from.json)
	if err != nil {
		return inputs{}, from.invalid(err)
	}
	return inputs{from: from, deployment: sampleDeployment(s, ""), scenario: s}, nil
}

// serve plays the account until the context ends. It creates the account before it
// listens: nobody waits for an answer from one that cannot be.
func (s inputs) serve(ctx context.Context, flags localFlags, stdout, stderr io.Writer) error {
	journal := newJournal(stdout)
	account := localAccount{flags: flags, stderr: stderr, tell: journal.add}
	if err := account.create(s); err != nil {
		var wrong *world.ScenarioError
		if errors.As(err, &wrong) {
			return s.from.invalid(wrong)
		}
		return err
	}
	defer account.close()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", flags.port))
	if err != nil {
		return fmt.Errorf("port %d of this machine cannot be used: another sluice local may have it; choose another with --port, or any free one with --port 0 (%w)", flags.port, err)
	}
	defer listener.Close()
	account.endpoint = "http://" + listener.Addr().String()
	if err := account.deploy(); err != nil {
		return err
	}
	page, err := listenNear(listener)
	if err != nil {
		return err
	}
	account.page = "http://" + page.Addr().String() + "/"
	return account.run(ctx, listener, page, account.dashboard(), func() error {
		if err := writeText(stdout, func(to io.Writer) { account.print(to, s) }); err != nil {
			return err
		}
		return journal.open()
	})
}

// run lets time pass in the account, and serves it and its page until the context ends. It calls
// ready when both can be reached.
func (a *localAccount) run(ctx context.Context, on, page net.Listener, c dashboard.Config, ready func() error) error {
	server := &http.Server{Handler: a.world, ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	served := make(chan error, 2)
	go func() { served <- server.Serve(on) }()
	if err := ready(); err != nil {
		return err
	}
	go a.world.Run(ctx)
	var pages sync.WaitGroup
	defer pages.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	pages.Go(func() {
		if err := dashboard.Serve(ctx, c, page); err != nil {
			served <- err
		}
	})
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return fmt.Errorf("serve %s: %w", a.endpoint, err)
	}
}

// listenNear listens on a port that follows from another one, or on any free one.
func listenNear(before net.Listener) (net.Listener, error) {
	if next := before.Addr().(*net.TCPAddr).Port + localDashboard; next <= maxPort {
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", next)); err == nil {
			return listener, nil
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a port for the dashboard: %w", err)
	}
	return listener, nil
}

// sampleScenario is used without -s. It has a healthy candidate, an alarm on errors, a
// hook that succeeds, and one that waits for a person's answer. The function has tags,
// so a version that is published is shifted by itself.
var sampleScenario = func() world.Scenario {
	s, err := world.DecodeScenario([]byte(`{
		"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Sum", "threshold": 5,
		            "periodSeconds": 60, "evaluationPeriods": 1, "treatMissingData": "notBreaching"}],
		"functions": {"orders": {"tags": {"` + flow.TagAlias + `": "live", "` + flow.TagAlarms + `": "orders-errors"}}},
		"hooks": {"orders-smoke": {"result": "succeed", "afterSeconds": 5}, "orders-approval": {"result": "hang"}}
	}`))
	if err != nil {
		panic(err) // the literal above is valid
	}
	return s
}()

// sampleDeployment is a deployment of the function orders, with the alarms and the
// hooks of a scenario. Without a strategy it has the default one.
func sampleDeployment(s world.Scenario, strategy string) []byte {
	type hook struct {
		Function string `json:"function"`
	}
	input := struct {
		Function string            `json:"function"`
		Strategy string            `json:"strategy,omitempty"`
		Alarms   []string          `json:"alarms"`
		Hooks    map[string][]hook `json:"hooks,omitempty"`
	}{"orders", strategy, []string{}, map[string][]hook{}}
	for _, a := range s.Alarms {
		input.Alarms = append(input.Alarms, a.Name)
	}
	for _, name := range sortedKeys(s.Hooks) {
		input.Hooks["beforeTraffic"] = append(input.Hooks["beforeTraffic"], hook{name})
	}
	text, err := json.Marshal(input)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	if _, err := request.DecodeInput(text, ""); err != nil {
		return []byte(`{"function": "orders"}`) // the scenario has too many hooks, or an invalid alarm name
	}
	return text
}
