// Package iamsimulation asks IAM what a role may do, without doing it. Start at FromConfig.
package iamsimulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/operator"
)

// API lists the calls of IAM that a Simulator makes.
type API interface {
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

// Simulator asks IAM about roles.
type Simulator struct{ api API }

// New returns a Simulator.
func New(api API) *Simulator { return &Simulator{api} }

// FromConfig returns a Simulator with a client of its own.
func FromConfig(cfg aws.Config) *Simulator { return New(iam.NewFromConfig(cfg)) }

// Denied returns those of some calls that a role is not allowed. It returns operator.ErrNoRole.
// Calls on the same resource are asked about together.
//
// IAM reads no tags of resources in a simulation, so each call has them. The policies of the
// resources themselves are left out: the roles' own have to allow these calls (IAM API,
// SimulatePrincipalPolicy).
func (s *Simulator) Denied(ctx context.Context, roleARN string, asks []operator.Ask) ([]operator.Ask, error) {
	var denied []operator.Ask
	for len(asks) > 0 {
		first := asks[0]
		var together, rest []operator.Ask
		for _, a := range asks {
			if a.Resource == first.Resource {
				together = append(together, a)
			} else {
				rest = append(rest, a)
			}
		}
		found, err := s.deniedOn(ctx, roleARN, together)
		if err != nil {
			return denied, err
		}
		denied, asks = append(denied, found...), rest
	}
	return denied, nil
}

// deniedOn asks about calls on one resource.
func (s *Simulator) deniedOn(ctx context.Context, roleARN string, asks []operator.Ask) ([]operator.Ask, error) {
	input := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &roleARN, ResourceArns: []string{asks[0].Resource}}
	for _, a := range asks {
		input.ActionNames = append(input.ActionNames, a.Action)
	}
	for _, tag := range slices.Sorted(maps.Keys(asks[0].Tags)) {
		input.ContextEntries = append(input.ContextEntries, types.ContextEntry{
			ContextKeyName: aws.String("aws:ResourceTag/" + tag), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{asks[0].Tags[tag]},
		})
	}
	allowed := map[string]bool{}
	pages := iam.NewSimulatePrincipalPolicyPaginator(s.api, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(roleARN, err)
		}
		for _, r := range page.EvaluationResults {
			allowed[aws.ToString(r.EvalActionName)] = r.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed
		}
	}
	return slices.DeleteFunc(slices.Clone(asks), func(a operator.Ask) bool { return allowed[a.Action] }), nil
}

func failed(roleARN string, err error) error {
	var none *types.NoSuchEntityException
	if errors.As(err, &none) {
		return fmt.Errorf("simulate the policies of %s: %w: %w", roleARN, operator.ErrNoRole, awserror.Plain(err))
	}
	return fmt.Errorf("simulate the policies of %s: %w", roleARN, awserror.Meaning(err))
}
