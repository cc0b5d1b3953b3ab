package inspection

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// inOrder are Sluice's Lambdas in the order in which a deployment runs them.
var inOrder = []string{
	flow.Publish.Function, flow.Open.Function, flow.BeforeHook.Function, flow.SetWeight.Function, flow.CheckAlarms.Function,
	flow.Close.Function, flow.Rollback.Function, flow.SafetyNet,
}

// Asked are the Lambdas whose roles are asked about.
func Asked() []string { return slices.Clone(inOrder) }

// The actions that a deployment of a Lambda alias calls.
const (
	invokeFunction = "lambda:InvokeFunction"
	getAlias       = "lambda:GetAlias"
	updateAlias    = "lambda:UpdateAlias"
	describeAlarms = "cloudwatch:DescribeAlarms"
)

// asks are the calls that a deployment will make on what its input names, by the Lambda that makes
// them. The calls on Sluice's own table, bus and state machine do not depend on the input.
func (in *inspecting) asks() map[string][]operator.Ask {
	asks, release := map[string][]operator.Ask{}, in.seen.Release
	for n, a := range release.Arrivals {
		if a.Target.Kind() == shift.KindLambda {
			in.askForTarget(asks, targetPath(n), a)
		}
	}
	for _, function := range release.Hooks.Functions() {
		in.askToInvoke(asks, hooksPath, function, flow.Publish.Function, flow.BeforeHook.Function)
	}
	if s := release.Judging.Synthetic; s.On() {
		in.askToInvoke(asks, syntheticPath, s.Function, flow.Publish.Function, flow.CheckAlarms.Function)
	}
	if len(release.Alarms) > 0 {
		for _, by := range []string{flow.Publish.Function, flow.Open.Function, flow.CheckAlarms.Function} {
			asks[by] = append(asks[by], operator.Ask{Action: describeAlarms, Resource: "*"})
		}
	}
	if release.Options.KeepVersions > 0 {
		asks[flow.Close.Function] = append(asks[flow.Close.Function], operator.Ask{Action: "lambda:ListEventSourceMappings", Resource: "*"})
	}
	if release.Judging.On() {
		for _, by := range []string{flow.Open.Function, flow.CheckAlarms.Function} {
			asks[by] = append(asks[by], operator.Ask{Action: "cloudwatch:GetMetricData", Resource: "*"})
		}
	}
	return asks
}

func (in *inspecting) askForTarget(asks map[string][]operator.Ask, path string, a shift.Arrival) {
	function, alias, err := flow.SplitLambdaTarget(a.Target)
	if err != nil || in.isNotAllowed(path) {
		return // the roles allow nothing then, and the remedy is told already
	}
	arn := in.home + function
	tags, known := in.tags(path, arn)
	if !known {
		return
	}
	ask := func(by, resource string, actions ...string) {
		for _, action := range actions {
			asks[by] = append(asks[by], operator.Ask{Action: action, Resource: resource, Tags: tags})
		}
	}
	ask(flow.Publish.Function, arn+":"+alias, "lambda:GetFunction")
	if a.Candidate == "" {
		ask(flow.Publish.Function, arn, "lambda:PublishVersion")
	}
	ask(flow.Open.Function, arn+":"+alias, "lambda:GetFunction", "lambda:GetProvisionedConcurrencyConfig")
	for _, by := range []string{flow.Open.Function, flow.CheckAlarms.Function, flow.Close.Function} {
		ask(by, arn, getAlias)
	}
	for _, by := range []string{flow.SetWeight.Function, flow.Rollback.Function, flow.SafetyNet} {
		ask(by, arn, getAlias, updateAlias)
		if in.seen.Release.Options.CreateTarget {
			ask(by, arn, "lambda:DeleteAlias")
		}
	}
	if in.seen.Release.Options.CreateTarget {
		ask(flow.SetWeight.Function, arn, "lambda:CreateAlias")
	}
	if in.seen.Release.Options.KeepVersions > 0 {
		ask(flow.Close.Function, arn, "lambda:ListProvisionedConcurrencyConfigs", "lambda:ListVersionsByFunction")
		ask(flow.Close.Function, arn+":1", "lambda:DeleteFunction") // any version stands for all
	}
}

// isNotAllowed says whether the function of a Target was found to be none that Sluice may shift.
func (in *inspecting) isNotAllowed(path string) bool {
	return slices.ContainsFunc(in.problems, func(p task.Problem) bool {
		return p.Path == path && errors.Is(p.Err, shift.ErrFunctionNotAllowed)
	})
}

// askToInvoke asks whether Lambdas may invoke a function of the user's, which may have a qualifier.
func (in *inspecting) askToInvoke(asks map[string][]operator.Ask, path, function string, by ...string) {
	arn := function
	if !strings.HasPrefix(function, "arn:") {
		arn = in.home + function
	}
	tags, known := in.tags(path, unqualified(arn))
	if !known {
		return
	}
	for _, who := range by {
		asks[who] = append(asks[who], operator.Ask{Action: invokeFunction, Resource: arn, Tags: tags})
	}
}

// unqualified returns the ARN of a function without an alias or a version.
func unqualified(arn string) string {
	head, name, is := strings.Cut(arn, ":function:")
	if !is {
		return arn
	}
	name, _, _ = strings.Cut(name, ":")
	return head + ":function:" + name
}

// missingCall is a call that the role of a Lambda is not allowed.
type missingCall struct {
	by string
	operator.Ask
}

// tellMissing tells of all calls on one function together: they have the same cause, usually.
func (in *inspecting) tellMissing(missing []missingCall) {
	for len(missing) > 0 {
		resource := unqualified(missing[0].Resource)
		var calls []string
		var rest []missingCall
		for _, m := range missing {
			if unqualified(m.Resource) == resource {
				calls = append(calls, m.by+" "+m.Action)
			} else {
				rest = append(rest, m)
			}
		}
		on := ""
		if resource != "*" {
			on = " on " + resource
		}
		in.find(in.pathOf(resource), PermissionMissing, resource, "the roles of Sluice's functions do not allow what the deployment calls%s (%s): %s", on, strings.Join(calls, ", "), in.remedy(resource, missing[0].Tags))
		missing = rest
	}
}

// pathOf returns the path of what a resource is.
func (in *inspecting) pathOf(resource string) string {
	name := strings.TrimPrefix(unqualified(resource), in.home)
	for n, a := range in.seen.Release.Arrivals {
		if function, _, err := flow.SplitLambdaTarget(a.Target); err == nil && function == name {
			return targetPath(n)
		}
	}
	if s := in.seen.Release.Judging.Synthetic; s.On() && strings.TrimPrefix(unqualified(in.arnOf(s.Function)), in.home) == name {
		return syntheticPath
	}
	if resource == "*" {
		return ""
	}
	return hooksPath
}

func (in *inspecting) arnOf(function string) string {
	if strings.HasPrefix(function, "arn:") {
		return function
	}
	return in.home + function
}

// lookElsewhere is the remedy where the tags or the names cannot be the cause.
const lookElsewhere = "deploy the stack again, and look for what denies it: a permissions boundary, or a policy of your organization"

// remedy says how the roles come to be allowed calls on a resource.
func (in *inspecting) remedy(resource string, tags map[string]string) string {
	tag, setting := flow.TagAlias, "functions"
	switch path := in.pathOf(resource); {
	case path == "":
		return lookElsewhere
	case path == hooksPath:
		tag, setting = flow.TagHook, "hooks"
	case path == syntheticPath:
		tag, setting = flow.TagSynthetic, "synthetic"
	}
	if tags[tag] != "" {
		return fmt.Sprintf("it has the tag %s. If the stack's setting %s allows names instead, let it allow this one; else %s", tag, setting, lookElsewhere)
	}
	return fmt.Sprintf("give it the tag %s, or let the stack's setting %s allow its name", tag, setting)
}

// The paths of functions that are invoked.
const (
	hooksPath     = "hooks"
	syntheticPath = "judge.synthetic.function"
)
