package iam

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// simulatedRequest is a role's Request in the input of testdata/simulate.mjs.
type simulatedRequest struct {
	Role     string              `json:"role"`
	Action   string              `json:"action"`
	Resource string              `json:"resource"`
	Tags     map[string]string   `json:"tags,omitempty"`
	Keys     map[string][]string `json:"keys,omitempty"`
}

// simulatedDecision is a decision in the output of testdata/simulate.mjs.
type simulatedDecision struct {
	Allowed bool     `json:"allowed"`
	Ignored []string `json:"ignored"`
	Error   string   `json:"error"`
}

// The test asks for every action that any of the stack's roles allows, on resources of
// every kind. An independent evaluator must decide likewise. That evaluator knows which
// actions support which condition keys, and ignores a tag where AWS does.
func TestForeignEvaluatorDecidesLikewise(t *testing.T) {
	folder := foreignEvaluator(t)
	decideLikewise(t, folder, stack(t), everyRequest)
}

func TestForeignEvaluatorDecidesLikewiseAboutFrontEnds(t *testing.T) {
	folder := foreignEvaluator(t)
	decideLikewise(t, folder, frontEndStack(t), everyFrontEndRequest)
}

// foreignEvaluator returns the folder of the other evaluator.
func foreignEvaluator(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("IAM_SIMULATE")
	if folder == "" {
		t.Skip("NOT CHECKED with another evaluator: IAM_SIMULATE must be a folder in which npm has installed @cloud-copilot/iam-simulate; .ci/run does so")
	}
	return folder
}

func decideLikewise(t *testing.T, folder string, template []byte, requestsFor func(*testing.T, Template) []simulatedRequest) {
	t.Helper()
	parsed, err := Parse(template, somewhere)
	require.NoError(t, err)
	requests := requestsFor(t, parsed)
	decisions := simulate(t, folder, template, requests)
	require.Len(t, decisions, len(requests))
	allowed := 0
	for i, r := range requests {
		ours := parsed.Roles[r.Role].Decide(Request{Action: r.Action, Resource: r.Resource, Tags: r.Tags, Keys: r.Keys})
		theirs := decisions[i]
		if theirs.Error != "" {
			// The other evaluator did not decide. Either the action does not apply to
			// this kind of resource, although a policy may allow it there. Or it
			// applies to two kinds that look alike: an alias and a version.
			undecided := theirs.Error != "must.use.wildcard" || checkedOnStateMachine[r.Action] || isForAll(parsed.Roles[r.Role], ours.Statement)
			assert.False(t, ours.Allowed && !undecided, "%+v: %s", r, theirs.Error)
			continue
		}
		assert.Equal(t, theirs.Allowed, ours.Allowed, "%+v: %+v", r, ours)
		if ours.Allowed {
			allowed++
			isHeeded := len(theirs.Ignored) == 0 || !strings.HasPrefix(r.Action, "lambda:") && r.Keys == nil
			assert.True(t, isHeeded, "%+v: %s is not heeded", r, theirs.Ignored)
		}
	}
	t.Logf("%d decisions alike, %d of them allow", len(requests), allowed)
	assert.NotZero(t, allowed)
}

// everyFrontEndRequest asks each role for each call on front ends, on what the settings name and
// on what is beside it.
func everyFrontEndRequest(_ *testing.T, parsed Template) []simulatedRequest {
	changes := func(types []string, names ...string) map[string][]string {
		return map[string][]string{changeNames: names, changeTypes: types}
	}
	batches := []map[string][]string{
		changes([]string{"A", "TXT"}, "api.example.com", "_sluice.api.example.com"), changes([]string{"CNAME"}, `\052.example.com`), changes([]string{"A"}, "shop.example.net"),
		changes([]string{"A"}, "api.example.com", "example.com"), changes([]string{"A", "MX"}, "api.example.com"), changes([]string{"A"}, "*.example.com"),
	}
	type calls struct{ actions, resources []string }
	services := map[string]calls{
		"cloudfront-keyvaluestore": {[]string{"DescribeKeyValueStore", "GetKey", "PutKey", "DeleteKey", "ListKeys", "UpdateKeys"}, []string{store, store + "2"}},
		"s3":                       {[]string{"GetObject", "PutObject"}, []string{release, "arn:aws:s3:::site-prod/secret", "arn:aws:s3:::site-prod-2/releases/r42/index.html"}},
		"route53":                  {[]string{"ListResourceRecordSets", "GetHostedZone", "DeleteHostedZone", "GetChange"}, []string{zone, secondZone, zone + "D", "arn:aws:route53:::change/C1"}},
		"cloudfront":               {[]string{"GetDistribution", "GetDistributionConfig", "UpdateDistribution", "DeleteDistribution"}, []string{onSwitch, otherOne, onSwitch + "2"}},
	}
	var all []simulatedRequest
	for _, role := range slices.Sorted(maps.Keys(parsed.Roles)) {
		for service, asked := range services {
			for _, action := range asked.actions {
				for _, on := range asked.resources {
					all = append(all, simulatedRequest{Role: role, Action: service + ":" + action, Resource: on})
				}
			}
		}
		for _, on := range []string{zone, secondZone, zone + "D"} {
			for _, keys := range batches {
				all = append(all, simulatedRequest{Role: role, Action: "route53:ChangeResourceRecordSets", Resource: on, Keys: keys})
			}
		}
	}
	return all
}

// checkedOnStateMachine holds actions that have no resource in the Service
// Authorization Reference but that AWS still checks against the state machine: its
// access errors name the state machine, and a policy on it was seen to work (aws-cdk
// pull request 8486, NOAA-OWP/hydrovis issue 837). The CDK grants both on the state
// machine alone (StateMachine.grantTaskResponse).
var checkedOnStateMachine = map[string]bool{"states:SendTaskSuccess": true, "states:SendTaskFailure": true}

// isForAll reports whether a statement applies to all resources.
func isForAll(r Role, sid string) bool {
	i := slices.IndexFunc(r.Statements, func(s Statement) bool { return s.Sid == sid })
	return i >= 0 && slices.Contains(r.Statements[i].Resources, "*")
}

func everyRequest(t *testing.T, parsed Template) []simulatedRequest {
	t.Helper()
	actions := map[string]bool{}
	for _, role := range parsed.Roles {
		for _, s := range role.Statements {
			for _, a := range s.Actions {
				actions[a] = true
			}
		}
	}
	resources := map[string][]string{
		"lambda":     {orders, orders + ":live", orders + ":7", strings.Replace(orders, "orders", "sluice-rollback", 1), elsewhere},
		"dynamodb":   {arn("dynamodb", "table/sluice"), arn("dynamodb", "table/other")},
		"states":     {arn("states", "stateMachine:sluice"), arn("states", "stateMachine:other"), arn("states", "execution:sluice:a"), arn("states", "execution:other:a")},
		"events":     {arn("events", "event-bus/default"), arn("events", "event-bus/other")},
		"sqs":        {arn("sqs", "sluice-dead-letters"), arn("sqs", "other")},
		"sns":        {arn("sns", "sluice"), arn("sns", "other")},
		"ssm":        {arn("ssm", "parameter/sluice/orders"), arn("ssm", "parameter/other")},
		"logs":       {arn("logs", "log-group:/aws/lambda/sluice-rollback:log-stream:a"), arn("logs", "log-group:/aws/lambda/orders:log-stream:a")},
		"cloudwatch": {"*", arn("cloudwatch", "alarm:a")},
		"xray":       {"*"},

		"cloudformation": {arn("cloudformation", "stack/shop/1"), arn("cloudformation", "changeSet/shop/1")},
		"codedeploy":     {arn("codedeploy", "deploymentconfig:Ours"), arn("codedeploy", "application:shop")},
	}
	var all []simulatedRequest
	for _, role := range slices.Sorted(maps.Keys(parsed.Roles)) {
		for _, action := range slices.Sorted(maps.Keys(actions)) {
			service := strings.Split(action, ":")[0]
			require.NotEmpty(t, resources[service], "nothing is asked about %s", action)
			for _, resource := range resources[service] {
				for _, tags := range []map[string]string{{}, {"sluice:alias": "live"}, {"sluice:hook": "x"}} {
					all = append(all, simulatedRequest{Role: role, Action: action, Resource: resource, Tags: tags})
				}
			}
		}
	}
	return all
}

func arn(service, resource string) string {
	return strings.Join([]string{"arn", somewhere.Partition, service, somewhere.Region, somewhere.Account, resource}, ":")
}

func simulate(t *testing.T, folder string, text []byte, requests []simulatedRequest) []simulatedDecision {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				Policies []struct{ PolicyDocument any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &template))
	policies := map[string]any{}
	for id, r := range template.Resources {
		if r.Type == "AWS::IAM::Role" {
			require.Len(t, r.Properties.Policies, 1)
			filled, err := somewhere.resolve(r.Properties.Policies[0].PolicyDocument)
			require.NoError(t, err)
			policies[id] = filled
		}
	}
	input, err := json.Marshal(map[string]any{"account": somewhere.Account, "policies": policies, "requests": requests})
	require.NoError(t, err)
	command := exec.Command("node", "testdata/simulate.mjs", folder)
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	var decisions []simulatedDecision
	require.NoError(t, json.Unmarshal(output, &decisions))
	return decisions
}
