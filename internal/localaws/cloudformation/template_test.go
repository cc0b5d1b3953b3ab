package cloudformation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/account"
)

// here returns the environment of a template whose resources all exist: Ref of one gives
// ref-<id>, and an attribute <id>.<name>.
func here(t *template, parameters map[string]string) *environment {
	s := New(account.Account{Region: "eu-west-1", ID: "111122223333"}, Config{}, nil)
	e := s.environment(&stack{name: "app", id: "arn:stack"}, t, parameters, nil)
	e.ref = func(logical string) (any, error) {
		if _, exists := t.resources[logical]; !exists {
			return nil, undefinedReference("Ref", logical)
		}
		return "ref-" + logical, nil
	}
	e.attribute = func(logical, name string) (any, error) { return logical + "." + name, nil }
	return e
}

// resolve resolves a value in a template that has a few of everything.
func resolve(value string) (string, error) {
	t, err := parseTemplate(`{
		"Parameters": {"Stage": {"Type": "String"}, "List": {"Type": "CommaDelimitedList"}, "Count": {"Type": "Number", "Default": 3}},
		"Mappings": {"M": {"eu-west-1": {"Size": "big"}}},
		"Conditions": {
			"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
			"IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
			"Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
			"Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]}
		},
		"Resources": {"A": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::SNS::Topic", "Properties": {"V": ` + value + `}}}
	}`)
	if err != nil {
		return "", err
	}
	parameters, err := t.resolveParameters(map[string]string{"Stage": "prod", "List": "x, y"})
	if err != nil {
		return "", err
	}
	e := here(t, parameters)
	if err := e.check(); err != nil {
		return "", err
	}
	resolved, err := e.evaluate(t.resources["B"].properties)
	if err != nil {
		return "", err
	}
	return encode(resolved), nil
}

func TestIntrinsicFunctions(t *testing.T) {
	for value, want := range map[string]string{
		`{"Ref":"A"}`:                                          `"ref-A"`,
		`{"Ref":"Stage"}`:                                      `"prod"`,
		`{"Ref":"Count"}`:                                      `"3"`,
		`{"Ref":"List"}`:                                       `["x","y"]`,
		`{"Ref":"AWS::Region"}`:                                `"eu-west-1"`,
		`{"Ref":"AWS::AccountId"}`:                             `"111122223333"`,
		`{"Ref":"AWS::StackName"}`:                             `"app"`,
		`{"Fn::GetAtt":["A","Arn"]}`:                           `"A.Arn"`,
		`{"Fn::GetAtt":"A.Sub.Arn"}`:                           `"A.Sub.Arn"`,
		`{"Fn::Sub":"${A}-${A.Arn}-${Stage}-${!A}"}`:           `"ref-A-A.Arn-prod-${A}"`,
		`{"Fn::Sub":["${X} ${Stage}",{"X":{"Ref":"A"}}]}`:      `"ref-A prod"`,
		`{"Fn::Sub":"no $variable"}`:                           `"no $variable"`,
		`{"Fn::If":["IsProd","yes","no"]}`:                     `"yes"`,
		`{"Fn::If":["IsDev","yes",{"Ref":"A"}]}`:               `"ref-A"`,
		`{"Fn::If":["Both","yes","no"]}`:                       `"no"`,
		`{"Fn::If":["Either","yes","no"]}`:                     `"yes"`,
		`{"a":{"Ref":"AWS::NoValue"},"b":1}`:                   `{"b":1}`,
		`[{"Fn::If":["IsDev","x",{"Ref":"AWS::NoValue"}]},2]`:  `[2]`,
		`{"Fn::Join":["-",["a",{"Ref":"Stage"}]]}`:             `"a-prod"`,
		`{"Fn::Join":[",",{"Ref":"List"}]}`:                    `"x,y"`,
		`{"Fn::Select":["1",{"Fn::Split":[".","a.b"]}]}`:       `"b"`,
		`{"Fn::FindInMap":["M",{"Ref":"AWS::Region"},"Size"]}`: `"big"`,
		`{"Fn::Base64":"a"}`:                                   `"YQ=="`,
		`{"Ref":"A","Other":1}`:                                `{"Other":1,"Ref":"A"}`,
	} {
		got, err := resolve(value)
		if assert.NoError(t, err, value) {
			assert.Equal(t, `{"V":`+want+`}`, got, value)
		}
	}
}

func TestIntrinsicFunctionsThatAreRefused(t *testing.T) {
	for value, want := range map[string]string{
		`{"Ref":"Nobody"}`:                         "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template",
		`{"Fn::GetAtt":["Nobody","Arn"]}`:          "Unresolved resource dependencies [Nobody]",
		`{"Fn::Sub":"${Nobody.Arn}"}`:              "Unresolved resource dependencies [Nobody]",
		`{"Fn::If":["IsProd",1,{"Ref":"Nobody"}]}`: "Unresolved resource dependencies [Nobody]",
		`{"Fn::If":["Nobody",1,2]}`:                "unresolved condition dependency Nobody",
		`{"Fn::GetAtt":["A"]}`:                     "every Fn::GetAtt object requires two non-empty parameters",
		`{"Fn::Join":["-","a"]}`:                   "every Fn::Join object requires two parameters",
		`{"Fn::Join":["-",[["a"]]]}`:               "Fn::Join must resolve to a string",
		`{"Fn::Equals":["a","a"]}`:                 "only allowed in the Conditions section",
		`{"Fn::ImportValue":"x"}`:                  "not implemented",
		`{"Fn::Select":["9",["a"]]}`:               "cannot select nonexistent value at index 9",
		`{"Fn::FindInMap":["M","x","Size"]}`:       "Unable to get mapping",
		`{"Ref":"B"}`:                              "Circular dependency between resources: [B]",
		`null`:                                     "[/Resources/B/Properties/V] 'null' values are not allowed in templates",
	} {
		_, err := resolve(value)
		require.ErrorContains(t, err, want, value)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		``:                                   "Member must have length between 1 and 51200",
		strings.Repeat(" ", maxTemplate+1):   "Member must have length between 1 and 51200",
		`Resources: {}`:                      "a template in YAML",
		`{`:                                  "JSON not well-formed",
		`{} {}`:                              "JSON not well-formed",
		`{}`:                                 "At least one Resources member must be defined.",
		`{"Resources":[]}`:                   "Resources must be a map",
		manyResources(501):                   "Number of resources, 501, is greater than maximum allowed, 500",
		`{"Other":{}}`:                       "Invalid template property or properties [Other]",
		`{"Resources":{"A":{}}}`:             "Every Resources object must contain a Type member",
		`{"Resources":{"a-b":{"Type":"X"}}}`: "Resource name a-b is non alphanumeric",
		`{"Resources":{"A":{"Type":"X","Name":1}}}`:                                                                               "Invalid template resource property 'Name'",
		`{"Resources":{"A":{"Type":"X","DependsOn":1}}}`:                                                                          "DependsOn must be a string or list of strings",
		`{"Resources":{"A":{"Type":"X","DeletionPolicy":"Keep"}}}`:                                                                "Unrecognized DeletionPolicy Keep",
		`{"Resources":{"A":{"Type":"X","UpdateReplacePolicy":"RetainExceptOnCreate"}}}`:                                           "Unrecognized UpdateReplacePolicy",
		`{"Resources":{"A":{"Type":"X","DependsOn":"B"}}}`:                                                                        "Unresolved resource dependencies [B]",
		`{"Resources":{"A":{"Type":"X","DependsOn":"B"},"B":{"Type":"X","Properties":{"A":{"Fn::Sub":"${A}"}}}}}`:                 "Circular dependency between resources: [A, B]",
		`{"Conditions":{"C":{"Condition":"D"},"D":{"Condition":"C"}},"Resources":{"A":{"Type":"X"}}}`:                             "Circular dependency between conditions",
		`{"Resources":{"A":{"Type":"X","Condition":"C"}}}`:                                                                        "Unresolved condition dependency C",
		`{"Resources":{"A":{"Type":"X"}},"Outputs":{"O":{"Value":{"Ref":"B"}}}}`:                                                  "Unresolved resource dependencies [B] in the Outputs block",
		`{"Parameters":{"P":{}},"Resources":{"A":{"Type":"X"}}}`:                                                                  "Every Parameters object must contain a Type member",
		`{"Parameters":{"P":{"Type":"String"}},"Resources":{"A":{"Type":"X"}}}`:                                                   "Parameters: [P] must have values",
		`{"Parameters":{"P":{"Type":"String","Default":"x","AllowedValues":["y"]}},"Resources":{"A":{"Type":"X"}}}`:               "must be one of AllowedValues",
		`{"Parameters":{"P":{"Type":"CommaDelimitedList","Default":"y,x","AllowedValues":["y"]}},"Resources":{"A":{"Type":"X"}}}`: "must be one of AllowedValues",
	} {
		parsed, err := parseTemplate(body)
		if err == nil {
			var parameters map[string]string
			if parameters, err = parsed.resolveParameters(nil); err == nil {
				err = here(parsed, parameters).check()
			}
		}
		require.ErrorContains(t, err, want, "%.200s", body)
	}
}

func TestAResourceMayReferToOneWhoseConditionDoesNotHoldOnlyInTheOtherBranch(t *testing.T) {
	template := func(value string) string {
		return `{"Conditions":{"No":{"Fn::Equals":["a","b"]}},"Resources":{
			"Gone":{"Type":"X","Condition":"No"},
			"A":{"Type":"X","DependsOn":"Gone","Properties":{"V":` + value + `}}}}`
	}
	check := func(value string) error {
		parsed, err := parseTemplate(template(value))
		require.NoError(t, err)
		return here(parsed, nil).check()
	}
	require.NoError(t, check(`{"Fn::If":["No",{"Ref":"Gone"},"x"]}`))
	require.ErrorContains(t, check(`{"Ref":"Gone"}`), "Unresolved resource dependencies [Gone]")
}

func TestDependenciesFollowTheBranchThatIsTaken(t *testing.T) {
	parsed, err := parseTemplate(`{"Conditions":{"Yes":{"Fn::Equals":["a","a"]}},"Resources":{"A":{"Type":"X"},"B":{"Type":"X"},"C":{"Type":"X"},
		"D":{"Type":"X","DependsOn":["C"],"Properties":{"V":{"Fn::If":["Yes",{"Ref":"A"},{"Ref":"B"}]}}}}}`)
	require.NoError(t, err)
	e := here(parsed, nil)
	require.NoError(t, e.check())
	active, err := e.active()
	require.NoError(t, err)
	assert.Equal(t, []string{"A", "C"}, e.dependencies("D", active))
}

// FuzzTemplate holds that a template is refused or resolved, without a panic, and that what is
// resolved has no intrinsic function left.
func FuzzTemplate(f *testing.F) {
	for _, value := range []string{
		`{"Ref":"A"}`, `{"Fn::Sub":["${X}${A.B}",{"X":[]}]}`, `{"Fn::GetAtt":["A",{"Ref":"Stage"}]}`, `{"Fn::Select":[0,{"Ref":"List"}]}`,
		`{"Fn::If":["IsProd",{"Ref":"AWS::NoValue"},[]]}`, `{"Fn::Join":["",[{"Ref":"AWS::NoValue"}]]}`, `{"Fn::Join":[1]}`, `[[{"Ref":1}]]`, `{"Fn::Sub":"${"}`,
		`{"Fn::FindInMap":["M",["x"],{}]}`, `{"Fn::Split":["",""]}`, `{"Fn::GetAtt":["",""]}`,
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !json.Valid([]byte(value)) {
			t.Skip()
		}
		got, err := resolve(value)
		if err != nil {
			return
		}
		again, err := resolve(value)
		if err != nil || again != got {
			t.Fatalf("resolved to %s, and then to %s: %v", got, again, err)
		}
		if strings.Contains(got, "noValue") {
			t.Fatal(got)
		}
	})
}

func TestPropertiesAreAMap(t *testing.T) {
	parsed, err := parseTemplate(`{"Resources":{"A":{"Type":"X","Properties":{"Ref":"AWS::Region"}}}}`)
	require.NoError(t, err)
	_, err = here(parsed, nil).resolve(parsed.resources["A"])
	require.ErrorContains(t, err, "Properties must be a map")
}

// manyResources returns a template with a number of resources.
func manyResources(number int) string {
	list := make([]string, number)
	for i := range list {
		list[i] = fmt.Sprintf(`"R%d":{"Type":"AWS::SNS::Topic"}`, i)
	}
	return `{"Resources":{` + strings.Join(list, ",") + `}}`
}

func TestATemplateHasUpTo500Resources(t *testing.T) {
	_, err := parseTemplate(manyResources(500))
	require.NoError(t, err)
}
