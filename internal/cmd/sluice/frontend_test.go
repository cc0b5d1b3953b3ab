package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/world"
)

// shopWindow shifts a function with the site in front of it.
const shopWindow = `{
	"targets": [
		{"function": "orders"},
		{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "2026-11-29.1", "bucket": "site-prod"}},
		{"route53": {"zone": "Z0123456789ABC", "name": "api.example.com", "candidate": {"cname": "new.example.net"}}}],
	"strategy": "Linear10PercentEvery10Minutes",
	"alarms": ["orders-5xx"]
}`

func TestGoldenPlanOfFrontEnds(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"plan-front-ends.txt":  {"plan", "-f", "-"},
		"plan-front-ends.json": {"plan", "-f", "-", "--json"},
	} {
		got := run(t, shopWindow, args...)
		require.Equal(t, statusOK, got.status, got.stderr)
		assertGolden(t, name, got.stdout)
	}
	got := run(t, `{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}, "strategy": "AllAtOnce"}`, "plan", "-f", "-")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertFits(t, got.stdout)
	assertGolden(t, "plan-switch.txt", got.stdout)
}

func TestAPlanThatAFrontEndCannotTakeIsRefused(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		`{"cloudfront": {"distribution": "E1", "release": "r42"}, "strategy": "Linear10PercentEvery1Minute"}`:                                     "strategy: invalid plan: step 1 bakes for 1m, and viewers of cloudfront:E1 may see the step before for 1m, so the step would be over before the traffic has moved: bake each step for at least 2m",
		`{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2"}}`:                                                                    "strategy: invalid plan: the traffic of switch:www.example.com cannot be divided",
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"cname": "c.d"}}, "strategy": {"canary": {"percent": 0.75, "bakeMinutes": 10}}}`: "strategy: invalid plan: step 1 is at 0.75%, and route53:Z1:a.b takes multiples of 0.5%: use 0.5% or 1%",
	} {
		got := run(t, input, "plan", "-f", "-")
		assert.Equal(t, statusInvalid, got.status)
		assert.Contains(t, got.stderr, want)
	}
}

func TestWhatHasNoVersionsToCompareIsNotForecast(t *testing.T) {
	t.Parallel()
	const site = `{"cloudfront": {"distribution": "E1", "release": "r42"}}`
	got := run(t, site, "plan", "-f", "-", "--rpm", "200")
	assert.Equal(t, statusInvalid, got.status)
	assert.Contains(t, got.stderr, "only the versions of functions are compared, and the deployment shifts none")

	got = run(t, shopWindow, "plan", "-f", "-", "--rpm", "200")
	assert.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, got.stdout, "How soon a regression")

	got = run(t, "", "judge", "cloudfront:E1", "--stable", "1", "--candidate", "2", "--from", "1h")
	assert.Equal(t, statusInvalid, got.status)
	assert.Contains(t, got.stderr, "judge compares versions of a function, and cloudfront:E1 is none")
}

func TestGoldenSimulationOfFrontEnds(t *testing.T) {
	t.Parallel()
	got := run(t, shopWindow, "simulate", "-f", "-")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertGolden(t, "simulate-front-ends.txt", got.stdout)

	got = run(t, shopWindow, "simulate", "-f", "-", "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	var result world.Result
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &result))
	kinds := map[string]string{}
	for _, r := range result.Requests {
		kinds[string(r.Target)] = r.Kind
	}
	assert.Equal(t, map[string]string{"lambda:orders:live": "", "cloudfront:E1ABCDEF234567": "site", "route53:Z0123456789ABC:api.example.com": "name"}, kinds)
}
