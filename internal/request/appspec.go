package request

import (
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Names of an AppSpec, which CodeDeploy reads in upper and lower case alike (CodeDeploy user
// guide, AppSpec file structure for Lambda).
const (
	specVersion   = "version"
	specResources = "resources"
	specHooks     = "hooks"
	specType      = "type"
	specProps     = "properties"
)

// lambdaFunction is the type of the only resources that Sluice shifts by an AppSpec.
const lambdaFunction = "AWS::Lambda::Function"

// YAML turns a YAML text into JSON, and says where its values are. Only publish-version and the
// command have a parser of YAML: it makes a Lambda start more slowly.
type YAML func(text []byte, problems *strictjson.Problems) ([]byte, strictjson.Positions)

// IsAppSpec says whether a text is the JSON of an AppSpec, and not of an input of Sluice's own.
func IsAppSpec(text []byte) bool {
	return isAppSpec(strictjson.Parse(text, new(strictjson.Problems)))
}

func isAppSpec(root strictjson.Value) bool {
	return root.HasAnyCase(specResources) && !root.Members().Field("targets").Present()
}

// holdsAppSpec says whether an input has an AppSpec in a field.
func holdsAppSpec(root strictjson.Value) bool {
	return root.IsObject() && root.Members().Field(fieldAppSpec).Present()
}

// The fields of an input that has an AppSpec in it.
const (
	fieldAppSpec  = "appSpec"
	fieldHookMode = "hookMode"
)

// besideAppSpec are the fields of an input that may stand beside an AppSpec: the choices that it
// does not make by itself.
var besideAppSpec = slices.DeleteFunc(slices.Clone(choices), func(name string) bool { return name == "hooks" || name == "trigger" })

// appSpec reads an input that is an AppSpec.
func (r Reader) appSpec(root strictjson.Value) shift.Release {
	spec := specObject(root)
	release := r.decodeConfiguration(spec, shift.Explicit)
	r.decodeAppSpec(spec, shift.CodeDeploy, &release)
	return complete(spec, release)
}

// withAppSpec reads an input that has an AppSpec in a field, and choices beside it.
func (r Reader) withAppSpec(root strictjson.Value, problems *strictjson.Problems) shift.Release {
	said := slices.Concat([]string{"hooks", "trigger", "targets"}, r.ofTarget())
	in := root.Object(slices.Concat([]string{fieldAppSpec, fieldHookMode}, besideAppSpec, said)...)
	for _, name := range said {
		switch f := in.Field(name); {
		case f.Present() && name == "hooks":
			f.Problem("stands beside appSpec, which has hooks of its own: write them there, and how they answer as hookMode here")
		case f.Present():
			f.Problem("stands beside appSpec, which says by itself what to shift: remove one of the two")
		}
	}
	release := r.decodeConfiguration(in, shift.Explicit)
	mode := shift.HookMode(in.Field(fieldHookMode).OneOf(string(shift.CodeDeploy), string(shift.Sync), string(shift.Callback)))
	v := in.Field(fieldAppSpec)
	if v.IsString() {
		for _, p := range r.decodeText(v.Text(), mode, &release) {
			problems.Add(strictjson.Within(fieldAppSpec, p.Path), "%s", p.Message)
		}
	} else {
		r.decodeAppSpec(specObject(v), mode, &release)
	}
	return complete(in, release)
}

// decodeText reads the text of an AppSpec: JSON if it begins as JSON does, else YAML. It returns
// the problems, with their places in the text.
func (r Reader) decodeText(text string, mode shift.HookMode, release *shift.Release) []strictjson.Problem {
	var problems strictjson.Problems
	raw, positions := []byte(text), strictjson.Positions(nil)
	switch isJSON := strings.HasPrefix(strings.TrimLeft(text, " \t\r\n\ufeff"), "{"); {
	case isJSON:
		positions = strictjson.Locate(raw)
	case r.YAML == nil:
		problems.Add("", "is YAML, which is not read here: write it as JSON")
	default:
		raw, positions = r.YAML(raw, &problems)
	}
	if len(problems.List()) == 0 {
		if root := strictjson.Parse(raw, &problems); root.Present() {
			r.decodeAppSpec(specObject(root), mode, release)
		}
	}
	list := problems.List()
	for i, p := range list {
		if at, found := positions.Find(p.Path); found && p.Path != "" { // one with the whole text says its place
			list[i].Message += " (" + at.String() + " of the text)"
		}
	}
	return list
}

func specObject(v strictjson.Value) strictjson.Object {
	return v.ObjectOfAnyCase(`{"version": 0.0, "Resources": […]}`, specVersion, specResources, specHooks)
}

// decodeAppSpec reads what an AppSpec says: the Targets and the hooks.
func (r Reader) decodeAppSpec(spec strictjson.Object, mode shift.HookMode, release *shift.Release) {
	if !spec.IsObject() {
		return
	}
	decodeSpecVersion(spec.Require(specVersion))
	release.Arrivals = r.decodeResources(spec.Require(specResources))
	release.Hooks = r.decodeSpecHooks(spec.Field(specHooks), mode)
}

// decodeSpecVersion checks the version of the format, of which there is one.
func decodeSpecVersion(v strictjson.Value) {
	switch {
	case !v.Present():
	case v.IsString() && v.Text() == "0.0":
	case v.IsNumber() && (v.Decimal() == "0.0" || v.Decimal() == "0"):
	default:
		v.Problem("must be 0.0, the only version of an AppSpec")
	}
}

// decodeResources reads the resources of an AppSpec: a list of maps with one name each, as
// CodeDeploy documents it, a list of resources without names, or one map.
func (r Reader) decodeResources(v strictjson.Value) []shift.Arrival {
	var found []strictjson.Value
	switch {
	case v.IsArray():
		for _, item := range v.Array() {
			found = append(found, resourcesOf(item)...)
		}
	case v.IsObject():
		found = namedResources(v)
	case v.Present():
		v.Problem(`must be a list such as [{"orders": {"Type": %q, "Properties": {…}}}], not %s`, lambdaFunction, v.Kind())
		return nil
	}
	if v.Present() && len(found) == 0 && !v.HasProblem() {
		v.Problem("must not be empty")
	}
	var arrivals distinct
	for _, resource := range found {
		arrivals.add(resource, r.decodeResource(resource))
	}
	return arrivals.list
}

// resourcesOf returns the resources of an item of a list.
func resourcesOf(item strictjson.Value) []strictjson.Value {
	if !isResource(item) {
		return namedResources(item)
	}
	for _, member := range namedResources(item) {
		if member.IsNull() { // the name, beside what it is the name of
			member.Problem("is empty: indent type and properties more than this name, so that they are inside it")
			return nil
		}
	}
	return []strictjson.Value{item}
}

// isResource says whether an item is a resource by itself, and not a map of named ones.
func isResource(v strictjson.Value) bool {
	if !v.HasAnyCase(specType) {
		return v.HasAnyCase(specProps) && !anyCase(v, specProps).HasAnyCase(specProps)
	}
	return !anyCase(v, specType).IsObject()
}

// anyCase returns the first member of an object whose name is written in any case.
func anyCase(v strictjson.Value, name string) strictjson.Value {
	o := v.Members()
	for _, n := range o.Names() {
		if strings.EqualFold(n, name) {
			return o.Field(n)
		}
	}
	return o.Field(name)
}

// namedResources returns the resources of a map. The names are for people.
func namedResources(v strictjson.Value) []strictjson.Value {
	o := v.Members()
	var found []strictjson.Value
	for _, name := range o.Names() {
		found = append(found, o.Field(name))
	}
	return found
}

func (r Reader) decodeResource(v strictjson.Value) shift.Arrival {
	o := v.ObjectOfAnyCase(`{"Type": "`+lambdaFunction+`", "Properties": {…}}`, specType, specProps)
	kind := o.Require(specType)
	if !kind.IsString() {
		kind.Text()
		return shift.Arrival{}
	}
	if kind.Text() != lambdaFunction {
		kind.Problem("is %.60q, and Sluice shifts only %s by an AppSpec: ECS and EC2 stay with CodeDeploy", kind.Text(), lambdaFunction)
		return shift.Arrival{}
	}
	return r.decodeProperties(o.Require(specProps))
}

// decodeProperties reads the properties of a function. All are required, as in CodeDeploy.
func (r Reader) decodeProperties(v strictjson.Value) shift.Arrival {
	if !v.Present() {
		return shift.Arrival{}
	}
	o := v.ObjectOfAnyCase(`{"Name": "orders", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}`,
		"name", "alias", "currentversion", "targetversion")
	if !o.IsObject() {
		return shift.Arrival{}
	}
	function, qualifier := decodeFunction(o.Require("name"), r.home())
	alias := ""
	if a := o.Require("alias"); a.Present() {
		alias = r.alias(a, qualifier)
	}
	current := decodeSpecNumber(o.Require("currentversion"), "the alias serves now")
	target := o.Require("targetversion")
	version := decodeSpecNumber(target, "traffic is to go to")
	if isVersion(qualifier) && version != "" && string(version) != qualifier {
		target.Problem("contradicts the version %s in the function's ARN", qualifier)
	}
	if function == "" || alias == "" {
		return shift.Arrival{}
	}
	return shift.Arrival{Target: flow.LambdaTarget(function, alias), Candidate: version, ExpectStable: current}
}

// decodeSpecNumber reads a version of a function, which an AppSpec may have as a number, too.
func decodeSpecNumber(v strictjson.Value, which string) shift.Version {
	text := ""
	switch {
	case !v.Present():
		return ""
	case v.IsNumber():
		text = v.Decimal()
	case v.IsString():
		text = v.Text()
	}
	switch {
	case strings.HasPrefix(text, latest):
		v.Problem("is %s, which is no published version, and its code can change: write the number of the version that %s", latest, which)
		return ""
	case !isVersion(text):
		v.Problem(`must be the number of the published version that %s, such as "42"`, which)
		return ""
	}
	return shift.Version(text)
}

// points are the lifecycle events of a Lambda deployment at which hooks run.
var points = map[string]func(*shift.Hooks) *[]shift.Hook{
	"BeforeAllowTraffic": func(h *shift.Hooks) *[]shift.Hook { return &h.BeforeTraffic },
	"AfterAllowTraffic":  func(h *shift.Hooks) *[]shift.Hook { return &h.AfterTraffic },
}

// decodeSpecHooks reads the hooks of an AppSpec: a list of maps with one event each, or one map.
func (r Reader) decodeSpecHooks(v strictjson.Value, mode shift.HookMode) shift.Hooks {
	d := specHookReader{mode: mode, of: r, seen: map[string]string{}, hooks: shift.Hooks{BeforeTraffic: []shift.Hook{}, AfterTraffic: []shift.Hook{}}}
	switch {
	case v.IsArray():
		for _, item := range v.Array() {
			d.read(item)
		}
	case v.IsObject():
		d.read(v)
	case v.Present() && !v.IsNull():
		v.Problem(`must be a list such as [{"BeforeAllowTraffic": "orders-smoke"}], not %s`, v.Kind())
	}
	return d.hooks
}

type specHookReader struct {
	of    Reader
	mode  shift.HookMode
	seen  map[string]string // the spelling of each event that was read
	hooks shift.Hooks
}

func (d specHookReader) timeout() shift.Seconds {
	if d.mode == shift.Sync {
		return shift.DefaultSyncHook
	}
	return shift.DefaultCallbackHook
}

// read reads the hooks of one map.
func (d *specHookReader) read(v strictjson.Value) {
	o := v.Members()
	for _, name := range o.Names() {
		hook := o.Field(name)
		event := lifecycleEvent(name)
		before, duplicate := d.seen[event]
		at := points[event]
		switch {
		case at == nil:
			hook.Problem("is no lifecycle event of a Lambda deployment: hooks run at BeforeAllowTraffic and at AfterAllowTraffic")
		case duplicate:
			hook.Problem("appears twice: as %s, too; CodeDeploy runs one function at an event", before)
		default:
			d.seen[event] = name
			d.of.checkHookMode(hook, d.mode)
			list := at(&d.hooks)
			*list = append(*list, shift.Hook{Function: decodeInvoked(hook, d.of.home()), Mode: d.mode, Timeout: d.timeout()})
		}
	}
}

// lifecycleEvent returns the name of an event as CodeDeploy documents it.
func lifecycleEvent(name string) string {
	for event := range points {
		if strings.EqualFold(event, name) {
			return event
		}
	}
	return name
}
