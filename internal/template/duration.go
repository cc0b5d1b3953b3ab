package template

import (
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// predefinedPrefix begins the names of CodeDeploy's configurations for Lambda.
const predefinedPrefix = "CodeDeployDefault.Lambda"

// maxTexts bounds how many texts an intrinsic function may stand for before nobody counts them.
const maxTexts = 64

// bakes returns how long the steps of a DeploymentConfigName take at most. known is false if it
// cannot be told: the name may be a configuration of the account, or depend on what only
// CloudFormation knows.
func (r *rewriter) bakes(config *node) (longest time.Duration, known bool) {
	if branches := config.branches(); branches != nil {
		return r.longest(branches)
	}
	if to, ok := config.exactly(); ok && r.typeOf(to.id) == configType {
		return r.bakesOfResource(r.resource(to.id).get("Properties", "TrafficRoutingConfig"))
	}
	names, known := r.texts(config)
	for _, name := range names {
		steps, err := shift.Strategy(strings.TrimPrefix(name, predefinedPrefix))
		if err != nil {
			return 0, false
		}
		longest = max(longest, shift.Plan{Steps: steps}.Duration().Duration())
	}
	return longest, known
}

func (r *rewriter) longest(configs []*node) (time.Duration, bool) {
	var longest time.Duration
	for _, config := range configs {
		d, known := r.bakes(config)
		if !known {
			return 0, false
		}
		longest = max(longest, d)
	}
	return longest, true
}

// bakesOfResource reads the TrafficRoutingConfig of a DeploymentConfig in the template.
func (r *rewriter) bakesOfResource(routing *node) (time.Duration, bool) {
	make, share, interval := shift.Canary, "", ""
	switch textOf(routing.get("Type")) {
	case "AllAtOnce":
		return 0, true
	case "TimeBasedCanary":
		share = number(routing.get("TimeBasedCanary", "CanaryPercentage"))
		interval = number(routing.get("TimeBasedCanary", "CanaryInterval"))
	case "TimeBasedLinear":
		make, share = shift.Linear, number(routing.get("TimeBasedLinear", "LinearPercentage"))
		interval = number(routing.get("TimeBasedLinear", "LinearInterval"))
	}
	weight, badShare := shift.ParsePercent(share)
	every, badInterval := shift.ParseMinutes(interval)
	if badShare != nil || badInterval != nil {
		return 0, false
	}
	steps, err := make(weight, every)
	return shift.Plan{Steps: steps}.Duration().Duration(), err == nil
}

// number returns a number, which templates also have as text.
func number(n *node) string {
	if n.is(literal) {
		return string(n.raw)
	}
	return textOf(n)
}

// texts returns all texts that a value can stand for, as far as the template and the values of
// its parameters tell. known is false if they do not.
func (r *rewriter) texts(n *node) (all []string, known bool) {
	switch {
	case n.is(text):
		return []string{n.text}, true
	case n.branches() != nil:
		for _, branch := range n.branches() {
			some, known := r.texts(branch)
			if !known {
				return nil, false
			}
			all = append(all, some...)
		}
		return all, len(all) <= maxTexts
	}
	switch name, argument := n.intrinsic(); name {
	case ref:
		return r.parameter(textOf(argument))
	case sub:
		return r.substitutions(argument)
	case "Fn::FindInMap":
		return r.mapped(argument)
	}
	return nil, false
}

// parameter returns the value of a parameter. Without one it is the default, and without a
// default any of the allowed values.
func (r *rewriter) parameter(name string) ([]string, bool) {
	if value, ok := r.options.Parameters[name]; ok {
		return []string{value}, true
	}
	declared := r.root.get("Parameters", name)
	if value := declared.get("Default"); value.is(text) {
		return []string{value.text}, true
	}
	var all []string
	if allowed := declared.get("AllowedValues"); allowed.is(list) {
		for _, value := range allowed.items {
			all = append(all, textOf(value))
		}
	}
	return all, len(all) > 0 && len(all) <= maxTexts
}

// substitutions returns what Fn::Sub makes.
func (r *rewriter) substitutions(argument *node) ([]string, bool) {
	var variables *node
	if argument.is(list) && len(argument.items) == 2 {
		argument, variables = argument.items[0], argument.items[1]
	}
	if !argument.is(text) {
		return nil, false
	}
	all := []string{argument.text}
	for _, name := range placeholders(argument.text) {
		value := variables.get(name)
		if value == nil {
			value = newObject(with(ref, newText(name)))
		}
		values, known := r.texts(value)
		if !known || len(all)*len(values) > maxTexts {
			return nil, false
		}
		all = replaced(all, "${"+name+"}", values)
	}
	return all, true
}

// replaced returns every text with every one of the values.
func replaced(texts []string, placeholder string, values []string) []string {
	var all []string
	for _, s := range texts {
		for _, value := range values {
			all = append(all, strings.ReplaceAll(s, placeholder, value))
		}
	}
	return all
}

// mapped returns what Fn::FindInMap finds. A key that is not known may be any.
func (r *rewriter) mapped(argument *node) ([]string, bool) {
	if !argument.is(list) || len(argument.items) != 3 {
		return nil, false
	}
	tops := []*node{r.root.get("Mappings", textOf(argument.items[0]))}
	for _, key := range argument.items[1:] {
		keys, known := r.texts(key)
		tops = below(tops, keys, known)
	}
	var all []string
	for _, value := range tops {
		if !value.is(text) {
			return nil, false
		}
		all = append(all, value.text)
	}
	return all, len(all) > 0 && len(all) <= maxTexts
}

// below returns the members with these keys, or all members.
func below(tops []*node, keys []string, known bool) []*node {
	var all []*node
	for _, top := range tops {
		if !top.is(object) {
			continue
		}
		for _, m := range top.members {
			if !known || slices.Contains(keys, m.key) {
				all = append(all, m.value)
			}
		}
	}
	return all
}

const (
	// serviceTimeout is how long CloudFormation waits for a custom resource at most (CloudFormation
	// Template Reference, AWS::CloudFormation::CustomResource, ServiceTimeout).
	serviceTimeout = time.Hour
	// maxShort is the longest deployment that a custom resource waits for by itself. Its start and
	// its answer take some time, too.
	maxShort = 55 * time.Minute
	// longestWait is how long CloudFormation waits for a wait condition at most.
	longestWait = 12 * time.Hour
	// maxLong is the longest deployment that a wait condition waits for.
	maxLong = longestWait - 30*time.Minute
	// usualHook is how long a hook is reckoned with.
	usualHook = 10 * time.Minute
)

// waiting is how the stack waits for a group.
type waiting struct {
	// never is true if the stack does not wait.
	never bool
	// long is the timeout of the wait condition, or 0 if the custom resource alone is enough. It is
	// longestWait for every plan: a deployment may wait for evidence and for hooks, for longer than
	// the macro can tell, and package stackshift bounds it by no other time.
	long time.Duration
}

// most is how long the stack waits at most.
func (w waiting) most() time.Duration {
	if w.never {
		return 0
	}
	return max(w.long, serviceTimeout)
}

// waitFor says how the stack waits for a group.
func (r *rewriter) waitFor(g group) waiting {
	bakes, known := r.bakes(g.config())
	hooks := time.Duration(len(g.before) + len(g.after))
	switch usual := bakes + hooks*usualHook; {
	case r.options.DoNotWait:
		return waiting{never: true}
	case !known:
		r.note(g.first(), "how long its DeploymentConfigName takes is not known before it is deployed: the stack waits for up to %s", inSeconds(longestWait))
		return waiting{long: longestWait}
	case usual <= maxShort:
		return waiting{}
	case usual > maxLong:
		r.refuse(g.first(), `its deployment takes %s, and a stack can wait for at most %s: name a shorter DeploymentConfigName, or let the stack go on at once, with {"Name": "Sluice", "Parameters": {"Wait": "false"}} in the section Transform`, inSeconds(usual), inSeconds(maxLong))
		return waiting{}
	}
	r.note(g.first(), "its deployment takes longer than a custom resource may: the stack waits at a wait condition, for up to %s", inSeconds(longestWait))
	return waiting{long: longestWait}
}

func inSeconds(d time.Duration) shift.Seconds { return shift.Seconds(d.Seconds()) }
