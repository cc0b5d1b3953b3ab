package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// sample is an event of testdata/events, with the rules that it must match and the input of the
// rule's target.
type sample struct {
	Why   string         `json:"why"`
	Event map[string]any `json:"event"`
	Rules []string       `json:"rules"`
	// Input is an object, or text with line breaks. If it is missing, it is not compared.
	Input any `json:"input"`
}

func TestRulesMatchTheirEvents(t *testing.T) {
	rules := rulesOf(t, goldenTemplate(t))
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			met := []string{}
			for _, r := range rules {
				var pattern map[string]any
				require.NoError(t, json.Unmarshal(r.Pattern, &pattern))
				if matches(pattern, s.Event) {
					met = append(met, r.Name)
					s.check(t, r.transformed(s.Event))
				}
			}
			assert.ElementsMatch(t, s.Rules, met, s.Why)
		})
	}
}

// check compares the input of a target. The safety net gets the whole event, and must understand
// it.
func (s sample) check(t *testing.T, given string) {
	t.Helper()
	switch want := s.Input.(type) {
	case string:
		assert.Equal(t, want, given)
	case map[string]any:
		text, err := json.Marshal(want)
		require.NoError(t, err)
		assert.JSONEq(t, string(text), given)
	case nil:
		_, err := request.DecodeOccasion([]byte(given))
		assert.NoError(t, err)
	}
}

// mailed returns the text of an e-mail for an announcement, in the partition and region of its
// deployment.
func mailed(t *testing.T, what shift.Announcement) []string {
	t.Helper()
	detail, err := json.Marshal(what)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(detail, &fields))
	arn := strings.Split(what.DeploymentID, ":")
	for _, r := range rulesIn(t, place{partition: arn[1], region: arn[3]}, goldenTemplate(t)) {
		if r.Name == "sluice-announced" {
			return strings.Split(r.transformed(map[string]any{"detail": fields}), "\n")
		}
	}
	t.Fatal("nothing is announced")
	return nil
}

func TestEMailLinksToTheConsoleOfItsPartition(t *testing.T) {
	linked := 0
	for partition, region := range map[string]string{
		"aws": "eu-central-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1",
		"aws-iso": "us-iso-east-1", "aws-iso-b": "us-isob-east-1", "aws-iso-e": "eu-isoe-west-1", "aws-iso-f": "us-isof-south-1", "aws-new": "xx-new-1",
	} {
		execution := operator.Execution("arn:" + partition + ":states:" + region + ":111122223333:execution:sluice:a")
		lines := mailed(t, explain.AnnounceOutcome(shift.Record{ID: string(execution), Outcome: shift.Promoted}, time.Time{}))
		want := string(execution)
		if url := execution.Console(); url != "" {
			want = url
			linked++
		}
		assert.Contains(t, lines, `"The execution: `+want+` "`)
	}
	assert.Len(t, operator.ConsolePartitions(), linked, "all partitions with a console were tried")
}

// EventBridge puts a summary between the quotes without escaping it.
func TestAnAnnouncementContainsNoQuotes(t *testing.T) {
	record := shift.Record{
		ID: "arn:aws:states:eu-west-1:111122223333:execution:sluice:a", Outcome: shift.Rejected,
		Cause: "InvalidInput: function: \"or\\ders\"\nis \"no\" name.",
	}
	lines := mailed(t, explain.AnnounceOutcome(record, time.Time{}))
	require.Len(t, lines, 2)
	for _, line := range lines {
		var text string
		assert.NoError(t, json.Unmarshal([]byte(line), &text), line)
	}
	assert.Equal(t, `"Rejected: InvalidInput: function: 'or/ders' is 'no' name."`, lines[0])
}

// A bus that does not exist takes every event and delivers none, so that a wrong name would go
// unnoticed. The functions may announce on the bus that every account has, and on no other, and
// the stack's rules listen there.
func TestNoOtherBusThanTheAccountsOwnIsUsed(t *testing.T) {
	for _, template := range []map[string]any{goldenTemplate(t), otherTemplate(t)} {
		announcing := 0
		for _, role := range resources(template, "AWS::IAM::Role") {
			for _, s := range statementsOf(t, role) {
				if slices.Contains(s.Actions, "events:PutEvents") {
					announcing++
					assert.Equal(t, []string{"arn:aws:events:eu-west-1:111122223333:event-bus/default"}, s.Resources)
				}
			}
		}
		assert.Positive(t, announcing)
		for id, rule := range resources(template, "AWS::Events::Rule") {
			assert.Contains(t, []any{nil, "default"}, rule["EventBusName"], id)
		}
		for id, f := range resources(template, "AWS::Lambda::Function") {
			for name := range f["Environment"].(map[string]any)["Variables"].(map[string]any) {
				assert.NotContains(t, name, "BUS", id)
			}
		}
	}
}

func TestSweepIsUnderstood(t *testing.T) {
	for _, r := range resources(goldenTemplate(t), "AWS::Events::Rule") {
		if r["ScheduleExpression"] == nil {
			continue
		}
		target := r["Targets"].([]any)[0].(map[string]any)
		occasion, err := request.DecodeOccasion([]byte(target["Input"].(string)))
		require.NoError(t, err)
		assert.True(t, occasion.Sweep)
		assert.Equal(t, "rate(1 minute)", r["ScheduleExpression"])
		return
	}
	t.Fatal("no rule has a schedule")
}

// moto is a mock of AWS in Python with its own matcher.
func TestAnotherMatcherMatchesTheSameEvents(t *testing.T) {
	if err := exec.Command("python3", "-c", "import moto.events.models").Run(); err != nil {
		t.Skip("NOT CHECKED with another matcher: python3 has no moto (pip install moto)")
	}
	rules, all := rulesOf(t, goldenTemplate(t)), samples(t)
	input, err := json.Marshal(map[string]any{"rules": rules, "samples": all})
	require.NoError(t, err)
	command := exec.Command("python3", "testdata/match.py")
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	var found map[string][]string
	require.NoError(t, json.Unmarshal(output, &found))
	require.Len(t, found, len(all))
	for name, s := range all {
		assert.ElementsMatch(t, s.Rules, found[name], "%s: %s", name, s.Why)
	}
}

func samples(t *testing.T) map[string]sample {
	t.Helper()
	files, err := filepath.Glob("testdata/events/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]sample{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		var s sample
		require.NoError(t, decoder.Decode(&s), file)
		require.NotEmpty(t, s.Why, file)
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = s
	}
	return all
}

// place is where a stack is.
type place struct{ partition, region string }

// rulesOf returns the rules of a template that have a pattern, in the samples' region.
func rulesOf(t *testing.T, template map[string]any) []rule {
	return rulesIn(t, place{partition: "aws", region: "eu-west-1"}, template)
}

func rulesIn(t *testing.T, at place, template map[string]any) []rule {
	t.Helper()
	var rules []rule
	for _, properties := range resources(template, "AWS::Events::Rule") {
		if properties["EventPattern"] == nil {
			continue
		}
		pattern, err := json.Marshal(filled(t, properties["EventPattern"]))
		require.NoError(t, err)
		r := transformerOf(t, template, at, properties["Targets"].([]any)[0])
		r.Name, r.Pattern = properties["Name"].(string), pattern
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.Name, b.Name) })
	return rules
}

// transformerOf returns a rule that has only what a target gets.
func transformerOf(t *testing.T, template map[string]any, at place, target any) (r rule) {
	t.Helper()
	transformer, ok := target.(map[string]any)["InputTransformer"].(map[string]any)
	if !ok {
		return r
	}
	r.Template, r.Paths = filled(t, chosen(template, at, transformer["InputTemplate"])).(string), map[string]string{}
	for name, path := range transformer["InputPathsMap"].(map[string]any) {
		r.Paths[name] = path.(string)
	}
	return r
}

func goldenTemplate(t *testing.T) map[string]any {
	t.Helper()
	return templateIn(t, golden)
}

// templateIn returns the template in a file.
func templateIn(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var template map[string]any
	require.NoError(t, json.Unmarshal(text, &template))
	return template
}

// resources returns the properties of all resources of a type.
func resources(template map[string]any, kind string) map[string]map[string]any {
	found := map[string]map[string]any{}
	for id, r := range template["Resources"].(map[string]any) {
		if resource := r.(map[string]any); resource["Type"] == kind {
			found[id], _ = resource["Properties"].(map[string]any)
		}
	}
	return found
}

// chosen resolves a template's region, and its conditions, which compare only AWS::Partition.
func chosen(template map[string]any, at place, value any) any {
	switch v := value.(type) {
	case []any:
		var all []any
		for _, item := range v {
			all = append(all, chosen(template, at, item))
		}
		return all
	case map[string]any:
		if v["Ref"] == "AWS::Region" {
			return at.region
		}
		if branches, ok := v["Fn::If"].([]any); ok {
			condition := template["Conditions"].(map[string]any)[branches[0].(string)].(map[string]any)
			if condition["Fn::Equals"].([]any)[1] == at.partition {
				return chosen(template, at, branches[1])
			}
			return chosen(template, at, branches[2])
		}
		all := map[string]any{}
		for name, item := range v {
			all[name] = chosen(template, at, item)
		}
		return all
	}
	return value
}

// only returns the one resource of a type.
func only(t *testing.T, template map[string]any, kind string) map[string]any {
	t.Helper()
	found := resources(template, kind)
	require.Len(t, found, 1, kind)
	for _, properties := range found {
		return properties
	}
	return nil
}

// logicalHash matches the hash that CDK appends to the names of resources.
const logicalHash = 8

// filled resolves references as CloudFormation does, in the samples' account. A role's ARN has
// the name of its resource.
func filled(t *testing.T, value any) any {
	t.Helper()
	switch v := value.(type) {
	case []any:
		all := []any{}
		for _, item := range v {
			all = append(all, filled(t, item))
		}
		return all
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return map[string]string{"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}[ref]
		}
		if path, ok := v["Fn::GetAtt"].([]any); ok {
			id := path[0].(string)
			return "arn:aws:iam::111122223333:role/" + id[:len(id)-logicalHash]
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			text := ""
			for _, part := range filled(t, join[1]).([]any) {
				text += part.(string)
			}
			return text
		}
		all := map[string]any{}
		for name, item := range v {
			all[name] = filled(t, item)
		}
		return all
	}
	return value
}
