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
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/request"
	"sluice/internal/shift"
	"sluice/internal/world"
)

const aboutLocal = `Local plays an AWS account with Sluice in it on a port of this machine, for the
aws command and for this one: a function with traffic, metrics and alarms, the
state machine, the ledger and the safety net, with the definition and the
handlers that run in AWS. Time passes by itself, faster than the real one if you
like. What you do happens: start an execution, set an alarm off, stop it, edit
the alias, publish a version. Interrupt it (Ctrl-C) to end it; nothing is kept.

Without a deployment there is the function orders, whose alias live serves its
version 1, and whose $LATEST is not published yet. With one there is what it
speaks of. The scenario says how the versions serve and what else happens: a
version that you publish is its candidate.

With --functions bootstraps, Sluice's Lambdas run as the processes that they are
in AWS, with the environment that the stack's template gives them: make dist/e2e
builds them. Run it in the repository's folder then.`

const examplesOfLocal = `  sluice local
  sluice local --speed 60 -s scenario.json
  sluice local -f deployment.json --port 4570 --functions bootstraps`

// How Sluice's functions run.
const (
	inProcess     = "in-process"
	asBootstraps  = "bootstraps"
	bootstrapsDir = "dist/e2e"
	templateFile  = "infra/testdata/sluice.template.json"
)

const (
	defaultPort  = 4570
	defaultSpeed = 10
)

// localFlags are what local is told.
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
		RunE: does(func(cmd *cobra.Command, _ []string) error {
			setting, err := flags.setting(cmd.InOrStdin())
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return setting.serve(ctx, flags, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	cmd.Flags().StringVarP(&flags.deployment, "file", "f", "", "prepare for the deployment in `FILE`; - is standard input")
	cmd.Flags().StringVarP(&flags.scenario, "scenario", "s", "", "read the scenario from `FILE`; - is standard input")
	cmd.Flags().IntVar(&flags.port, "port", defaultPort, "listen on port `N` of 127.0.0.1; 0: any")
	cmd.Flags().Float64Var(&flags.speed, "speed", defaultSpeed, "let time pass `N` times as fast")
	cmd.Flags().StringVar(&flags.functions, "functions", inProcess, "`HOW`: in-process, bootstraps")
	return cmd
}

// maxSpeed is a day in a second and a half; more would only be waited for.
const maxSpeed = 60_000

func (f localFlags) check(args []string) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("local takes no arguments, and %q is one", args[0])
	case source(f.deployment) == standardInput && f.deployment == f.scenario:
		return errors.New("the deployment and the scenario cannot both be standard input")
	case f.speed < 1 || f.speed > maxSpeed:
		return fmt.Errorf("--speed is %g, and must be between 1 and %d", f.speed, maxSpeed)
	case f.port < 0 || f.port > 65535:
		return fmt.Errorf("--port is %d, and must be between 0 and 65535", f.port)
	case f.functions != inProcess && f.functions != asBootstraps:
		return fmt.Errorf("--functions is %q, and must be %s or %s", f.functions, inProcess, asBootstraps)
	}
	return nil
}

// setting reads the files. Without them there is a sample of both.
func (f localFlags) setting(stdin io.Reader) (setting, error) {
	switch {
	case f.deployment != "":
		return readSetting(source(f.deployment), source(f.scenario), stdin)
	case f.scenario == "":
		return setting{deployment: sampleDeployment(sampleScenario), scenario: sampleScenario}, nil
	}
	text, err := source(f.scenario).read(stdin)
	if err != nil {
		return setting{}, err
	}
	s, err := world.DecodeScenario(text)
	if err != nil {
		return setting{}, invalid(f.scenario, err)
	}
	return setting{source: source(f.scenario).String(), deployment: sampleDeployment(s), scenario: s}, nil
}

// serve plays the account until the context ends.
func (s setting) serve(ctx context.Context, flags localFlags, stdout, stderr io.Writer) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", flags.port))
	if err != nil {
		return fmt.Errorf("listen on port %d (choose another with --port): %w", flags.port, err)
	}
	defer listener.Close()
	account := localAccount{endpoint: "http://" + listener.Addr().String(), flags: flags, complaints: stderr}
	if err := account.found(s); err != nil {
		var wrong *world.ScenarioError
		if errors.As(err, &wrong) {
			return invalid(s.source, wrong)
		}
		return err
	}
	defer account.close()
	server := &http.Server{Handler: account.world, ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := writeText(stdout, func(to io.Writer) { account.text(to, s) }); err != nil {
		return err
	}
	go account.world.Run(ctx)
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return fmt.Errorf("serve %s: %w", account.endpoint, err)
	}
}

// sampleScenario is the world of who brings none: a healthy candidate, an alarm
// on errors, a hook that agrees, and one that waits for a person's answer. A version
// that somebody publishes is shifted by itself, as its function's tags say.
var sampleScenario = func() world.Scenario {
	s, err := world.DecodeScenario([]byte(`{
		"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Sum", "threshold": 5,
		            "periodSeconds": 60, "evaluationPeriods": 1, "treatMissingData": "notBreaching"}],
		"functions": {"orders": {"tags": {"` + shift.TagAlias + `": "live", "` + shift.TagAlarms + `": "orders-errors"}}},
		"hooks": {"orders-smoke": {"result": "succeed", "afterSeconds": 5}, "orders-approval": {"result": "hang"}}
	}`))
	if err != nil {
		panic(err) // it stands right above
	}
	return s
}()

// sampleDeployment is one of the function orders, with the alarms and the hooks of
// a scenario.
func sampleDeployment(s world.Scenario) []byte {
	type hook struct {
		Function string `json:"function"`
	}
	input := struct {
		Function string            `json:"function"`
		Alarms   []string          `json:"alarms"`
		Hooks    map[string][]hook `json:"hooks,omitempty"`
	}{"orders", []string{}, map[string][]hook{}}
	for _, a := range s.Alarms {
		input.Alarms = append(input.Alarms, a.Name)
	}
	for _, name := range sorted(s.Hooks) {
		input.Hooks["beforeTraffic"] = append(input.Hooks["beforeTraffic"], hook{name})
	}
	text, err := json.Marshal(input)
	if err != nil {
		panic(err) // texts marshal
	}
	if _, err := request.DecodeInput(text, ""); err != nil {
		return []byte(`{"function": "orders"}`) // too many hooks, or an alarm's name that is none
	}
	return text
}
