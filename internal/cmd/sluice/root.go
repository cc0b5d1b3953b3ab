package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// Exit statuses, as the help of the root command explains them.
const (
	statusOK      = 0
	statusFailed  = 1
	statusInvalid = 2
	// statusInterrupted is what a shell makes of an interrupt: 128 and the signal.
	statusInterrupted = 130
)

const about = `Sluice moves live traffic from one version of a serverless application to the
next, a little at a time, watches it, and puts it back by itself when it gets
worse. This command shows beforehand what a deployment will do (plan), and plays
it on this machine, with the definition and the handlers that run in AWS
(simulate), or plays a whole AWS account there for you to try things in (local);
these need no AWS account. The others work with the Sluice in your account,
found as the aws command finds it: with its profiles, its environment,
AWS_ENDPOINT_URL too.`

const examples = `  sluice plan Linear10PercentEvery1Minute
  sluice plan -f deployment.json
  sluice simulate -f deployment.json
  sluice simulate -f deployment.json -s scenario.json --json | jq .outcome
  sluice start -f deployment.json --wait
  sluice local --speed 60`

const statuses = `
Exit status:
  0    it was done, whatever the outcome of a simulated deployment; a deployment
       in AWS that was watched was Promoted, or there was nothing to shift
  1    it ended otherwise, or something else failed, such as reading a file
  2    the arguments, the deployment or the scenario are not valid
  130  the watching or playing was interrupted; a deployment in AWS goes on
`

// exec runs the command with its arguments, and returns its exit status. What it
// has to say goes to stdout only when it is complete.
func exec(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return thisMachine.exec(ctx, args, stdin, stdout, stderr)
}

func (s surroundings) exec(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(s)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	used, err := root.ExecuteContextC(ctx)
	return report(used, err, stderr)
}

func newRoot(around surroundings) *cobra.Command {
	var verbose bool
	root := &cobra.Command{
		Use:           "sluice",
		Short:         "Shift traffic between versions of a Lambda function",
		Long:          about,
		Example:       examples,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			slog.SetDefault(logger(verbose, cmd.ErrOrStderr()))
		},
	}
	root.PersistentFlags().BoolVar(&verbose, "verbose", false, "show on stderr what Sluice's Lambdas log on this machine")
	root.SetUsageTemplate(root.UsageTemplate() + statuses)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newPlan(), newSimulate(around), newLocal(), newStart(around), newWatch(around), newReport(around), newHistory(around))
	for _, o := range orders {
		root.AddCommand(newOrder(o, around))
	}
	return root
}

// logger takes what the handlers log. Their lines carry no time: that of the
// machine means nothing in a simulation.
func logger(verbose bool, to io.Writer) *slog.Logger {
	if !verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// failedError is what a command's own work ended with. Every other error comes
// from the reading of its arguments.
type failedError struct{ error }

func (e failedError) Unwrap() error { return e.error }

// does makes a command's work of a function.
func does(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := work(cmd, args); err != nil {
			return failedError{err}
		}
		return nil
	}
}

// report says on stderr what went wrong, and returns the exit status.
func report(used *cobra.Command, err error, stderr io.Writer) int {
	var invalid *invalidError
	var interrupted interruptedError
	var failed failedError
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &invalid):
		for _, line := range invalid.lines {
			fmt.Fprintln(stderr, line)
		}
		return statusInvalid
	case errors.As(err, &interrupted):
		fmt.Fprintln(stderr, interrupted)
		return statusInterrupted
	case errors.Is(err, endedError{}):
		return statusFailed
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "sluice: %v\n", err)
		return statusFailed
	}
	fmt.Fprintf(stderr, "sluice: %v\nSee '%s --help'.\n", err, used.CommandPath())
	return statusInvalid
}
