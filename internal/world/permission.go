package world

import (
	"fmt"
	"strings"
	"sync"

	"sluice/internal/localaws"
	"sluice/internal/localaws/iam"
	"sluice/internal/shift"
)

// Permits reports whether the role of one of Sluice's Lambdas, given by its folder's
// name, allows something on a resource with these tags.
type Permits func(actor string, needed localaws.Permission, tags map[string]string) bool

// policiesAt are the policies of a stack at a place, where a pattern of names says which
// functions may be shifted, or with none their tags; nil lets the Lambdas do everything.
var policiesAt func(region, account, pattern string) Permits

// EnforcePolicies makes every World that begins from now on refuse what the Lambdas'
// roles do not allow, so that what is played runs with the policies that stand in AWS.
// rolesAt reads them of a stack's template, once for each place and pattern. Call it before
// the first World begins.
func EnforcePolicies(rolesAt func(region, account, pattern string) iam.Template) {
	var known sync.Map
	policiesAt = func(region, account, pattern string) Permits {
		at := [3]string{region, account, pattern}
		if permits, ok := known.Load(at); ok {
			return permits.(Permits)
		}
		permits := permitsOf(rolesAt(region, account, pattern))
		known.Store(at, permits)
		return permits
	}
}

// permitsOf evaluates the policies of a stack's template, each question once.
func permitsOf(template iam.Template) Permits {
	type question struct {
		actor        string
		needed       localaws.Permission
		target, hook bool
	}
	var answers sync.Map
	return func(actor string, needed localaws.Permission, tags map[string]string) bool {
		_, target := tags[shift.TagAlias]
		_, hook := tags[shift.TagHook]
		q := question{actor, needed, target, hook}
		if known, ok := answers.Load(q); ok {
			return known.(bool)
		}
		decision := template.Functions[FunctionPrefix+actor].Decide(iam.Request{Action: needed.Action, Resource: needed.Resource, Tags: tags})
		answers.Store(q, decision.Allowed)
		return decision.Allowed
	}
}

// WrapPermits changes what the Lambdas of this World may do.
func (w *World) WrapPermits(wrap func(Permits) Permits) { w.permits = wrap(w.permits) }

// WantedTags are those of a function whose owner wants Sluice to touch it.
var WantedTags = map[string]string{shift.TagAlias: "live", shift.TagHook: "true"}

// restrain lets the Lambdas do only what their roles allow.
func (w *World) restrain() {
	if policiesAt == nil {
		return
	}
	w.permits = policiesAt(w.place.region, w.place.account, w.scenario.Allowed.Pattern())
	w.cloud.HideTags(func(actor string, needed localaws.Permission) bool {
		_, ours := w.functions[actor]
		return ours && !w.permits(actor, needed, w.tagsOf(needed.Resource))
	})
}

// permitted refuses a call that the Lambda's role does not allow. One that it would
// not even allow on a function with our tags is a fault of the stack.
func (w *World) permitted(c localaws.Call) error {
	if _, ours := w.functions[c.Actor]; !ours || w.permits == nil {
		return nil
	}
	for _, needed := range c.Permissions() {
		if w.permits(c.Actor, needed, w.tagsOf(needed.Resource)) {
			continue
		}
		if w.problem == nil && !w.permits(c.Actor, needed, WantedTags) {
			w.problem = fmt.Errorf("the role of %s does not allow %s on %s", c.Actor, needed.Action, needed.Resource)
		}
		return localaws.AccessDenied(c)
	}
	return nil
}

// tagsOf are the tags of a function, by any ARN of it; of everything else there are
// none. Tags of a function count for its versions and aliases (Lambda Developer
// Guide, attribute-based access control).
func (w *World) tagsOf(arn string) map[string]string {
	_, name, isFunction := strings.Cut(arn, ":function:")
	if !isFunction {
		return nil
	}
	name, _, _ = strings.Cut(name, ":")
	return w.cloud.Tags(name)
}
