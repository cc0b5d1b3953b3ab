package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/infra/package/merge"
	"github.com/sluice-aws/sluice/internal/shift"
)

var packageOnce merge.Template

// packageTemplate is the template of a package. It is synthesized once.
func packageTemplate(t *testing.T) merge.Template {
	t.Helper()
	if packageOnce == nil {
		context := *contextOf(t, nil)
		made, err := packaged(func(set map[string]any) (merge.Template, error) {
			return synthesizeForPackage(context, set, awslambda.Architecture_ARM_64())
		}, zipHashes(t))
		require.NoError(t, err)
		packageOnce = made
	}
	return packageOnce
}

// zipHashes are hashes of all zips of a package.
func zipHashes(t *testing.T) map[string]string {
	t.Helper()
	hashes := map[string]string{layerZip: "hash"}
	for _, name := range namesOfAll(t) {
		hashes[zipOf(name)] = "hash"
	}
	return hashes
}

func namesOfAll(t *testing.T) []string {
	t.Helper()
	s, err := read(allOn)
	require.NoError(t, err)
	return functionNames(s)
}

// allOff are the settings with which the stack is smallest.
var allOff = map[string]any{"namePrefix": "team-b", "panel": "off", "onNewVersion": "false", "functions": "b-*", "hooks": "b-hook", "synthetic": "b-load", "configParameters": "/b/", "revertHours": "0"}

// Only what is named here may differ: where the code is (comparable), and that the package
// subscribes one e-mail address.
func TestThePackagesTemplateHasTheResourcesOfTheOneThatIsDeployed(t *testing.T) {
	made := packageTemplate(t)
	withOneEmail := maps.Clone(otherSettings)
	withOneEmail["notificationEmails"] = "a@example.com"
	for name, test := range map[string]struct {
		set      map[string]any
		deployed func(*testing.T) map[string]any
		apart    string // what the package has not
	}{
		"the defaults":               {nil, goldenTemplate, ""},
		"functions by name":          {map[string]any{"functions": "PATTERN"}, inFile(byName), ""},
		"the hook endpoint":          {hookedSettings, inFile(hooked), ""},
		"nothing as by default":      {withOneEmail, otherTemplate, "Subscription b@example.com"},
		"everything that can be off": {allOff, func(t *testing.T) map[string]any { return synthesized(t, allOff) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			want, got := comparable(t, test.deployed(t), nil), comparable(t, made, valuesOf(t, test.set))
			if test.apart != "" {
				require.Contains(t, want["Resources"], test.apart)
				delete(want["Resources"].(map[string]any), test.apart)
				machine := want["Resources"].(map[string]any)["ShiftMachine80E1B19B"].(map[string]any)
				machine["DependsOn"] = slices.DeleteFunc(machine["DependsOn"].([]string), func(on string) bool { return on == test.apart })
			}
			for _, section := range []string{"Resources", "Outputs"} {
				wanted, gotten := want[section].(map[string]any), got[section].(map[string]any)
				assert.ElementsMatch(t, slices.Collect(maps.Keys(wanted)), slices.Collect(maps.Keys(gotten)))
				for id := range wanted {
					assert.Equal(t, wanted[id], gotten[id], "%s", id)
				}
			}
			assert.Equal(t, want["Description"], got["Description"])
		})
	}
}

func inFile(file string) func(*testing.T) map[string]any {
	return func(t *testing.T) map[string]any { return templateIn(t, file) }
}

// valuesOf returns the values of the parameters: the settings', and otherwise the defaults.
func valuesOf(t *testing.T, set map[string]any) map[string]any {
	t.Helper()
	values := map[string]any{}
	for _, p := range parameters() {
		text := fmt.Sprint(p.declares["Default"])
		if value, given := set[p.setting]; given {
			text = value.(string)
		}
		switch p.declares["Type"] {
		case "CommaDelimitedList":
			var list []any
			for _, item := range strings.Split(text, ",") {
				list = append(list, item)
			}
			values[p.name()] = list
		case "Number":
			number, err := strconv.ParseFloat(text, 64)
			require.NoError(t, err)
			values[p.name()] = number
		default:
			values[p.name()] = text
		}
	}
	return values
}

// comparable returns a template in a form in which equal stacks are equal: parameters have their
// values, texts are joined, versions have no hashes, subscriptions are named by their address, and
// nothing says where the code is.
func comparable(t *testing.T, template map[string]any, values map[string]any) map[string]any {
	t.Helper()
	short, err := withoutHashes(template)
	require.NoError(t, err)
	r := resolver{values: values, conditions: short["Conditions"].(map[string]any)}
	resolved := map[string]any{"Description": short["Description"]}
	for _, section := range []string{"Resources", "Outputs"} {
		all := map[string]any{}
		for id, entry := range short[section].(map[string]any) {
			one := entry.(map[string]any)
			if c, ok := one["Condition"].(string); ok && !r.holds(ref0(c)) {
				continue
			}
			delete(one, "Condition")
			all[id] = r.value(one)
		}
		resolved[section] = all
	}
	for id, entry := range resolved["Resources"].(map[string]any) {
		plain(t, id, entry.(map[string]any))
	}
	return named(t, resolved)
}

func ref0(condition string) any { return map[string]any{"Condition": condition} }

// plain removes from a resource what may differ.
func plain(t *testing.T, id string, resource map[string]any) {
	t.Helper()
	on := listOf(resource["DependsOn"])
	metadata, _ := resource["Metadata"].(map[string]any)
	references, _ := metadata["DependsOn"].([]any)
	for _, reference := range references {
		on = append(on, reference.(map[string]any)["Ref"].(string))
	}
	slices.Sort(on)
	resource["DependsOn"] = on
	delete(resource, "Metadata")
	properties, _ := resource["Properties"].(map[string]any)
	switch resource["Type"] {
	case "AWS::Lambda::Function":
		assert.NotEmpty(t, properties["Code"], id)
		delete(properties, "Code")
	case "AWS::Lambda::LayerVersion":
		assert.NotEmpty(t, properties["Content"], id)
		delete(properties, "Content")
	case "AWS::Lambda::Version":
		delete(properties, "Description")
	}
}

func listOf(value any) []string {
	if value == nil {
		return []string{}
	}
	return listed(value)
}

// named renames subscriptions, whose logical ids are made from their addresses.
func named(t *testing.T, template map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(template)
	require.NoError(t, err)
	for id, properties := range resources(template, "AWS::SNS::Subscription") {
		text = []byte(strings.ReplaceAll(string(text), `"`+id+`"`, `"Subscription `+properties["Endpoint"].(string)+`"`))
	}
	var renamed map[string]any
	require.NoError(t, json.Unmarshal(text, &renamed))
	for _, r := range renamed["Resources"].(map[string]any) {
		on := listOf(r.(map[string]any)["DependsOn"])
		slices.Sort(on)
		r.(map[string]any)["DependsOn"] = on
	}
	return renamed
}

// resolver does what CloudFormation does with parameters and their conditions. Pseudo parameters,
// and the conditions that compare them, stay.
type resolver struct{ values, conditions map[string]any }

// nothing stands for AWS::NoValue.
type nothing struct{}

func (r resolver) holds(condition any) bool {
	for name, of := range condition.(map[string]any) {
		switch name {
		case "Condition":
			return r.holds(r.conditions[of.(string)])
		case "Fn::Equals":
			return reflect.DeepEqual(r.value(of.([]any)[0]), of.([]any)[1])
		case "Fn::Not":
			return !r.holds(of.([]any)[0])
		}
	}
	panic(fmt.Sprintf("nobody knows the condition %v", condition))
}

func (r resolver) value(value any) any {
	switch v := value.(type) {
	case []any:
		return r.list(v)
	case map[string]any:
		if known, is := r.function(v); is {
			return known
		}
		all := map[string]any{}
		for name, item := range v {
			if resolved := r.value(item); !isNothing(resolved) {
				all[name] = resolved
			}
		}
		return all
	}
	return value
}

func (r resolver) list(list []any) []any {
	all := []any{}
	for _, item := range list {
		if resolved := r.value(item); !isNothing(resolved) {
			all = append(all, resolved)
		}
	}
	return all
}

func isNothing(value any) bool {
	_, is := value.(nothing)
	return is
}

// function resolves one of CloudFormation's functions.
func (r resolver) function(v map[string]any) (any, bool) {
	if name, ok := v["Ref"].(string); ok {
		if name == "AWS::NoValue" {
			return nothing{}, true
		}
		value, is := r.values[name]
		return value, is
	}
	if branches, ok := v["Fn::If"].([]any); ok {
		name := branches[0].(string)
		if strings.HasPrefix(name, "ConsoleOf") { // it compares a pseudo parameter
			return map[string]any{"Fn::If": []any{name, r.value(branches[1]), r.value(branches[2])}}, true
		}
		if r.holds(ref0(name)) {
			return r.value(branches[1]), true
		}
		return r.value(branches[2]), true
	}
	if join, ok := v["Fn::Join"].([]any); ok && join[0] == "" {
		return r.join(join[1].([]any)), true
	}
	if text, ok := v["Fn::Sub"].(string); ok {
		return substituted.ReplaceAllStringFunc(text, func(name string) string { return fmt.Sprint(r.values[name[2:len(name)-1]]) }), true
	}
	return nil, false
}

var substituted = regexp.MustCompile(`\$\{[A-Za-z]+\}`)

// join puts the parts of a text together, as far as they are known.
func (r resolver) join(parts []any) any {
	var all []any
	for _, part := range parts {
		resolved := r.value(part)
		inner := []any{resolved}
		if object, ok := resolved.(map[string]any); ok && object["Fn::Join"] != nil {
			inner = object["Fn::Join"].([]any)[1].([]any)
		}
		for _, one := range inner {
			text, isText := one.(string)
			if last := len(all) - 1; isText && last >= 0 {
				if before, ok := all[last].(string); ok {
					all[last] = before + text
					continue
				}
			}
			if one != "" {
				all = append(all, one)
			}
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return map[string]any{"Fn::Join": []any{"", all}}
}

func TestThePackageNeedsNothingOfCDK(t *testing.T) {
	made := packageTemplate(t)
	assert.NotContains(t, made, "Rules")
	assert.Empty(t, made["Mappings"])
	text, err := json.Marshal(made)
	require.NoError(t, err)
	for _, of := range []string{"BootstrapVersion", "hnb659fds", "cdk-", "Custom::", "AWS::CDK::Metadata", "AssetParameters", zipBucket, "parameter-", "ParameterMacro", "notification@"} {
		assert.NotContains(t, string(text), of)
	}
	assert.Less(t, len(text), 1_000_000, "CloudFormation takes no larger template, even from S3 (CloudFormation quotas)")
	for name := range made["Parameters"].(map[string]any) {
		assert.NotContains(t, made["Resources"], name, "CloudFormation refuses a parameter and a resource of one name")
	}
	zips := map[string]bool{}
	for _, f := range resources(made, "AWS::Lambda::Function") {
		zips[f["Code"].(string)] = true
	}
	for _, layer := range resources(made, "AWS::Lambda::LayerVersion") {
		zips[layer["Content"].(string)] = true
	}
	var want []string
	for zip := range zipHashes(t) {
		want = append(want, "./"+zip)
	}
	assert.ElementsMatch(t, want, slices.Collect(maps.Keys(zips)))
}

// The machine's definition names versions. If one stayed while a parameter changed, executions
// would go on with the value before.
func TestAVersionIsNewWhenAParameterOfItsFunctionChanges(t *testing.T) {
	made := packageTemplate(t)
	descriptions := map[string]any{}
	for id, v := range resources(made, "AWS::Lambda::Version") {
		name, _, _ := strings.Cut(id, "CurrentVersion")
		if v["Description"] != nil {
			descriptions[name] = v["Description"]
		}
	}
	assert.Equal(t, map[string]any{
		"opendeployment": map[string]any{"Fn::Join": []any{", ", []any{ref("RevertHours")}}},
		"publishversion": map[string]any{"Fn::Join": []any{", ", []any{ref("Functions"), ref("Alias"), ref("HookEndpoint"), ref("ConfigParameters")}}},
	}, descriptions)
	longest := 0
	for _, p := range parameters() {
		if slices.Contains([]string{"Functions", "Alias", "ConfigParameters", "HookEndpoint"}, p.name()) {
			most, _ := p.declares["MaxLength"].(int)
			longest += max(most, len("url")) + len(", ")
		}
	}
	assert.LessOrEqual(t, longest, 256, "of a description (Lambda, PublishVersion)")
}

func TestAVersionIsNewWhenItsCodeChanges(t *testing.T) {
	ids := func(hashes map[string]string) map[string]string {
		short, err := withoutHashes(packageTemplate(t))
		require.NoError(t, err)
		settled, err := settleVersions(short, parameters(), hashes)
		require.NoError(t, err)
		versions := map[string]string{}
		for id := range resources(settled, "AWS::Lambda::Version") {
			name, hash, _ := strings.Cut(id, "CurrentVersion")
			versions[name] = hash
		}
		return versions
	}
	before := ids(zipHashes(t))
	changed := zipHashes(t)
	changed["set-weight.zip"] = "another"
	after := ids(changed)
	require.Len(t, after, len(before))
	for name, id := range before {
		assert.Equal(t, name != "setweight", id == after[name], name)
	}
}

// accepts evaluates what CloudFormation checks of a value. A pattern has to match the whole value,
// and each item of a list (CloudFormation User Guide, Parameters).
func (p parameter) accepts(t *testing.T, value string) bool {
	t.Helper()
	items := []string{value}
	if p.declares["Type"] == "CommaDelimitedList" {
		items = strings.Split(value, ",")
	}
	for _, item := range items {
		if !p.acceptsItem(t, item) {
			return false
		}
	}
	return true
}

func (p parameter) acceptsItem(t *testing.T, value string) bool {
	t.Helper()
	if pattern, ok := p.declares["AllowedPattern"].(string); ok {
		if !regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(value) {
			return false
		}
	}
	if values, ok := p.declares["AllowedValues"].([]any); ok {
		if !slices.ContainsFunc(values, func(allowed any) bool { return fmt.Sprint(allowed) == value }) {
			return false
		}
	}
	if most, ok := p.declares["MaxLength"].(int); ok && len(value) > most {
		return false
	}
	least, _ := p.declares["MinLength"].(int)
	return len(value) >= least
}

// What the package accepts, the settings accept. It refuses more only where this test says so.
func TestParametersAcceptWhatTheSettingsAccept(t *testing.T) {
	t.Parallel()
	for setting, values := range map[string][]string{
		"namePrefix":         {"sluice", "team-a", "abc", strings.Repeat("a", 40), strings.Repeat("a", 41), "", "ab", "-ab", "Sluice", "a_b", "1ab"},
		"functions":          {"tag", "orders-*", "*-a", "a", "***a", "*", "**", "a/b", "a b", strings.Repeat("a", 64), strings.Repeat("a", 65), "a:1"},
		"hooks":              {"tag", "smoke", "*", "a.b"},
		"synthetic":          {"tag", "load-*", "**", "a/b"},
		"alias":              {"live", "7a", "a-b_c", "7", "77", "", "a b", "a.b", strings.Repeat("a", 64), strings.Repeat("a", 129)},
		"onNewVersion":       {"true", "false", "yes", "", "True"},
		"notificationEmails": {"", "a@example.com", "first.last+tag@mail.example.com", "nobody", "Alice <a@example.com>", "@example.com", "a@"},
		"notifyOn":           {"Started", "Stranded,Promoted", strings.Join(announced, ","), "Failed", "Promoted,Failed"},
		"chat":               {"on", "off", "yes", ""},
		"panel":              {"on", "off", "read-only", "true", ""},
		"hookEndpoint":       {"off", "url", "on", ""},
		"macro":              {"off", "Sluice", "A", "on", "sluice", "A-B", "", "AWS::Sluice", strings.Repeat("A", 64), strings.Repeat("A", 65)},
		"configParameters":   {"/sluice/", "/a/b.c/", "/a", "//", "/a b/", "/a*/", "sluice"},
		"logRetentionDays":   {"1", "90", "3653", "0", "80", "", "90.0", "a"},
	} {
		p := parameterOf(t, setting)
		for _, value := range values {
			_, err := read(map[string]any{setting: value})
			assert.Equal(t, err == nil, p.accepts(t, value), "%s=%q", setting, value)
		}
		assert.True(t, p.accepts(t, fmt.Sprint(p.declares["Default"])), "the default of %s", setting)
	}
	hours := parameterOf(t, "revertHours")
	for n := -1; n <= int(shift.MaxRevertWindow/3600)+1; n++ {
		_, err := read(map[string]any{"revertHours": strconv.Itoa(n)})
		assert.Equal(t, err == nil, hours.accepts(t, strconv.Itoa(n)), n)
	}
	assert.False(t, hours.accepts(t, "1.5"))
}

// These are the values that make deploy takes and the package refuses.
func TestThePackageRefusesMore(t *testing.T) {
	t.Parallel()
	for setting, values := range map[string][]string{
		"functions":          {""},                                           // there is tag for that
		"alias":              {strings.Repeat("a", 65)},                      // of the description of a version
		"configParameters":   {"/" + strings.Repeat("a", 99) + "/"},          // the same
		"notificationEmails": {"a@example.com,b@example.com", "a@localhost"}, // one subscription
	} {
		p := parameterOf(t, setting)
		for _, value := range values {
			_, err := read(map[string]any{setting: value})
			assert.NoError(t, err, "%s=%q", setting, value)
			assert.False(t, p.accepts(t, value), "%s=%q", setting, value)
		}
	}
	assert.True(t, parameterOf(t, "configParameters").accepts(t, ""), "the folder of the prefix")
}

func parameterOf(t *testing.T, setting string) parameter {
	t.Helper()
	all := parameters()
	i := slices.IndexFunc(all, func(p parameter) bool { return p.setting == setting })
	require.GreaterOrEqual(t, i, 0, setting)
	return all[i]
}

// CloudFormation's own words about a pattern are of no use to a person.
func TestEveryParameterSaysWhatItMustBe(t *testing.T) {
	t.Parallel()
	defaults, err := read(nil)
	require.NoError(t, err)
	given := map[string]any{}
	for _, p := range parameters() {
		assert.NotEmpty(t, p.declares["Description"], p.name())
		assert.Contains(t, p.declares["ConstraintDescription"], "must be ", p.name())
		assert.LessOrEqual(t, len(fmt.Sprint(p.declares["Description"])), 4000, p.name()) // Parameters, Description
		assert.Contains(t, settingNames, p.setting)
		if value := fmt.Sprint(p.declares["Default"]); value != "" {
			given[p.setting] = value
		}
	}
	same, err := read(given)
	require.NoError(t, err)
	assert.Equal(t, defaults, same, "the defaults are those of make deploy")
}

func TestTheSameFilesAreTheSameZip(t *testing.T) {
	t.Parallel()
	zips := func() map[string]string {
		from, folder := writeBuilt(t, map[string][]byte{"a": []byte("one"), "b": []byte("two")}), filepath.Join(t.TempDir(), "package")
		hashes, err := writeZips(folder, map[string]string{"a.zip": filepath.Join(from, "a"), "b.zip": filepath.Join(from, "b")})
		require.NoError(t, err)
		for name := range hashes {
			assert.FileExists(t, filepath.Join(folder, name))
		}
		return hashes
	}
	first := zips()
	assert.Equal(t, first, zips())
	assert.NotEqual(t, first["a.zip"], first["b.zip"])
	_, err := writeZips(t.TempDir(), map[string]string{"a.zip": "nowhere"})
	assert.ErrorIs(t, err, os.ErrNotExist)
}
