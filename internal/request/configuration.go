package request

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// eventFields are the fields of an input that an event supplies.
var eventFields = []string{"function", "version", "trigger"}

// event reads the input of an execution that an event has started: the function, and the
// version that was published. The alias is not known yet.
func (r Reader) event(in strictjson.Object) shift.Release {
	for _, name := range in.Names() {
		if slices.Contains(r.inputNames(), name) && !slices.Contains(eventFields, name) {
			in.Field(name).Problem(`stands beside the trigger "event": what an event starts is configured by the function's tags`)
		}
	}
	function, qualifier := decodeFunction(in.Require("function"), r.home())
	version := decodeVersion(in.Field("version"), qualifier)
	if version == "" && !in.HasProblem() {
		in.Field("version").Problem("is missing: an event tells which version was published")
	}
	arrival := shift.Arrival{Target: flow.LambdaTarget(function, cmp.Or(r.Alias, defaultAlias)), Candidate: version}
	return shift.Release{Arrivals: []shift.Arrival{arrival}, Trigger: shift.Event}
}

// maxTag is how many characters a tag's value may have (Lambda Developer Guide, Using
// tags). Lambda stores no more. It is checked because the input may come from elsewhere.
const maxTag = 256

// tagFields are the fields of an input that tags can set. In a tag, the items of a list are
// separated by spaces: no other character is allowed in a tag but not in a name (letters,
// digits, spaces and + - = . _ : / @).
var tagFields = []struct{ tag, field, list string }{
	{tag: flow.TagAlias, field: "alias"},
	{tag: flow.TagStrategy, field: "strategy"},
	{tag: flow.TagAlarms, list: "alarms"},
	{tag: flow.TagBeforeTraffic, list: "hooks.beforeTraffic"},
	{tag: flow.TagAfterTraffic, list: "hooks.afterTraffic"},
	{tag: flow.TagJudge, field: "judge"},
}

// Tags completes an event-started release from the tags of its function. It returns an
// *InputError that lists all problems by their tags.
func (r Reader) Tags(event shift.Arrival, tags flow.Tags) (shift.Release, error) {
	function, _, err := flow.SplitLambdaTarget(event.Target)
	if err != nil {
		return shift.Release{}, err
	}
	if list := findMisplaced(tags); len(list) > 0 {
		return shift.Release{}, &InputError{Problems: list, of: invalidTags(function)}
	}
	release, list := r.configuration(event, encodeTags(tags))
	if len(list) > 0 {
		return shift.Release{}, &InputError{Problems: pathsToTags(list), of: invalidTags(function)}
	}
	return release, nil
}

func invalidTags(function string) string {
	return fmt.Sprintf("the tags of %s are not valid", function)
}

// findMisplaced reports tags that Sluice would not read.
func findMisplaced(tags flow.Tags) []strictjson.Problem {
	var problems strictjson.Problems
	for _, key := range tags.Unknown() {
		problems.Add(shift.BoundText(key, 60), "is no tag of Sluice; known are %s", strings.Join(flow.KnownTags(), ", "))
	}
	checkAliasTag(&problems, tags)
	if by, tagged := tags[flow.TagShiftedBy]; tagged && by != flow.ShiftedByStack {
		problems.Add(flow.TagShiftedBy, "must be %s, or be missing, not %q", flow.ShiftedByStack, shift.BoundText(by, 60))
	}
	for _, f := range tagFields {
		if n := utf8.RuneCountInString(tags[f.tag]); n > maxTag {
			problems.Add(f.tag, "has %d characters, and a tag has at most %d", n, maxTag)
		}
	}
	return problems.List()
}

// checkAliasTag reports a tag for the alias that has no value.
func checkAliasTag(problems *strictjson.Problems, tags flow.Tags) {
	if _, tagged := tags[flow.TagAlias]; tagged && !tags.HasAlias() {
		problems.Add(flow.TagAlias, "%s", flow.EmptyTagAlias)
	}
}

// encodeTags writes what the tags say in the form of an input. Empty tags are left out.
func encodeTags(tags flow.Tags) []byte {
	said, hooks := map[string]any{}, map[string]any{}
	for _, f := range tagFields {
		value := tags[f.tag]
		if strings.Trim(value, " ") == "" {
			continue
		}
		words := strings.FieldsFunc(value, func(c rune) bool { return c == ' ' })
		point, isHook := strings.CutPrefix(f.list, "hooks.")
		switch {
		case isHook:
			asked := make([]map[string]string, len(words))
			for i, w := range words {
				asked[i] = map[string]string{"function": w}
			}
			hooks[point] = asked
		case f.list != "":
			said[f.list] = words
		default:
			said[f.field] = value
		}
	}
	if len(hooks) > 0 {
		said["hooks"] = hooks
	}
	text, _ := json.Marshal(said) // texts always marshal
	return text
}

// pathsToTags replaces the path of each problem by the tag that it is about.
func pathsToTags(list []strictjson.Problem) []strictjson.Problem {
	for i, p := range list {
		for _, f := range tagFields {
			rest, within := strings.CutPrefix(p.Path, cmp.Or(f.field, f.list))
			if within && (rest == "" || rest[0] == '[' || rest[0] == '.') {
				list[i].Path = f.tag + strings.TrimSuffix(rest, ".function")
			}
		}
	}
	return list
}

// configurationNames are the fields of a configuration: those of an input, without those
// that an event supplies, and without other targets, because an event is about one function.
var configurationNames = slices.DeleteFunc(slices.Concat([]string{"alias"}, choices), func(name string) bool {
	return slices.Contains(eventFields, name)
})

// configuration completes an event-started release from a configuration, and returns the
// problems with it.
func (r Reader) configuration(event shift.Arrival, text []byte) (shift.Release, []strictjson.Problem) {
	var problems strictjson.Problems
	root := strictjson.Parse(text, &problems).WithoutSchema()
	if !root.IsObject() && root.Present() {
		root.Problem(`must be an object such as {"alias": "live"}, not %s`, root.Kind())
	}
	if !root.IsObject() {
		return shift.Release{}, problems.List()
	}
	in := root.Object(configurationNames...)
	release := r.decodeConfiguration(in, shift.Event)
	release.Hooks = r.decodeHooks(in.Field("hooks"))
	if alias := r.alias(in.Field("alias"), ""); alias != "" {
		function, _, _ := flow.SplitLambdaTarget(event.Target)
		event.Target = flow.LambdaTarget(function, alias)
	}
	release.Arrivals = []shift.Arrival{event}
	checkRelease(in, release)
	return release, problems.List()
}

// maxParameter is the size of the largest parameter (Systems Manager quotas, advanced
// parameters).
const maxParameter = 8 << 10

// DefaultParameters is the folder of the parameters that tags may name, unless the Reader
// has another.
const DefaultParameters = "/sluice/"

// IsParameterFolder says whether a text is a folder of parameters, such as /sluice/.
func IsParameterFolder(s string) bool {
	inside, below := strings.CutPrefix(s, "/")
	inside, ended := strings.CutSuffix(inside, "/")
	return below && ended && isParameter(inside)
}

// isParameter says whether a text is the name of a parameter in a folder.
func isParameter(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if !shift.MadeOf(part, shift.OfNames+".") {
			return false
		}
	}
	return true
}

// Parameter returns the parameter that the tags name, or "" if they name none. If they do,
// the alias is the only other tag that is read. It returns an *InputError for a text that
// cannot be a parameter of Sluice's.
func (r Reader) Parameter(event shift.Arrival, tags flow.Tags) (string, error) {
	name := tags[flow.TagConfig]
	if strings.Trim(name, " ") == "" {
		return "", nil
	}
	function, _, err := flow.SplitLambdaTarget(event.Target)
	if err != nil {
		return "", err
	}
	var problems strictjson.Problems
	folder := cmp.Or(r.Parameters, DefaultParameters)
	inside, within := strings.CutPrefix(name, folder)
	if !within || len(name) > maxTag || !isParameter(inside) {
		problems.Add(flow.TagConfig, "must be the name of a parameter below %s, such as %s%s", folder, folder, function)
	}
	checkAliasTag(&problems, tags)
	if tags.HasAlias() && !IsAlias(tags[flow.TagAlias]) {
		problems.Add(flow.TagAlias, "%s", NoAlias)
	}
	if list := problems.List(); len(list) > 0 {
		return "", &InputError{Problems: list, of: invalidTags(function)}
	}
	return name, nil
}

// Configuration completes an event-started release from the parameter that the function's
// tags name. The tags supply the alias if the parameter leaves it out. It returns an
// *InputError that lists all problems.
func (r Reader) Configuration(event shift.Arrival, tags flow.Tags, parameter, text string) (shift.Release, error) {
	of := fmt.Sprintf("the parameter %s, which the function's tag %s names, is not valid", parameter, flow.TagConfig)
	if len(text) > maxParameter {
		return shift.Release{}, &InputError{of: of, Problems: []strictjson.Problem{{
			Message: fmt.Sprintf("it has %d bytes, and a parameter has at most %d", len(text), maxParameter),
		}}}
	}
	if tags.HasAlias() {
		r.Alias = tags[flow.TagAlias]
	}
	release, list := r.configuration(event, []byte(text))
	if len(list) > 0 {
		return shift.Release{}, &InputError{Problems: list, of: of}
	}
	release.Parameter = parameter
	return release, nil
}
