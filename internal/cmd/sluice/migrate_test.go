package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoldenMigrations(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"migrate-sam.txt":             {"testdata/migrate/sam.yaml"},
		"migrate-sam-slow.txt":        {"testdata/migrate/sam.yaml", "--parameter", "Speed=Linear10PercentEvery10Minutes", "--macro", "Shifter"},
		"migrate-cloudformation.txt":  {"testdata/migrate/cloudformation.yaml"},
		"migrate-cloudformation.json": {"testdata/migrate/cloudformation.yaml", "--json"},
	} {
		ran := run(t, "", append([]string{"migrate"}, args...)...)
		assert.Equal(t, statusOK, ran.status, ran.stderr)
		assertGolden(t, name, ran.stdout)
	}
}

func TestATemplateThatNeedsNothingSaysSo(t *testing.T) {
	t.Parallel()
	ran := run(t, `{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}`, "migrate", "-")
	assert.Equal(t, result{stdout: "standard input: CodeDeploy shifts no alias of this template. There is nothing to change.\n"}, ran)
}

func TestAMacroThatIsNamedAlreadyIsNotNamedAgain(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/migrate/sam.yaml")
	require.NoError(t, err)
	for names, want := range map[string]string{
		"[AWS::Serverless-2016-10-31, Sluice]":                                 "standard input names the macro already.\n",
		"[AWS::Serverless-2016-10-31, {Name: Sluice, Parameters: {Wait: no}}]": "standard input names the macro already.\n",
		"[AWS::Serverless-2016-10-31, {Name: Other}]":                          "standard input: name Sluice as the last one in the section Transform\n",
		"[Sluice, AWS::Serverless-2016-10-31]":                                 "standard input: name Sluice after AWS::Serverless-2016-10-31 in the section Transform: CloudFormation calls",
		"[AWS::LanguageExtensions, AWS::Serverless-2016-10-31, Sluice]":        "standard input names the macro already.\n",
	} {
		ran := run(t, strings.Replace(string(text), "AWS::Serverless-2016-10-31", names, 1), "migrate", "-")
		assert.Equal(t, statusOK, ran.status, ran.stderr)
		assert.Contains(t, ran.stdout, want)
	}
}

func TestATemplateThatCannotBeMigratedExitsWith2AndNamesItsResources(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/migrate/cloudformation.yaml")
	require.NoError(t, err)
	wrong := strings.Replace(string(text), "Name: live", "RoutingConfig: {}", 1)
	ran := run(t, wrong, "migrate", "-")
	assert.Equal(t, statusInvalid, ran.status)
	assert.Regexp(t, `^standard input: Live: it has a RoutingConfig.*\nstandard input: Live: it needs the properties FunctionName and Name\n$`, ran.stderr)
	for text, want := range map[string]string{
		"a: [":                                  "standard input: it is neither JSON nor YAML: ",
		"a: 1":                                  "standard input: there are no Resources",
		"Transform: AWS::Serverless-2016-10-31": "standard input: there are no Resources",
		strings.Repeat("#", 1<<20+1):            "standard input: it is larger than 1048576 bytes\n",
	} {
		ran := run(t, text, "migrate", "-")
		assert.Equal(t, statusInvalid, ran.status)
		assert.Contains(t, ran.stderr, want)
	}
}

// The macro of a Sluice without an endpoint refuses hooks.
func TestHooksAreRefusedWhereNobodyTakesTheirAnswer(t *testing.T) {
	t.Parallel()
	const file = "testdata/migrate/sam.yaml"
	ran := run(t, "", "migrate", file, "--hook-endpoint", "url")
	assert.Equal(t, run(t, "", "migrate", file), ran, "that is the default")
	ran = run(t, "", "migrate", file, "--hook-endpoint", "off")
	assert.Equal(t, statusInvalid, ran.status)
	assert.Equal(t, file+": OrdersAliaslive: it has hooks, which answer by a call of CodeDeploy, and this Sluice does not take that call: deploy Sluice with -c hookEndpoint=url, or remove the hooks\n", ran.stderr)
	ran = run(t, "", "migrate", file, "--hook-endpoint", "on")
	assert.Equal(t, statusInvalid, ran.status)
	assert.Contains(t, ran.stderr, `--hook-endpoint is "on", but must be url or off`)
	without, err := os.ReadFile(file)
	require.NoError(t, err)
	ran = run(t, strings.Replace(string(without), "Hooks: {PreTraffic: !Ref Smoke}", "", 1), "migrate", "-", "--hook-endpoint", "off")
	assert.Equal(t, statusOK, ran.status, ran.stderr)
}

func TestATemplateThatIsTooLargeForARequestIsNoted(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/migrate/cloudformation.yaml")
	require.NoError(t, err)
	const note = "CloudFormation takes 51200 in a request: upload it to S3"
	ran := run(t, string(text), "migrate", "-")
	assert.NotContains(t, ran.stdout, note)
	ran = run(t, string(text)+"\nMetadata: "+strings.Repeat("x", 50_000)+"\n", "migrate", "-")
	assert.Equal(t, statusOK, ran.status, ran.stderr)
	assert.Contains(t, strings.Join(strings.Fields(ran.stdout), " "), note)
}

func TestTheValueOfAParameterNamesTheAliasOfAFunctionOfSAM(t *testing.T) {
	t.Parallel()
	const text = `
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String}}
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: {AutoPublishAlias: !Ref Stage, DeploymentPreference: {Type: AllAtOnce}}
`
	ran := run(t, text, "migrate", "-")
	assert.Equal(t, statusInvalid, ran.status)
	assert.Equal(t, "standard input: Orders: its AutoPublishAlias is the parameter Stage, whose value is not known here: give it, as in --parameter Stage=live\n", ran.stderr)
	ran = run(t, text, "migrate", "-", "--parameter", "Stage=live")
	assert.Equal(t, statusOK, ran.status, ran.stderr)
	assert.Contains(t, ran.stdout, "OrdersAliaslive")
}

func TestALoopIsNotExpandedByMigrate(t *testing.T) {
	t.Parallel()
	const text = `
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Resources:
  Fn::ForEach::All:
    - Name
    - [A, B]
    - "Fn${Name}": {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live, DeploymentPreference: {Type: AllAtOnce}}}
`
	ran := run(t, text, "migrate", "-")
	assert.Equal(t, statusInvalid, ran.status)
	assert.Contains(t, ran.stderr, "standard input: Fn::ForEach::All: it makes aliases, and is not expanded here")
}

func TestMigrateNeedsOneTemplate(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"sluice: migrate needs the file of a TEMPLATE\nSee 'sluice migrate --help'.\n":          {},
		"sluice: migrate takes only one TEMPLATE: remove \"b\"\nSee 'sluice migrate --help'.\n": {"a", "b"},
		"sluice: --parameter is \"x\", but must be NAME=VALUE\nSee 'sluice migrate --help'.\n":  {"a", "--parameter", "x"},
		"sluice: --parameter is \"=x\", but must be NAME=VALUE\nSee 'sluice migrate --help'.\n": {"a", "--parameter", "=x"},
	} {
		assert.Equal(t, result{status: statusInvalid, stderr: want}, run(t, "", append([]string{"migrate"}, args...)...))
	}
	assert.Equal(t, statusFailed, run(t, "", "migrate", "nowhere.yaml").status)
}

func TestADiffShowsWhatChangesAndALittleAround(t *testing.T) {
	t.Parallel()
	lines := func(s string) []string { return strings.Split(s, "") }
	for _, test := range []struct{ before, after, want string }{
		{"abc", "abc", "  …"},
		{"abcdefghi", "abcdEfghi", "  …|  c|  d|- e|+ E|  f|  g|  …"},
		{"ab", "b", "- a|  b"},
		{"ab", "xaby", "+ x|  a|  b|+ y"},
		{"aXbYc", "abZc", "  a|- X|  b|- Y|+ Z|  c"},
		{"aa", "aaa", "  a|  a|+ a"},
	} {
		assert.Equal(t, test.want, strings.Join(diff(lines(test.before), lines(test.after)), "|"))
	}
	var before, after []string
	for i := range 3000 {
		before, after = append(before, fmt.Sprint("b", i)), append(after, fmt.Sprint("a", i))
	}
	assert.Len(t, diff(before, after), 6000)
}

func TestAMigrationInJSONHasTheResourcesAsTheyAre(t *testing.T) {
	t.Parallel()
	ran := run(t, "", "migrate", "testdata/migrate/cloudformation.yaml", "--json")
	var m struct{ Resources []struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(ran.stdout), &m))
	assert.Len(t, m.Resources, 6)
}
