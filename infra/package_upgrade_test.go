package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// packageStack is a stack of the package's functions in a local account.
type packageStack struct {
	*localaws.Cloud
	t      *testing.T
	now    time.Time
	client *cloudformation.Client
}

func newPackageStack(t *testing.T) *packageStack {
	t.Helper()
	s := &packageStack{t: t, now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
	s.Cloud = localaws.New(localaws.Config{Now: func() time.Time { return s.now }, ControlPlaneRate: -1, FunctionReadRate: -1})
	s.client = cloudformation.NewFromConfig(localaws.ClientConfig("person", s.Cloud))
	return s
}

// shortened returns a template of the functions that tasks invoke, and what they refer to. The
// whole one is too large to be sent without a bucket. The zips have the name of a release.
func shortened(t *testing.T, template map[string]any, release string) *string {
	t.Helper()
	text, err := json.Marshal(template)
	require.NoError(t, err)
	template = nil
	require.NoError(t, json.Unmarshal(text, &template)) // a copy
	kept := map[string]any{}
	for id, entry := range template["Resources"].(map[string]any) {
		resource := entry.(map[string]any)
		switch kind := resource["Type"]; kind {
		case "AWS::Lambda::Function", "AWS::Lambda::Version":
			kept[id] = resource
		case "AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::DynamoDB::Table":
			kept[id] = map[string]any{"Type": kind, "Condition": resource["Condition"]}
		}
	}
	for id, entry := range kept {
		resource := entry.(map[string]any)
		if resource["Condition"] != nil || strings.HasPrefix(id, "macro") {
			delete(kept, id) // no task's
		}
		delete(resource, "Condition")
	}
	text, err = json.Marshal(map[string]any{"Parameters": template["Parameters"], "Conditions": template["Conditions"], "Resources": kept})
	require.NoError(t, err)
	for zip := range zipHashes(t) {
		text = []byte(strings.ReplaceAll(string(text), `"./`+zip+`"`, `{"S3Bucket": "releases", "S3Key": "`+release+"/"+zip+`"}`))
	}
	return aws.String(string(text))
}

// deploys creates or updates the stack with values of parameters.
func (s *packageStack) deploys(template *string, values ...string) {
	s.t.Helper()
	var parameters []types.Parameter
	for _, value := range values {
		name, of, _ := strings.Cut(value, "=")
		parameters = append(parameters, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(of)})
	}
	var err error
	if _, stands := s.CloudFormation().Stack("sluice"); stands {
		_, err = s.client.UpdateStack(s.t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("sluice"), TemplateBody: template, Parameters: parameters, Capabilities: []types.Capability{types.CapabilityCapabilityIam}})
	} else {
		_, err = s.client.CreateStack(s.t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("sluice"), TemplateBody: template, Parameters: parameters, Capabilities: []types.Capability{types.CapabilityCapabilityIam}})
	}
	require.NoError(s.t, err)
	player := &localaws.StackPlayer{Stacks: s.CloudFormation(), Pick: func([]string) int { return 0 }, Pass: func(until time.Time) { s.now = until }}
	require.NoError(s.t, player.Run(s.t.Context()))
	described, err := s.client.DescribeStacks(s.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("sluice")})
	require.NoError(s.t, err)
	require.Contains(s.t, []types.StackStatus{types.StackStatusCreateComplete, types.StackStatusUpdateComplete}, described.Stacks[0].StackStatus, "%v", s.CloudFormation().History("sluice"))
}

// has says which is the latest version of a function.
func (s *packageStack) has(function, number string) {
	s.t.Helper()
	_, exists := s.Version("sluice-"+function, number)
	assert.True(s.t, exists, "%s has version %s", function, number)
	next := string(number[0] + 1)
	_, more := s.Version("sluice-"+function, next)
	assert.False(s.t, more, "%s has version %s", function, next)
}

// A definition that named a version from before would go on with the value from before.
func TestANewValueOfAParameterIsANewVersionOfItsFunction(t *testing.T) {
	s, template := newPackageStack(t), packageTemplate(t)
	first := shortened(t, template, "1")
	s.deploys(first)
	s.has("publish-version", "1")
	s.deploys(first, "Alias=prod", "ConfigParameters=/shop/")
	s.has("publish-version", "2")
	s.has("open-deployment", "1")
	s.deploys(first, "Alias=prod", "ConfigParameters=/shop/", "RevertHours=1", "LogRetentionDays=30")
	s.has("publish-version", "2")
	s.has("open-deployment", "2")
	s.deploys(first, "RevertHours=1")
	s.has("publish-version", "3") // and no "exists": it differs from the last one
	before, err := lambda.NewFromConfig(localaws.ClientConfig("person", s.Cloud)).GetFunctionConfiguration(t.Context(),
		&lambda.GetFunctionConfigurationInput{FunctionName: aws.String("sluice-publish-version"), Qualifier: aws.String("2")})
	require.NoError(t, err)
	assert.Equal(t, "prod", before.Environment.Variables["SLUICE_ALIAS"], "a version stays for the executions that know it")
}

// The next release over the one that stands, and the package over what make deploy has deployed.
func TestThePackageIsDeployedOverWhatStands(t *testing.T) {
	for name, stands := range map[string]map[string]any{"a package": nil, "make deploy": goldenTemplate(t)} {
		t.Run(name, func(t *testing.T) {
			s, template := newPackageStack(t), packageTemplate(t)
			before := shortened(t, template, "1")
			if stands != nil {
				before = shortened(t, stands, "")
			}
			s.deploys(before)
			changed, err := withoutHashes(template)
			require.NoError(t, err)
			hashes := zipHashes(t)
			for zip := range hashes {
				hashes[zip] = "of the next release"
			}
			changed, err = settleVersions(changed, parameters(), hashes)
			require.NoError(t, err)
			s.deploys(shortened(t, changed, "2"))
			for _, task := range []string{"publish-version", "open-deployment", "set-weight"} {
				s.has(task, "2")
			}
		})
	}
}
