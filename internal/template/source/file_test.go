package source_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/template/source"
)

func TestYAMLBecomesTheJSONThatCloudFormationReads(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"A: !Ref B":                                 `{"A":{"Ref":"B"}}`,
		"A: !Condition B":                           `{"A":{"Condition":"B"}}`,
		"A: !GetAtt B.Outputs.C":                    `{"A":{"Fn::GetAtt":["B","Outputs.C"]}}`,
		"A: !GetAtt [B, C]":                         `{"A":{"Fn::GetAtt":["B","C"]}}`,
		"A: !Sub 12":                                `{"A":{"Fn::Sub":"12"}}`,
		"A: !Sub ['${B}', {B: !Ref C}]":             `{"A":{"Fn::Sub":["${B}",{"B":{"Ref":"C"}}]}}`,
		"A: !If [C, !Ref B, !Ref 'AWS::NoValue']":   `{"A":{"Fn::If":["C",{"Ref":"B"},{"Ref":"AWS::NoValue"}]}}`,
		"A: !Transform {Name: B}":                   `{"A":{"Fn::Transform":{"Name":"B"}}}`,
		"A: !Base64\n  Fn::Sub: x":                  `{"A":{"Fn::Base64":{"Fn::Sub":"x"}}}`,
		"Z: 1\nA: 2.50\nM: true\nN: null\nO:\nP: ~": `{"Z":1,"A":2.50,"M":true,"N":null,"O":null,"P":null}`,
		"A: 2012-10-17\nB: '1'\nC: 0x1f\nD: 0123":   `{"A":"2012-10-17","B":"1","C":"0x1f","D":"0123"}`,
		"A: &a [1]\nB: *a":                          `{"A":[1],"B":[1]}`,
		"A: |\n  <b> &\n":                           `{"A":"<b> &\n"}`,
		"1: a":                                      `{"1":"a"}`,
	} {
		f, err := source.Parse([]byte(yaml))
		require.NoError(t, err, yaml)
		assert.Equal(t, want, string(f.JSON()))
	}
}

func TestJSONStaysAsItIs(t *testing.T) {
	t.Parallel()
	const text = "{\n\t\"Resources\" : {\"A\": 1.0e3}}"
	f, err := source.Parse([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, text, string(f.JSON()))
}

// Python and Java write such JSON. YAML has no escapes of this kind.
func TestJSONThatIsNoYAMLIsReadAll(t *testing.T) {
	t.Parallel()
	for text, transforms := range map[string][]string{
		"{\"Description\": \"\\ud83d\\ude00\", \"Transform\": [\"SAM\", {\"Name\": \"X\"}]}": {"SAM", "X"},
		"{\"Description\": \"\\ud83d\\ude00\", \"Transform\": \"SAM\"}":                      {"SAM"},
		"{\"Something\": \"SAM\", \"Transform\": \"SAM\", \"Else\": \"\\ud83d\\ude00\"}":     {"SAM"},
		"{\"Description\": \"\u007f\"}":                                                      nil,
	} {
		f, err := source.Parse([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, text, string(f.JSON()))
		assert.Equal(t, transforms, f.Transforms())
		_, ok := f.AddTransform("Sluice")
		assert.False(t, ok, "nobody knows the line")
	}
	_, err := source.Parse([]byte(`["\ud83d\ude00"]`))
	require.ErrorContains(t, err, "a template is an object")
}

func TestWhatIsNoTemplateIsRefused(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for _, name := range "bcdefgh" {
		before := string(name - 1)
		bomb += string(name) + ": &" + string(name) + " [" + strings.TrimSuffix(strings.Repeat("*"+before+", ", 10), ", ") + "]\n"
	}
	for text, want := range map[string]string{
		"":                          "neither JSON nor YAML",
		"a: [":                      "neither JSON nor YAML",
		"- a":                       "a template is an object",
		"a: 1\n---\nb: 2":           "more than one YAML document",
		"a: &a {b: 1}\nc: {<<: *a}": "line 2: CloudFormation takes no such key",
		"? [a]\n: 1":                "line 1: CloudFormation takes no such key",
		bomb:                        "too large",
		"a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200): "too deep",
	} {
		_, err := source.Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestAMacroIsAddedAfterTheOthersInTheFormOfTheFile(t *testing.T) {
	t.Parallel()
	for before, after := range map[string]string{
		"# c\nTransform: SAM # x\nResources: {}": "# c\nTransform: [SAM, Sluice] # x\nResources: {}",
		"Transform: 'SAM'":                       "Transform: ['SAM', 'Sluice']",
		"Transform: [SAM]":                       "Transform: [SAM, Sluice]",
		"Transform:\n- SAM\nA: 1":                "Transform:\n- SAM\n- Sluice\nA: 1",
		"Transform:\n  -  Name: X\n     Parameters:\n       P: 1\nA: 1": "Transform:\n  -  Name: X\n     Parameters:\n       P: 1\n  -  Sluice\nA: 1",
		"# c\nAWSTemplateFormatVersion: x\nResources: {}":               "# c\nTransform: Sluice\nAWSTemplateFormatVersion: x\nResources: {}",
		"{\n  \"Transform\": \"SAM\",\n  \"Resources\": {}\n}":          "{\n  \"Transform\": [\"SAM\", \"Sluice\"],\n  \"Resources\": {}\n}",
		"{\n  \"Transform\": [\n    \"SAM\"\n  ]\n}":                    "{\n  \"Transform\": [\n    \"SAM\", \"Sluice\"\n  ]\n}",
		"{\n  \"Resources\": {}\n}":                                     "{\n  \"Transform\": \"Sluice\",\n  \"Resources\": {}\n}",
	} {
		f, err := source.Parse([]byte(before))
		require.NoError(t, err)
		edit, ok := f.AddTransform("Sluice")
		require.True(t, ok, before)
		assert.Equal(t, after, f.Apply(edit))
		edited, err := source.Parse([]byte(f.Apply(edit)))
		require.NoError(t, err)
		assert.Equal(t, append(f.Transforms(), "Sluice"), edited.Transforms())
	}
	for _, text := range []string{`{"Resources": {}}`, "Transform: {Name: X}", "Transform: []", "{}", "Transform: >-\n  SAM", `{"Transform": "SAM", "Metadata": "` + strings.Repeat("x", 400) + `"}`} {
		f, err := source.Parse([]byte(text))
		require.NoError(t, err)
		_, ok := f.AddTransform("Sluice")
		assert.False(t, ok, text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A: !GetAtt B.C\nTransform: [x]")
	f.Add("{\"Transform\": [\"a\"\n]}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := source.Parse([]byte(text))
		if err != nil {
			return
		}
		if !json.Valid(file.JSON()) {
			t.Fatalf("not JSON: %s", file.JSON())
		}
		if edit, ok := file.AddTransform("Sluice"); ok {
			file.Apply(edit)
		}
	})
}
