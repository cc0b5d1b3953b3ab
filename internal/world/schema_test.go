package world

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/jsonschema/schematest"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGoldenSchemaOfAScenario(t *testing.T) {
	t.Parallel()
	const path = "scenario.schema.json"
	got := Schema().Text()
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "to update it: make golden")
}

// wholeScenarios have, together, every field.
func wholeScenarios(t *testing.T) [][]byte {
	t.Helper()
	const behaviour = `"errorRate": 0.1, "errorClump": 3, "drift": {"toErrorRate": 0.5, "fromSeconds": 5, "untilSeconds": 60}, "durationMs": {"p50": 40, "p99": 200}, "coldStartMs": {"p50": 40, "p99": 200},
		"sandboxDeaths": {"perHour": 1, "deadSeconds": 60}, "throttleRate": 0.1, "maxConcurrency": 10`
	texts := []string{
		`{"$schema": "scenario.schema.json", "stable": {` + behaviour + `}}`, `{"candidate": {"pendingSeconds": 5, "fails": true, ` + behaviour + `}}`,
		`{"targets": {"lambda:orders:live": {"stable": {` + behaviour + `}}}}`, `{"targets": {"lambda:orders:live": {"candidate": {` + behaviour + `}}}}`,
		`{"traffic": {"requestsPerMinute": 60, "retries": 1}, "latencyMs": 5, "seed": 5, "parameters": {"/sluice/orders": "{}"},
			"incidents": [{"fromSeconds": -60, "untilSeconds": 60, "errorRate": 0.3, "throttleRate": 0.1, "durationTimes": 2}],
			"hooks": {"smoke": {"result": "fail", "afterSeconds": 5}}, "synthetic": {"load": {"result": "crash"}},
			"settings": {"functions": "orders-*", "alias": "prod", "hookEndpoint": "off"}, "propagation": {"keysSeconds": 5, "recordsSeconds": 5, "distributionsSeconds": 5, "edges": 5}}`,
		`{"alarms": [{"name": "a", "metric": "Errors", "threshold": 5, "statistic": "p99", "comparison": "LessThanThreshold", "periodSeconds": 120, "evaluationPeriods": 5, "datapointsToAlarm": 3,
			"treatMissingData": "ignore", "target": "lambda:orders:live", "version": "candidate"}]}`,
		`{"alarms": [{"name": "a", "type": "log"}]}`,
		`{"metrics": {"lagMinutes": {"alias": 5, "version": 14}, "halfArrived": true, "onlyWeighted": true, "historyMinutes": 60, "pageDatapoints": 10,
			"incomplete": {"status": "PartialData", "version": "stable", "fromSeconds": 5, "untilSeconds": 9}}}`,
		`{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1", "additional": "2", "percent": 10}}, "roles": {"1": "arn:x"}, "deadLetters": {"1": "arn:x"}, "durable": true,
			"provisionedSeconds": {"live": 5}, "inactiveSeconds": {"1": 5}, "updatingSeconds": 5, "published": true, "absent": true, "tags": {"team": "shop"}}}}`,
		`{"sites": {"E1": {"release": "r1", "candidate": "r2", "percent": 10, "absent": true, "uploaded": ["r2"]}}, "names": {"Z1/a.example.com": {"to": "CNAME b.example.net", "idle": "CNAME c.example.net", "ttlSeconds": 60}},
			"switches": {"www.example.com": {"switch": "E1", "other": "E2"}}}`,
		`{"faults": [{"call": "lambda:UpdateAlias", "actor": "set-weight", "resource": "orders", "error": "deny", "fromSeconds": 5, "untilSeconds": 9, "skip": 1, "times": 2}]}`,
	}
	for _, of := range []string{"alarms", "executions", "sweeps", "commands"} {
		texts = append(texts, fmt.Sprintf(`{"delivery": {%q: {"delayMs": 5, "lost": true, "copies": 2}}}`, of))
	}
	var documents [][]byte
	for _, text := range texts {
		documents = append(documents, []byte(text))
	}
	return append(documents, anEventOfEachKind(t)...)
}

// anEventOfEachKind returns a scenario for each action, with all of its fields.
func anEventOfEachKind(t *testing.T) [][]byte {
	t.Helper()
	targets := map[string]string{putKey: "cloudfront:E1", changeRecords: "route53:Z1:a.example.com", deleteGuard: "route53:Z1:a.example.com", takeName: "switch:www.example.com", updateDistribution: "switch:www.example.com"}
	values := map[string]any{
		"alarm": "a", "version": "1", "additional": "2", "percent": 5, "function": "orders", "reason": "because",
		"input": map[string]any{"function": "orders"}, "tags": map[string]any{"team": "shop"}, "value": "x", "forSeconds": 5,
	}
	var documents [][]byte
	for _, do := range slices.Sorted(maps.Keys(fieldsOf)) {
		fields, event := fieldsOf[do], map[string]any{"do": do, "atSeconds": 5}
		for _, name := range fields {
			event[name] = values[name]
		}
		if slices.Contains(fields, "target") {
			event["target"] = "lambda:orders:live"
			if target, other := targets[do]; other {
				event["target"] = target
			}
		}
		switch do {
		case SetAlarmState:
			event["state"] = "ALARM"
		case setEvaluation:
			event["state"] = "PARTIAL_DATA"
		case putKey, changeRecords: // either of the two
			delete(event, "version")
		case takeName:
			event["version"] = "E1"
		}
		text, err := json.Marshal(map[string]any{"events": []any{event}})
		require.NoError(t, err)
		documents = append(documents, text)
	}
	text, err := json.Marshal(map[string]any{"events": []any{map[string]any{"do": putKey, "atSeconds": 5, "target": "cloudfront:E1", "version": "r1"}}})
	require.NoError(t, err)
	return append(documents, text)
}

func TestTheSchemaAndTheDecoderAgreeOnEveryChangedScenario(t *testing.T) {
	t.Parallel()
	documents := wholeScenarios(t)
	schematest.Hold(t, Schema(), readScenario, documents,
		`must be above fromSeconds`, `must not be below p50`, `datapointsToAlarm: must be a whole number`, `candidate: is missing`, `to: is missing`,
		`is no statistic`, `is not what a name can lead to`, `is a target of the kind \w+, but`, `write either`)
}

// readScenario returns what is wrong with a scenario.
func readScenario(text []byte) []strictjson.Problem {
	_, err := DecodeScenario(text)
	var invalid *ScenarioError
	if errors.As(err, &invalid) {
		return invalid.Problems
	}
	return nil
}

// Every scenario of the repository that is accepted is valid by the schema.
func TestTheSchemaAllowsEveryScenarioOfTheRepository(t *testing.T) {
	t.Parallel()
	valid := schematest.Compile(t, Schema())
	var texts [][]byte
	proofs, err := filepath.Glob("../proof/testdata/scenarios/*/*.json")
	require.NoError(t, err)
	for _, path := range proofs {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var proof struct{ Scenario json.RawMessage }
		require.NoError(t, json.Unmarshal(text, &proof), path)
		texts = append(texts, proof.Scenario)
	}
	for _, pattern := range []string{"../cmd/sluice/testdata/*/scenario.json", "../cmd/sluice/testdata/*/*/scenario.json"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			texts = append(texts, text)
		}
	}
	accepted := 0
	for _, text := range texts {
		if len(text) > 0 && len(readScenario(text)) == 0 {
			accepted++
			assert.NoError(t, valid(text), "%s", text)
		}
	}
	assert.Greater(t, accepted, 150)
}

func TestTheSchemaThatAScenarioNamesIsIgnored(t *testing.T) {
	t.Parallel()
	got, err := DecodeScenario([]byte(`{"$schema": "https://example.com/scenario.schema.json", "seed": 7}`))
	require.NoError(t, err)
	want, err := DecodeScenario([]byte(`{"seed": 7}`))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotEmpty(t, readScenario([]byte(`{"$schema": {}}`)))
	assert.NotEmpty(t, readScenario([]byte(`{"stable": {"$schema": "x"}}`)))
}
