package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/picture/screen"
)

const aboutTour = `Tour shows in three minutes what Sluice does: a canary that is promoted, a bad
version that is found and put back, a deployment that you stop yourself, and a
website that moves together with the function behind it. It runs on this machine
alone: it needs no AWS account, no other program and no files, and it keeps
nothing. The state machine and the Lambdas are those that run in AWS.

It opens a page in your browser and leads you through it. The page is served on
127.0.0.1, by an AWS account that this command plays, in which time passes 20
times as fast. Ctrl-C ends it.

With --terminal, or where there is no browser, the tour is told in the terminal.
Enter goes on. Without a terminal, it goes on by itself.`

const examplesOfTour = `  sluice tour
  sluice tour --terminal
  sluice tour --browser --port 8080`

const (
	// tourSpeed is how many times faster than here time passes on the tour's page.
	tourSpeed = 20
	// maxTourSpeed still lets a person see a deployment.
	maxTourSpeed = 1000
)

// tourOptions are the options of tour.
type tourOptions struct {
	environment
	inTerminal, inBrowser bool
	port                  int
	speed                 float64
	drawing
}

func newTour(env environment) *cobra.Command {
	r := tourOptions{environment: env}
	cmd := &cobra.Command{
		Use:                   "tour [--terminal | --browser] [--port N] [--speed N] [--plain]",
		Short:                 "See in three minutes what Sluice does",
		Long:                  aboutTour,
		Example:               examplesOfTour,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("tour takes no arguments, but got %q", args[0])
			case r.inTerminal && r.inBrowser:
				return fmt.Errorf("--terminal and --browser exclude each other: without both, the tour finds out itself")
			case r.speed < 1 || r.speed > maxTourSpeed:
				return fmt.Errorf("--speed is %g, but must be between 1 and %d", r.speed, maxTourSpeed)
			case r.port < 0 || r.port > maxPort:
				return fmt.Errorf("--port is %d, but must be between 0 and %d", r.port, maxPort)
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return r.start(ctx, cmd)
		}),
	}
	cmd.Flags().BoolVar(&r.inTerminal, "terminal", false, "tell it in the terminal, not in a browser")
	cmd.Flags().BoolVar(&r.inBrowser, "browser", false, "serve the page, even if no browser is found here")
	cmd.Flags().IntVar(&r.port, "port", 0, "serve the page on 127.0.0.1:`N`; 0: any free port")
	cmd.Flags().Float64Var(&r.speed, "speed", tourSpeed, "let time pass `N` times as fast on the page")
	r.addFlag(cmd)
	return cmd
}

// start gives the tour where the person can see it best.
func (r tourOptions) start(ctx context.Context, cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	draws := func() *screen.Terminal { return r.findTerminal(out, r.environment) }
	if r.inBrowser || !r.inTerminal && draws() != nil {
		served, err := r.serve(ctx, out, cmd.ErrOrStderr(), r.inBrowser)
		if served || err != nil {
			return err
		}
	}
	told := terminalTour{environment: r.environment, draws: draws, out: out}
	if in := cmd.InOrStdin(); screen.IsTerminal(in) {
		told.enter = lines(in)
	}
	return told.tell(ctx)
}
