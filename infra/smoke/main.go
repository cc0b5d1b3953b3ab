// Command smoke tests a deployed Sluice on its account. It makes functions, an alarm, a rule, a
// queue and a role of its own, has Sluice shift their traffic and put it back, prints for each
// row what was expected and what was seen, and removes what it has made.
//
//	smoke [--list] [--clean] [--only ROWS] [--role ARN] [--speed N] [SETTINGS]
//
// SETTINGS are those of the cdk command. The exit status is 0 if everything held that Sluice
// relies on, 1 if something did not, 2 for bad arguments, and 130 after an interrupt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/sluice-aws/sluice/internal/cdksettings"
)

// The exit statuses.
const (
	statusHeld        = 0
	statusFailed      = 1
	statusInvalid     = 2
	statusInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(exec(ctx, loadAccount, os.Args[1:], os.Stdout, os.Stderr))
}

func loadAccount(ctx context.Context) (aws.Config, error) {
	// Without this logger, the SDK logs a message on a machine without a role. Others in the
	// account may use up its 15 calls of Lambda a second, so calls are tried for longer.
	return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}), config.WithRetryMaxAttempts(8))
}

// options are the arguments.
type options struct {
	list, clean bool
	rows        []row
	role        string
	speed       float64
	settings    cdksettings.Settings
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("smoke", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.list, "list", false, "only list the rows: what each expects, settles, needs and takes")
	flags.BoolVar(&o.clean, "clean", false, "only remove what earlier runs have left, however young")
	flags.StringVar(&o.role, "role", "", "the `ARN` of an execution role for the functions; by default smoke makes one")
	flags.Float64Var(&o.speed, "speed", 1, "how many times as fast time passes there: the --speed of sluice local")
	only := flags.String("only", "", "test only these `rows`, with commas between")
	setting := func(string) error { return nil } // cdksettings reads it
	flags.Func("c", "a setting of the stack, `name=value`", setting)
	flags.Func("context", "a setting of the stack, `name=value`", setting)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("smoke takes no argument, but got %q", flags.Arg(0))
	case o.speed < 1:
		err = fmt.Errorf("--speed is %g, but must be at least 1", o.speed)
	default:
		o.settings, err = cdksettings.Read(args)
	}
	if err == nil {
		o.rows, err = choose(*only)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return o, err
}

// choose returns the rows with these names, or all rows for "".
func choose(names string) ([]row, error) {
	all := rows()
	if names == "" {
		return all, nil
	}
	var chosen []row
	for _, name := range strings.Split(names, ",") {
		at := slices.IndexFunc(all, func(r row) bool { return r.name == strings.TrimSpace(name) })
		if at < 0 {
			return nil, fmt.Errorf("there is no row %q; make smoke LIST=1 lists them", name)
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}

// exec runs the command and returns its exit status.
func exec(ctx context.Context, load func(context.Context) (aws.Config, error), args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return statusHeld
	case err != nil:
		return statusInvalid
	case o.list:
		printList(stdout, o.rows)
		return statusHeld
	}
	status, err := run(ctx, load, o, stdout)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "interrupted")
		return statusInterrupted
	case err != nil:
		fmt.Fprintln(stderr, err)
		return statusFailed
	}
	return status
}

// minAge protects the resources of a run that goes on somewhere else from being removed as
// leftovers. A run takes some ten minutes.
const minAge = time.Hour

func run(ctx context.Context, load func(context.Context) (aws.Config, error), o options, stdout io.Writer) (int, error) {
	cfg, err := load(ctx)
	if err != nil {
		return statusFailed, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return statusFailed, errors.New("no AWS region: set AWS_REGION, or a region in your profile (AWS_PROFILE)")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return statusFailed, errors.New("no AWS credentials: set AWS_PROFILE (after aws sso login or aws configure), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	d := newDemo(cfg, o, time.Now(), stdout)
	if o.clean {
		return statusHeld, d.removeLeftovers(ctx, 0)
	}
	if err := d.findMachine(ctx); err != nil {
		return statusFailed, err
	}
	if err := d.removeLeftovers(ctx, minAge); err != nil {
		fmt.Fprintf(stdout, "cannot remove what earlier runs have left: %v\n", err)
	}
	fmt.Fprintf(stdout, "The state machine %s, tested with %s:\n\n", d.machine, d.main)
	defer d.cleanUp(context.WithoutCancel(ctx))
	results, err := d.play(ctx, o.rows)
	if err != nil {
		return statusFailed, err
	}
	return printDetails(stdout, results), nil
}

// play makes the functions and plays the rows. An error means that there is nothing to test
// with.
func (d *demo) play(ctx context.Context, rows []row) ([]result, error) {
	if err := d.makeFunctions(ctx); err != nil {
		return nil, err
	}
	var results []result
	for _, r := range rows {
		if ctx.Err() != nil {
			break
		}
		found := r.play(ctx, d)
		printRow(d.out, found)
		results = append(results, found)
	}
	return results, nil
}
