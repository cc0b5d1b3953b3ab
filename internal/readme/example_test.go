package readme

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Every JSON block of a page is what its section says that it is. Those of the page on front ends
// have a test of their own.
func TestTheJSONOfThePagesIsUnderstood(t *testing.T) {
	t.Parallel()
	input := func(t *testing.T, text string) {
		_, err := request.DecodeInput(json.RawMessage(text), "")
		assert.NoError(t, err)
	}
	scenario := func(t *testing.T, text string) {
		_, err := world.DecodeScenario([]byte(text))
		assert.NoError(t, err)
	}
	understood := map[string][]func(*testing.T, string){
		rootPage:                               {input},
		tutorialPage:                           {input, scenario},
		infraPage:                              {settings},
		pipelinePage:                           {action},
		inputPage:                              {input, input},
		judgePage:                              {judged},
		"internal/hook/README.md":              {payload},
		"internal/operator/README.md":          {reverted},
		"internal/router/cloudfront/README.md": {key},
		"internal/shift/README.md":             {input},
		"internal/synthetic/README.md":         {input, syntheticPayload},
	}
	for _, p := range current(t) {
		texts, by := p.in("", "json"), understood[p.path]
		if p.path == frontEndPage {
			continue
		}
		if !assert.Len(t, texts, len(by), "blocks of JSON of %s: say here what each is", p.path) {
			continue
		}
		for i, text := range texts {
			t.Run(fmt.Sprint(p.path, " ", i), func(t *testing.T) { by[i](t, text) })
		}
	}
}

// key is what the store of a distribution has for a site.
func key(t *testing.T, text string) {
	var key struct {
		V, Weight         int
		Stable, Candidate string
		N                 string
	}
	strict(t, text, &key)
	assert.Len(t, key.N, 32)
}

// reverted is the input of an execution that reverts another.
func reverted(t *testing.T, text string) {
	var revert struct{ Revert, Reason string }
	strict(t, text, &revert)
	assert.NotEmpty(t, revert.Revert)
}

// judged holds the values that the page gives as those of "enforce" to what it means.
func judged(t *testing.T, text string) {
	release, err := request.DecodeInput(json.RawMessage(text), "")
	require.NoError(t, err)
	assert.Equal(t, shift.DefaultJudging(), release.Judging)
}

// strict decodes JSON with no member that is not known.
func strict(t *testing.T, text string, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(into))
}

// settings holds a cdk.json to the settings that the table beside it lists, and those
// to the ones that the stack knows.
func settings(t *testing.T, text string) {
	var file, ours struct {
		App     string
		Context map[string]any
	}
	strict(t, text, &file)
	cdk, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(cdk, &ours))
	assert.Equal(t, ours.App, file.App)
	known, err := os.ReadFile(filepath.Join(root, "infra", "settings.go"))
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, row := range pageAt(t, infraPage).rows(t, "Settings") {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[0], -1) {
			listed[name[1]] = true
			assert.Contains(t, string(known), `"`+name[1]+`"`, "the stack knows the setting")
		}
	}
	for name := range file.Context {
		assert.True(t, listed[name], "the setting %s is listed", name)
	}
}

// action holds a stage to the structure reference of CodePipeline's Step Functions
// action.
func action(t *testing.T, text string) {
	var stage struct {
		Name    string
		Actions []struct {
			Name           string
			ActionTypeID   struct{ Category, Owner, Provider, Version string } `json:"actionTypeId"`
			Configuration  struct{ StateMachineArn, ExecutionNamePrefix, InputType, Input string }
			InputArtifacts []struct{ Name string }
			Namespace      string
		}
	}
	strict(t, text, &stage)
	require.Len(t, stage.Actions, 1)
	a := stage.Actions[0]
	assert.Equal(t, "Invoke AWS StepFunctions 1", a.ActionTypeID.Category+" "+a.ActionTypeID.Owner+" "+a.ActionTypeID.Provider+" "+a.ActionTypeID.Version)
	assert.Regexp(t, `^arn:aws:states:[a-z0-9-]+:\d{12}:stateMachine:sluice$`, a.Configuration.StateMachineArn)
	assert.Equal(t, "FilePath", a.Configuration.InputType)
	assert.Len(t, a.InputArtifacts, 1, "the file is in it")
	assert.LessOrEqual(t, len(a.Configuration.ExecutionNamePrefix), 43, "with the action's own id it names an execution, of at most 80 characters")
}

// syntheticPayload holds what a function for synthetic requests is said to be invoked with to what
// one is, in a deployment of the same versions.
func syntheticPayload(t *testing.T, text string) {
	input := json.RawMessage(`{"function": "orders", "version": "42", "strategy": "Canary10Percent10Minutes", "judge": {"synthetic": {"function": "orders-load"}}}`)
	scenario := world.DefaultScenario()
	scenario.RequestsPerMinute = 1
	w, err := world.New(scenario, input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	var got []byte
	w.OnSynthetic(func(_ string, payload []byte) { got = payload })
	_, err = w.Start("played", input)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	require.NotNil(t, got, "the function was invoked")
	var said, is any
	require.NoError(t, json.Unmarshal([]byte(text), &said))
	require.NoError(t, json.Unmarshal(got, &is))
	shortened(t, "", said, is)
}

// payload holds what a hook is said to be invoked with to what one is, in a deployment
// of the same versions.
func payload(t *testing.T, text string) {
	input := json.RawMessage(`{"function": "orders", "version": "42", "hooks": {"beforeTraffic": [{"function": "orders-smoke", "mode": "callback"}]}}`)
	w, err := world.New(world.DefaultScenario(), input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	var got []byte
	w.OnHook(func(_ string, payload []byte) { got = payload })
	_, err = w.Start("played", input)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	require.NotNil(t, got, "the hook was invoked")
	var said, is any
	require.NoError(t, json.Unmarshal([]byte(text), &said))
	require.NoError(t, json.Unmarshal(got, &is))
	shortened(t, "", said, is)
}

// shortened holds an example to what it is one of: a … in it stands for any text.
func shortened(t *testing.T, at string, said, is any) {
	t.Helper()
	switch said := said.(type) {
	case map[string]any:
		is, _ := is.(map[string]any)
		assert.Equal(t, slices.Sorted(maps.Keys(is)), slices.Sorted(maps.Keys(said)), "the members of %s", cmp.Or(at, "all"))
		for name := range said {
			shortened(t, at+"."+name, said[name], is[name])
		}
	case []any:
		is, _ := is.([]any)
		if assert.Len(t, is, len(said), at) {
			for i := range said {
				shortened(t, fmt.Sprintf("%s[%d]", at, i), said[i], is[i])
			}
		}
	case string:
		assert.Regexp(t, "^"+strings.ReplaceAll(regexp.QuoteMeta(said), "…", ".+")+"$", is, at)
	default:
		assert.Equal(t, is, said, at)
	}
}

// The literal input of a pipeline, every strategy and every default are ones.
func TestTheInputsOfThePagesSentencesAreUnderstood(t *testing.T) {
	t.Parallel()
	var inputs []string
	literal := regexp.MustCompile("`\"InputType\": \"Literal\"` with `\"Input\": (\"[^`]+\")`").FindStringSubmatch(pageAt(t, pipelinePage).text)
	require.NotNil(t, literal, "the literal input of a pipeline")
	var unquoted string
	require.NoError(t, json.Unmarshal([]byte(literal[1]), &unquoted))
	inputs = append(inputs, unquoted)

	for _, row := range pageAt(t, inputPage).rows(t, "Strategies") {
		if strategy := code(row[0]); strategy != "CodeDeployDefault.Lambda…" {
			inputs = append(inputs, `{"function": "orders", "strategy": `+asJSON(strategy)+`}`)
		}
	}
	for _, section := range []string{"What to shift", "How to shift, and what to watch", "When to shift"} {
		for _, row := range pageAt(t, inputPage).rows(t, section) {
			if value := code(row[1]); value != "" {
				inputs = append(inputs, `{"function": "orders", `+asJSON(code(row[0]))+`: `+asJSON(value)+`}`)
			}
		}
	}
	assert.Greater(t, len(inputs), 15)
	for _, input := range inputs {
		_, err := request.DecodeInput(json.RawMessage(input), "")
		assert.NoError(t, err, input)
	}
}

// asJSON is a text that is JSON, or the JSON of it.
func asJSON(text string) string {
	if json.Valid([]byte(text)) {
		return text
	}
	quoted, _ := json.Marshal(text) // a text always marshals
	return string(quoted)
}
