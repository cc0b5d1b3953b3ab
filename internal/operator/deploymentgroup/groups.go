// Package deploymentgroup reads what CodeDeploy's deployment groups say. Start at FromConfig.
package deploymentgroup

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the calls of CodeDeploy that Groups makes, and that a deployment configuration needs.
type API interface {
	GetDeploymentConfig(context.Context, *codedeploy.GetDeploymentConfigInput, ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentConfigOutput, error)
	GetDeploymentGroup(context.Context, *codedeploy.GetDeploymentGroupInput, ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentGroupOutput, error)
}

// Groups are the deployment groups of an account in a region.
type Groups struct{ api API }

// New returns the Groups that use a given client.
func New(api API) Groups { return Groups{api} }

// Client returns a client for CodeDeploy itself. Whoever calls Sluice in its place sets
// AWS_ENDPOINT_URL_CODEDEPLOY, perhaps for all processes. That variable is not obeyed here: Sluice
// would call itself.
func Client(cfg aws.Config) API {
	return codedeploy.NewFromConfig(cfg, func(o *codedeploy.Options) { o.BaseEndpoint = cfg.BaseEndpoint })
}

// Group reads a deployment group. An error keeps CodeDeploy's code.
func (g Groups) Group(ctx context.Context, application, group string) (operator.DeploymentGroup, error) {
	out, err := g.api.GetDeploymentGroup(ctx, &codedeploy.GetDeploymentGroupInput{ApplicationName: &application, DeploymentGroupName: &group})
	if err != nil {
		return operator.DeploymentGroup{}, fmt.Errorf("read the deployment group %s of %s: %w", shift.BoundText(group, maxShown), shift.BoundText(application, maxShown), awserror.Meaning(err))
	}
	info := out.DeploymentGroupInfo
	if info == nil || info.ComputePlatform != types.ComputePlatformLambda {
		return operator.DeploymentGroup{}, fmt.Errorf("%w: %s of %s", operator.ErrNotLambda, group, application)
	}
	found := operator.DeploymentGroup{Config: aws.ToString(info.DeploymentConfigName)}
	if a := info.AlarmConfiguration; a != nil && a.Enabled {
		found.IgnoreUnreadable = a.IgnorePollAlarmFailure
		for _, alarm := range a.Alarms {
			found.Alarms = append(found.Alarms, aws.ToString(alarm.Name))
		}
	}
	return found, nil
}

// maxShown is how many characters of the caller's text an error quotes.
const maxShown = 100
