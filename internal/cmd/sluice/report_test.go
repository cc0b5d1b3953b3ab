package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture/page"
)

// The README shows this picture.
func TestGoldenPictureOfARun(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "run")
	s, err := readInputs(source(filepath.Join(folder, "deployment.json")), appSpecFlags{}, source(filepath.Join(folder, "scenario.json")), nil)
	require.NoError(t, err)
	played, err := s.play()
	require.NoError(t, err)
	assertGolden(t, filepath.Join("..", "run.svg"), page.Figure(played.run))
}

func TestReportOfASimulation(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "report.html")
	plain := run(t, "", demoArgs("sick")...).stdout
	got := run(t, "", append(demoArgs("sick"), "--report", file)...)
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.Equal(t, plain+"\n  report  "+file+"\n", got.stdout)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, want := range []string{
		"RolledBack</span>lambda:orders:live 1 → 2</h1>", "Canary10Percent5Minutes<br>", "AlarmFired: orders-5xx is in ALARM", "Look at the candidate",
		`data-plot="weight"`, `data-plot="requests"`, `data-plot="errors"`, `data-plot="alarms"`, `data-plot="states"`,
		"<dt>transitions</dt><dd>15</dd>", "<dt>requests, 1, stable</dt><dd>1,", "<dt>AWS calls, lambda</dt>", "<h2>Input</h2>", "&#34;alarms&#34;: [&#34;orders-5xx&#34;]", "<h2>Scenario</h2>", "&#34;errorRate&#34;: 0.2",
	} {
		assert.True(t, strings.Contains(string(text), want), want)
	}

	asJSON := run(t, "", append(demoArgs("sick"), "--report", file, "--json")...)
	assert.Equal(t, run(t, "", append(demoArgs("sick"), "--json")...), asJSON, "nothing but the JSON is printed")

	nowhere := run(t, "", append(demoArgs("sick"), "--report", filepath.Join(file, "nowhere"))...)
	assert.Equal(t, statusFailed, nowhere.status)
	assert.Contains(t, nowhere.stderr, "sluice: write the report: open "+file)
	assert.Empty(t, nowhere.stdout)
}

func TestReportOfAnExecutionInAWS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, scenario string
		since          time.Duration
		want           []string
	}{
		{"going on", `{}`, 90 * time.Second, []string{"It has not ended yet", "started at 2026-01-01 00:00:00 UTC", `<td class="n">1:00 of 5:00</td>`}},
		{"promoted", `{}`, time.Hour, []string{`good">Promoted</span>`, "5:00 from start to end"}},
		{
			"rolled back by the safety net", `{"events": [{"atSeconds": 150, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`, time.Hour,
			[]string{
				`bad">RolledBack</span>`, "<p>AlarmFired: orders-5xx is in ALARM", "3:00 from start to end", "the traffic was back at 2:30",
				"<title>orders-5xx: not read</title>", "<title>orders-5xx: ALARM</title>",
				`<td class="n">2:30</td><td>SafetyNet</td><td class="n">0%</td>`, "the execution ends at its next poll",
			},
		},
		{
			"rolled back, and it goes on", `{"events": [{"atSeconds": 150, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`, 155 * time.Second,
			[]string{
				`bad">RolledBack</span>`, "<p>AlarmFired: orders-5xx is in ALARM", "It has not ended yet", "the traffic was back at 2:30",
				"<title>orders-5xx: ALARM</title>", "the execution ends at its next poll",
			},
		},
		{
			"rolled back by a poll", `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}], "delivery": {"alarms": {"lost": true}}}`, time.Hour,
			[]string{`bad">RolledBack</span>`, "<p>AlarmFired: orders-5xx is in ALARM", "<title>orders-5xx: ALARM</title>"},
		},
		{
			"refused before anything was settled", `{"functions": {"orders": {"absent": true}}}`, time.Hour,
			[]string{`bad">Rejected</span>lambda:orders:live</h1>`, "<p>FunctionNotFound: ", "It ended before any traffic was moved"},
		},
		{
			"stopped", `{"events": [{"atSeconds": 90, "do": "stopExecution"}]}`, time.Hour,
			[]string{`bad">RolledBack</span>`, "<p>ExecutionEnded: ", "ExecutionAborted"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, x := startDeployment(t, canary, tt.scenario, tt.since)
			file := filepath.Join(t.TempDir(), "report.html")
			got := a.run("report", "one", "--out", file)
			require.Equal(t, result{status: statusOK, stdout: "  report  " + file + "\n"}, got)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, want := range append(tt.want, x.ARN(), "&#34;function&#34;: &#34;orders&#34;") {
				assert.True(t, strings.Contains(string(text), want), want)
			}
			for _, plotted := range []string{"CloudWatch has them", `data-plot="weight"`, `data-plot="alarms"`, `data-plot="states"`} {
				assert.Equal(t, !strings.Contains(tt.name, "refused"), strings.Contains(string(text), plotted), plotted)
			}
			assert.NotContains(t, string(text), `data-plot="requests"`)
		})
	}
}

func TestReportOfAnExecutionThatDoesNotExist(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, 0)
	file := filepath.Join(t.TempDir(), "report.html")
	got := a.run("report", "two", "--out", file)
	assert.Equal(t, statusFailed, got.status)
	assert.Contains(t, got.stderr, "there is no execution")
	assert.NoFileExists(t, file)
}
