// Command preflight checks what the cdk command cannot, before or after it runs, and says in
// few lines what is wrong and what to do. It takes the same settings as the cdk command.
//
//	preflight account              a region and credentials, which CDK's bootstrap itself needs
//	preflight deploy SETTINGS      that, CDK's bootstrap, and that the ledger's name is free
//	preflight destroy SETTINGS     that no deployment is open and no stack needs Sluice;
//	                               --abandon-open goes on all the same
//	preflight definition FILE      what Step Functions says about the definition in a template,
//	                               if there is an account to ask
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

func main() {
	if err := run(context.Background(), loadAccount, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// load finds the account and region, as the cdk command does.
type load func(context.Context) (aws.Config, error)

func loadAccount(ctx context.Context) (aws.Config, error) {
	// Without this logger, the SDK logs a message on a machine without a role.
	return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
}

// checks are what the first argument may name. Each returns an error for the first thing that
// is wrong, with the remedy.
var checks = map[string]func(ctx context.Context, l load, args []string, notes io.Writer) error{
	"account": func(ctx context.Context, l load, _ []string, _ io.Writer) error {
		_, err := l.account(ctx)
		return err
	},
	"deploy":     checkDeploy,
	"destroy":    checkDestroy,
	"definition": checkDefinition,
}

func run(ctx context.Context, l load, args []string, notes io.Writer) error {
	if len(args) == 0 || checks[args[0]] == nil {
		return fmt.Errorf("preflight checks account, deploy, destroy or definition, and not %q", args)
	}
	return checks[args[0]](ctx, l, args[1:], notes)
}

// account looks for a region and credentials where CDK does: in the environment, in a
// profile, or in the machine's own role.
func (l load) account(ctx context.Context) (aws.Config, error) {
	cfg, err := l(ctx)
	if err != nil {
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("no AWS region: set AWS_REGION, or a region in your profile (AWS_PROFILE)")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return cfg, errors.New("no AWS credentials: set AWS_PROFILE (after aws sso login or aws configure), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return cfg, nil
}
