// Command judgenight plays many deployments, healthy and sick ones, and writes how often each
// was put back, by Sluice and by models of other methods. Package trial says how.
//
//	judgenight [-runs N] [-whole N] FILE
//
// It uses all cores, and takes a night for ten thousand runs. It prints how far it is. Interrupted,
// it writes what it has counted by then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sluice-aws/sluice/internal/trial"
)

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // drop the logs of the handlers
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "judgenight:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("judgenight", flag.ContinueOnError)
	flags.SetOutput(out)
	runs := flags.Int("runs", 1000, "how often each kind of healthy deployment is played; a regression is played a tenth as often")
	whole := flags.Int("whole", 2, "how many of each kind are played with the handlers and the state machine, too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file := flags.Arg(0)
	if file == "" || *runs < 1 || *whole < 0 {
		return errors.New("give the file to write, and numbers of runs that are not below 1")
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil { // to find that out afterwards would be too late
		return fmt.Errorf("there is no folder for the result: %w", err)
	}
	began, printed := time.Now(), time.Time{}
	progress := func(done, of int) {
		if now := time.Now(); now.Sub(printed) >= 5*time.Second || done == of {
			printed = now
			fmt.Fprintf(out, "%s: %d of %d deployments\n", now.Sub(began).Round(time.Second), done, of)
		}
	}
	results, err := trial.Play(ctx, trial.Cells(), trial.Plan{Runs: *runs, Whole: *whole, Progress: progress})
	if err != nil {
		return err
	}
	if err := trial.Write(file, results); err != nil {
		return err
	}
	fmt.Fprintf(out, "written to %s; go run ./internal/cmd/figures -trial %s -only-trial prints its tables\n", file, file)
	return nil
}
