package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"sluice/internal/operator"
	"sluice/internal/operator/stepfunctions"
	"sluice/internal/request"
)

const aboutStart = `Start starts a deployment in AWS: an execution of Sluice's state machine, with
the file as its input. What is wrong with the file is said before anything is
asked of AWS. The execution is named for what it shifts and when, as in
orders-live-20261121T061031Z, unless you name it.

With --wait it is watched until it ends, as 'sluice watch' does. An interrupt
ends the watching, never the deployment.

It needs states:StartExecution, states:ListStateMachines unless the state
machine is given by its ARN, and with --wait what 'sluice watch' needs.`

const examplesOfStart = `  sluice start -f deployment.json
  sluice start -f deployment.json --wait --profile production
  sluice start -f deployment.json --json | jq -r .executionArn`

// starting is what a person asks start for.
type starting struct {
	account
	file string
	name string
	wait bool
	telling
}

func newStart(around surroundings) *cobra.Command {
	r := starting{account: account{surroundings: around}}
	cmd := &cobra.Command{
		Use:                   "start -f FILE [--wait] [--name NAME] [--json]",
		Short:                 "Start a deployment in AWS",
		Long:                  aboutStart,
		Example:               examplesOfStart,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("start takes no arguments, and %q is one: name the deployment's file with -f", args[0])
			case r.file == "":
				return errors.New("start needs a deployment's file: -f FILE")
			}
			return nil
		},
		RunE: does(func(cmd *cobra.Command, _ []string) error { return r.start(cmd) }),
	}
	cmd.Flags().StringVarP(&r.file, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&r.wait, "wait", false, "watch it until it ends; the exit status tells how")
	cmd.Flags().StringVar(&r.name, "name", "", "`NAME` the execution, once in 90 days")
	cmd.Flags().BoolVar(&r.asJSON, "json", false, "print JSON; with --wait only when it has ended")
	r.drawing.addFlag(cmd)
	r.addMachineFlag(cmd)
	r.addTableFlag(cmd)
	r.addFlags(cmd)
	return cmd
}

func (r starting) start(cmd *cobra.Command) error {
	input, err := source(r.file).read(cmd.InOrStdin())
	if err != nil {
		return err
	}
	release, err := request.DecodeInput(input, "")
	if err != nil {
		return invalid(source(r.file).String(), err)
	}
	cfg, err := r.configure(cmd.Context(), "")
	if err != nil {
		return err
	}
	machines := stepfunctions.FromConfig(cfg)
	machine, err := r.findMachine(cmd.Context(), machines, cfg)
	if err != nil {
		return err
	}
	// The functions that it names by their ARNs must be where it runs.
	if _, err := request.DecodeInput(input, machine); err != nil {
		return invalid(source(r.file).String(), err)
	}
	name := r.name
	if name == "" {
		name = operator.NewName(release, r.now())
	}
	x, err := machines.Start(cmd.Context(), machine, name, input)
	if err != nil {
		return err
	}
	switch {
	case r.wait:
		w := newWatcher(cmd, r.account, cfg, x, r.telling)
		w.fresh = true
		return w.watch(cmd.Context())
	case r.asJSON:
		return writeJSON(cmd.OutOrStdout(), newLocation(x, cfg))
	}
	return writeText(cmd.OutOrStdout(), newLocation(x, cfg).text)
}

// location says where an execution can be looked at.
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

func (l location) text(to io.Writer) {
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
