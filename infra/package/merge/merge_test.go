package merge

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func decoded(t *testing.T, text string) Template {
	t.Helper()
	var template Template
	require.NoError(t, json.Unmarshal([]byte(text), &template))
	return template
}

// properties returns a template whose only resource has properties.
func properties(t *testing.T, text string) Template {
	t.Helper()
	return decoded(t, `{"Resources": {"R": {"Type": "T", "Properties": `+text+`}}}`)
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func TestAPropertyHasACondition(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ full, withoutA, withoutB, want string }{
		"the same":              {`{"P": 1}`, `{"P": 1}`, `{"P": 1}`, `{"P": 1}`},
		"another value":         {`{"P": 1}`, `{"P": 2}`, `{"P": 1}`, `{"P": {"Fn::If": ["A", 1, 2]}}`},
		"no value":              {`{"P": 1}`, `{}`, `{"P": 1}`, `{"P": {"Fn::If": ["A", 1, {"Ref": "AWS::NoValue"}]}}`},
		"a value that is added": {`{}`, `{"P": 1}`, `{}`, `{"P": {"Fn::If": ["A", {"Ref": "AWS::NoValue"}, 1]}}`},
		"within an object":      {`{"P": {"Q": 1, "S": 1}}`, `{"P": {"Q": 2, "S": 1}}`, `{"P": {"Q": 1, "S": 3}}`, `{"P": {"Q": {"Fn::If": ["A", 1, 2]}, "S": {"Fn::If": ["B", 1, 3]}}}`},
		"a removed object that another one changes": {`{"P": {"Q": 1}}`, `{}`, `{"P": {"Q": 2}}`,
			`{"P": {"Fn::If": ["A", {"Q": {"Fn::If": ["B", 1, 2]}}, {"Ref": "AWS::NoValue"}]}}`},
		"a function of CloudFormation": {`{"P": {"Ref": "X"}}`, `{"P": {"Ref": "Y"}}`, `{"P": {"Ref": "X"}}`, `{"P": {"Fn::If": ["A", {"Ref": "X"}, {"Ref": "Y"}]}}`},
		"items of a list": {`{"P": ["a", "b", "c"]}`, `{"P": ["a", "c"]}`, `{"P": ["a", "b"]}`,
			`{"P": ["a", {"Fn::If": ["A", "b", {"Ref": "AWS::NoValue"}]}, {"Fn::If": ["B", "c", {"Ref": "AWS::NoValue"}]}]}`},
		"an item in another's place": {`{"P": [{"S": 1}, {"S": 2}]}`, `{"P": [{"S": 1}, {"S": 3}]}`, `{"P": [{"S": 1}, {"S": 2}]}`,
			`{"P": [{"S": 1}, {"S": {"Fn::If": ["A", 2, 3]}}]}`},
		"a list with more items": {`{"P": [1]}`, `{"P": [1, 2]}`, `{"P": [1]}`, `{"P": {"Fn::If": ["A", [1], [1, 2]]}}`},
		"words of a text": {`{"P": {"Fn::Join": ["", ["[1,2,", {"Ref": "X"}, ",3]"]]}}`, `{"P": {"Fn::Join": ["", ["[1,5,", {"Ref": "X"}, ",3]"]]}}`, `{"P": {"Fn::Join": ["", ["[1,2,3]"]]}}`,
			`{"P": {"Fn::Join": ["", ["[1,", {"Fn::If": ["A", "2", "5"]}, {"Fn::If": ["B", {"Fn::Join": ["", [",", {"Ref": "X"}]]}, ""]}, ",3]"]]}}`},
		"a text with more words": {`{"P": {"Fn::Join": ["", ["[1]"]]}}`, `{"P": {"Fn::Join": ["", ["[1,2]"]]}}`, `{"P": {"Fn::Join": ["", ["[1]"]]}}`,
			`{"P": {"Fn::If": ["A", {"Fn::Join": ["", ["[1]"]]}, {"Fn::Join": ["", ["[1,2]"]]}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			merged, err := Merge(properties(t, test.full), []Variant{{"A", properties(t, test.withoutA)}, {"B", properties(t, test.withoutB)}})
			require.NoError(t, err)
			assert.JSONEq(t, encoded(t, properties(t, test.want)), encoded(t, merged))
		})
	}
}

// What is separated by commas loses the comma before it: so two conditions do not remove the same
// one.
func TestTwoConditionsRemoveTheEndOfAList(t *testing.T) {
	t.Parallel()
	joined := func(text string) Template { return properties(t, `{"P": {"Fn::Join": ["", ["`+text+`"]]}}`) }
	merged, err := Merge(joined("[a,b,c]"), []Variant{{"B", joined("[a,c]")}, {"C", joined("[a,b]")}})
	require.NoError(t, err)
	assert.JSONEq(t, encoded(t, properties(t, `{"P": {"Fn::Join": ["", ["[a", {"Fn::If": ["B", ",b", ""]}, {"Fn::If": ["C", ",c", ""]}, "]"]]}}`)), encoded(t, merged))
}

func TestAResourceHasACondition(t *testing.T) {
	t.Parallel()
	full := decoded(t, `{"Resources": {"R": {"Type": "T", "Properties": {"P": 1}}, "S": {"Type": "T"}}, "Outputs": {"O": {"Value": 1}}}`)
	merged, err := Merge(full, []Variant{
		{"A", decoded(t, `{"Resources": {"S": {"Type": "T"}}}`)},
		{"B", decoded(t, `{"Resources": {"R": {"Type": "T", "Properties": {"P": 2}}, "S": {"Type": "T"}}, "Outputs": {"O": {"Value": 1}}}`)},
	})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Resources": {"R": {"Type": "T", "Condition": "A", "Properties": {"P": {"Fn::If": ["B", 1, 2]}}}, "S": {"Type": "T"}}, "Outputs": {"O": {"Condition": "A", "Value": 1}}}`, encoded(t, merged))
}

// DependsOn takes no function (CloudFormation Template Reference).
func TestADependencyOnAConditionalResourceIsAReference(t *testing.T) {
	t.Parallel()
	full := decoded(t, `{"Resources": {"R": {"Type": "T", "DependsOn": ["X", "Y"], "Metadata": {"M": 1}}, "X": {"Type": "T"}, "Y": {"Type": "T"}, "Z": {"Type": "T", "DependsOn": "Y"}}}`)
	merged, err := Merge(full, []Variant{{"A", decoded(t, `{"Resources": {"R": {"Type": "T", "DependsOn": ["X"], "Metadata": {"M": 1}}, "X": {"Type": "T"}}}`)}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Resources": {
		"R": {"Type": "T", "DependsOn": ["X"], "Metadata": {"M": 1, "DependsOn": [{"Fn::If": ["A", {"Ref": "Y"}, {"Ref": "AWS::NoValue"}]}]}},
		"X": {"Type": "T"}, "Y": {"Type": "T", "Condition": "A"}, "Z": {"Type": "T", "Condition": "A", "DependsOn": "Y"}}}`, encoded(t, merged))
}

func TestTemplatesThatCannotBeMerged(t *testing.T) {
	t.Parallel()
	for says, test := range map[string]struct{ full, withoutA, withoutB string }{
		"Resources: R: Properties: P: more than one condition changes it: A, B": {
			`{"Resources": {"R": {"Properties": {"P": 1}}}}`, `{"Resources": {"R": {"Properties": {"P": 2}}}}`, `{"Resources": {"R": {"Properties": {"P": 3}}}}`},
		"Resources: R: it has more than one condition: A, B": {
			`{"Resources": {"R": {}}}`, `{"Resources": {}}`, `{"Resources": {}}`},
		"Resources: only the variant without A has R": {
			`{"Resources": {}}`, `{"Resources": {"R": {}}}`, `{"Resources": {}}`},
		"only the variant without B has the section Outputs": {
			`{"Resources": {}}`, `{"Resources": {}}`, `{"Resources": {}, "Outputs": {}}`},
		"Resources: R: Properties: P: more than one condition adds it": {
			`{"Resources": {"R": {"Properties": {}}}}`, `{"Resources": {"R": {"Properties": {"P": 2}}}}`, `{"Resources": {"R": {"Properties": {"P": 3}}}}`},
	} {
		_, err := Merge(decoded(t, test.full), []Variant{{"A", decoded(t, test.withoutA)}, {"B", decoded(t, test.withoutB)}})
		assert.EqualError(t, err, says)
	}
}

func TestMarkersBecomeParameters(t *testing.T) {
	t.Parallel()
	markers := []Marker{
		{Value: "the-name", By: map[string]any{"Ref": "Name"}},
		{Value: "77", Whole: true, By: map[string]any{"Ref": "Hours"}},
		{Value: []any{"Started"}, By: map[string]any{"Ref": "States"}},
	}
	replaced, err := Parameters(properties(t, `{"whole": "the-name", "part": "a-the-name-b", "joined": {"Fn::Join": ["", ["a the-name", {"Ref": "R77"}]]},
		"hours": "77", "not hours": "177", "states": ["Started"], "other": ["Started", "the-name"], "number": 7}`), markers)
	require.NoError(t, err)
	assert.JSONEq(t, encoded(t, properties(t, `{"whole": {"Ref": "Name"}, "part": {"Fn::Join": ["", ["a-", {"Ref": "Name"}, "-b"]]},
		"joined": {"Fn::Join": ["", ["a ", {"Ref": "Name"}, {"Ref": "R77"}]]},
		"hours": {"Ref": "Hours"}, "not hours": "177", "states": {"Ref": "States"}, "other": ["Started", {"Ref": "Name"}], "number": 7}`)), encoded(t, replaced))
}

func TestAMarkerThatCannotBeAParameter(t *testing.T) {
	t.Parallel()
	marker := []Marker{{Value: "the-name", By: map[string]any{"Ref": "Name"}}}
	for says, template := range map[string]Template{
		"nothing in the template is the-name":                              properties(t, `{"P": "a name"}`),
		"Resources.R.Properties: the-name: no parameter can be used here":  properties(t, `{"the-name": "the-name"}`),
		"Resources.R.Properties.P: Fn::Sub: no parameter can be used here": properties(t, `{"P": {"Fn::Sub": "the-name"}}`),
		"Outputs: O: no parameter can be used here":                        decoded(t, `{"Outputs": {"O": {"Value": "the-name", "Description": "of the-name"}}}`),
	} {
		_, err := Parameters(template, marker)
		assert.EqualError(t, err, says)
	}
}
