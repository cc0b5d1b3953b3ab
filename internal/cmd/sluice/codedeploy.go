package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/codedeploy"
	"github.com/sluice-aws/sluice/internal/configuration/deploymentconfig"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator/deploymentgroup"
	"github.com/sluice-aws/sluice/internal/operator/hookanswer"
	"github.com/sluice-aws/sluice/internal/operator/lambdanet"
	"github.com/sluice-aws/sluice/internal/operator/s3object"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutCodeDeploy = `Codedeploy answers CodeDeploy's API on this machine, and means Sluice: scripts
that call 'aws deploy create-deployment' for a Lambda function, or 'aws deploy
wait deployment-successful', go on as they are. They only have to be told where
it is, by AWS_ENDPOINT_URL_CODEDEPLOY or --endpoint-url.

CreateDeployment starts an execution of Sluice's state machine with the AppSpec
that is in the call, or in S3. The strategy and the alarms are those of the
deployment group, which it reads from CodeDeploy. With --map they are those of
a file instead, and CodeDeploy is not asked:

  {"shop": {"orders": {"deploymentConfigName": "Canary10Percent5Minutes",
                       "alarms": ["orders-5xx"]}}}

ListDeployments lists the newest 100 deployments. Those of a group are the ones
that were started here: their executions' names end with a mark of the group.
GetDeploymentConfig tells canaries, equal steps and all at once, in whole
percent and whole minutes.

A hook that runs on this machine answers here, too, and its answer is passed on
to Sluice's hook-endpoint.

It keeps nothing: the id of a deployment comes from its execution, and it finds
executions in Step Functions. So it can be ended and started again at any time,
and deployments go on without it. Ctrl-C ends it.

It cannot check signatures, as only AWS can. It works with your own AWS
credentials for every program of this machine that calls it, so it listens on
the loopback interface alone, and refuses requests of web pages. Do not run it
on a machine that you share with people who may not deploy.

It needs states:StartExecution, states:ListStateMachines, states:ListExecutions
and states:GetExecutionHistory, dynamodb:GetItem on the ledger's table, and
lambda:InvokeFunction on the safety net to stop a deployment. For groups it
needs codedeploy:GetDeploymentGroup and codedeploy:GetDeploymentConfig, for
revisions in S3 s3:GetObject, and for the answers of hooks
lambda:InvokeFunction on hook-endpoint.`

const examplesOfCodeDeploy = `  sluice codedeploy
  sluice codedeploy --map groups.json --profile production
  AWS_ENDPOINT_URL_CODEDEPLOY=http://127.0.0.1:4571 ./deploy.sh`

// defaultCodeDeploy is where codedeploy listens.
const defaultCodeDeploy = "127.0.0.1:4571"

// codeDeployOptions are the options of codedeploy.
type codeDeployOptions struct {
	account
	listen, groups, hookMode string
	address                  netip.AddrPort
}

func newCodeDeploy(env environment) *cobra.Command {
	o := codeDeployOptions{account: account{environment: env}}
	cmd := &cobra.Command{
		Use:                   "codedeploy [--listen ADDRESS] [--map FILE]",
		Short:                 "Answer CodeDeploy's API for scripts that use it",
		Long:                  aboutCodeDeploy,
		Example:               examplesOfCodeDeploy,
		DisableFlagsInUseLine: true,
		Args:                  func(_ *cobra.Command, args []string) error { return o.check(args) },
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.serve(ctx, cmd)
		}),
	}
	cmd.Flags().StringVar(&o.listen, "listen", defaultCodeDeploy, "listen on this `ADDRESS` of the loopback interface;\nport 0: any free port")
	cmd.Flags().StringVar(&o.groups, "map", "", "read the deployment groups from `FILE`, JSON or YAML")
	cmd.Flags().StringVar(&o.hookMode, "hook-mode", "", "how the hooks of AppSpecs answer: `MODE` is\ncodedeploy (the default), sync or callback")
	o.addMachineFlag(cmd)
	o.addTableFlag(cmd)
	o.addFlags(cmd)
	return cmd
}

func (o *codeDeployOptions) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("codedeploy takes no arguments, but got %q", args[0])
	}
	switch shift.HookMode(o.hookMode) {
	case "", shift.CodeDeploy, shift.Sync, shift.Callback:
	default:
		return fmt.Errorf("--hook-mode is %q, but must be codedeploy, sync or callback", o.hookMode)
	}
	var err error
	if o.address, err = codedeploy.ListenAddress(o.listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	return nil
}

// serve answers calls until the context ends.
func (o codeDeployOptions) serve(ctx context.Context, cmd *cobra.Command) error {
	service, err := o.newService(ctx, cmd)
	if err != nil {
		return err
	}
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(o.address))
	if err != nil {
		return fmt.Errorf("%s cannot be listened on: another sluice codedeploy may have it; choose another with --listen, or any free port with --listen 127.0.0.1:0 (%w)", o.address, err)
	}
	defer listener.Close()
	server := codedeploy.Server{Service: service, Address: listener.Addr().(*net.TCPAddr).AddrPort()}
	endpoint := "http://" + server.Address.String()
	err = writeText(cmd.OutOrStdout(), func(to io.Writer) {
		fmt.Fprintf(to, "CodeDeploy's API, for %s:\n\n  export AWS_ENDPOINT_URL_CODEDEPLOY=%s\n\nCtrl-C ends it. Deployments go on.\n\n", service.Machine, endpoint)
	})
	if err != nil {
		return err
	}
	serving := &http.Server{Handler: &server, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	defer serving.Close()
	served := make(chan error, 1)
	go func() { served <- serving.Serve(listener) }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return fmt.Errorf("serve %s: %w", endpoint, err)
	}
}

// newService returns what answers the calls in the account.
func (o codeDeployOptions) newService(ctx context.Context, cmd *cobra.Command) (*codedeploy.Service, error) {
	var groups codedeploy.Groups
	if o.groups != "" {
		var err error
		if groups, err = readGroups(source(o.groups), cmd.InOrStdin()); err != nil {
			return nil, err
		}
	}
	cfg, err := o.configure(ctx, "")
	if err != nil {
		return nil, err
	}
	client := deploymentgroup.Client(cfg)
	if groups == nil {
		groups = deploymentgroup.New(client)
	}
	machines := stepfunctions.FromConfig(cfg)
	machine, err := o.findMachine(ctx, machines, cfg)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	return &codedeploy.Service{
		Machine: machine, Groups: groups, Configs: deploymentconfig.New(client), Objects: s3object.FromConfig(cfg),
		Machines: machines, Records: dynamo.FromConfig(cfg, o.tableName()),
		Net: lambdanet.FromConfig(cfg, o.namePrefix()+"-"+flow.SafetyNet), Hooks: hookanswer.FromConfig(cfg, o.namePrefix()+"-"+flow.HookEndpoint), Now: o.now, HookMode: shift.HookMode(o.hookMode),
		Say: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
		},
	}, nil
}

// readGroups reads a map of deployment groups.
func readGroups(from source, stdin io.Reader) (codedeploy.Groups, error) {
	f, err := from.read(stdin)
	if err != nil {
		return nil, err
	}
	groups, err := codedeploy.DecodeGroupMap(f.json)
	if err != nil {
		return nil, f.invalid(err)
	}
	if len(groups) == 0 {
		return nil, f.invalid(errors.New(`has no application: {"APPLICATION": {"GROUP": {"deploymentConfigName": "Canary10Percent5Minutes"}}}`))
	}
	return groups, nil
}
