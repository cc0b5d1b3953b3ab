package template

import "strings"

// The types and the sections of SAM.
const (
	samPrefix       = "AWS::Serverless::"
	samFunctionType = samPrefix + "Function"
	preference      = "DeploymentPreference"
	publishedAlias  = "AutoPublishAlias"
)

// Expand makes of SAM's functions what SAM's own transform makes of them, as far as Rewrite reads
// it: versions, aliases and deployment groups. It is for a template that CloudFormation has not
// seen, to say what will become of it. What else SAM makes is left out. parameters are the values
// of the template's parameters, as far as they are known. It returns a RefusedError for a function
// whose alias has no name.
func Expand(source []byte, parameters map[string]string) ([]byte, error) {
	root, err := parse(source)
	if err != nil {
		return nil, err
	}
	r, err := newRewriter(root, Options{Parameters: parameters})
	if err != nil {
		return nil, err
	}
	aliases := map[string]string{}
	var expanded []member
	resources := root.get("Resources")
	for _, m := range resources.members {
		switch kind := textOf(m.value.get("Type")); {
		case kind == samFunctionType:
			properties := merged(globalsFor(root.get("Globals", "Function"), m.value.get("IgnoreGlobals")), m.value.get("Properties"))
			f := samFunction{id: m.key, resource: m.value, properties: properties, alias: r.samAliasName(m.key, properties.get(publishedAlias))}
			aliases[m.key+".Alias"], aliases[m.key+".Version"] = f.aliasID(), f.versionID()
			expanded = append(expanded, f.expand(r)...)
		case strings.HasPrefix(kind, samPrefix):
			m.value.set("Type", newText("SAM::"+strings.TrimPrefix(kind, samPrefix)))
			expanded = append(expanded, m)
		default:
			expanded = append(expanded, m)
		}
	}
	if len(r.problems) > 0 {
		return nil, &RefusedError{r.problems}
	}
	resources.raw, resources.members = nil, expanded
	root.rename(aliases)
	return root.bytes(), nil
}

// globalsFor returns the section Globals as it counts for a function, which may ignore it or some of it.
func globalsFor(global, ignored *node) *node {
	switch {
	case textOf(ignored) == "*":
		return nil
	case !global.is(object) || !ignored.is(list):
		return global
	}
	global = global.copied()
	for _, name := range ignored.items {
		global.remove(textOf(name))
	}
	return global
}

// merged returns properties with those of the section Globals, as SAM merges them: objects are
// merged, lists are added to the global ones, and of other values, which intrinsic functions are
// too, the function's own one counts.
func merged(global, own *node) *node {
	if own == nil {
		own = newObject()
	}
	switch {
	case global == nil || isIntrinsic(global) || isIntrinsic(own) || global.kind != own.kind:
		return own
	case own.is(list):
		all := global.copied()
		all.add(own.copied().items...)
		return all
	case !own.is(object):
		return own
	}
	own = own.copied()
	for _, m := range global.members {
		if mine := own.get(m.key); mine != nil {
			own.set(m.key, merged(m.value, mine))
		} else {
			own.set(m.key, m.value.copied())
		}
	}
	return own
}

// samAliasName returns the name of a function's alias, or "" if it has none. SAM knows the
// parameters, and takes no other intrinsic function here.
func (r *rewriter) samAliasName(id string, name *node) string {
	switch function, argument := name.intrinsicOrNothing(); {
	case isNoValue(name):
		return ""
	case function == ref:
		if value, known := r.samParameter(textOf(argument)); known {
			return value
		}
		r.refuse(id, "its %s is the parameter %s, whose value is not known here: give it, as in --parameter %[2]s=live", publishedAlias, textOf(argument))
	case !name.is(text):
		r.refuse(id, "its %s is neither a text nor a parameter, and SAM takes nothing else", publishedAlias)
	}
	return textOf(name)
}

// samParameter returns the value of a parameter, or its default.
func (r *rewriter) samParameter(name string) (value string, known bool) {
	if value, known := r.options.Parameters[name]; known {
		return value, true
	}
	value = number(r.root.get("Parameters", name, "Default"))
	return value, value != ""
}

// samFunction is an AWS::Serverless::Function.
type samFunction struct {
	id, alias            string
	resource, properties *node
}

func (f samFunction) versionID() string { return f.id + "Version" }
func (f samFunction) groupID() string   { return f.id + "DeploymentGroup" }

// aliasID is the name that SAM gives an alias.
func (f samFunction) aliasID() string {
	return f.id + "Alias" + strings.NewReplacer("-", "D", "_", "U").Replace(f.alias)
}

// notOfLambda are properties that become resources of their own.
var notOfLambda = []string{publishedAlias, preference, "Events", "VersionDeletionPolicy", "FunctionUrlConfig", "ProvisionedConcurrencyConfig"}

func (f samFunction) expand(r *rewriter) []member {
	function := f.resource.copied()
	function.set("Type", newText(functionType))
	properties := f.properties.copied()
	for _, key := range notOfLambda {
		properties.remove(key)
	}
	if tags := properties.get("Tags"); tags.is(object) && !isIntrinsic(tags) {
		properties.set("Tags", listed(tags))
	}
	function.set("Properties", properties)
	all := []member{with(f.id, function)}
	if f.alias == "" {
		return all
	}
	version := f.attached(versionType, with("Properties", newObject(with("FunctionName", refTo(f.id)))))
	if policy := f.properties.get("VersionDeletionPolicy"); policy != nil {
		version.set("DeletionPolicy", policy.copied())
	}
	alias := f.attached(aliasType, with("Properties", newObject(
		with("Name", newText(f.alias)), with("FunctionName", refTo(f.id)),
		with("FunctionVersion", newObject(with(getAtt, newList(newText(f.versionID()), newText("Version"))))),
	)))
	all = append(all, with(f.versionID(), version), with(f.aliasID(), alias))
	if p := f.properties.get(preference); r.isEnabled(p) {
		alias.set(updatePolicy, newObject(with(aliasUpdate, f.policy(p.get("Hooks")))))
		all = append(all, with(f.groupID(), newObject(with("Type", newText(groupType)), with("Properties", samGroup(p)))))
	}
	return all
}

// isEnabled says whether SAM makes a deployment group.
func (r *rewriter) isEnabled(p *node) bool {
	if !p.is(object) {
		return false
	}
	enabled := number(p.get("Enabled"))
	if to, ok := p.get("Enabled").exactlyOrNothing(); ok {
		enabled, _ = r.samParameter(to.id)
	}
	return !strings.EqualFold(enabled, "false")
}

func (f samFunction) attached(kind string, more ...member) *node {
	n := newObject(with("Type", newText(kind)))
	if condition := f.resource.get("Condition"); condition != nil {
		n.set("Condition", condition.copied())
	}
	n.members = append(n.members, more...)
	return n
}

func (f samFunction) policy(hooks *node) *node {
	policy := newObject(with("DeploymentGroupName", refTo(f.groupID())))
	for _, hook := range []struct{ sam, name string }{{"PreTraffic", "BeforeAllowTrafficHook"}, {"PostTraffic", "AfterAllowTrafficHook"}} {
		if value := hooks.get(hook.sam); value != nil {
			policy.set(hook.name, value.copied())
		}
	}
	return policy
}

// samGroup returns the properties of the deployment group for a DeploymentPreference.
func samGroup(p *node) *node {
	undo := newList(newText("DEPLOYMENT_FAILURE"), newText("DEPLOYMENT_STOP_ON_ALARM"), newText("DEPLOYMENT_STOP_ON_REQUEST"))
	group := newObject(with("AutoRollbackConfiguration", newObject(with("Enabled", newLiteral("true")), with("Events", undo))))
	for _, copied := range []struct{ sam, name string }{{"Type", "DeploymentConfigName"}, {"TriggerConfigurations", "TriggerConfigurations"}} {
		if value := p.get(copied.sam); value != nil {
			group.set(copied.name, value.copied())
		}
	}
	if alarms := p.get("Alarms"); !isNoValue(alarms) && !(alarms.is(list) && len(alarms.items) == 0) {
		group.set("AlarmConfiguration", samAlarms(alarms))
	}
	return group
}

// samAlarms returns alarms as a deployment group has them: each by its Name.
func samAlarms(alarms *node) *node {
	if branches := alarms.branches(); branches != nil {
		_, chosen := alarms.intrinsic()
		return newObject(with(fnIf, newList(chosen.items[0].copied(), samAlarms(branches[0]), samAlarms(branches[1]))))
	}
	if !alarms.is(list) || len(alarms.items) == 0 || isNoValue(alarms.items[0]) {
		return newObject()
	}
	named := newList()
	for _, alarm := range alarms.items {
		named.add(newObject(with("Name", alarm.copied())))
	}
	return newObject(with("Enabled", newLiteral("true")), with("Alarms", named))
}

// listed returns tags as CloudFormation has them.
func listed(tags *node) *node {
	l := newList()
	for _, m := range tags.members {
		l.add(newObject(with("Key", newText(m.key)), with("Value", m.value.copied())))
	}
	return l
}

func refTo(id string) *node { return newObject(with(ref, newText(id))) }

// rename changes the names that are referred to: SAM has names such as Orders.Alias.
func (n *node) rename(names map[string]string) {
	if name, argument := n.intrinsic(); name == ref && names[textOf(argument)] != "" {
		n.set(ref, newText(names[argument.text]))
	} else if name == sub {
		n.set(sub, renamedIn(argument, names))
	}
	for _, m := range n.members {
		m.value.rename(names)
	}
	for _, item := range n.items {
		item.rename(names)
	}
}

// renamedIn changes the names in the text of Fn::Sub.
func renamedIn(argument *node, names map[string]string) *node {
	if argument.is(list) && len(argument.items) > 0 {
		argument.raw, argument.items[0] = nil, renamedIn(argument.items[0], names)
		return argument
	}
	s := textOf(argument)
	for _, name := range placeholders(s) {
		if to := names[name]; to != "" {
			s = strings.ReplaceAll(s, "${"+name+"}", "${"+to+"}")
		}
	}
	if !argument.is(text) || s == argument.text {
		return argument
	}
	return newText(s)
}
