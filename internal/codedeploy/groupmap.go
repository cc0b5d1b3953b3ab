package codedeploy

import (
	"context"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// GroupMap has the deployment groups of each application, for accounts whose CodeDeploy has none
// (any more).
type GroupMap map[string]map[string]operator.DeploymentGroup

// DecodeGroupMap reads the JSON of a GroupMap: {"APPLICATION": {"GROUP": {…}}}. It returns a
// *request.InputError with all problems.
func DecodeGroupMap(raw []byte) (GroupMap, error) {
	var problems strictjson.Problems
	groups := GroupMap{}
	applications := strictjson.Parse(raw, &problems).Members()
	for _, application := range applications.Names() {
		of := applications.Field(application).Members()
		groups[application] = map[string]operator.DeploymentGroup{}
		for _, group := range of.Names() {
			groups[application][group] = decodeGroup(of.Field(group))
		}
	}
	if list := problems.List(); len(list) > 0 {
		return nil, &request.InputError{Problems: list}
	}
	return groups, nil
}

// decodeGroup reads a group. Its members are named as those of GetDeploymentGroup.
func decodeGroup(v strictjson.Value) operator.DeploymentGroup {
	o := v.ObjectLike(`{"deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes", "alarms": ["orders-5xx"]}`,
		"deploymentConfigName", "alarms", "ignorePollAlarmFailure")
	group := operator.DeploymentGroup{Config: o.Field("deploymentConfigName").Text()}
	if ignore := o.Field("ignorePollAlarmFailure"); ignore.Present() {
		group.IgnoreUnreadable = ignore.Bool()
	}
	for _, alarm := range o.Field("alarms").Array() {
		group.Alarms = append(group.Alarms, alarm.Text())
	}
	return group
}

// Group implements Groups.
func (m GroupMap) Group(_ context.Context, application, group string) (operator.DeploymentGroup, error) {
	groups, known := m[application]
	if !known {
		return operator.DeploymentGroup{}, newError("ApplicationDoesNotExistException", "the map of groups has no application %q", shift.BoundText(application, maxShown))
	}
	found, known := groups[group]
	if !known {
		return operator.DeploymentGroup{}, newError("DeploymentGroupDoesNotExistException", "the map of groups has no group %q of %s", shift.BoundText(group, maxShown), application)
	}
	return found, nil
}
