// Command preflight says in one line what is missing before the stack can be deployed: a region,
// credentials, or CDK's bootstrap. It takes the same settings as the cdk command. With the
// argument account it checks only the region and the credentials, which the bootstrap itself
// needs.
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
	// Without this, the SDK logs a message on a machine without a role.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err == nil {
		err = run(ctx, cfg, os.Args[1:], os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run returns an error for the first thing that is missing, with the remedy.
func run(ctx context.Context, cfg aws.Config, args []string, warnings io.Writer) error {
	if err := checkAccount(ctx, cfg); err != nil || slices.Equal(args, []string{"account"}) {
		return err
	}
	file, err := os.ReadFile("cdk.json")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the CDK's settings: %w", err)
	}
	return checkBootstrap(ctx, cfg, qualifier(args, file), warnings)
}

// checkAccount looks for a region and credentials where CDK does: in the environment, in a
// profile, or in the machine's own role.
func checkAccount(ctx context.Context, cfg aws.Config) error {
	if cfg.Region == "" {
		return errors.New("no AWS region: set AWS_REGION, or a region in your profile (AWS_PROFILE)")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return errors.New("no AWS credentials: set AWS_PROFILE (after aws sso login or aws configure), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return nil
}

// checkBootstrap looks for the version parameter that CDK's bootstrap writes (CDK Developer
// Guide, Bootstrapping). A user who may not read it may still deploy, with the roles that the
// bootstrap has made.
func checkBootstrap(ctx context.Context, cfg aws.Config, qualifier string, warnings io.Writer) error {
	_, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/cdk-bootstrap/" + qualifier + "/version")})
	var missing *types.ParameterNotFound
	var refused smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return fmt.Errorf("this account is not bootstrapped for CDK in %s (qualifier %s): run make bootstrap once", cfg.Region, qualifier)
	case errors.As(err, &refused) && refused.ErrorCode() == "AccessDeniedException":
		fmt.Fprintf(warnings, "cannot check whether this account is bootstrapped for CDK in %s, because you may not read it (ssm:GetParameter); continuing\n", cfg.Region)
		return nil
	}
	return fmt.Errorf("check whether this account is bootstrapped for CDK in %s: %w", cfg.Region, err)
}

// The qualifier distinguishes several bootstraps in one account. These are its context key and
// the CDK's default.
const (
	qualifierKey     = "@aws-cdk/core:bootstrapQualifier"
	defaultQualifier = "hnb659fds"
)

// qualifier returns the last qualifier in the command's settings, or the one in cdk.json, or the
// default.
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
	// The cdk command itself reports a problem with the file.
	if json.Unmarshal(file, &cdk) == nil {
		if value, ok := cdk.Context[qualifierKey].(string); ok {
			return value
		}
	}
	return defaultQualifier
}
