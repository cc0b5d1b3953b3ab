package world

import (
	"fmt"
	"strings"

	"sluice/internal/localaws"
	"sluice/internal/shift"
)

// permits says whether the role of one of Sluice's Lambdas, given by its folder's
// name, allows something on a resource with these tags.
type permits func(actor string, needed localaws.Permission, tags map[string]string) bool

// permitsAt are the roles of a stack at a place, where a pattern of names says which
// functions may be shifted, or with none their tags; nil lets the Lambdas do
// everything. The tests set it to what the synthesized template says, and so
// everything that they play runs with the policies that stand in AWS.
var permitsAt func(region, account, pattern string) permits

// wantedTags are those of a function whose owner wants Sluice to touch it.
var wantedTags = map[string]string{shift.TagAlias: "live", shift.TagHook: "true"}

// restrain lets the Lambdas do only what their roles allow.
func (w *World) restrain() {
	if permitsAt == nil {
		return
	}
	w.permits = permitsAt(w.place.region, w.place.account, w.scenario.Allowed.Pattern())
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
		if w.problem == nil && !w.permits(c.Actor, needed, wantedTags) {
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
