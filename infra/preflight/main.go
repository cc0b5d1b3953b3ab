// Command preflight says in one line what is missing before the stack can be
// deployed: a region, credentials, or CDK's bootstrap. It takes the settings that the
// CDK's command is given; with the argument account it looks no further than to the
// credentials, which is what the bootstrap itself needs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

func main() {
	ctx := context.Background()
	// The SDK would remark on a machine without a role of its own.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err == nil {
		err = run(ctx, cfg, os.Args[1:], os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run names the first thing that is missing, and what to do about it.
func run(ctx context.Context, cfg aws.Config, args []string, warnings io.Writer) error {
	if err := account(ctx, cfg); err != nil || slices.Equal(args, []string{"account"}) {
		return err
	}
	file, err := os.ReadFile("cdk.json")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the CDK's settings: %w", err)
	}
	return bootstrapped(ctx, cfg, qualifier(args, file), warnings)
}

// account looks for credentials where CDK does: in the environment, in a profile, or
// in the machine's own role.
func account(ctx context.Context, cfg aws.Config) error {
	if cfg.Region == "" {
		return errors.New("no AWS region: set AWS_REGION, or a region in your profile (AWS_PROFILE)")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return errors.New("no AWS credentials: set AWS_PROFILE (after aws sso login or aws configure), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return nil
}

// bootstrapped looks for the version that CDK's bootstrap leaves (CDK Developer Guide,
// Bootstrapping). Whoever may not read it may deploy all the same, by the roles that
// the bootstrap has made.
func bootstrapped(ctx context.Context, cfg aws.Config, qualifier string, warnings io.Writer) error {
	_, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/cdk-bootstrap/" + qualifier + "/version")})
	var missing *types.ParameterNotFound
	var refused smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return fmt.Errorf("this account is not bootstrapped for CDK in %s (qualifier %s): run make bootstrap once", cfg.Region, qualifier)
	case errors.As(err, &refused) && refused.ErrorCode() == "AccessDeniedException":
		fmt.Fprintf(warnings, "not known whether this account is bootstrapped for CDK in %s, as you may not read it (ssm:GetParameter): going on\n", cfg.Region)
		return nil
	}
	return fmt.Errorf("cannot ask AWS in %s whether it is bootstrapped for CDK: %w", cfg.Region, err)
}

// What tells one bootstrap of an account from another: the context key, and the CDK's
// default.
const (
	qualifierKey     = "@aws-cdk/core:bootstrapQualifier"
	defaultQualifier = "hnb659fds"
)

// qualifier is that of the command's settings, where the last one counts, or of
// cdk.json.
func qualifier(args []string, file []byte) string {
	for i, arg := range slices.Backward(args) {
		if i > 0 && (args[i-1] == "-c" || args[i-1] == "--context") {
			arg = "--context=" + arg
		}
		if value, ok := strings.CutPrefix(arg, "--context="+qualifierKey+"="); ok {
			return value
		}
	}
	var cdk struct{ Context map[string]any }
	// What is wrong with the file, the CDK says itself.
	if json.Unmarshal(file, &cdk) == nil {
		if value, ok := cdk.Context[qualifierKey].(string); ok {
			return value
		}
	}
	return defaultQualifier
}
