package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// notification is a custom notification of Amazon Q Developer in chat applications (its
// Administrator Guide, Custom notifications, Event schema).
type notification struct {
	Version string `json:"version"`
	Source  string `json:"source"`
	ID      string `json:"id"`
	Content struct {
		TextType    string   `json:"textType"`
		Title       string   `json:"title"`
		Description string   `json:"description"`
		NextSteps   []string `json:"nextSteps"`
		Keywords    []string `json:"keywords"`
	} `json:"content"`
	Metadata struct {
		ThreadID         string   `json:"threadId"`
		Summary          string   `json:"summary"`
		EventType        string   `json:"eventType"`
		RelatedResources []string `json:"relatedResources"`
	} `json:"metadata"`
}

// chatted returns the message for chats that the second target of the rule makes.
func chatted(t *testing.T, what shift.Announcement) (text string, n notification) {
	t.Helper()
	detail, err := json.Marshal(what)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(detail, &fields))
	for _, properties := range resources(otherTemplate(t), "AWS::Events::Rule") {
		if properties["Name"] != "team-a-announced" {
			continue
		}
		targets := properties["Targets"].([]any)
		require.Len(t, targets, 2)
		r := transformerOf(t, otherTemplate(t), place{partition: "aws", region: "eu-west-1"}, targets[1])
		text = r.transformed(map[string]any{"detail": fields})
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&n), text)
	return text, n
}

const chatID = "arn:aws:states:eu-west-1:111122223333:execution:team-a:orders-live-20261121T061031Z"

func TestChatGetsACustomNotification(t *testing.T) {
	what := explain.AnnounceOutcome(shift.Record{
		ID: chatID, Outcome: shift.RolledBack, Cause: "AlarmFired: alarm orders-5xx is firing: <!channel> look at [this](https://example.com) *now*", Arrivals: []shift.Arrival{{Target: "lambda:orders:live", Candidate: "2"}},
	}, time.Time{})
	text, _ := chatted(t, what)
	var pretty any
	require.NoError(t, json.Unmarshal([]byte(text), &pretty))
	indented, err := json.MarshalIndent(pretty, "", "  ")
	require.NoError(t, err)
	file := filepath.Join("testdata", "chat.json")
	if *update {
		require.NoError(t, os.WriteFile(file, append(indented, '\n'), 0o644))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(kept), string(indented)+"\n")
}

func TestMessagesOfADeploymentAreOneThread(t *testing.T) {
	d := shift.Deployment{ID: chatID, Changes: []shift.Change{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}}}
	_, started := chatted(t, explain.Announce(d, shift.Started, shift.Progress{}, time.Time{}))
	_, ended := chatted(t, explain.AnnounceOutcome(shift.Record{ID: chatID, Outcome: shift.Promoted}, time.Time{}))
	assert.Equal(t, "orders-live-20261121T061031Z", started.Metadata.ThreadID)
	assert.Equal(t, started.Metadata.ThreadID, ended.Metadata.ThreadID)
	assert.NotEqual(t, started.ID, ended.ID)
}

// The service refuses longer texts without telling anybody. The bounds are those of its OpenAPI
// schema, or less.
func TestLongestTextsFitIntoAChat(t *testing.T) {
	long := strings.Repeat(`<"é*[\`, 2000)
	r := shift.Record{
		ID: "arn:aws-us-gov:states:us-gov-west-1:111122223333:execution:" + strings.Repeat("s", maxPrefix) + ":" + strings.Repeat("n", 80), Outcome: shift.RolledBack, Cause: long,
	}
	for range 100 {
		r.Arrivals = append(r.Arrivals, shift.Arrival{Target: shift.Target("lambda:" + strings.Repeat("f", 64) + ":live"), Candidate: "2"})
		r.Reasons = append(r.Reasons, shift.Reason{Name: shift.AlarmFired, Text: long})
	}
	text, n := chatted(t, explain.AnnounceOutcome(r, time.Time{}))
	assert.Less(t, len(text), 256<<10, "SNS takes no more")
	for name, bound := range map[string]struct {
		text string
		most int
	}{
		"title": {n.Content.Title, 250}, "description": {n.Content.Description, 8000}, "next step": {n.Content.NextSteps[0], 350},
		"keyword": {n.Content.Keywords[1], 75}, "thread": {n.Metadata.ThreadID, 250}, "summary": {n.Metadata.Summary, 250}, "resource": {n.Metadata.RelatedResources[0], 350},
	} {
		assert.NotEmpty(t, bound.text, name)
		assert.LessOrEqual(t, utf8.RuneCountInString(bound.text), bound.most, name)
	}
	assert.NotContains(t, text, "<")
}

func TestMailStaysTextBesideTheChat(t *testing.T) {
	template := otherTemplate(t)
	assert.Len(t, resources(template, "AWS::SNS::Topic"), 2)
	for _, s := range resources(template, "AWS::SNS::Subscription") {
		topic := s["TopicArn"].(map[string]any)["Ref"].(string)
		assert.Equal(t, "team-a", template["Resources"].(map[string]any)[topic].(map[string]any)["Properties"].(map[string]any)["TopicName"])
	}
	assert.Len(t, resources(goldenTemplate(t), "AWS::SNS::Topic"), 1)
	for _, alarm := range resources(template, "AWS::CloudWatch::Alarm") {
		assert.Len(t, alarm["AlarmActions"], 2, "both topics hear of problems")
	}
}
