package world

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

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
		{"an alarm with a statistic that is none", `{"alarms": [{"name": "a", "metric": "Duration", "threshold": 1, "statistic": "P99"}]}`, []string{"alarms[0].statistic"}},
		{"an alarm on a version that is none", `{"alarms": [{"name": "a", "metric": "Errors", "threshold": 1, "version": "$LATEST"}]}`, []string{"alarms[0].version"}},
		{"an alarm on version 0", `{"alarms": [{"name": "a", "metric": "Errors", "threshold": 1, "version": "0"}]}`, []string{"alarms[0].version"}},
		{"a duration without its tail", `{"stable": {"durationMs": {"p50": 40}}}`, []string{"stable.durationMs.p99"}},
		{"a duration whose tail is shorter", `{"candidate": {"durationMs": {"p50": 40, "p99": 30}}}`, []string{"candidate.durationMs.p99"}},
		{"a duration of nothing that has a tail", `{"candidate": {"durationMs": {"p50": 0, "p99": 30}}}`, []string{"candidate.durationMs.p50"}},
		{"a duration in words", `{"candidate": {"durationMs": "fast"}}`, []string{"candidate.durationMs"}},
		{"a duration with another percentile", `{"candidate": {"durationMs": {"p50": 1, "p99": 3, "p90": 2}}}`, []string{"candidate.durationMs.p90"}},
		{"a cold start without its median", `{"candidate": {"coldStartMs": {"p99": 3}}}`, []string{"candidate.coldStartMs.p50"}},
		{"clumps of less than one", `{"candidate": {"errorClump": 0.5}}`, []string{"candidate.errorClump"}},
		{"a drift to nowhere", `{"stable": {"drift": {"fromSeconds": 5}}}`, []string{"stable.drift.toErrorRate", "stable.drift.untilSeconds"}},
		{"a drift that ends before it begins", `{"stable": {"drift": {"toErrorRate": 0.5, "fromSeconds": 5, "untilSeconds": 5}}}`, []string{"stable.drift.untilSeconds"}},
		{"deaths of an unknown length", `{"stable": {"sandboxDeaths": {"perHour": 1}}}`, []string{"stable.sandboxDeaths.deadSeconds"}},
		{"throttles of more than all", `{"stable": {"throttleRate": 2, "maxConcurrency": -1}}`, []string{"stable.throttleRate", "stable.maxConcurrency"}},
		{"more retries than anybody makes", `{"traffic": {"retries": 11}}`, []string{"traffic.retries"}},
		{"an incident without an end", `{"incidents": [{"fromSeconds": 5, "errorRate": 0.5}]}`, []string{"incidents[0].untilSeconds"}},
		{"an incident that ends before it begins", `{"incidents": [{"fromSeconds": 5, "untilSeconds": -5}]}`, []string{"incidents[0].untilSeconds"}},
		{"an incident that stops the clock", `{"incidents": [{"fromSeconds": 0, "untilSeconds": 5, "durationTimes": 0}]}`, []string{"incidents[0].durationTimes"}},
		{"an incident of one version", `{"incidents": [{"fromSeconds": 0, "untilSeconds": 5, "version": "candidate"}]}`, []string{"incidents[0].version"}},
		{"half a minute of lag", `{"metrics": {"lagMinutes": 0.5}}`, []string{"metrics.lagMinutes"}},
		{"a lag of an alias alone", `{"metrics": {"lagMinutes": {"alias": 5}}}`, []string{"metrics.lagMinutes.version"}},
		{"a history beyond what CloudWatch keeps", `{"metrics": {"historyMinutes": 30000, "pageDatapoints": 200000}}`, []string{"metrics.pageDatapoints", "metrics.historyMinutes"}},
		{"results that are complete", `{"metrics": {"incomplete": {"status": "Complete", "version": "old"}}}`, []string{"metrics.incomplete.status", "metrics.incomplete.version"}},
		{"half a minute", `{"alarms": [{"name": "a", "periodSeconds": 90}]}`, []string{"alarms[0].periodSeconds"}},
		{"an event without a time", `{"events": [{"do": "stopExecution"}]}`, []string{"events[0].atSeconds"}},
		{"an event that nobody knows", `{"events": [{"atSeconds": 1, "do": "explode"}]}`, []string{"events[0]"}},
		{"an event that does nothing", `{"events": [{"atSeconds": 1, "do": ""}]}`, []string{"events[0]"}},
		{"an event with another one's field", `{"events": [{"atSeconds": 1, "do": "stopExecution", "alarm": "a"}]}`, []string{"events[0].alarm"}},
		{"a state that is none", `{"events": [{"atSeconds": 1, "do": "setAlarmState", "alarm": "a", "state": "FINE"}]}`, []string{"events[0].state"}},
		{"an evaluation that is none", `{"events": [{"atSeconds": 1, "do": "setEvaluationState", "alarm": "a", "state": "ALARM"}]}`, []string{"events[0].state"}},
		{"a target that is none", `{"events": [{"atSeconds": 1, "do": "updateAlias", "target": "orders", "version": "1"}]}`, []string{"events[0].target"}},
		{"a fault of no service", `{"faults": [{"call": "UpdateAlias"}]}`, []string{"faults[0].call"}},
		{"an alias without a version", `{"functions": {"orders": {"aliases": {"live": {}}}}}`, []string{"functions.orders.aliases.live.version"}},
		{"settings that mean nothing", `{"settings": {"functions": "a b", "alias": "7"}}`, []string{"settings.functions", "settings.alias"}},
		{"a tag that is no text", `{"functions": {"orders": {"tags": {"sluice:alias": 7}}}}`, []string{`functions.orders.tags.sluice:alias`}},
		{"a parameter that is no text", `{"parameters": {"/sluice/orders": ["x"]}}`, []string{"parameters./sluice/orders"}},
		{"a function for synthetic requests that does something else", `{"synthetic": {"orders-load": {"result": "explode"}, "stock-load": "send"}}`, []string{"synthetic.orders-load.result", "synthetic.stock-load"}},
		{"targets that are none", `{"targets": {"orders": {}, "lambda:orders:live": {"candidate": {"errorRate": 2, "fails": true}}}}`,
			[]string{"targets.orders", "targets.lambda:orders:live.candidate.fails", "targets.lambda:orders:live.candidate.errorRate"}},
		{"sites that are none", `{"sites": {"e1": {}, "E1": {"release": "a/b", "percent": 10, "uploaded": [".."]}}}`, []string{"sites.e1", "sites.E1.release", "sites.E1.candidate", "sites.E1.uploaded[0]"}},
		{"names that are none", `{"names": {"api.example.com": {}, "Z1/api.example.com": {"to": "green", "ttlSeconds": -1}, "Z1/b.example.com": {"idle": "CNAME a.example.net"}}}`,
			[]string{`names."api.example.com"`, `names."Z1/api.example.com".to`, `names."Z1/api.example.com".ttlSeconds`, `names."Z1/b.example.com".to`}},
		{"switches that are none", `{"switches": {"example.com": {}, "www.example.com": {"switch": "E1", "other": "E1"}}}`, []string{`switches."example.com"`, `switches."www.example.com".other`}},
		{"no edges", `{"propagation": {"edges": 0, "keysSeconds": -1}}`, []string{"propagation.keysSeconds", "propagation.edges"}},
		{"an edit of another kind", `{"events": [{"atSeconds": 1, "do": "putKey", "target": "lambda:orders:live", "version": "r1"}, {"atSeconds": 1, "do": "updateAlias", "target": "switch:www.example.com"}]}`,
			[]string{"events[0].target", "events[1].target"}},
		{"edits of nothing", `{"events": [{"atSeconds": 1, "do": "putKey", "target": "cloudfront:E1"}, {"atSeconds": 1, "do": "changeRecords", "target": "route53:Z1:a.example.com"},
			{"atSeconds": 1, "do": "takeName", "target": "switch:www.example.com"}]}`, []string{"events[0].value", "events[1].percent", "events[2].version"}},
		{"edits of two things", `{"events": [{"atSeconds": 1, "do": "putKey", "target": "cloudfront:E1", "version": "r1", "value": "x"},
			{"atSeconds": 1, "do": "changeRecords", "target": "route53:Z1:a.example.com", "version": "green", "percent": 5}]}`, []string{"events[0].value", "events[1].percent", "events[1].version"}},
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
	for _, text := range []string{"{}", "null", `{"seed": -1}`, `{"alarms": [{"name": "a", "metric": "Errors", "threshold": 5}]}`,
		`{"alarms": [{"name": "a", "metric": "Duration", "statistic": "TM(10%:90%)", "threshold": 5, "version": "candidate"}]}`,
		`{"stable": {"durationMs": {"p50": 40, "p99": 200}, "coldStartMs": 300, "errorClump": 3, "maxConcurrency": 10}, "traffic": {"retries": 2}}`,
		`{"candidate": {"drift": {"toErrorRate": 0.5, "untilSeconds": 60}, "sandboxDeaths": {"perHour": 1, "deadSeconds": 60}, "throttleRate": 0.1}}`,
		`{"incidents": [{"fromSeconds": -60, "untilSeconds": 60, "errorRate": 0.3, "throttleRate": 0.1, "durationTimes": 2}]}`,
		`{"synthetic": {"orders-load": {"result": "crash"}}}`,
		`{"sites": {"E1": {"release": "r1", "candidate": "r2", "percent": 10, "uploaded": ["r2"]}}, "names": {"Z1/a.example.com": {"to": "CNAME b.example.net", "ttlSeconds": 60}},
			"switches": {"www.example.com": {"switch": "E1", "other": "E2"}}, "propagation": {"keysSeconds": 5, "edges": 3}, "targets": {"cloudfront:E1": {"candidate": {"errorRate": 1}}}}`,
		`{"events": [{"atSeconds": 1, "do": "putKey", "target": "cloudfront:E1", "value": "x"}, {"atSeconds": 1, "do": "changeRecords", "target": "route53:Z1:a.example.com", "percent": 5}]}`,
		`{"metrics": {"lagMinutes": {"alias": 5, "version": 14}, "halfArrived": true, "onlyWeighted": true, "historyMinutes": 60, "pageDatapoints": 10, "incomplete": {"status": "PartialData", "version": "stable"}}}`} {
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
		s, err := DecodeScenario(text)
		var invalid *ScenarioError
		if err != nil && (!errors.As(err, &invalid) || len(invalid.Problems) == 0) {
			t.Fatalf("refused without a problem: %v", err)
		}
		if err == nil {
			playFuzzed(t, s)
		}
	})
}

// playFuzzed plays a few minutes of a scenario's traffic: no request is counted twice or lost.
func playFuzzed(t *testing.T, s Scenario) {
	t.Helper()
	s.RequestsPerMinute, s.Retries = min(s.RequestsPerMinute, 2000), 0
	played := NewTraffic(s)
	played.Shift(3000)
	played.Advance(3 * time.Minute)
	var requests float64
	for _, version := range []string{TrafficStable, TrafficCandidate} {
		for _, minute := range played.stream.version(version).minutes {
			requests += float64(minute.invocations + minute.throttles)
			if minute.errors < 0 || minute.errors > minute.invocations || minute.throttles < 0 || minute.durations.Count() != minute.invocations {
				t.Fatalf("version %s has %d requests, %d errors, %d throttles and %d durations in a minute", version, minute.invocations, minute.errors, minute.throttles, minute.durations.Count())
			}
		}
	}
	if requests != float64(3*s.RequestsPerMinute) {
		t.Fatalf("of %d requests %g were served or throttled", 3*s.RequestsPerMinute, requests)
	}
}
