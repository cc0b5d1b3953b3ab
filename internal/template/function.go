package template

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
)

const (
	// endpointVariable is the variable by which SDKs and the aws command find CodeDeploy (AWS
	// SDKs and Tools Reference Guide, Service-specific endpoints).
	endpointVariable = "AWS_ENDPOINT_URL_CODEDEPLOY"
	// nodeOptions and preload let Node load the file of the layer, which tells the JavaScript SDK
	// v2: it does not know the variable.
	nodeOptions = "NODE_OPTIONS"
	preload     = "--require /opt/sluice-codedeploy.cjs"
	// maxLayers is how many layers a function may have (Lambda quotas).
	maxLayers = 5
)

// tagFunction lets Sluice shift the function of an alias.
func (r *rewriter) tagFunction(a alias) {
	if a.functionID == "" {
		r.note(a.id, "its function is not in this template: give it the tags %s, with the alias's name, and %s = %s", flow.TagAlias, flow.TagShiftedBy, flow.ShiftedByStack)
		return
	}
	r.tag(a.functionID, flow.TagAlias, a.name)
	r.tag(a.functionID, flow.TagShiftedBy, newText(flow.ShiftedByStack))
}

// tag adds a tag to a function, unless it has it already.
func (r *rewriter) tag(id, key string, value *node) {
	properties := r.properties(id)
	if properties == nil {
		return
	}
	added, ok := withTag(properties.get("Tags"), key, value)
	if !ok {
		r.refuse(id, "its Tags are not a list, and Sluice has to add to them: write them as a list of Key and Value")
		return
	}
	if added != nil {
		properties.set("Tags", added)
	}
}

// withTag returns the tags with another one, or nil if it is there already.
func withTag(tags *node, key string, value *node) (added *node, ok bool) {
	tag := newObject(with("Key", newText(key)), with("Value", value.copied()))
	if isNoValue(tags) {
		return newList(tag), true
	}
	if branches := tags.branches(); branches != nil {
		return withBranches(tags, func(branch *node) (*node, bool) { return withTag(branch, key, value) })
	}
	if !tags.is(list) {
		return nil, false
	}
	for _, item := range tags.items {
		if hasKey(item, key) {
			return nil, true
		}
	}
	tags.add(tag)
	return tags, true
}

// hasKey says whether a tag has a key, in any branch of Fn::If.
func hasKey(tag *node, key string) bool {
	for _, branch := range tag.branches() {
		if hasKey(branch, key) {
			return true
		}
	}
	return textOf(tag.get("Key")) == key
}

// withBranches changes both values that Fn::If chooses between. It returns nil if nothing changes.
func withBranches(chosen *node, change func(*node) (*node, bool)) (changed *node, ok bool) {
	_, argument := chosen.intrinsic()
	for i, branch := range argument.items[1:] {
		added, ok := change(branch)
		if !ok {
			return nil, false
		}
		if added != nil {
			argument.raw, argument.items[i+1] = nil, added
			changed = chosen
		}
	}
	return changed, true
}

// properties returns the properties of a function, to change them.
func (r *rewriter) properties(id string) *node {
	properties := r.resource(id).get("Properties")
	if !properties.is(object) || isIntrinsic(properties) {
		r.refuse(id, "its Properties are not written out, and Sluice has to add to them")
		return nil
	}
	return properties
}

// prepareHook lets Sluice invoke a hook, and lets the hook answer Sluice.
func (r *rewriter) prepareHook(of string, hook *node) {
	if branches := hook.branches(); branches != nil {
		for _, branch := range branches {
			if !isNoValue(branch) {
				r.prepareHook(of, branch)
			}
		}
		return
	}
	to, ok := hook.exactly()
	if !ok || r.typeOf(to.id) != functionType {
		r.note(of, "its hook %s is not a function of this template: give that function the tag %s = true, and the variable %s = %s", hook.compact(), flow.TagHook, endpointVariable, r.options.HookEndpoint)
		return
	}
	if r.prepared[to.id] {
		return
	}
	r.prepared[to.id] = true
	r.tag(to.id, flow.TagHook, newText("true"))
	if properties := r.properties(to.id); properties != nil {
		r.pointHook(to.id, properties)
	}
}

// pointHook sets the variables by which a hook's SDK finds Sluice where it looks for CodeDeploy.
func (r *rewriter) pointHook(id string, properties *node) {
	environment := presentOr(properties.get("Environment"), newObject())
	variables := newObject()
	if environment.is(object) && !isIntrinsic(environment) {
		variables = presentOr(environment.get("Variables"), variables)
	}
	if !environment.is(object) || isIntrinsic(environment) || !variables.is(object) || isIntrinsic(variables) {
		r.refuse(id, "its environment variables are not written out, and Sluice has to add %s: write them as Environment: {Variables: {…}}", endpointVariable)
		return
	}
	if variables.get(endpointVariable) == nil {
		variables.set(endpointVariable, newText(r.options.HookEndpoint))
	} else {
		r.note(id, "it has the variable %s already, which stays as it is", endpointVariable)
	}
	if r.addLayer(id, properties) {
		variables.set(nodeOptions, withPreload(variables.get(nodeOptions)))
	}
	environment.set("Variables", variables)
	properties.set("Environment", environment)
}

// presentOr returns a value, or another one if it is absent.
func presentOr(n, otherwise *node) *node {
	if isNoValue(n) {
		return otherwise
	}
	return n
}

// withPreload adds the file of the layer to Node's options.
func withPreload(options *node) *node {
	switch {
	case isNoValue(options):
		return newText(preload)
	case options.is(text):
		return newText(strings.TrimSpace(options.text + " " + preload))
	}
	return newObject(with("Fn::Join", newList(newText(" "), newList(options, newText(preload)))))
}

// addLayer adds the layer for the JavaScript SDK v2 to a function that may use it, and says whether
// it did.
func (r *rewriter) addLayer(id string, properties *node) bool {
	runtime := properties.get("Runtime")
	if runtime != nil && !runtime.is(text) {
		r.note(id, "its Runtime is not known before it is deployed: if it answers with the JavaScript SDK v2, change it to v3")
	}
	if r.options.HookLayer == "" || !strings.HasPrefix(textOf(runtime), "nodejs") {
		return false
	}
	layers := presentOr(properties.get("Layers"), newList())
	if !layers.is(list) || len(layers.items) >= maxLayers {
		r.note(id, "the layer of Sluice finds no place in its Layers: if it answers with the JavaScript SDK v2, change it to v3")
		return false
	}
	layers.add(newText(r.options.HookLayer))
	properties.set("Layers", layers)
	return true
}
