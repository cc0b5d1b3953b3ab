package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"sluice/internal/operator"
	"sluice/internal/operator/stepfunctions"
)

const aboutWatch = `Watch tells of an execution as it goes on, from its beginning, as 'sluice
simulate' does: drawn on a terminal, in plain lines otherwise and with --plain.
When it has ended it tells the outcome, the cause and what to do. EXECUTION is
an ARN, or the name of an execution of Sluice's state machine.

When the safety net puts the traffic back, watch says so at once, although the
execution learns of it only at its next poll. When the execution was stopped,
watch waits until the traffic is back.

An interrupt ends the watching, never the deployment.

It needs states:GetExecutionHistory; states:ListStateMachines for a name; and,
for what the safety net has done, dynamodb:GetItem on the ledger's table.`

const examplesOfWatch = `  sluice watch orders-live-20261121T061031Z
  sluice watch arn:aws:states:eu-west-1:123456789012:execution:sluice:NAME
  sluice watch NAME --json | jq -r .outcome`

func newWatch(around surroundings) *cobra.Command {
	a := account{surroundings: around}
	var how telling
	cmd := &cobra.Command{
		Use:                   "watch EXECUTION [--plain | --json]",
		Short:                 "Watch a deployment in AWS until it ends",
		Long:                  aboutWatch,
		Example:               examplesOfWatch,
		DisableFlagsInUseLine: true,
		Args:                  anExecution,
		RunE: does(func(cmd *cobra.Command, args []string) error {
			x, cfg, err := a.findExecution(cmd, args[0])
			if err != nil {
				return err
			}
			return newWatcher(cmd, a, cfg, x, how).watch(cmd.Context())
		}),
	}
	cmd.Flags().BoolVar(&how.asJSON, "json", false, "print only how it ended, as JSON")
	how.addFlag(cmd)
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// anExecution holds the arguments to one execution.
func anExecution(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return fmt.Errorf("%s needs an EXECUTION: its ARN, or its name", cmd.Name())
	case len(args) > 1:
		return fmt.Errorf("%s takes one EXECUTION, and %q is one too many", cmd.Name(), args[1])
	case operator.IsARN(args[0]):
		_, err := operator.ParseExecution(args[0])
		return err
	}
	return nil
}

// findExecution is the execution that a person means, and how to reach AWS where
// it runs.
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
