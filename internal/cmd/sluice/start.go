package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
)

const aboutStart = `Start starts a deployment in AWS: an execution of Sluice's state machine, with
the file as its input. It checks the file before it calls AWS. Unless you give a
name, the execution's name says what it shifts and when it was started, such as
orders-live-20261121T061031Z.

With --wait, start also watches the deployment until it ends, like 'sluice
watch'. An interrupt (Ctrl-C) stops only the watching: the deployment goes on.

In a CI system, start prints plain lines, in a group if it knows how GitHub,
GitLab or Buildkite group them. --summary and --output-file write what the job's
page and the next steps need, also if the outcome is not known. If AWS cannot be
reached, start tries again until --patience is over. Its name makes sure that
the deployment starts only once.

Start needs the permission states:StartExecution, also states:ListStateMachines
unless you give the state machine's ARN. If an answer is lost, it needs
states:GetExecutionHistory to find what it has started. With --wait it also
needs the permissions of 'sluice watch'.` + aboutFiles

const examplesOfStart = `  sluice start -f deployment.json
  sluice start -f deployment.json --wait --profile production
  sluice start -f appspec.yaml --strategy AllAtOnce --alarm orders-5xx
  sluice start -f deployment.json --json | jq -r .executionArn`

// startOptions are the options of start.
type startOptions struct {
	account
	file string
	spec appSpecFlags
	name string
	wait bool
	outputOptions
}

func newStart(env environment) *cobra.Command {
	r := startOptions{account: account{environment: env}}
	cmd := &cobra.Command{
		Use:                   "start -f FILE [--wait] [--name NAME] [--json]",
		Short:                 "Start a deployment in AWS",
		Long:                  aboutStart,
		Example:               examplesOfStart,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("start takes no arguments, but got %q: give the deployment's file with -f", args[0])
			case r.file == "":
				return errors.New("start needs a deployment's file: -f FILE")
			}
			return r.checkWatching(r.wait)
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error { return r.start(cmd) }),
	}
	cmd.Flags().StringVarP(&r.file, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	r.spec.addTo(cmd)
	cmd.Flags().BoolVar(&r.wait, "wait", false, "watch until it ends; the exit status says how")
	cmd.Flags().StringVar(&r.name, "name", "", "the execution's `NAME`, unique for 90 days")
	cmd.Flags().BoolVar(&r.asJSON, "json", false, "print JSON; with --wait, only after the end")
	r.addWatchFlags(cmd)
	r.addMachineFlag(cmd)
	r.addTableFlag(cmd)
	r.addFlags(cmd)
	return cmd
}

func (r startOptions) start(cmd *cobra.Command) error {
	input, err := r.spec.read(source(r.file), cmd.InOrStdin())
	if err != nil {
		return err
	}
	release, err := input.release("")
	if err != nil {
		return input.invalid(err)
	}
	if err := r.files.check(); err != nil {
		return err
	}
	l := launch{name: r.name, input: input.json, answered: !operator.IsARN(r.stateMachine())}
	if l.cfg, l.machine, err = r.reachMachine(cmd); err != nil {
		return err
	}
	// Functions given by ARN must be in the state machine's region and account.
	if _, err := input.release(l.machine); err != nil {
		return input.invalid(err)
	}
	if l.name == "" {
		l.name = operator.NewName(release, r.now())
	}
	x, err := r.startOnce(cmd, l, r.outputOptions)
	if err != nil {
		return err
	}
	return r.afterStart(cmd, l.cfg, x)
}

// reachMachine returns the AWS configuration and the state machine's ARN.
func (r startOptions) reachMachine(cmd *cobra.Command) (cfg aws.Config, machine string, err error) {
	err = r.beforeStart(cmd, r.patience, func(ctx context.Context) (err error) {
		if cfg, err = r.configure(ctx, ""); err != nil {
			return err
		}
		machine, err = r.findMachine(ctx, stepfunctions.FromConfig(cfg), cfg)
		return err
	})
	return cfg, machine, err
}

// afterStart watches what was started, or says where it is.
func (r startOptions) afterStart(cmd *cobra.Command, cfg aws.Config, x operator.Execution) error {
	switch {
	case r.wait:
		w := newWatcher(cmd, r.account, cfg, x, r.outputOptions)
		w.justStarted = true
		return w.watch(cmd.Context())
	case r.asJSON:
		return writeJSON(cmd.OutOrStdout(), newLocation(x, cfg))
	}
	return writeText(cmd.OutOrStdout(), newLocation(x, cfg).print)
}

// location says where a person can look at an execution.
type location struct {
	Execution operator.Execution `json:"executionArn"`
	Name      string             `json:"name"`
	Console   string             `json:"consoleUrl"`
}

func newLocation(x operator.Execution, cfg aws.Config) location {
	l := location{Execution: x, Name: x.Name()}
	if hasConsole(cfg) {
		l.Console = x.Console()
	}
	return l
}

func (l location) print(to io.Writer) {
	t := &table{indent: gutter}
	l.addTo(t)
	t.write(to)
}

func (l location) addTo(t *table) {
	t.add("execution", string(l.Execution))
	if l.Console != "" {
		t.add("console", l.Console)
	}
}
