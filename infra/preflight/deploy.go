package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/cdksettings"
	"github.com/sluice-aws/sluice/internal/flow"
)

// checkDeploy checks what every cdk command needs that asks AWS, and that a deployment of the
// stack finds its table's name free, or an earlier ledger under it.
func checkDeploy(ctx context.Context, l load, args []string, notes io.Writer) error {
	cfg, err := l.account(ctx)
	if err != nil {
		return err
	}
	set, err := cdksettings.Read(args)
	if err != nil {
		return err
	}
	if err := checkBootstrap(ctx, cfg, set.Qualifier(), notes); err != nil {
		return err
	}
	return checkTable(ctx, cfg, set.NamePrefix(), notes)
}

// checkBootstrap looks for the version parameter that CDK's bootstrap writes (CDK Developer
// Guide, Bootstrapping). A user who may not read it may still deploy, with the roles that the
// bootstrap has made.
func checkBootstrap(ctx context.Context, cfg aws.Config, qualifier string, notes io.Writer) error {
	_, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/cdk-bootstrap/" + qualifier + "/version")})
	var missing *types.ParameterNotFound
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return fmt.Errorf("this account is not bootstrapped for CDK in %s (qualifier %s): run make bootstrap once", cfg.Region, qualifier)
	case awserror.IsAccessDenied(err):
		fmt.Fprintf(notes, "cannot check whether this account is bootstrapped for CDK in %s, because you may not read it (ssm:GetParameter); continuing\n", cfg.Region)
		return nil
	}
	return fmt.Errorf("check whether this account is bootstrapped for CDK in %s: %w", cfg.Region, err)
}

// checkTable looks at the table that has the ledger's name, if there is one. It stayed when an
// earlier stack was destroyed, or when its first deploy failed, and the deployment takes it in
// again (cdk deploy, --import-existing-resources). CloudFormation does not compare it with the
// template, so it would take in any table.
func checkTable(ctx context.Context, cfg aws.Config, name string, notes io.Writer) error {
	out, err := dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	var missing *dynamotypes.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return nil
	case awserror.IsAccessDenied(err):
		fmt.Fprintf(notes, "cannot check whether the table %s is a ledger of Sluice, because you may not read it (dynamodb:DescribeTable); continuing\n", name)
		return nil
	case err != nil:
		return fmt.Errorf("check whether the name of the ledger's table is free: %w", err)
	}
	var keys []string
	for _, k := range out.Table.KeySchema {
		keys = append(keys, aws.ToString(k.AttributeName))
	}
	if !slices.Equal(keys, []string{flow.LedgerPartitionKey, flow.LedgerSortKey}) {
		return fmt.Errorf("there is a table %s in %s that is no ledger of Sluice (its key is %v): choose another name with SETTINGS=\"-c namePrefix=…\"", name, cfg.Region, keys)
	}
	return nil
}
