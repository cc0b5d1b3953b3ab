package lambdaalias

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the Lambda calls that the Router makes.
type API interface {
	CreateAlias(context.Context, *lambda.CreateAliasInput, ...func(*lambda.Options)) (*lambda.CreateAliasOutput, error)
	DeleteAlias(context.Context, *lambda.DeleteAliasInput, ...func(*lambda.Options)) (*lambda.DeleteAliasOutput, error)
	GetAlias(context.Context, *lambda.GetAliasInput, ...func(*lambda.Options)) (*lambda.GetAliasOutput, error)
	GetFunction(context.Context, *lambda.GetFunctionInput, ...func(*lambda.Options)) (*lambda.GetFunctionOutput, error)
	GetProvisionedConcurrencyConfig(context.Context, *lambda.GetProvisionedConcurrencyConfigInput, ...func(*lambda.Options)) (*lambda.GetProvisionedConcurrencyConfigOutput, error)
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
	ListAliases(context.Context, *lambda.ListAliasesInput, ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error)
	ListTags(context.Context, *lambda.ListTagsInput, ...func(*lambda.Options)) (*lambda.ListTagsOutput, error)
	PublishVersion(context.Context, *lambda.PublishVersionInput, ...func(*lambda.Options)) (*lambda.PublishVersionOutput, error)
	UpdateAlias(context.Context, *lambda.UpdateAliasInput, ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error)
}

// Router reads and writes the Routes of Lambda aliases. It also reads and publishes the
// versions that aliases point at.
type Router struct {
	api     API
	deleted *deletedTeller // nil if the Router does not tell deleted functions
}

// New returns the Router of the client's account and region.
func New(api API) *Router { return &Router{api: api} }

// Rules returns the rules of weighted aliases.
func (r *Router) Rules() shift.Rules { return flow.LambdaAlias.Rules }

// Route reads the Route of an alias. It returns shift.ErrTargetNotFound.
func (r *Router) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return shift.Route{}, err
	}
	out, err := r.api.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: &alias})
	if err != nil {
		return shift.Route{}, fmt.Errorf("read route of %s: %w", t, r.orDeleted(ctx, function, err, sentinels{notFound: shift.ErrTargetNotFound}))
	}
	return route(out.FunctionVersion, out.RoutingConfig, out.RevisionId, out.Description), nil
}

// SetRoute writes a Route if the alias still has the Route's Revision, and returns the
// Route in Lambda's answer. It returns shift.ErrRevisionMismatch,
// shift.ErrTargetNotFound, or shift.ErrVersionNotFound when one of the Route's versions was
// deleted.
func (r *Router) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return shift.Route{}, err
	}
	return r.update(ctx, function, alias, wanted, nil)
}

// update writes an alias. It changes the description unless that is nil.
func (r *Router) update(ctx context.Context, function, alias string, wanted shift.Route, description *string) (shift.Route, error) {
	t := flow.LambdaTarget(function, alias)
	if wanted.Revision == "" {
		return shift.Route{}, fmt.Errorf("set route of %s to %s: the revision that was read is missing, so the write could undo somebody else's change", t, wanted)
	}
	weights, err := weights(wanted)
	if err != nil {
		return shift.Route{}, fmt.Errorf("set route of %s: %w", t, err)
	}
	out, err := r.api.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName:    &function,
		Name:            &alias,
		FunctionVersion: aws.String(string(wanted.Serving)),
		RoutingConfig:   weights,
		RevisionId:      aws.String(string(wanted.Revision)),
		Description:     description,
	})
	if err != nil {
		means := sentinels{notFound: shift.ErrVersionNotFound, stale: shift.ErrRevisionMismatch, refused: shift.ErrRouteRefused}
		if aliasIsMissing(err) {
			means.notFound = shift.ErrTargetNotFound
		}
		return shift.Route{}, fmt.Errorf("set route of %s to %s: %w", t, wanted, r.orDeleted(ctx, function, err, means))
	}
	return route(out.FunctionVersion, out.RoutingConfig, out.RevisionId, out.Description), nil
}

// Create creates an alias that sends all its traffic to one version, and returns its
// Route. It returns shift.ErrRevisionMismatch when the alias already exists, or
// shift.ErrVersionNotFound.
func (r *Router) Create(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return shift.Route{}, err
	}
	if wanted.Additional != "" {
		return shift.Route{}, fmt.Errorf("create %s with %s: a new alias must send all its traffic to one version", t, wanted)
	}
	out, err := r.api.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: &function, Name: &alias, FunctionVersion: aws.String(string(wanted.Serving)), Description: aws.String(creationNote(wanted.Maker)),
	})
	if err != nil {
		// CreateAlias: ResourceConflictException, the resource already exists.
		return shift.Route{}, fmt.Errorf("create %s with %s: %w", t, wanted,
			meaning(err, sentinels{notFound: shift.ErrVersionNotFound, conflict: shift.ErrRevisionMismatch}))
	}
	return route(out.FunctionVersion, out.RoutingConfig, out.RevisionId, out.Description), nil
}

// Delete removes an alias. Doing so again does no harm.
func (r *Router) Delete(ctx context.Context, t shift.Target) error {
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return err
	}
	_, err = r.api.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: &function, Name: &alias})
	err = meaning(err, sentinels{notFound: shift.ErrTargetNotFound})
	if err != nil && !errors.Is(err, shift.ErrTargetNotFound) {
		return fmt.Errorf("delete %s: %w", t, err)
	}
	return nil
}

// maxSiblings bounds the names that an error shows.
const maxSiblings = 48

// remedyForMissing names the aliases that the function has, and says what can be done about
// one that it does not have. It returns shift.ErrFunctionNotFound.
func (r *Router) remedyForMissing(ctx context.Context, t shift.Target) (string, error) {
	function, _, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return "", err
	}
	siblings, err := r.listAliases(ctx, function)
	if err != nil {
		return "", err
	}
	have := "it has no alias"
	if len(siblings) > 0 {
		have = "it has " + strings.Join(siblings, ", ")
	}
	return have + `: create the alias, name another one, or say "createAlias": true`, nil
}

// CheckArrival returns shift.ErrTargetNotFound or shift.ErrFunctionNotFound for an alias that does
// not exist. It calls GetFunction, which has a limit of its own.
func (r *Router) CheckArrival(ctx context.Context, a shift.Arrival) error {
	t := a.Target
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return err
	}
	_, err = r.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &function, Qualifier: &alias})
	err = meaning(err, sentinels{notFound: shift.ErrTargetNotFound})
	if !errors.Is(err, shift.ErrTargetNotFound) {
		if err != nil {
			return fmt.Errorf("see whether %s exists: %w", t, err)
		}
		return nil
	}
	remedy, missing := r.remedyForMissing(ctx, t)
	if missing != nil {
		return missing
	}
	return fmt.Errorf("%s: %w; %s", t, err, remedy)
}

// listAliases returns the names of a function's aliases, at most maxSiblings of them.
func (r *Router) listAliases(ctx context.Context, function string) ([]string, error) {
	names := []string{}
	pages := lambda.NewListAliasesPaginator(r.api, &lambda.ListAliasesInput{FunctionName: &function, MaxItems: aws.Int32(maxSiblings)})
	for pages.HasMorePages() && len(names) < maxSiblings {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the aliases of %s: %w", function, meaning(err, sentinels{notFound: shift.ErrFunctionNotFound}))
		}
		for _, a := range page.Aliases {
			names = append(names, aws.ToString(a.Name))
		}
	}
	return names[:min(len(names), maxSiblings)], nil
}

// Settles says whether the alias has provisioned concurrency. If it has, Lambda itself moves
// weights for a while after a change (terraform-provider-aws pull request 48116).
func (r *Router) Settles(ctx context.Context, t shift.Target) (bool, error) {
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return false, err
	}
	_, err = r.api.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &function, Qualifier: &alias})
	switch {
	case hasNoConcurrency(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read the provisioned concurrency of %s: %w", t, meaning(err, sentinels{notFound: shift.ErrTargetNotFound}))
	}
	return true, nil
}
