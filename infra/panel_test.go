package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// panelOf returns the environment of the panel's function; nil if there is none.
func panelOf(template map[string]any) map[string]any {
	for _, f := range resources(template, "AWS::Lambda::Function") {
		if f["FunctionName"] == "sluice-"+flow.Panel {
			return f["Environment"].(map[string]any)["Variables"].(map[string]any)
		}
	}
	return nil
}

func TestTheWidgetHasButtonsOnlyIfItIsOn(t *testing.T) {
	readOnly, on := goldenTemplate(t), templateIn(t, hooked)
	assert.Contains(t, panelOf(readOnly), flow.StateMachineVariable)
	for _, variable := range []string{flow.PanelVariable, flow.SafetyNetVariable} {
		assert.NotContains(t, panelOf(readOnly), variable)
		assert.Contains(t, panelOf(on), variable)
	}
	assert.Equal(t, "arn:aws:lambda:eu-west-1:111122223333:function:sluice-panel", filled(t, panelOf(on)[flow.PanelVariable]))
	assert.Equal(t, "sluice-safety-net", panelOf(on)[flow.SafetyNetVariable])
}

func TestTheWidgetIsOnTheStacksDashboardUnlessItIsOff(t *testing.T) {
	body := func(template map[string]any) string {
		text, err := json.Marshal(only(t, template, "AWS::CloudWatch::Dashboard")["DashboardBody"])
		require.NoError(t, err)
		return string(text)
	}
	off := synthesized(t, map[string]any{"panel": "off"})
	assert.Nil(t, panelOf(off))
	assert.NotContains(t, body(off), "custom")
	widget := body(goldenTemplate(t))
	assert.Contains(t, widget, `\"type\":\"custom\"`)
	assert.Contains(t, widget, `\"updateOn\":{\"refresh\":true,\"resize\":false,\"timeRange\":false}`)
}

func TestThePanelMayReadAndNothingElse(t *testing.T) {
	for file, command := range map[string]bool{golden: false, hooked: true} {
		may := map[string][]string{}
		for id, role := range resources(templateIn(t, file), "AWS::IAM::Role") {
			for _, s := range statementsOf(t, role) {
				if strings.HasPrefix(id, "panelrole") {
					may[s.Sid] = s.Actions
				}
			}
		}
		want := map[string][]string{
			"ReadRecords": {"dynamodb:GetItem"}, "ListOpen": {"dynamodb:Query"}, "ReadAlarms": {"cloudwatch:DescribeAlarms"},
			"SeeExecutions": {"states:ListExecutions"}, "SeeExecution": {"states:GetExecutionHistory"},
			"Logs": {"logs:CreateLogStream", "logs:PutLogEvents"}, "Traces": {"xray:PutTelemetryRecords", "xray:PutTraceSegments"},
		}
		if command {
			want["Command"] = []string{"lambda:InvokeFunction"}
		}
		assert.Equal(t, want, may, file)
	}
}

func TestThePanelsSettingIsOneOfThree(t *testing.T) {
	for _, value := range []any{"yes", true, ""} {
		_, err := read(map[string]any{"panel": value})
		require.ErrorContains(t, err, "must be off, read-only, or on with buttons")
	}
}
