package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/dashboard"
	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
)

const aboutDashboard = `Dashboard serves a web page on 127.0.0.1 that shows all deployments that are
open, and the recent ones: each with its weight, its step, when the next one is
due, and what its alarms and comparisons say. The page of one deployment has
the plots of 'sluice report', and they grow. Its buttons do what the commands of
the same names do, and say so first. With --read-only it has none.

It prints its URL, and opens no browser. Ctrl-C ends it. Only this machine can
reach it: whoever can run programs here can use it, with your credentials.

It reads AWS only while somebody looks, and for all who look at once.

Dashboard needs dynamodb:Query and dynamodb:GetItem on the ledger's table,
states:ListStateMachines, states:ListExecutions, states:GetExecutionHistory and
cloudwatch:DescribeAlarms; and for its buttons lambda:InvokeFunction on the
function NAME-PREFIX-safety-net, and states:StartExecution for revert. It shows
what it cannot read, and the rest.`

const examplesOfDashboard = `  sluice dashboard
  sluice dashboard --profile production --read-only
  sluice dashboard --port 0`

const (
	defaultDashboardPort = 4572
	// localDashboard is how far the port of the dashboard of sluice local is from that of its AWS.
	// So it is neither that of sluice codedeploy nor that of sluice dashboard.
	localDashboard = 3
)

func newDashboard(env environment) *cobra.Command {
	a := account{environment: env}
	var port int
	var readOnly bool
	cmd := &cobra.Command{
		Use:                   "dashboard [--read-only] [--port N]",
		Short:                 "Show all deployments on a web page",
		Long:                  aboutDashboard,
		Example:               examplesOfDashboard,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("dashboard takes no arguments, but got %q: search for a target on the page", args[0])
			case port < 0 || port > maxPort:
				return fmt.Errorf("--port is %d, but must be between 0 and %d", port, maxPort)
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			cfg, err := a.configure(ctx, "")
			if err != nil {
				return err
			}
			on, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return fmt.Errorf("port %d of this machine cannot be used: another sluice dashboard may have it; choose another with --port, or any free one with --port 0 (%w)", port, err)
			}
			c := a.dashboard(cfg)
			c.ReadOnly = readOnly
			if err := writeText(cmd.OutOrStdout(), func(to io.Writer) {
				fmt.Fprintf(to, "The dashboard of %s is on http://%s/. Ctrl-C ends it.\n", c.Place, on.Addr())
			}); err != nil {
				return err
			}
			return dashboard.Serve(ctx, c, on)
		}),
	}
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "only show: no buttons")
	cmd.Flags().IntVar(&port, "port", defaultDashboardPort, "listen on 127.0.0.1:`N`; 0: any free port")
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// dashboard returns what a dashboard works with in this account.
func (a account) dashboard(cfg aws.Config) dashboard.Config {
	own := &ownExecutions{account: a, cfg: cfg, Machines: stepfunctions.FromConfig(cfg)}
	c := dashboard.Config{
		Ledger:     dynamo.FromConfig(cfg, a.tableName()),
		Executions: own,
		Reverter:   own,
		Alarms:     alarm.FromConfig(cfg),
		Control:    control.FromConfig(cfg, a.namePrefix()),
		Place:      a.tableName() + " in " + cfg.Region,
		Now:        a.now,
	}
	if hasConsole(cfg) {
		c.Console = operator.Execution.Console
	}
	return c
}

// ownExecutions are those of Sluice's state machine. It is looked for once.
type ownExecutions struct {
	*stepfunctions.Machines
	account account
	cfg     aws.Config

	mu      sync.Mutex
	machine string
}

// Recent implements dashboard.Executions.
func (x *ownExecutions) Recent(ctx context.Context, ended int) ([]operator.Listed, error) {
	machine, err := x.find(ctx)
	if err != nil {
		return nil, err
	}
	return x.Machines.Recent(ctx, machine, ended)
}

// Start implements dashboard.Reverter.
func (x *ownExecutions) Start(ctx context.Context, name string, input []byte) (operator.Execution, error) {
	machine, err := x.find(ctx)
	if err != nil {
		return "", err
	}
	return x.Machines.Start(ctx, machine, name, input)
}

func (x *ownExecutions) find(ctx context.Context) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.machine == "" {
		machine, err := x.account.findMachine(ctx, x.Machines, x.cfg)
		if err != nil {
			return "", err
		}
		x.machine = machine
	}
	return x.machine, nil
}
