package readme

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/stackshift"
	"github.com/sluice-aws/sluice/internal/template"
	"github.com/sluice-aws/sluice/internal/template/source"
)

// migrationYAML returns the YAML of a section of the page.
func migrationYAML(t *testing.T, section string) string {
	t.Helper()
	return pageAt(t, migratePage).only(t, section, "yaml")
}

// migrated returns what the macro makes of a template, after SAM.
func migrated(t *testing.T, text string) template.Result {
	t.Helper()
	file, err := source.Parse([]byte(text))
	require.NoError(t, err)
	transforms := file.Transforms()
	require.Equal(t, "Sluice", transforms[len(transforms)-1])
	whole := file.JSON()
	if len(transforms) > 1 {
		whole, err = template.Expand(whole, nil)
		require.NoError(t, err)
	}
	result, err := template.Rewrite(whole, template.Options{
		StackShift: "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift", HookEndpoint: "https://hooks.example.com/",
	})
	require.NoError(t, err)
	return result
}

func TestTheMacroTakesTheTemplatesOfThePageOnMovingOver(t *testing.T) {
	t.Parallel()
	for section, hooks := range map[string]int{"SAM": 1, "CloudFormation": 0} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			result := migrated(t, migrationYAML(t, section))
			require.Len(t, result.Shifts, 1)
			assert.Equal(t, hooks, result.Shifts[0].Hooks)
			assert.Empty(t, result.Notes)
			var rewritten struct {
				Resources map[string]struct {
					Type       string
					Properties json.RawMessage
				}
			}
			require.NoError(t, json.Unmarshal(result.Text, &rewritten))
			properties := decodeShift(t, rewritten.Resources[result.Shifts[0].ID].Properties)
			assert.Len(t, properties.Targets, 1)
		})
	}
}

// withoutTransform takes the transforms off a template, as CloudFormation does when they are done.
func withoutTransform(t *testing.T, text []byte) string {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &members))
	delete(members, "Transform")
	without, err := json.Marshal(members)
	require.NoError(t, err)
	return string(without)
}

// decodeShift reads the properties of a custom resource, whose references stand for any text.
func decodeShift(t *testing.T, properties json.RawMessage) stackshift.Properties {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(properties, &value))
	text, err := json.Marshal(filledIn(value))
	require.NoError(t, err)
	decoded, err := stackshift.DecodeProperties(text)
	require.NoError(t, err)
	_, err = decoded.Input(decoded.Targets, nil, "")
	require.NoError(t, err)
	return decoded
}

// filledIn puts a text in place of each reference.
func filledIn(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = filledIn(v[i])
		}
	case map[string]any:
		for key, item := range v {
			switch {
			case key == "Fn::GetAtt":
				return "42"
			case key == "Ref", key == "Fn::Sub":
				return "orders"
			}
			v[key] = filledIn(item)
		}
	}
	return value
}

// customResources are the resources of the page's template with the custom resource, and those of
// the one with a wait condition in its place.
func customResources(t *testing.T) map[string]map[string]json.RawMessage {
	t.Helper()
	short := resourcesOf(t, migrationYAML(t, "The custom resource"))
	long := maps.Clone(short)
	maps.Copy(long, resourcesOf(t, migrationYAML(t, "Properties")))
	return map[string]map[string]json.RawMessage{"short": short, "long": long}
}

func TestTheCustomResourceOfThePageOnMovingOverIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, resources := range customResources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var shift struct {
				Type       string
				Properties map[string]any
			}
			require.NoError(t, json.Unmarshal(resources["Shift"], &shift))
			assert.Equal(t, "Custom::SluiceShift", shift.Type)
			if name == "long" {
				require.Contains(t, shift.Properties, "Handle")
			}
			text, err := json.Marshal(shift.Properties)
			require.NoError(t, err)
			properties := decodeShift(t, text)
			assert.Equal(t, "Live", properties.Targets[0].Key)
			assert.Contains(t, string(resources["Live"]), `"FunctionVersion":{"Fn::GetAtt":["Shift","Live"]}`)
		})
	}
}

func resourcesOf(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	file, err := source.Parse([]byte(text))
	require.NoError(t, err)
	var whole struct{ Resources map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(file.JSON(), &whole))
	return whole.Resources
}

func TestThePageOnMovingOverHasEveryPropertyOfTheCustomResource(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile(filepath.Join(root, "internal/stackshift/properties.go"))
	require.NoError(t, err)
	_, list, found := strings.Cut(string(code), "var propertyNames = []string{")
	require.True(t, found)
	list, _, _ = strings.Cut(list, "}")
	var known, documented []string
	for _, name := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(list, -1) {
		known = append(known, name[1])
	}
	_, table, found := strings.Cut(pageAt(t, migratePage).text, "| property | default | meaning |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(table, -1) {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			documented = append(documented, name[1])
		}
	}
	documented = slices.DeleteFunc(documented, func(name string) bool { return name == "Alias" || name == "Version" }) // of Targets[]
	assert.ElementsMatch(t, known, documented)
}

func TestTheParametersOfTheMacroOnThePageAreThoseThatItTakes(t *testing.T) {
	t.Parallel()
	file, err := source.Parse([]byte(migrationYAML(t, "The macro's parameters")))
	require.NoError(t, err)
	assert.Equal(t, []string{"AWS::Serverless-2016-10-31", "Sluice"}, file.Transforms())
	var parsed struct{ Transform []any }
	require.NoError(t, json.Unmarshal(file.JSON(), &parsed))
	code, err := os.ReadFile(filepath.Join(root, "internal/task/macro.go"))
	require.NoError(t, err)
	var taken []string
	for _, name := range regexp.MustCompile(`Parameter += "(\w+)"`).FindAllStringSubmatch(string(code), -1) {
		taken = append(taken, name[1])
	}
	assert.ElementsMatch(t, taken, slices.Collect(maps.Keys(parsed.Transform[1].(map[string]any)["Parameters"].(map[string]any))))
}

func TestTheServerlessFileOfThePageNamesTheMacro(t *testing.T) {
	t.Parallel()
	parsed, err := source.Parse([]byte(migrationYAML(t, "Serverless Framework")))
	require.NoError(t, err)
	var file struct {
		Plugins   []string
		Resources struct{ Transform []string }
	}
	require.NoError(t, json.Unmarshal(parsed.JSON(), &file))
	assert.Equal(t, []string{"serverless-plugin-canary-deployments"}, file.Plugins)
	assert.Equal(t, []string{"Sluice"}, file.Resources.Transform)
}

// The settings in the page's commands are those of the stack, and its strategies are known.
func TestTheCommandsOfThePageOnMovingOverAreKnown(t *testing.T) {
	t.Parallel()
	page := pageAt(t, migratePage).text
	var settings []string
	for _, s := range regexp.MustCompile(`-c (\w+)=`).FindAllStringSubmatch(page, -1) {
		settings = append(settings, s[1])
	}
	slices.Sort(settings)
	assert.Equal(t, []string{flow.HookEndpointSetting, "macro"}, slices.Compact(settings))
	strategies := regexp.MustCompile(`\b((?:Canary|Linear)\d\w+)`).FindAllString(page, -1)
	assert.Greater(t, len(strategies), 3)
	for _, s := range strategies {
		_, err := request.Strategy(s)
		assert.NoError(t, err)
	}
}
