package template

import (
	"fmt"
	"slices"
	"strings"
)

// The types of the resources that the package knows.
const (
	aliasType    = "AWS::Lambda::Alias"
	functionType = "AWS::Lambda::Function"
	versionType  = "AWS::Lambda::Version"
	groupType    = "AWS::CodeDeploy::DeploymentGroup"
	configType   = "AWS::CodeDeploy::DeploymentConfig"
)

// The attribute of an alias by which CloudFormation shifts it with CodeDeploy (CloudFormation
// Template Reference, UpdatePolicy attribute).
const (
	updatePolicy = "UpdatePolicy"
	aliasUpdate  = "CodeDeployLambdaAliasUpdate"
)

// defaultConfig is CodeDeploy's configuration for Lambda if a deployment group names none
// (CodeDeploy User Guide, Deployment configurations on an AWS Lambda compute platform).
const defaultConfig = "CodeDeployDefault.LambdaAllAtOnce"

// alias is an alias that CodeDeploy shifts.
type alias struct {
	id       string
	resource *node
	// versionID is the resource of the version that the alias serves, functionID that of the
	// function, or "" if it is not in the template.
	versionID, functionID string
	// name and function are the alias's own properties, config and alarms those of its
	// deployment group.
	name, function, version, config, alarms *node
	condition                               string
	before, after                           *node
}

// isShifted says whether CodeDeploy shifts a resource, or may do so if Fn::If decides it.
func isShifted(resource *node) bool {
	if textOf(resource.get("Type")) != aliasType {
		return false
	}
	policy := resource.get(updatePolicy)
	return policy != nil && strings.Contains(string(policy.bytes()), aliasUpdate)
}

// readAlias reads an alias that CodeDeploy shifts. It reports everything that Sluice cannot do.
func (r *rewriter) readAlias(id string) alias {
	resource := r.resource(id)
	a := alias{
		id: id, resource: resource, condition: textOf(resource.get("Condition")),
		name: resource.get("Properties", "Name"), function: resource.get("Properties", "FunctionName"),
		version: resource.get("Properties", "FunctionVersion"), config: newText(defaultConfig),
	}
	if condition := resource.get("Condition"); condition != nil && !condition.is(text) {
		r.refuse(id, "its Condition is not the name of a condition")
	}
	if !isNoValue(resource.get("Properties", "RoutingConfig")) {
		r.refuse(id, "it has a RoutingConfig, which divides its traffic by itself: remove RoutingConfig, Sluice sets the weights")
	}
	r.readOwner(&a)
	r.readVersion(&a)
	r.readPolicy(&a)
	return a
}

// readOwner reads whose alias it is, and its name.
func (r *rewriter) readOwner(a *alias) {
	if isNoValue(a.function) || isNoValue(a.name) {
		r.refuse(a.id, "it needs the properties FunctionName and Name")
		return
	}
	if a.name.refersTo(r.isResource) {
		r.refuse(a.id, "its Name refers to another resource, and Sluice gives the function a tag with that name: write the name as text, or as a parameter")
	}
	if to, ok := a.function.exactly(); ok && r.typeOf(to.id) == functionType {
		a.functionID = to.id
	}
}

func (r *rewriter) readVersion(a *alias) {
	to, ok := a.version.exactlyOrNothing()
	if !ok || to.attribute != "Version" || r.typeOf(to.id) != versionType {
		r.refuse(a.id, `its FunctionVersion is not the version of an %s in this template: write {"Fn::GetAtt": ["<the version's logical id>", "Version"]}; AutoPublishAlias of SAM and currentVersion of CDK do so`, versionType)
		return
	}
	a.versionID = to.id
}

// exactlyOrNothing is exactly, also for an absent value.
func (n *node) exactlyOrNothing() (reference, bool) {
	if n == nil {
		return reference{}, false
	}
	return n.exactly()
}

// readPolicy reads the UpdatePolicy, and the deployment group that it names.
func (r *rewriter) readPolicy(a *alias) {
	policy := a.resource.get(updatePolicy)
	update := policy.get(aliasUpdate)
	for _, n := range []*node{policy, update} {
		if name, _ := n.intrinsicOrNothing(); name != "" {
			r.refuse(a.id, "its UpdatePolicy has %s around it, and so may be there or not: give the alias one UpdatePolicy, and choose by %s in the DeploymentConfigName of its deployment group, which may be %s", name, fnIf, defaultConfig)
			return
		}
	}
	if !r.hasOnly(a.id, policy, "UpdatePolicy", aliasUpdate) ||
		!r.hasOnly(a.id, update, aliasUpdate, "ApplicationName", "DeploymentGroupName", "BeforeAllowTrafficHook", "AfterAllowTrafficHook") {
		return
	}
	a.before, a.after = hookOf(update.get("BeforeAllowTrafficHook")), hookOf(update.get("AfterAllowTrafficHook"))
	r.readGroup(a, update.get("DeploymentGroupName"))
}

func (n *node) intrinsicOrNothing() (string, *node) {
	if n == nil {
		return "", nil
	}
	return n.intrinsic()
}

// hookOf returns a hook, or nil if there is none.
func hookOf(n *node) *node {
	if isNoValue(n) || n.is(text) && n.text == "" {
		return nil
	}
	return n
}

// hasOnly refuses what is not an object, and members that are not known.
func (r *rewriter) hasOnly(id string, n *node, what string, known ...string) bool {
	if !n.is(object) {
		r.refuse(id, "its %s is not an object", what)
		return false
	}
	for _, m := range n.members {
		if !slices.Contains(known, m.key) {
			r.refuse(id, "its %s has %q, which Sluice does not know: remove it; Sluice knows %s", what, m.key, strings.Join(known, ", "))
			return false
		}
	}
	return true
}

func (r *rewriter) readGroup(a *alias, name *node) {
	to, ok := name.exactlyOrNothing()
	if !ok || to.attribute != "" || r.typeOf(to.id) != groupType {
		r.refuse(a.id, "its deployment group is not in this template, so Sluice cannot read how to shift it: define an %s here and name it with Ref; in CDK, new a LambdaDeploymentGroup instead of importing one", groupType)
		return
	}
	group := r.resource(to.id).get("Properties")
	if isIntrinsic(group) {
		r.refuse(to.id, "its Properties are an intrinsic function as a whole: write them out")
		return
	}
	a.config = withDefault(group.get("DeploymentConfigName"))
	if alarms := group.get("AlarmConfiguration"); !isNoValue(alarms) {
		a.alarms = alarms
	}
	r.watchGroup(to.id, group)
}

// withDefault returns a DeploymentConfigName with CodeDeploy's default wherever it names none, also
// in the branches of Fn::If: Sluice's own default is another one.
func withDefault(config *node) *node {
	switch {
	case isNoValue(config):
		return newText(defaultConfig)
	case config.branches() == nil || !config.mayBeNoValue():
		return config
	}
	_, chosen := config.intrinsic()
	return newObject(with(fnIf, newList(chosen.items[0].copied(), withDefault(chosen.items[1]), withDefault(chosen.items[2]))))
}

// mayBeNoValue says whether a value is absent, or Fn::If may make it so.
func (n *node) mayBeNoValue() bool {
	return isNoValue(n) || slices.ContainsFunc(n.branches(), (*node).mayBeNoValue)
}

func isIntrinsic(n *node) bool {
	name, _ := n.intrinsicOrNothing()
	return name != ""
}

// watchGroup notes what a deployment group asks of CodeDeploy, and Sluice does otherwise.
func (r *rewriter) watchGroup(id string, group *node) {
	if !isNoValue(group.get("TriggerConfigurations")) {
		r.note(id, "CodeDeploy no longer sends its TriggerConfigurations: subscribe to Sluice's topic, or to its events on EventBridge")
	}
	events := string(group.get("AutoRollbackConfiguration", "Events").bytesOrNothing())
	hasAlarms := !isNoValue(group.get("AlarmConfiguration"))
	isOff := strings.EqualFold(number(group.get("AutoRollbackConfiguration", "Enabled")), "false")
	if isOff || !strings.Contains(events, "DEPLOYMENT_FAILURE") || hasAlarms && !strings.Contains(events, "DEPLOYMENT_STOP_ON_ALARM") {
		r.note(id, "its AutoRollbackConfiguration does not put traffic back after every failure and alarm; Sluice always does")
	}
}

func (n *node) bytesOrNothing() []byte {
	if n == nil {
		return nil
	}
	return n.bytes()
}

// refuse reports what Sluice cannot do, and note what people should know.
func (r *rewriter) refuse(id, format string, args ...any) {
	if p := (Problem{id, fmt.Sprintf(format, args...)}); !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

func (r *rewriter) note(id, format string, args ...any) {
	if n := (Note{id, fmt.Sprintf(format, args...)}); !slices.Contains(r.notes, n) {
		r.notes = append(r.notes, n)
	}
}
