package world

import (
	"fmt"
	"strings"
	"sync"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
)

// Permits reports whether the role of one of Sluice's Lambdas, given by the name of its folder,
// allows an action on a resource with these tags.
type Permits func(actor string, needed localaws.Permission, tags map[string]string) bool

// policiesOf returns the policies of a stack. If policiesOf is nil, the Lambdas may do
// everything.
var policiesOf func(Stack) Permits

// EnforcePolicies makes every later World deny calls that the Lambdas' roles do not allow, so
// that simulations run with the same policies as in AWS. rolesOf reads the roles from a stack's
// template, and is called once for each Stack. Call EnforcePolicies before the first World
// begins.
func EnforcePolicies(rolesOf func(Stack) iam.Template) {
	var known sync.Map
	policiesOf = func(s Stack) Permits {
		key := fmt.Sprintf("%+v", s)
		if permits, ok := known.Load(key); ok {
			return permits.(Permits)
		}
		permits := permitsOf(rolesOf(s))
		known.Store(key, permits)
		return permits
	}
}

// RequestFor returns what IAM decides about when a Lambda needs a permission on a resource with
// these tags.
func RequestFor(needed localaws.Permission, tags map[string]string) iam.Request {
	request := iam.Request{Action: needed.Action, Resource: needed.Resource, Tags: tags}
	if needed.Context != nil {
		request.Keys = needed.Context.Keys
	}
	return request
}

// permitsOf evaluates the policies of a stack's template. It caches the answers, except for
// calls with condition keys, which differ nearly each time.
func permitsOf(template iam.Template) Permits {
	type question struct {
		actor        string
		needed       localaws.Permission
		target, hook bool
		synthetic    bool
	}
	decide := func(actor string, needed localaws.Permission, tags map[string]string) bool {
		return template.Functions[FunctionPrefix+actor].Decide(RequestFor(needed, tags)).Allowed
	}
	var answers sync.Map
	return func(actor string, needed localaws.Permission, tags map[string]string) bool {
		if needed.Context != nil {
			return decide(actor, needed, tags)
		}
		q := question{actor, needed, tags[flow.TagAlias] != "", tags[flow.TagHook] != "", tags[flow.TagSynthetic] != ""}
		if known, ok := answers.Load(q); ok {
			return known.(bool)
		}
		allowed := decide(actor, needed, tags)
		answers.Store(q, allowed)
		return allowed
	}
}

// WrapPermits changes the permissions of this World's Lambdas.
func (w *World) WrapPermits(wrap func(Permits) Permits) { w.permits = wrap(w.permits) }

// PermitOthers sets what callers may do who are none of Sluice's Lambdas, such as a person or a job
// of a CI system. By default they may do everything.
func (w *World) PermitOthers(permits func(actor string, needed localaws.Permission) bool) {
	w.permitsOthers = permits
}

// WantedTags are the tags of a function that Sluice may shift, invoke as a hook, and ask for
// synthetic requests.
var WantedTags = map[string]string{flow.TagAlias: "live", flow.TagHook: "true", flow.TagSynthetic: "true"}

// restrain enforces the roles of the Lambdas.
func (w *World) restrain() {
	if policiesOf == nil {
		return
	}
	w.permits = policiesOf(w.stack())
	w.cloud.HideTags(func(actor string, needed localaws.Permission) bool {
		_, ours := w.functions[actor]
		return ours && !w.permits(actor, needed, w.tagsOf(needed.Resource))
	})
}

// checkPermissions denies a call that the Lambda's role does not allow. If the role would not
// even allow it on a function with WantedTags, the stack is wrong, which is a problem of the
// World.
func (w *World) checkPermissions(c localaws.Call) error {
	if _, ours := w.functions[c.Actor]; !ours {
		return w.checkOthers(c)
	}
	if w.permits == nil {
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

// tagsOf returns the tags of a function, given by any ARN of it, or nil for any other resource.
// The tags of a function also apply to its versions and aliases (Lambda Developer Guide,
// attribute-based access control).
func (w *World) tagsOf(arn string) map[string]string {
	_, name, isFunction := strings.Cut(arn, ":function:")
	if !isFunction {
		return nil
	}
	name, _, _ = strings.Cut(name, ":")
	return w.cloud.Tags(name)
}

// checkOthers denies a call of somebody else that PermitOthers does not permit.
func (w *World) checkOthers(c localaws.Call) error {
	if w.permitsOthers == nil || c.Actor == onlooker {
		return nil
	}
	for _, needed := range c.Permissions() {
		if !w.permitsOthers(c.Actor, needed) {
			return localaws.AccessDenied(c)
		}
	}
	return nil
}
