package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
)

func TestEveryFunctionLearnsTheFrontEnds(t *testing.T) {
	functions := resources(synthesized(t, frontEndSettings), "AWS::Lambda::Function")
	require.Len(t, functions, len(functionNames(settings{})))
	for id, f := range functions {
		variables := f["Environment"].(map[string]any)["Variables"].(map[string]any)
		store, records, distributions := variables[flow.CloudFrontStoreVariable].(string), variables[flow.Route53Variable].(string), variables[flow.DistributionsVariable].(string)
		assert.Equal(t, frontEndSettings["cloudfrontStore"], store, id)
		assert.Equal(t, frontEndSettings["route53"], records, id)
		assert.Equal(t, frontEndSettings["distributions"], distributions, id)
		_, err := request.ParseFrontEnds(store, records, distributions)
		require.NoError(t, err, "what boot does with them")
	}
}

// Each kind of front end alone adds its own variable, and statements of its own services.
func TestAFrontEndThatIsOffAddsNothing(t *testing.T) {
	service := map[string]string{"cloudfrontStore": "cloudfront-keyvaluestore:", "route53": "route53:", "distributions": "cloudfront:"}
	for setting, prefix := range service {
		template := synthesized(t, map[string]any{setting: frontEndSettings[setting]})
		for id, role := range resources(template, "AWS::IAM::Role") {
			for _, s := range statementsOf(t, role) {
				for _, action := range s.Actions {
					for _, other := range append(mapped(service), "s3:") {
						assert.False(t, other != prefix && strings.HasPrefix(action, other), "%s: %s with only %s", id, action, setting)
					}
				}
			}
		}
		for id, f := range resources(template, "AWS::Lambda::Function") {
			for _, k := range flow.Kinds[1:] {
				variables := f["Environment"].(map[string]any)["Variables"].(map[string]any)
				assert.Equal(t, k.Setting == setting, variables[k.Variable] != nil, "%s: %s with only %s", id, k.Variable, setting)
			}
		}
	}
}

func mapped(m map[string]string) []string {
	var all []string
	for _, value := range m {
		all = append(all, value)
	}
	return all
}

func TestOnlyThoseFunctionsWriteFrontEndsThatWriteAliases(t *testing.T) {
	writers := map[string][]string{}
	for id, role := range resources(synthesized(t, frontEndSettings), "AWS::IAM::Role") {
		for _, s := range statementsOf(t, role) {
			for _, action := range s.Actions {
				writers[action] = append(writers[action], strings.TrimSuffix(id[:len(id)-logicalHash], "role"))
			}
		}
	}
	require.NotEmpty(t, writers["lambda:UpdateAlias"])
	for _, action := range []string{
		"cloudfront-keyvaluestore:PutKey", "cloudfront-keyvaluestore:DeleteKey", "route53:ChangeResourceRecordSets", "cloudfront:UpdateDistribution",
	} {
		assert.Subset(t, writers["lambda:UpdateAlias"], writers[action], action)
		assert.Subset(t, writers[action], writers["lambda:UpdateAlias"], action)
	}
}

func TestTheStackCreatesTheStoreAndItsFunction(t *testing.T) {
	template := synthesized(t, map[string]any{"cloudfrontStore": "create"})
	storeID, functionID := onlyID(t, template, "AWS::CloudFront::KeyValueStore"), onlyID(t, template, "AWS::CloudFront::Function")
	arn := map[string]any{"Fn::GetAtt": []any{storeID, "Arn"}}
	for id, f := range resources(template, "AWS::Lambda::Function") {
		assert.Equal(t, arn, f["Environment"].(map[string]any)["Variables"].(map[string]any)[flow.CloudFrontStoreVariable], id)
	}
	text, err := json.Marshal(resources(template, "AWS::IAM::Role"))
	require.NoError(t, err)
	reference, err := json.Marshal(arn)
	require.NoError(t, err)
	assert.Equal(t, len(functionNames(settings{}))-4, strings.Count(string(text), `"Resource":`+string(reference)), "one statement of each function but run-hooks, macro, stack-shift and panel, on this store alone")
	for name, properties := range map[string]map[string]any{
		"CloudFrontStoreArn": arn, "CloudFrontFunctionArn": {"Fn::GetAtt": []any{functionID, "FunctionARN"}},
	} {
		assert.Equal(t, properties, template["Outputs"].(map[string]any)[name].(map[string]any)["Value"], name)
	}
	for _, kind := range []string{"AWS::CloudFront::KeyValueStore", "AWS::CloudFront::Function"} {
		assert.Equal(t, "sluice-eu-west-1", filled(t, only(t, template, kind)["Name"]), "the names are those of the account, in all regions")
	}
}

// A stack that the settings allow has policies and variables within AWS's limits. Each case is at
// the limit of what the settings allow.
func TestAsManyFrontEndsAreAllowedAsFit(t *testing.T) {
	const maxPolicies, maxEnvironment = 10_240, 4096 // IAM quotas; Lambda quotas
	largest := map[string]int{}
	for name, item := range map[string]func(n int) (setting, text string){
		"long records": func(n int) (string, string) {
			return "route53", fmt.Sprintf("Z%031d/*.%s%02d.example.com", 1, strings.Repeat("n", 60), n)
		},
		"zones":       func(n int) (string, string) { return "route53", fmt.Sprintf("Z%d/a", n) },
		"pairs, long": func(n int) (string, string) { return "distributions", fmt.Sprintf("a.b.c%d/E%030dS/E%030dO", n, n, n) },
	} {
		var items []string
		setting := ""
		for {
			kind, text := item(len(items))
			setting = kind
			if _, err := read(map[string]any{kind: strings.Join(append(items, text), " "), "cloudfrontStore": frontEndSettings["cloudfrontStore"]}); err != nil {
				require.ErrorContains(t, err, "there are too many names in route53 and distributions together", name)
				break
			}
			items = append(items, text)
			require.Less(t, len(items), 1000, name)
		}
		assert.Greater(t, len(items), 10, name)
		template := synthesized(t, map[string]any{
			setting: strings.Join(items, " "), "cloudfrontStore": frontEndSettings["cloudfrontStore"], "namePrefix": strings.Repeat("p", maxPrefix),
			"functions": strings.Repeat("f", 60) + "-*", "configParameters": "/" + strings.Repeat("c", 60) + "/",
		})
		for id, role := range resources(template, "AWS::IAM::Role") {
			text, err := json.Marshal(filled(t, role["Policies"]))
			require.NoError(t, err)
			largest["policies"] = max(largest["policies"], len(text))
			assert.Less(t, len(text), maxPolicies, "%s: %s", name, id)
		}
		for id, f := range resources(template, "AWS::Lambda::Function") {
			size := 0
			for variable, value := range f["Environment"].(map[string]any)["Variables"].(map[string]any) {
				size += len(variable) + len(fmt.Sprint(filled(t, value)))
			}
			largest["variables"] = max(largest["variables"], size)
			assert.Less(t, size, maxEnvironment, "%s: %s", name, id)
		}
	}
	t.Log(largest)
	assert.Greater(t, largest["policies"], maxPolicies*7/10, "no room is given away")
	assert.Greater(t, largest["variables"], maxEnvironment*7/10, "no room is given away")
}
