package deploymentconfig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the CodeDeploy calls that Configs makes.
type API interface {
	GetDeploymentConfig(context.Context, *codedeploy.GetDeploymentConfigInput, ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentConfigOutput, error)
}

// Configs are the deployment configurations of an account in a region.
type Configs struct{ api API }

// New returns the Configs that use this client.
func New(api API) *Configs { return &Configs{api: api} }

// FromConfig returns Configs with a client of their own.
func FromConfig(cfg aws.Config) *Configs { return New(codedeploy.NewFromConfig(cfg)) }

// Strategy returns the strategy of an input that is the same as a deployment configuration. It
// returns shift.ErrUnknownStrategy for one that does not exist, or is not for Lambda.
func (c *Configs) Strategy(ctx context.Context, name string) (json.RawMessage, error) {
	out, err := c.api.GetDeploymentConfig(ctx, &codedeploy.GetDeploymentConfigInput{DeploymentConfigName: &name})
	var missing *types.DeploymentConfigDoesNotExistException
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("%w %q: CodeDeploy has no deployment configuration of this name in this account and region", shift.ErrUnknownStrategy, shift.BoundText(name, 100))
	case err != nil:
		return nil, fmt.Errorf("read the deployment configuration %s: %w", name, awserror.Meaning(err))
	case out.DeploymentConfigInfo == nil || out.DeploymentConfigInfo.TrafficRoutingConfig == nil:
		return nil, fmt.Errorf("%w: the deployment configuration %s does not say how traffic is shifted, so it is not one for Lambda", shift.ErrUnknownStrategy, name)
	}
	strategy, err := strategyOf(*out.DeploymentConfigInfo.TrafficRoutingConfig)
	if err != nil {
		return nil, fmt.Errorf("%w: the deployment configuration %s: %w", shift.ErrUnknownStrategy, name, err)
	}
	return json.Marshal(strategy)
}

// strategyOf returns a strategy as an input has it. CodeDeploy counts in whole percent and whole
// minutes (CodeDeploy API, TimeBasedCanary and TimeBasedLinear).
func strategyOf(t types.TrafficRoutingConfig) (any, error) {
	switch {
	case t.Type == types.TrafficRoutingTypeAllAtOnce:
		return "AllAtOnce", nil
	case t.Type == types.TrafficRoutingTypeTimeBasedCanary && t.TimeBasedCanary != nil:
		return map[string]any{"canary": map[string]int32{"percent": t.TimeBasedCanary.CanaryPercentage, "bakeMinutes": t.TimeBasedCanary.CanaryInterval}}, nil
	case t.Type == types.TrafficRoutingTypeTimeBasedLinear && t.TimeBasedLinear != nil:
		return map[string]any{"linear": map[string]int32{"percent": t.TimeBasedLinear.LinearPercentage, "everyMinutes": t.TimeBasedLinear.LinearInterval}}, nil
	}
	return nil, fmt.Errorf("its traffic is shifted in a way that is not known: %q", shift.BoundText(string(t.Type), 80))
}
