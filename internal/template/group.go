package template

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The names of what is added begin so.
const (
	shiftPrefix  = "SluiceShift"
	handlePrefix = "SluiceHandle"
	waitPrefix   = "SluiceWait"
)

// shiftType is the type of the custom resource.
const shiftType = "Custom::SluiceShift"

// group is a lockstep deployment: aliases that do not need each other, with the same
// configuration and the same condition.
type group struct {
	aliases       []alias
	before, after []*node // the hooks, each once
	alarms        []*node
}

func (g group) first() string     { return g.aliases[0].id }
func (g group) config() *node     { return g.aliases[0].config }
func (g group) condition() string { return g.aliases[0].condition }

// groupsOf divides the aliases into groups, in the order of the template. An alias that needs
// another one, in any way, is in a later group: its shift has to wait until the other alias is
// there.
func groupsOf(aliases []alias, depth func(id string) int) []group {
	type key struct {
		depth             int
		config, condition string
	}
	indexes := map[key]int{}
	var groups []group
	for _, a := range aliases {
		k := key{depth(a.id), a.config.compact(), a.condition}
		i, known := indexes[k]
		if !known || !groups[i].hasRoomFor(a) {
			i = len(groups)
			indexes[k] = i
			groups = append(groups, group{})
		}
		groups[i].add(a)
	}
	return groups
}

func (g *group) add(a alias) {
	g.aliases = append(g.aliases, a)
	g.before, g.after, g.alarms = addOnce(g.before, a.before), addOnce(g.after, a.after), addOnce(g.alarms, a.alarms)
}

// hasRoomFor says whether a group may have another alias: it is one custom resource, and one
// deployment.
func (g group) hasRoomFor(a alias) bool {
	g.add(a) // g is a copy, and what it refers to only grows behind its end
	keys := 0
	for _, of := range g.aliases {
		keys += len(of.id)
	}
	release := shift.Release{Arrivals: make([]shift.Arrival, len(g.aliases)), Alarms: make([]string, countAlarms(g.alarms))}
	return len(g.aliases) <= flow.MaxStackTargets && keys <= flow.MaxStackKeys &&
		len(g.before) <= shift.MaxHooks && len(g.after) <= shift.MaxHooks && release.FitsOneTransaction()
}

// maxGroupAlarms is how many alarms a deployment group has at most (CodeDeploy quotas).
const maxGroupAlarms = 10

// countAlarms returns how many alarms these AlarmConfigurations have at most.
func countAlarms(configurations []*node) int {
	most := 0
	for _, c := range configurations {
		most += mostAlarms(c)
	}
	return most
}

// mostAlarms returns how many alarms an AlarmConfiguration, or the list in one, has at most.
func mostAlarms(n *node) int {
	branches := n.branches()
	switch {
	case isNoValue(n):
		return 0
	case branches != nil:
		return max(mostAlarms(branches[0]), mostAlarms(branches[1]))
	case n.is(list):
		return len(n.items)
	case n.is(object) && !isIntrinsic(n):
		return mostAlarms(n.get("Alarms"))
	}
	return maxGroupAlarms
}

// addOnce adds a value, unless there is none, or an equal one is there already.
func addOnce(all []*node, n *node) []*node {
	if n == nil || slices.ContainsFunc(all, func(other *node) bool { return other.compact() == n.compact() }) {
		return all
	}
	return append(all, n)
}

// hash returns 8 digits for names. The order of the names does not matter.
func hash(names ...string) string {
	names = slices.Sorted(slices.Values(names))
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return hex.EncodeToString(sum[:4])
}

// shiftID is the name of a group's custom resource. It stays the same as long as the group does.
func (g group) shiftID() string {
	return shiftPrefix + hash(g.ids()...)
}

// waitHash is in the names of a group's wait condition and its handle. CloudFormation never
// updates them (CloudFormation Template Reference, AWS::CloudFormation::WaitCondition), so each
// deployment needs new ones: the names change with the versions.
func (g group) waitHash() string {
	names := []string{g.shiftID()}
	for _, a := range g.aliases {
		names = append(names, a.versionID)
	}
	return hash(names...)
}

// write makes the aliases of a group take their versions from a custom resource.
func (r *rewriter) write(g group) {
	wait := r.waitFor(g)
	var added []member
	if wait.long > 0 {
		added = append(added, with(handlePrefix+g.waitHash(), g.resource("AWS::CloudFormation::WaitConditionHandle")))
	}
	added = append(added, with(g.shiftID(), r.shift(g, wait)))
	if wait.long > 0 {
		added = append(added, with(waitPrefix+g.waitHash(), g.waitCondition(wait.long)))
	}
	for _, m := range added {
		if r.isResource(m.key) {
			r.refuse(m.key, "Sluice would add a resource of this name: rename it")
		}
		r.added[m.key] = true
	}
	r.root.get("Resources").insert(g.first(), added...)
	for _, a := range g.aliases {
		g.attach(a, wait)
	}
	r.shifts = append(r.shifts, Shift{ID: g.shiftID(), Aliases: g.ids(), Config: g.config().compact(), Wait: wait.most(), Hooks: len(g.before) + len(g.after)})
	if len(g.aliases) > 1 {
		r.note(g.first(), "%d aliases shift together, and go back together: %s", len(g.aliases), strings.Join(g.ids(), ", "))
	}
}

func (g group) ids() []string {
	var ids []string
	for _, a := range g.aliases {
		ids = append(ids, a.id)
	}
	return ids
}

// attach makes an alias take its version from the group's custom resource.
func (g group) attach(a alias, wait waiting) {
	a.resource.get("Properties").set("FunctionVersion", newObject(with(getAtt, newList(newText(g.shiftID()), newText(a.id)))))
	a.resource.remove(updatePolicy)
	if wait.long > 0 {
		a.resource.set("DependsOn", newList(append(dependencies(a.resource), newText(waitPrefix+g.waitHash()))...))
	}
}

// dependencies returns what a resource depends on by DependsOn, as new values.
func dependencies(resource *node) []*node {
	dependsOn := resource.get("DependsOn")
	var all []*node
	switch {
	case dependsOn.is(text):
		all = append(all, dependsOn.copied())
	case dependsOn.is(list):
		for _, item := range dependsOn.items {
			all = append(all, item.copied())
		}
	}
	return all
}

// resource returns a new resource of the group, with its condition.
func (g group) resource(kind string, more ...member) *node {
	n := newObject(with("Type", newText(kind)))
	if g.condition() != "" {
		n.set("Condition", newText(g.condition()))
	}
	n.members = append(n.members, more...)
	return n
}

// shift returns the custom resource.
func (r *rewriter) shift(g group, wait waiting) *node {
	properties := newObject(
		with("ServiceToken", newText(r.options.StackShift)),
		with("ServiceTimeout", newText(strconv.Itoa(int(serviceTimeout.Seconds())))),
		with("Protocol", newText("1")),
		with("Targets", g.targets()),
		with("DeploymentConfigName", g.config().copied()),
	)
	for _, some := range []struct {
		name   string
		values []*node
	}{{"AlarmConfigurations", g.alarms}, {"BeforeTraffic", g.before}, {"AfterTraffic", g.after}} {
		if len(some.values) > 0 {
			properties.set(some.name, copies(some.values))
		}
	}
	if r.options.Judge != "" {
		properties.set("Judge", newText(r.options.Judge))
	}
	if r.options.WhenFrozen != "" {
		properties.set("WhenFrozen", newText(r.options.WhenFrozen))
	}
	if wait.long > 0 {
		properties.set("Handle", newObject(with(ref, newText(handlePrefix+g.waitHash()))))
	}
	if wait.never {
		properties.set("Wait", newText("false"))
	}
	var more []member
	if before := g.dependencies(); len(before) > 0 {
		more = append(more, with("DependsOn", newList(before...)))
	}
	return g.resource(shiftType, append(more, with("Properties", properties))...)
}

// dependencies returns what the aliases depend on by DependsOn, each once. Whatever had to be
// there before an alias moved has to be there before its traffic does.
func (g group) dependencies() []*node {
	var all []*node
	for _, a := range g.aliases {
		for _, d := range dependencies(a.resource) {
			all = addOnce(all, d)
		}
	}
	return all
}

func (g group) targets() *node {
	targets := newList()
	for _, a := range g.aliases {
		targets.add(newObject(
			with("Key", newText(a.id)), with("Function", a.function.copied()), with("Alias", a.name.copied()), with("Version", a.version.copied()),
		))
	}
	return targets
}

func copies(all []*node) *node {
	l := newList()
	for _, n := range all {
		l.add(n.copied())
	}
	return l
}

// waitCondition returns the wait condition of a long deployment.
func (g group) waitCondition(timeout time.Duration) *node {
	return g.resource("AWS::CloudFormation::WaitCondition",
		with("DependsOn", newText(g.shiftID())),
		with("Properties", newObject(
			with("Handle", newObject(with(ref, newText(handlePrefix+g.waitHash())))),
			with("Count", newLiteral("1")),
			with("Timeout", newText(strconv.Itoa(int(timeout.Seconds())))),
		)))
}
