package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/operator"
)

// Exit statuses. The help explains them to the user.
const (
	statusOK      = 0
	statusFailed  = 1
	statusInvalid = 2
	// statusUnknown says that the command gave up before it knew how a deployment ended.
	statusUnknown = 3
	// statusInterrupted is the status that a shell reports after SIGINT: 128 + 2.
	statusInterrupted = 130
)

const aboutSluice = `Sluice moves live traffic from one version of a serverless application to the
next in small steps. It watches alarms meanwhile, and puts the traffic back by
itself if something goes wrong.

These commands need no AWS account: init writes a deployment's file, and schema
prints its JSON Schema; plan shows what a deployment will do; simulate plays it
on this machine, with the definition and the handlers that run in AWS; local
plays a whole AWS account on this machine, for you to try things; tour shows in
three minutes what Sluice does; migrate shows how a template moves from
CodeDeploy to Sluice; completion lets your shell complete commands, targets and
strategies.

The other commands work with the Sluice in your AWS account. They find it as the
aws command does: through profiles and environment variables, including
AWS_ENDPOINT_URL.`

const examplesOfSluice = `  sluice tour
  sluice init
  sluice plan Linear10PercentEvery1Minute
  sluice plan -f deployment.json
  sluice simulate -f deployment.json
  sluice simulate -f deployment.json -s scenario.json --json | jq .outcome
  sluice start -f deployment.json --wait
  sluice local --speed 60
  source <(sluice completion bash)`

const exitStatuses = `
Exit status:
  0    success. For a watched deployment in AWS: it was Promoted, or there was
       nothing to shift. A simulated deployment may have any outcome. Ctrl-C is
       how 'sluice local', the page of 'sluice tour' and 'sluice codedeploy'
       end, so that is a success too.
  1    a watched deployment had another outcome, nothing was started, or
       something else failed, such as reading a file
  2    the arguments, the deployment or the scenario are not valid
  3    AWS could not be reached, so it is not known whether the deployment was
       started, or how it ends; one that was started goes on
  130  interrupted; a deployment that was started goes on
`

// exec runs the command with the given arguments and returns its exit status. Output
// that is not live is written to stdout only when it is complete.
func exec(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return realEnvironment.exec(ctx, args, stdin, stdout, stderr)
}

func (s environment) exec(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	stderr = plainLines{stderr} // an error quotes AWS and files
	root := newRoot(s)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	used, err := root.ExecuteContextC(ctx)
	return reportError(used, err, stderr)
}

func newRoot(env environment) *cobra.Command {
	var verbose bool
	root := &cobra.Command{
		Use:           "sluice",
		Short:         "Shift traffic between versions of a Lambda function",
		Long:          aboutSluice,
		Example:       examplesOfSluice,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			slog.SetDefault(logger(verbose, cmd.ErrOrStderr()))
		},
	}
	root.PersistentFlags().BoolVar(&verbose, "verbose", false, "show on stderr the logs of Lambdas on this machine")
	root.SetUsageTemplate(root.UsageTemplate() + exitStatuses)
	addVersionFlag(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return explainFlag(err) })
	root.SetHelpCommand(newHelp())
	root.AddCommand(newPlan(env), newCheck(env), newSimulate(env), newLocal(), newTour(env), newStart(env), newRevert(env), newPrune(env), newWatch(env), newReport(env), newStatus(env), newDashboard(env), newHistory(env), newJudge(env), newMigrate(), newCodeDeploy(env), newFreeze(env), newUnfreeze(env), newVersion(), newManual())
	for _, a := range operator.Actions() {
		root.AddCommand(newOrder(a, env))
	}
	root.AddCommand(newInit(env), newSchema())
	completeFlags(root)
	return root
}

// explainFlag says in our words why the value of a flag cannot be read.
func explainFlag(err error) error {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err
	}
	what, _, _ := strings.Cut(err.Error(), " flag: ")
	must := map[string]string{"ParseInt": "a whole number", "ParseFloat": "a number", "ParseBool": "true or false"}[number.Func]
	if errors.Is(number, strconv.ErrRange) {
		must = "a smaller number"
	}
	return fmt.Errorf("%s: it must be %s", what, must)
}

// newHelp returns the command help. Unlike that of the library, it fails for a command that
// does not exist.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show how to use a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("there is no command %q: 'sluice help' lists them", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag() // so that the help lists it
			return about.Help()
		},
	}
}

// logger returns the logger for the handlers. Its lines have no time, because this
// machine's time means nothing in a simulation.
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

// failedError wraps an error of a command's own work. Every other error is about the
// command's arguments.
type failedError struct{ error }

func (e failedError) Unwrap() error { return e.error }

// markFailed wraps the errors of a command's work in a failedError.
func markFailed(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := work(cmd, args); err != nil {
			return failedError{err}
		}
		return nil
	}
}

// reportError prints an error on stderr, and returns the exit status.
func reportError(used *cobra.Command, err error, stderr io.Writer) int {
	var invalid *invalidError
	var interrupted interruptedError
	var failed failedError
	if files := (filesError{}); errors.As(err, &files) {
		fmt.Fprintf(stderr, "sluice: %v\n", files.ofFiles)
	}
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
	case errors.Is(err, badEndingError{}):
		return statusFailed
	case errors.As(err, &unknownError{}):
		fmt.Fprintf(stderr, "sluice: %v\n", err)
		return statusUnknown
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "sluice: %v\n", err)
		return statusFailed
	}
	fmt.Fprintf(stderr, "sluice: %v\nSee '%s --help'.\n", err, used.CommandPath())
	return statusInvalid
}
