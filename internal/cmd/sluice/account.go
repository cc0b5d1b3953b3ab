package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"

	"sluice/internal/flow"
	"sluice/internal/operator/stepfunctions"
)

// account is where in AWS a command works, and what Sluice's things are called
// there.
type account struct {
	surroundings
	profile, region        string
	prefix, machine, table string
}

// addFlags adds those that every command in AWS has.
func (a *account) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.profile, "profile", "", "use this `PROFILE` of your AWS configuration")
	flags.StringVar(&a.region, "region", "", "work in this AWS `REGION`")
	flags.StringVar(&a.prefix, "name-prefix", "", "what Sluice's names in AWS begin with (`PREFIX`);\nelse $"+flow.NamePrefixVariable+", else "+flow.DefaultNamePrefix)
}

func (a *account) addMachineFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.machine, "state-machine", "", "the state machine's `NAME` or ARN; else\n$"+flow.StateMachineVariable+", else the name prefix")
}

func (a *account) addTableFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.table, "table", "", "the `NAME` of the ledger's table; else\n$"+flow.TableVariable+", else the name prefix")
}

func (a account) namePrefix() string {
	return cmp.Or(a.prefix, a.getenv(flow.NamePrefixVariable), flow.DefaultNamePrefix)
}

func (a account) stateMachine() string {
	return cmp.Or(a.machine, a.getenv(flow.StateMachineVariable), a.namePrefix())
}

func (a account) tableName() string {
	return cmp.Or(a.table, a.getenv(flow.TableVariable), a.namePrefix())
}

// configure finds the AWS configuration, and makes sure that there is a region and
// somebody to work as. home is the region that an ARN names; it may be empty.
func (a account) configure(ctx context.Context, home string) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if a.profile != "" {
		options = append(options, config.WithSharedConfigProfile(a.profile))
	}
	if region := cmp.Or(a.region, home); region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := a.load(ctx, options...)
	var unknown config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &unknown):
		return cfg, fmt.Errorf("there is no AWS profile %q: see 'aws configure list-profiles'", unknown.Profile)
	case err != nil:
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	case cfg.Region == "":
		return cfg, errors.New("no AWS region is set: give one with --region, set AWS_REGION, or run 'aws configure'")
	case cfg.Credentials == nil:
		return cfg, errNoCredentials
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, withoutCredentials(err)
	}
	return cfg, nil
}

var errNoCredentials = errors.New("no AWS credentials were found: run 'aws configure' or 'aws sso login', choose another profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// withoutCredentials tells credentials that are nowhere, for which the SDK asks an
// EC2 instance last, from those that could not be had where they were said to be.
func withoutCredentials(err error) error {
	if strings.Contains(err.Error(), "no EC2 IMDS role found") {
		return errNoCredentials
	}
	return fmt.Errorf("get AWS credentials: %w: run 'aws sso login' if they have expired, or choose another profile with --profile", err)
}

// hasConsole says whether what is worked in is AWS, and no copy behind an endpoint
// that somebody has set.
func hasConsole(cfg aws.Config) bool { return cfg.BaseEndpoint == nil }

// findMachine is the state machine's ARN.
func (a account) findMachine(ctx context.Context, machines *stepfunctions.Machines, cfg aws.Config) (string, error) {
	arn, err := machines.ARN(ctx, a.stateMachine())
	if errors.Is(err, stepfunctions.ErrNoMachine) {
		return "", fmt.Errorf("there is no state machine %q in %s: deploy Sluice there, choose another --region or --profile, or name it with --state-machine", a.stateMachine(), cfg.Region)
	}
	return arn, err
}
