package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
)

const aboutWatch = `Watch shows an execution from its beginning until it ends: as a drawing on a
terminal, and otherwise, or with --plain, as plain lines. At the end it prints
the outcome, the cause and what to do.

` + aboutSubject + ` Of a target, watch
shows the latest deployment.

If the safety net puts the traffic back, watch says so at once, although the
execution itself notices only at its next poll. If the execution was stopped,
watch waits until the traffic is back.

An interrupt (Ctrl-C) stops only the watching: the deployment goes on. The
deployment also goes on while AWS cannot be reached, or your credentials have
expired. Watch says so, and tries again until --patience is over. Then it exits
with status 3.

Watch needs the permission states:GetExecutionHistory, for an execution's name
also states:ListStateMachines, on the ledger's table dynamodb:GetItem to see
what the safety net does, and dynamodb:Query for a target.`

const examplesOfWatch = `  sluice watch orders
  sluice watch orders-live-20261121T061031Z
  sluice watch arn:aws:states:eu-west-1:123456789012:execution:sluice:NAME
  sluice watch orders --json | jq -r .outcome`

func newWatch(env environment) *cobra.Command {
	a := account{environment: env}
	var how outputOptions
	cmd := &cobra.Command{
		Use:                   "watch TARGET [--plain | --json]",
		Short:                 "Watch a deployment in AWS until it ends",
		Long:                  aboutWatch,
		Example:               examplesOfWatch,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     a.completeTargets(true),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneSubject(cmd, args); err != nil {
				return err
			}
			return how.checkWatching(true)
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			if err := how.files.check(); err != nil {
				return err
			}
			s, x, cfg, err := a.seekExecution(cmd, args[0], how)
			if err != nil {
				return err
			}
			w := newWatcher(cmd, a, cfg, x, how)
			w.answered = s.arn == "" // AWS was asked for the execution
			return s.explainMissing(w.watch(cmd.Context()))
		}),
	}
	cmd.Flags().BoolVar(&how.asJSON, "json", false, "print only the end, as JSON")
	how.addWatchFlags(cmd)
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// seekExecution finds an execution that is watched. It waits while AWS cannot be reached. If it gives
// up, the files say so.
func (a account) seekExecution(cmd *cobra.Command, text string, how outputOptions) (s subject, x operator.Execution, cfg aws.Config, err error) {
	ctx, stop := untilInterrupted(cmd)
	defer stop()
	err = a.seek(ctx, how.patience, warnOn(cmd), goesOn, func(ctx context.Context) (err error) {
		s, x, cfg, err = a.findExecution(ctx, text)
		return err
	})
	again := "To watch again:  sluice watch " + text
	switch {
	case err != nil && ctx.Err() != nil:
		err = interruptedError{"Only the watching has ended. " + again}
	case errors.As(err, &noAnswerError{}):
		err = unknownError{fmt.Errorf("%w\n%s", err, again)}
	default:
		return s, x, cfg, err
	}
	end := ending{}
	if s.arn != "" {
		end.location = newLocation(s.arn, cfg)
	}
	return s, x, cfg, withFileError(err, how.files.write(end, picture.NewRun(), err.Error()))
}

// findExecution returns the execution that an argument names, and the AWS configuration
// for its region.
func (a account) findExecution(ctx context.Context, text string) (subject, operator.Execution, aws.Config, error) {
	s, err := parseSubject(text)
	if err != nil {
		return s, "", aws.Config{}, err
	}
	f, err := a.newFinder(ctx, s)
	if err != nil {
		return s, "", f.cfg, err
	}
	x, err := f.execution(ctx, s)
	return s, x, f.cfg, err
}
