package iam

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var somewhere = Place{Partition: "aws", Region: "eu-west-1", Account: "111122223333"}

// template returns a template with a function whose role has a policy with these
// statements.
func template(statements string) string {
	return `{"Resources": {
		"Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [` + statements + `]}}]}},
		"Function": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f", "Role": {"Fn::GetAtt": ["Role", "Arn"]}}}}}`
}

const (
	onOrders  = `{"Sid": "S", "Effect": "Allow", "Action": ["lambda:Get*", "lambda:UpdateAlias"], "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:orders*"}`
	onTagged  = `{"Sid": "S", "Effect": "Allow", "Action": "lambda:UpdateAlias", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:*", "Condition": {"Null": {"aws:ResourceTag/sluice:alias": "false"}}}`
	onLike    = `{"Sid": "S", "Effect": "Allow", "Action": "lambda:UpdateAlias", "Resource": "*", "Condition": {"StringLike": {"aws:ResourceTag/team": ["a-*", "b"]}}}`
	onEqual   = `{"Sid": "S", "Effect": "Allow", "Action": "lambda:UpdateAlias", "Resource": "*", "Condition": {"StringEquals": {"aws:resourcetag/team": "b"}}}`
	onAll     = `{"Sid": "S", "Effect": "Allow", "Action": "*", "Resource": "*"}`
	notThis   = `{"Sid": "No", "Effect": "Deny", "Action": "lambda:Delete*", "Resource": "*"}`
	onJoined  = `{"Sid": "S", "Effect": "Allow", "Action": "lambda:UpdateAlias", "Resource": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":lambda:", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}, ":function:orders"]]}}`
	onRecords = `{"Sid": "S", "Effect": "Allow", "Action": "route53:ChangeResourceRecordSets", "Resource": "arn:aws:route53:::hostedzone/Z1", "Condition": {"ForAllValues:StringEquals": {
		"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["www.example.com", "_sluice.www.example.com"], "route53:ChangeResourceRecordSetsRecordTypes": ["A", "TXT"]}}}`
	onNamesBelow = `{"Sid": "S", "Effect": "Allow", "Action": "route53:ChangeResourceRecordSets", "Resource": "*", "Condition": {"ForAllValues:StringLike": {"route53:changeresourcerecordsetsnormalizedrecordnames": "*.example.com"}}}`
	orders       = "arn:aws:lambda:eu-west-1:111122223333:function:orders"
	elsewhere    = "arn:aws:lambda:eu-west-1:999999999999:function:orders"
)

func TestRoleDecides(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy, action, resource string
		tags                           map[string]string
		want                           Decision
	}{
		{"nothing said", "", "lambda:GetAlias", orders, nil, Decision{}},
		{"an action by its name", onOrders, "lambda:UpdateAlias", orders, nil, Decision{true, "S"}},
		{"an action by a pattern", onOrders, "lambda:GetAlias", orders, nil, Decision{true, "S"}},
		{"an action in another case", onOrders, "Lambda:getalias", orders, nil, Decision{true, "S"}},
		{"another action", onOrders, "lambda:DeleteAlias", orders, nil, Decision{}},
		{"a qualified resource by a pattern", onOrders, "lambda:GetAlias", orders + ":live", nil, Decision{true, "S"}},
		{"another resource", onOrders, "lambda:GetAlias", strings.Replace(orders, "orders", "payments", 1), nil, Decision{}},
		{"a resource in another case", onOrders, "lambda:GetAlias", strings.Replace(orders, "orders", "Orders", 1), nil, Decision{}},
		{"another account", onOrders, "lambda:GetAlias", elsewhere, nil, Decision{}},
		{"every resource, asked of a policy on one", onOrders, "lambda:GetAlias", "*", nil, Decision{}},
		{"every resource", onAll, "cloudwatch:DescribeAlarms", "*", nil, Decision{true, "S"}},
		{"a tag that is there", onTagged, "lambda:UpdateAlias", orders, map[string]string{"sluice:alias": "live"}, Decision{true, "S"}},
		{"a tag without a value", onTagged, "lambda:UpdateAlias", orders, map[string]string{"sluice:alias": ""}, Decision{}},
		{"a tag that is not there", onTagged, "lambda:UpdateAlias", orders, map[string]string{"sluice:hook": "x"}, Decision{}},
		{"no tags", onTagged, "lambda:UpdateAlias", orders, nil, Decision{}},
		{"a tag's value by a pattern", onLike, "lambda:UpdateAlias", orders, map[string]string{"team": "a-1"}, Decision{true, "S"}},
		{"a tag's other value", onLike, "lambda:UpdateAlias", orders, map[string]string{"team": "c"}, Decision{}},
		{"a tag's value", onEqual, "lambda:UpdateAlias", orders, map[string]string{"team": "b"}, Decision{true, "S"}},
		{"a tag's value in another case", onEqual, "lambda:UpdateAlias", orders, map[string]string{"team": "B"}, Decision{}},
		{"an explicit no", onAll + "," + notThis, "lambda:DeleteAlias", orders, nil, Decision{false, "No"}},
		{"an explicit no to something else", onAll + "," + notThis, "lambda:GetAlias", orders, nil, Decision{true, "S"}},
		{"an ARN that is joined", onJoined, "lambda:UpdateAlias", orders, nil, Decision{true, "S"}},
		{"a version, where only the function is named", onJoined, "lambda:UpdateAlias", orders + ":1", nil, Decision{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := Parse([]byte(template(test.policy)), somewhere)
			require.NoError(t, err)
			got := parsed.Functions["f"].Decide(Request{Action: test.action, Resource: test.resource, Tags: test.tags})
			assert.Equal(t, test.want, got)
		})
	}
}

// An operator for all values compares each of them, and holds for none.
func TestAConditionHoldsForAllValuesOfAKey(t *testing.T) {
	t.Parallel()
	const prefix, zone = "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1"
	for _, test := range []struct {
		name, policy, resource string
		names, types           []string
		want                   bool
	}{
		{"all values", onRecords, zone, []string{"www.example.com", "_sluice.www.example.com"}, []string{"TXT", "A"}, true},
		{"one of the values", onRecords, zone, []string{"www.example.com"}, []string{"A"}, true},
		{"a value too many", onRecords, zone, []string{"www.example.com", "example.com"}, []string{"A"}, false},
		{"a value too many of the other key", onRecords, zone, []string{"www.example.com"}, []string{"A", "MX"}, false},
		{"a value in another case", onRecords, zone, []string{"www.Example.com"}, []string{"A"}, false},
		{"another resource", onRecords, "arn:aws:route53:::hostedzone/Z2", []string{"www.example.com"}, []string{"A"}, false},
		{"no values", onRecords, zone, nil, nil, true},
		{"values by a pattern, by a key in another case", onNamesBelow, zone, []string{"a.example.com", "b.example.com"}, nil, true},
		{"a value beside the pattern", onNamesBelow, zone, []string{"a.example.com", "example.com"}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := Parse([]byte(template(test.policy)), somewhere)
			require.NoError(t, err)
			got := parsed.Functions["f"].Decide(Request{Action: prefix, Resource: test.resource, Keys: map[string][]string{
				prefix + "NormalizedRecordNames": test.names, prefix + "RecordTypes": test.types,
			}})
			assert.Equal(t, test.want, got.Allowed)
		})
	}
}

func TestAWildcardMatchesWithinOnePartOfAnARN(t *testing.T) {
	t.Parallel()
	for pattern, text := range map[string]string{
		"a*c": "abbc", "*": "", "a?c": "abc", "**a": "xa", "a*b*c": "a1b2b3c", "*:live": "orders:live", "orders-*": "orders-",
	} {
		assert.True(t, glob(pattern, text), "%s %s", pattern, text)
	}
	for pattern, text := range map[string]string{"a*c": "abb", "a?c": "ac", "": "a", "a": "", "?": "", "a*b": "ab1"} {
		assert.False(t, glob(pattern, text), "%s %s", pattern, text)
	}
	assert.False(t, matchesResource("arn:aws:lambda:*:function:orders", orders))
	assert.False(t, matchesResource("arn:aws:lambda", orders))
}

// An unsupported element must never allow anything.
func TestUnsupportedPoliciesAreRefused(t *testing.T) {
	t.Parallel()
	for statement, complaint := range map[string]string{
		`{"Effect": "Allow", "NotAction": "lambda:*", "Resource": "*"}`:                                                                                                "NotAction",
		`{"Effect": "Allow", "Action": "lambda:*", "NotResource": "*"}`:                                                                                                "NotResource",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Principal": "*"}`:                                                                                 "Principal",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`:                                       "IpAddress",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}`:                                    "PrincipalTag",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"aws:ResourceTag/a": "b"}}}`:                                "IfExists",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"aws:ResourceTag/team": "a"}}}`:                        "ForAllValues",
		`{"Effect": "Allow", "Action": "route53:*", "Resource": "*", "Condition": {"StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": "A"}}}`:             "RecordTypes",
		`{"Effect": "Allow", "Action": "route53:*", "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": "A"}}}`: "ForAnyValue",
		`{"Effect": "Allow", "Action": "route53:*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"route53:VPCs": "A"}}}`:                               "VPCs",
		`{"Effect": "Maybe", "Action": "lambda:*", "Resource": "*"}`:                                                                                                   "no effect",
		`{"Effect": "Allow", "Resource": "*"}`:                                                                                             "no action",
		`{"Effect": "Allow", "Action": "lambda:*"}`:                                                                                        "no resource",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": {"Fn::GetAtt": ["Table", "Arn"]}}`:                                          "Fn::GetAtt",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": {"Ref": "Topic"}}`:                                                          "Ref",
		`{"Effect": "Allow", "Action": "lambda:*", "Resource": {"Fn::Join": ["", ["arn:", {"Fn::Sub": "${AWS::Partition}"}, ":lambda"]]}}`: "Fn::Sub",
	} {
		_, err := Parse([]byte(template(statement)), somewhere)
		require.Error(t, err, statement)
		assert.Contains(t, err.Error(), complaint, statement)
		assert.Contains(t, err.Error(), "the role Role", statement)
	}
	for text, complaint := range map[string]string{
		`{"Resources": {"P": {"Type": "AWS::IAM::Policy"}}}`:                                                                                 "outside of its role",
		`{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["a"]}}}}`:                                       "managed policies",
		`{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f", "Role": "arn:aws:iam::1:role/x"}}}}`:      "not defined in the template",
		`{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f", "Role": {"Fn::GetAtt": ["R", "Arn"]}}}}}`: "no role R",
		`{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}}}}`:                      "no explicit name",
		`[]`: "read the template",
	} {
		_, err := Parse([]byte(text), somewhere)
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), complaint, text)
	}
}

// stack returns the synthesized template from package infra's testdata.
func stack(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../infra/testdata/sluice.template.json")
	require.NoError(t, err)
	return text
}

func TestEveryFunctionOfTheStackHasItsOwnRole(t *testing.T) {
	t.Parallel()
	parsed, err := Parse(stack(t), somewhere)
	require.NoError(t, err)
	require.NotEmpty(t, parsed.Functions)
	owner := map[string]string{}
	for name, role := range parsed.Functions {
		assert.Empty(t, owner[role.ID], "%s and %s share a role", name, owner[role.ID])
		owner[role.ID] = name
	}
	assert.Len(t, parsed.StateMachines, 1)
}
