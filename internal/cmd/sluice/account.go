package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
)

// account is the AWS account and region that a command works in, and the names of
// Sluice's resources there.
type account struct {
	environment
	profile, region        string
	prefix, machine, table string
}

// addFlags adds the flags of every command that works in AWS.
func (a *account) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.profile, "profile", "", "use this `PROFILE` of your AWS configuration")
	flags.StringVar(&a.region, "region", "", "work in this AWS `REGION`")
	flags.StringVar(&a.prefix, "name-prefix", "", "the `PREFIX` of Sluice's names in AWS; default:\n$"+flow.NamePrefixVariable+", or else "+flow.DefaultNamePrefix)
}

func (a *account) addMachineFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.machine, "state-machine", "", "the state machine's `NAME` or ARN; default:\n$"+flow.StateMachineVariable+", or else the name prefix")
}

func (a *account) addTableFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.table, "table", "", "the `NAME` of the ledger's table; default:\n$"+flow.TableVariable+", or else the name prefix")
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

// configure loads the AWS configuration, and checks that it has a region and
// credentials. home is the region of an ARN that the user gave, or empty. --region
// overrides it.
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
		return cfg, credentialsError(err)
	}
	return cfg, nil
}

var errNoCredentials = errors.New("no AWS credentials were found: run 'aws configure' or 'aws sso login', choose another profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// credentialsError returns errNoCredentials if no credentials are configured: then the
// SDK's last attempt is to ask the EC2 instance metadata service. Otherwise the
// credentials are configured, but could not be loaded.
func credentialsError(err error) error {
	if strings.Contains(err.Error(), "no EC2 IMDS role found") {
		return errNoCredentials
	}
	return fmt.Errorf("get AWS credentials: %w: run 'aws sso login' if they have expired, or choose another profile with --profile", err)
}

// hasConsole reports whether the command works in AWS itself. If the user has set
// another endpoint, there is no console.
func hasConsole(cfg aws.Config) bool { return cfg.BaseEndpoint == nil }

// findMachine returns the state machine's ARN.
func (a account) findMachine(ctx context.Context, machines *stepfunctions.Machines, cfg aws.Config) (string, error) {
	arn, err := machines.ARN(ctx, a.stateMachine())
	if errors.Is(err, stepfunctions.ErrNoMachine) {
		return "", fmt.Errorf("there is no state machine %q in %s: deploy Sluice there, choose another --region or --profile, or name it with --state-machine", a.stateMachine(), cfg.Region)
	}
	return arn, err
}

// flagsGiven returns the flags of addFlags that the person gave, for a command that is proposed to
// them: " --profile production". The command then works in the same account.
func (a account) flagsGiven() string {
	var text strings.Builder
	for _, flag := range [][2]string{{"profile", a.profile}, {"region", a.region}, {"name-prefix", a.prefix}} {
		if name, value := flag[0], flag[1]; value != "" {
			text.WriteString(" --" + name + " " + quoteForShell(value))
		}
	}
	return text.String()
}

// plainWord matches the words in which nothing means anything to a shell.
var plainWord = regexp.MustCompile(`^[0-9A-Za-z_./:@%+=-]+$`)

// quoteForShell quotes a word so that a shell takes it as it is.
func quoteForShell(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
