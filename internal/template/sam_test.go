package template_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template"
	"github.com/sluice-aws/sluice/internal/template/source"
)

// What is said of a template of SAM is what becomes of it after SAM's own translator.
func TestATemplateOfSAMIsExpandedAsItsTranslatorDoes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/sam/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			parsed, err := source.Parse(text)
			require.NoError(t, err)
			expanded, err := template.Expand(parsed.JSON(), nil)
			require.NoError(t, err)
			translated, err := os.ReadFile(strings.TrimSuffix(file, "yaml") + "json")
			require.NoError(t, err)
			requireSame(t, translated, expanded)
		})
	}
}

// madeHash is what SAM appends to the names of versions and layers.
var madeHash = regexp.MustCompile(`((?:Version|Layer))[0-9a-f]{10}\b`)

// listsOf returns the properties that SAM joins from two sections: the alarms and the hooks of each
// shift, and the layers and the variables of each function.
func listsOf(t *testing.T, text []byte) map[string]map[string]any {
	t.Helper()
	var read struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(madeHash.ReplaceAll(text, []byte("$1")), &read))
	all := map[string]map[string]any{}
	for id, r := range read.Resources {
		if r.Type != "Custom::SluiceShift" && r.Type != "AWS::Lambda::Function" {
			continue
		}
		all[id] = map[string]any{}
		for _, name := range []string{"AlarmConfigurations", "BeforeTraffic", "AfterTraffic", "Layers", "Environment"} {
			all[id][name] = r.Properties[name]
		}
	}
	return all
}

// told leaves out how a configuration is written.
func told(result template.Result) []template.Shift {
	for i := range result.Shifts {
		result.Shifts[i].Config = ""
	}
	return result.Shifts
}

// withoutHashes shortens the names of versions, in which SAM writes a hash.
func withoutHashes(notes []template.Note) []template.Note {
	var all []template.Note
	for _, n := range notes {
		if before, _, ok := strings.Cut(n.ID, "Version"); ok {
			n.ID = before + "Version"
		}
		all = append(all, n)
	}
	return all
}

func TestExpandRefusesWhatIsNoTemplate(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", `{"Resources": 1}`} {
		_, err := template.Expand([]byte(text), nil)
		require.Error(t, err)
	}
}

// SAM names the alias in the name of its resource, so the name has to be known.
func TestTheAliasOfAFunctionOfSAMMayBeAParameter(t *testing.T) {
	t.Parallel()
	of := func(alias, preference, parameter string) []byte {
		return []byte(`{"Parameters": {"P": {"Type": "String"` + parameter + `}}, "Resources": {"Orders": {"Type": "AWS::Serverless::Function", "Properties": {
			"AutoPublishAlias": ` + alias + `, "DeploymentPreference": {"Type": "AllAtOnce"` + preference + `}}}}}`)
	}
	const unknown = "Orders: its AutoPublishAlias is the parameter P, whose value is not known here: give it, as in --parameter P=live"
	for name, test := range map[string]struct {
		source  []byte
		values  map[string]string
		aliases []string
		problem string
	}{
		"a text":                      {of(`"live"`, "", ""), nil, []string{"OrdersAliaslive"}, ""},
		"the default of a parameter":  {of(`{"Ref": "P"}`, "", `, "Default": "blue-1"`), nil, []string{"OrdersAliasblueD1"}, ""},
		"the value of a parameter":    {of(`{"Ref": "P"}`, "", `, "Default": "blue"`), map[string]string{"P": "green"}, []string{"OrdersAliasgreen"}, ""},
		"a parameter without a value": {of(`{"Ref": "P"}`, "", ""), nil, nil, unknown},
		"another intrinsic function":  {of(`{"Fn::Sub": "${P}"}`, "", `, "Default": "live"`), nil, nil, "Orders: its AutoPublishAlias is neither a text nor a parameter"},
		"no value":                    {of(`{"Ref": "AWS::NoValue"}`, "", ""), nil, nil, ""},
		"switched off":                {of(`"live"`, `, "Enabled": false`, ""), nil, nil, ""},
		"switched off by its default": {of(`"live"`, `, "Enabled": {"Ref": "P"}`, `, "Default": "false"`), nil, nil, ""},
		"switched on by its value":    {of(`"live"`, `, "Enabled": {"Ref": "P"}`, `, "Default": "false"`), map[string]string{"P": "true"}, []string{"OrdersAliaslive"}, ""},
		"on if nobody knows":          {of(`"live"`, `, "Enabled": {"Ref": "P"}`, ""), nil, []string{"OrdersAliaslive"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expanded, err := template.Expand(test.source, test.values)
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			result, err := template.Rewrite(expanded, options())
			require.NoError(t, err)
			var aliases []string
			for _, s := range result.Shifts {
				aliases = append(aliases, s.Aliases...)
			}
			assert.Equal(t, test.aliases, aliases)
		})
	}
}
