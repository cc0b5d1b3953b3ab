// Package lambdaversions reads and deletes the versions of Lambda functions.
package lambdaversions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/prune"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the Lambda calls that Versions makes.
type API interface {
	DeleteFunction(context.Context, *lambda.DeleteFunctionInput, ...func(*lambda.Options)) (*lambda.DeleteFunctionOutput, error)
	ListAliases(context.Context, *lambda.ListAliasesInput, ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error)
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
	ListProvisionedConcurrencyConfigs(context.Context, *lambda.ListProvisionedConcurrencyConfigsInput, ...func(*lambda.Options)) (*lambda.ListProvisionedConcurrencyConfigsOutput, error)
	ListVersionsByFunction(context.Context, *lambda.ListVersionsByFunctionInput, ...func(*lambda.Options)) (*lambda.ListVersionsByFunctionOutput, error)
}

// Versions are the versions of an account's functions.
type Versions struct{ api API }

// New returns the Versions of the client's account and region.
func New(api API) *Versions { return &Versions{api: api} }

// FromConfig is New, with a client of its own.
func FromConfig(cfg aws.Config) *Versions { return New(lambda.NewFromConfig(cfg)) }

// Inventory reads the versions of a function, and what is configured for them.
func (f *Versions) Inventory(ctx context.Context, function string) (prune.Inventory, error) {
	found := prune.Inventory{Aliases: map[string][]shift.Version{}}
	for _, read := range []func(context.Context, string, *prune.Inventory) error{f.readVersions, f.readAliases, f.readProvisioned} {
		if err := read(ctx, function, &found); err != nil {
			return found, fmt.Errorf("read the versions of %s: %w", function, meaning(err))
		}
	}
	return found, nil
}

func (f *Versions) readVersions(ctx context.Context, function string, into *prune.Inventory) error {
	pages := lambda.NewListVersionsByFunctionPaginator(f.api, &lambda.ListVersionsByFunctionInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, v := range page.Versions {
			into.Versions = append(into.Versions, shift.Version(aws.ToString(v.Version)))
		}
	}
	return nil
}

func (f *Versions) readAliases(ctx context.Context, function string, into *prune.Inventory) error {
	pages := lambda.NewListAliasesPaginator(f.api, &lambda.ListAliasesInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.Aliases {
			name := aws.ToString(a.Name)
			into.Aliases[name] = []shift.Version{shift.Version(aws.ToString(a.FunctionVersion))}
			if a.RoutingConfig == nil {
				continue
			}
			for _, v := range slices.Sorted(maps.Keys(a.RoutingConfig.AdditionalVersionWeights)) {
				into.Aliases[name] = append(into.Aliases[name], shift.Version(v))
			}
		}
	}
	return nil
}

func (f *Versions) readProvisioned(ctx context.Context, function string, into *prune.Inventory) error {
	pages := lambda.NewListProvisionedConcurrencyConfigsPaginator(f.api, &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, c := range page.ProvisionedConcurrencyConfigs {
			arn := aws.ToString(c.FunctionArn)
			if v := shift.Version(arn[strings.LastIndexByte(arn, ':')+1:]); v.IsNumber() {
				into.Provisioned = append(into.Provisioned, v)
			}
		}
	}
	return nil
}

// GetsEvents says whether an event source invokes that very version. It asks for the version by
// its name: AWS does not say whether the list for a function has those of its versions.
func (f *Versions) GetsEvents(ctx context.Context, function string, v shift.Version) (bool, error) {
	out, err := f.api.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: aws.String(function + ":" + string(v))})
	var unknown *types.ResourceNotFoundException
	if errors.As(err, &unknown) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the event sources of version %s of %s: %w", v, function, meaning(err))
	}
	return len(out.EventSourceMappings) > 0 || out.NextMarker != nil, nil
}

// DeleteVersion deletes a version, and never a function: without a number it makes no call.
func (f *Versions) DeleteVersion(ctx context.Context, function string, v shift.Version) error {
	if !v.IsNumber() {
		return fmt.Errorf("%w: %q is not the number of a version", prune.ErrRefused, string(v))
	}
	_, err := f.api.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &function, Qualifier: aws.String(string(v))})
	var (
		gone      *types.ResourceNotFoundException
		used      *types.ResourceConflictException
		unwelcome *types.InvalidParameterValueException
	)
	switch {
	case err == nil, errors.As(err, &gone):
		return nil
	case errors.As(err, &used), errors.As(err, &unwelcome):
		return fmt.Errorf("%w: %w", prune.ErrRefused, awserror.Plain(err))
	}
	return fmt.Errorf("delete version %s of %s: %w", v, function, meaning(err))
}

func meaning(err error) error {
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return fmt.Errorf("%w: %w", shift.ErrFunctionNotFound, awserror.Plain(err))
	}
	return awserror.Meaning(err)
}
