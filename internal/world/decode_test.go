package world

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryProblemOfAScenarioIsReported(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, scenario string
		paths          []string
	}{
		{"no object", `[]`, []string{""}},
		{"unknown names", `{"speed": 1, "Seed": 2}`, []string{"speed", "Seed"}},
		{"a rate above one", `{"candidate": {"errorRate": 1.5}, "stable": {"pendingSeconds": 1}}`, []string{"stable.pendingSeconds", "candidate.errorRate"}},
		{"an alarm without a name", `{"alarms": [{"metric": "Errors"}]}`, []string{"alarms[0].name", "alarms[0].threshold"}},
		{"a composite alarm with a metric", `{"alarms": [{"name": "a", "type": "composite", "metric": "Errors", "threshold": 1}]}`, []string{"alarms[0].metric"}},
		{"half a minute", `{"alarms": [{"name": "a", "periodSeconds": 90}]}`, []string{"alarms[0].periodSeconds"}},
		{"an event without a time", `{"events": [{"do": "stopExecution"}]}`, []string{"events[0].atSeconds"}},
		{"an event that nobody knows", `{"events": [{"atSeconds": 1, "do": "explode"}]}`, []string{"events[0]"}},
		{"an event with another one's field", `{"events": [{"atSeconds": 1, "do": "stopExecution", "alarm": "a"}]}`, []string{"events[0].alarm"}},
		{"a state that is none", `{"events": [{"atSeconds": 1, "do": "setAlarmState", "alarm": "a", "state": "FINE"}]}`, []string{"events[0].state"}},
		{"an evaluation that is none", `{"events": [{"atSeconds": 1, "do": "setEvaluationState", "alarm": "a", "state": "ALARM"}]}`, []string{"events[0].state"}},
		{"a target that is none", `{"events": [{"atSeconds": 1, "do": "updateAlias", "target": "orders", "version": "1"}]}`, []string{"events[0].target"}},
		{"a fault of no service", `{"faults": [{"call": "UpdateAlias"}]}`, []string{"faults[0].call"}},
		{"an alias without a version", `{"functions": {"orders": {"aliases": {"live": {}}}}}`, []string{"functions.orders.aliases.live.version"}},
		{"settings that mean nothing", `{"settings": {"functions": "a b", "alias": "7"}}`, []string{"settings.functions", "settings.alias"}},
		{"a tag that is no text", `{"functions": {"orders": {"tags": {"sluice:alias": 7}}}}`, []string{`functions.orders.tags.sluice:alias`}},
		{"a parameter that is no text", `{"parameters": {"/sluice/orders": ["x"]}}`, []string{"parameters./sluice/orders"}},
		{"a hook that does something else", `{"hooks": {"smoke": {"result": "explode"}}}`, []string{"hooks.smoke.result"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := DecodeScenario([]byte(tc.scenario))
			var invalid *ScenarioError
			require.ErrorAs(t, err, &invalid)
			var paths []string
			for _, p := range invalid.Problems {
				paths = append(paths, p.Path)
			}
			assert.Equal(t, tc.paths, paths, err)
		})
	}
}

// Any text is either decoded as a scenario or refused with its problems.
func FuzzDecodeScenario(f *testing.F) {
	for _, text := range []string{"{}", "null", `{"seed": -1}`, `{"alarms": [{"name": "a", "metric": "Errors", "threshold": 5}]}`} {
		f.Add([]byte(text))
	}
	files, err := filepath.Glob("../proof/testdata/scenarios" + "/*/*.json")
	require.NoError(f, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		var p struct{ Scenario json.RawMessage }
		require.NoError(f, json.Unmarshal(text, &p))
		if p.Scenario != nil {
			f.Add([]byte(p.Scenario))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := DecodeScenario(text)
		var invalid *ScenarioError
		if err != nil && (!errors.As(err, &invalid) || len(invalid.Problems) == 0) {
			t.Fatalf("refused without a problem: %v", err)
		}
	})
}
