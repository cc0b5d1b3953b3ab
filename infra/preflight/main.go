// Command preflight says in one line what is missing before the stack can be
// deployed: a region, credentials, or CDK's bootstrap.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go/logging"
)

func main() {
	ctx := context.Background()
	// The SDK would remark on a machine without a role of its own.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err == nil {
		err = check(ctx, cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bootstrapVersion is where CDK's bootstrap leaves its version, with CDK's default
// qualifier (CDK Developer Guide, Bootstrapping).
const bootstrapVersion = "/cdk-bootstrap/hnb659fds/version"

// check names the first thing that is missing, and what to do about it. It looks for
// credentials where CDK does: in the environment, in a profile, or in the machine's
// own role.
func check(ctx context.Context, cfg aws.Config) error {
	if cfg.Region == "" {
		return errors.New("no AWS region: set AWS_REGION, or a region in your profile (AWS_PROFILE)")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return errors.New("no AWS credentials: set AWS_PROFILE (after aws sso login or aws configure), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	_, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(bootstrapVersion)})
	var missing *types.ParameterNotFound
	if errors.As(err, &missing) {
		return fmt.Errorf("this account is not bootstrapped for CDK in %s: run make bootstrap once", cfg.Region)
	}
	if err != nil {
		return fmt.Errorf("cannot ask AWS in %s whether it is bootstrapped for CDK: %w", cfg.Region, err)
	}
	return nil
}
