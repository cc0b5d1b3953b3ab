package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"sluice/internal/operator"
	"sluice/internal/operator/stepfunctions"
)

const aboutWatch = `Watch shows an execution from its beginning until it ends: as a drawing on a
terminal, and otherwise, or with --plain, as plain lines. At the end it prints
the outcome, the cause and what to do. EXECUTION is an ARN, or the name of an
execution of Sluice's state machine.

If the safety net puts the traffic back, watch says so at once, although the
execution itself notices only at its next poll. If the execution was stopped,
watch waits until the traffic is back.

An interrupt (Ctrl-C) stops only the watching: the deployment goes on.

Watch needs the permission states:GetExecutionHistory, for a name also
states:ListStateMachines, and dynamodb:GetItem on the ledger's table to see what
the safety net does.`

const examplesOfWatch = `  sluice watch orders-live-20261121T061031Z
  sluice watch arn:aws:states:eu-west-1:123456789012:execution:sluice:NAME
  sluice watch NAME --json | jq -r .outcome`

func newWatch(env environment) *cobra.Command {
	a := account{environment: env}
	var how outputOptions
	cmd := &cobra.Command{
		Use:                   "watch EXECUTION [--plain | --json]",
		Short:                 "Watch a deployment in AWS until it ends",
		Long:                  aboutWatch,
		Example:               examplesOfWatch,
		DisableFlagsInUseLine: true,
		Args:                  oneExecution,
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			x, cfg, err := a.findExecution(cmd, args[0])
			if err != nil {
				return err
			}
			return newWatcher(cmd, a, cfg, x, how).watch(cmd.Context())
		}),
	}
	cmd.Flags().BoolVar(&how.asJSON, "json", false, "print only the end, as JSON")
	how.addFlag(cmd)
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// oneExecution checks that a command has one argument, and that it is an execution.
func oneExecution(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return fmt.Errorf("%s needs an EXECUTION: an ARN or a name", cmd.Name())
	case len(args) > 1:
		return fmt.Errorf("%s takes only one EXECUTION: remove %q", cmd.Name(), args[1])
	case operator.IsARN(args[0]):
		_, err := operator.ParseExecution(args[0])
		return err
	}
	return nil
}

// findExecution returns the execution with a given name or ARN, and the AWS
// configuration for its region.
func (a account) findExecution(cmd *cobra.Command, text string) (operator.Execution, aws.Config, error) {
	if operator.IsARN(text) {
		x := operator.Execution(text)
		cfg, err := a.configure(cmd.Context(), x.Region())
		return x, cfg, err
	}
	cfg, err := a.configure(cmd.Context(), "")
	if err != nil {
		return "", cfg, err
	}
	machine, err := a.findMachine(cmd.Context(), stepfunctions.FromConfig(cfg), cfg)
	if err != nil {
		return "", cfg, err
	}
	return operator.NewExecution(machine, text), cfg, nil
}
