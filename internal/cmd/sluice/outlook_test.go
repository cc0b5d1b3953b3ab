package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const comparedInLastBake = `{
	"targets": [{"function": "orders"}, {"function": "billing"}], "judge": "enforce",
	"strategy": {"steps": [{"percent": 10, "bakeMinutes": 10}, {"percent": 100, "bakeMinutes": 10}]}
}`

func TestGoldenPlanForSomeTraffic(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"plan-rpm.txt":        {"plan", "-f", "-", "--rpm", "2000", "--errors", "0.5"},
		"plan-rpm.json":       {"plan", "-f", "-", "--rpm", "2000", "--errors", "0.5", "--json"},
		"plan-rpm-quiet.txt":  {"plan", "Canary10Percent10Minutes", "--rpm", "20"},
		"plan-rpm-hardly.txt": {"plan", "AllAtOnce", "--rpm", "0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, comparedInLastBake, args...)
			require.Equal(t, statusOK, got.status, got.stderr)
			if name != "plan-rpm.json" {
				assertFits(t, got.stdout)
			}
			assertGolden(t, name, got.stdout)
		})
	}
}

// outlooksOf returns the outlooks of a plan's JSON.
func outlooksOf(t *testing.T, got result) []outlook {
	t.Helper()
	require.Equal(t, statusOK, got.status, got.stderr)
	var printed struct{ Outlook []outlook }
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &printed))
	return printed.Outlook
}

func TestAPlanAsksCloudWatchForTheTraffic(t *testing.T) {
	t.Parallel()
	const deployment = `{"function": "orders", "judge": "enforce", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`
	a := newRemoteWorld(t, deployment, `{"stable": {"errorRate": 0.02}, "traffic": {"requestsPerMinute": 1200}}`)
	require.NoError(t, a.Advance(5*time.Hour))
	file := writeFile(t, "deployment.json", deployment)
	list := outlooksOf(t, a.run("plan", "-f", file, "--traffic", "--json"))
	require.Len(t, list, 1)
	assert.EqualValues(t, "lambda:orders:live", list[0].Target)
	assert.InDelta(t, 1200, list[0].Rate, 12)
	assert.InDelta(t, 2, list[0].ErrorPercent, 0.2)
	assert.Contains(t, a.run("plan", "-f", file, "--traffic").stdout, "How soon a regression of lambda:orders:live is found, at 1,")

	a.intercept = func(operation string, w http.ResponseWriter) bool {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"__type": "AccessDenied", "message": "no"}`))
		return true
	}
	denied := a.run("plan", "-f", file, "--traffic")
	assert.Equal(t, statusFailed, denied.status)
	assert.Contains(t, denied.stderr, "cloudwatch:GetMetricData")
}

func TestAnOutlookNeedsAComparison(t *testing.T) {
	t.Parallel()
	got := run(t, `{"function": "orders", "judge": "off"}`, "plan", "-f", "-", "--rpm", "5")
	assert.Equal(t, statusInvalid, got.status)
	assert.Equal(t, "standard input: judge: the deployment does not compare its versions, so that there is nothing to forecast: set it to \"enforce\" or \"observe\"\n", got.stderr)
}

func TestTheTrafficOfAPlanIsChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"AllAtOnce", "--rpm", "0"}, "--rpm must be above 0 and at most 1,000,000,000, not 0"},
		{[]string{"AllAtOnce", "--rpm", "NaN"}, "--rpm must be above 0 and at most 1,000,000,000, not NaN"},
		{[]string{"AllAtOnce", "--errors", "1"}, "--errors needs --rpm"},
		{[]string{"AllAtOnce", "--rpm", "1", "--errors", "100"}, "--errors must be at least 0 and below 100, not 100"},
		{[]string{"AllAtOnce", "--traffic"}, "--traffic needs a deployment's file"},
		{[]string{"-f", "x", "--traffic", "--rpm", "1"}, "--rpm and --traffic exclude each other"},
	} {
		got := run(t, "", append([]string{"plan"}, tt.args...)...)
		assert.Equal(t, statusInvalid, got.status, tt.args)
		assert.Contains(t, got.stderr, tt.want)
	}
}
