package request_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/jsonschema/schematest"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGoldenSchemaOfAnInput(t *testing.T) {
	t.Parallel()
	const path = "deployment.schema.json"
	got := request.Schema().Text()
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "to update it: make golden")
}

// accepted are inputs that have, together, every field.
var accepted = []string{
	`{"$schema": "https://example.com/schema.json", "function": "orders:live", "alias": "live", "version": "42", "expectStable": "41",
		"strategy": "Canary10Percent5Minutes", "alarms": ["orders-5xx"], "judge": "observe",
		"hooks": {"beforeTraffic": [{"function": "orders-smoke", "mode": "sync", "timeoutSeconds": 60}], "afterTraffic": [{"function": "orders-check", "mode": "callback", "timeoutSeconds": 60}]},
		"watchMinutes": 5, "keepVersions": 5, "createAlias": true, "unchanged": "fail",
		"whenHeld": "wait", "whenFrozen": "wait", "alarmsAtStart": "ignoreUntilOk", "ignoreUnreadableAlarms": true, "pauseLimitMinutes": 60, "whenPauseEnds": "resume", "trigger": "explicit"}`,
	`{"targets": [{"function": "orders", "alias": "live", "version": "42", "expectStable": "41"},
		{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "2026-11-29.1", "bucket": "releases", "domain": "www.example.com"}},
		{"route53": {"zone": "Z0123456789ABC", "name": "api.example.com", "candidate": {"cname": "shop.example.net"}}},
		{"route53": {"zone": "Z0123456789ABC", "name": "b.example.com", "candidate": {"alias": {"dnsName": "d111111abcdef8.cloudfront.net", "zone": "Z2FDTNDATAQYW2"}}}},
		{"route53": {"zone": "Z0123456789ABC", "name": "c.example.com", "candidate": {"values": {"A": ["203.0.113.7"], "AAAA": ["2001:db8::7"]}}}},
		{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}}],
		"strategy": {"steps": [{"percent": 10, "bakeMinutes": 5, "approval": {"waitMinutes": 60, "whenNobodyAnswers": "promote"}}, {"percent": 100}]}}`,
	`{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "r2", "bucket": "releases", "domain": "www.example.com"}}`,
	`{"route53": {"zone": "Z0123456789ABC", "name": "api.example.com", "candidate": {"cname": "shop.example.net"}}}`,
	`{"route53": {"zone": "Z0123456789ABC", "name": "api.example.com", "candidate": {"alias": {"dnsName": "d111111abcdef8.cloudfront.net", "zone": "Z2FDTNDATAQYW2"}}}}`,
	`{"route53": {"zone": "Z0123456789ABC", "name": "api.example.com", "candidate": {"values": {"A": ["203.0.113.7"], "AAAA": ["2001:db8::7"]}}}}`,
	`{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}}`,
	`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}}`,
	`{"function": "orders", "strategy": {"linear": {"percent": 10, "everyMinutes": 5}}}`,
	`{"function": "orders", "strategy": {"exponential": {"startPercent": 10, "factor": 2, "everyMinutes": 5}}}`,
	`{"function": "orders", "window": {"days": ["Mon"], "from": "09:00", "to": "16:00", "timeZone": "UTC"}}`,
	`{"function": "orders", "strategy": {"steps": [{"percent": 100, "window": {"days": ["Mon"], "from": "09:00", "to": "16:00", "timeZone": "UTC"}}]}}`,
	`{"function": "orders", "judge": {"mode": "enforce", "slow": "enforce", "throttles": "observe", "tolerates": {"times": 2, "percent": 1},
		"evidence": {"excludesPercent": 5, "patience": 5, "whenUnsure": "rollback"}, "controlPercent": 5, "synthetic": {"function": "orders-load", "perMinute": 5}}}`,
	`{"function": "orders", "version": "7", "trigger": "event"}`,
	`{"revert": "arn:aws:states:eu-west-1:123456789012:execution:sluice:one", "reason": "slow"}`,
	`{"appSpec": {"version": 0.0, "Resources": [{"orders": {"Type": "AWS::Lambda::Function", "Properties": {"Name": "orders", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}}}]},
		"hookMode": "sync", "strategy": "AllAtOnce"}`,
}

// It is not parallel: it would take the time of the test that measures how fast inputs are judged.
func TestTheSchemaAndTheReaderAgreeOnEveryChangedInput(t *testing.T) {
	documents := make([][]byte, len(accepted))
	for i, text := range accepted {
		documents[i] = []byte(text)
	}
	schematest.Hold(t, request.Schema(), read, documents,
		`^appSpec[.\[]`, `^appSpec: (not YAML|must be an object)`, // what is in an AppSpec is CodeDeploy's
		`is not an IPv[46] address`, `is no time zone`, `cannot be enforced where`, `has no address`, `asks for requests that nothing compares`, `appears twice`,
		`contradicts`, `stands beside`, `is a CloudFront distribution exactly if`)
}

// read returns what is wrong with an input.
func read(text []byte) []strictjson.Problem {
	_, err := specReader.Input(text)
	var invalid *request.InputError
	if errors.As(err, &invalid) {
		return invalid.Problems
	}
	return nil
}

// Every input of the repository that is accepted is valid by the schema.
func TestTheSchemaAllowsEveryInputOfTheRepository(t *testing.T) {
	t.Parallel()
	valid := schematest.Compile(t, request.Schema())
	var inputs [][]byte
	for path, text := range files(t, "../proof/testdata/scenarios/*/*.json") {
		var scenario struct{ Input json.RawMessage }
		require.NoError(t, json.Unmarshal(text, &scenario), path)
		inputs = append(inputs, scenario.Input)
	}
	for _, text := range files(t, "../cmd/sluice/testdata/*/deployment.json", "../cmd/sluice/testdata/*/*/deployment.json") {
		inputs = append(inputs, text)
	}
	accepted := 0
	for _, text := range inputs {
		if len(text) == 0 || len(read(text)) > 0 || request.IsAppSpec(text) {
			continue
		}
		accepted++
		assert.NoError(t, valid(text), "%s", text)
	}
	assert.Greater(t, accepted, 150)
}

// files are the files that fit patterns, by their paths.
func files(t *testing.T, patterns ...string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			found[path], err = os.ReadFile(path)
			require.NoError(t, err)
		}
	}
	return found
}

func TestTheSchemaThatAFileNamesIsIgnored(t *testing.T) {
	t.Parallel()
	const named = `{"$schema": "https://example.com/deployment.schema.json", `
	for _, rest := range []string{
		`"function": "orders"}`,
		`"targets": [{"function": "orders"}]}`,
		`"function": "orders", "version": "7", "trigger": "event"}`,
		`"revert": "arn:aws:states:eu-west-1:123456789012:execution:sluice:one"}`,
		`"appSpec": {"version": 0.0, "Resources": [{"orders": {"Type": "AWS::Lambda::Function", "Properties": {"Name": "orders", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}}}]}}`,
	} {
		assert.Equal(t, decode(t, `{`+rest), decode(t, named+rest))
	}
	assert.Equal(t, []string{"$schema: must be a string, not a number"}, problems(t, `{"$schema": 7, "function": "orders"}`))
	assert.Contains(t, problems(t, `{"targets": [{"$schema": "x", "function": "orders"}]}`)[0], "targets[0].$schema: is not known here")

	arrived := shift.Arrival{Target: "lambda:orders:live", Candidate: "7"}
	want, err := reader.Configuration(arrived, nil, "/sluice/orders", `{"strategy": "AllAtOnce"}`)
	require.NoError(t, err)
	got, err := reader.Configuration(arrived, nil, "/sluice/orders", named+`"strategy": "AllAtOnce"}`)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}
