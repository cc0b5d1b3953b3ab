package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fronts shifts a function with a site and a name before it. switched gives a name to another
// distribution.
const (
	fronts = `{"targets": [{"function": "orders", "version": "2"},
		{"cloudfront": {"distribution": "E1SITE", "release": "r42", "bucket": "site-prod"}},
		{"route53": {"zone": "Z1EXAMPLE", "name": "api.example.com", "candidate": {"cname": "green.example.net"}}}],
		"strategy": "Canary10Percent600Minutes", "alarms": ["orders-errors"]}`
	switched = `{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}, "strategy": "AllAtOnce"}`
)

// A person sees with the aws command what the bootstraps do to front ends.
func TestTheAWSCommandShowsFrontEnds(t *testing.T) {
	t.Parallel()
	if os.Getenv("E2E") != "all" {
		t.Skip("SKIPPED: the aws command takes half a minute; make e2e plays it")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the aws command is not installed")
	}
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	require.NoError(t, os.WriteFile(scenario, []byte(`{"events": [{"atSeconds": 31536000, "do": "startExecution", "input": `+switched+`}]}`), 0o600))
	deployment := filepath.Join(t.TempDir(), "deployment.json")
	require.NoError(t, os.WriteFile(deployment, []byte(fronts), 0o600))
	p := person{account: play(t, "--speed", "60", "-f", deployment, "-s", scenario), folder: t.TempDir()}
	start := func(name, input string) {
		p.run(t, "stepfunctions", "start-execution", "--state-machine-arn", p.account.machine(), "--name", name, "--input", input)
	}
	names := func() string {
		return p.query(t, "join(', ', ResourceRecordSets[?Type=='CNAME'].join(' ', [ResourceRecords[0].Value, to_string(Weight)]))",
			"route53", "list-resource-record-sets", "--hosted-zone-id", "Z1EXAMPLE", "--start-record-name", "api.example.com")
	}
	assert.Equal(t, "stable.example.net null", names())
	p.run(t, "s3api", "head-object", "--bucket", "site-prod", "--key", "releases/r42/index.html")
	start("first", fronts)
	eventually(t, "10% of the answers lead to the candidate", func() bool { return names() == "green.example.net 20, stable.example.net 180" })
	p.run(t, "cloudwatch", "set-alarm-state", "--alarm-name", "orders-errors", "--state-value", "ALARM", "--state-reason", "by hand")
	p.account.end(t, "first")
	assert.Equal(t, "stable.example.net null", names())

	distribution := func() string {
		return p.query(t, "DistributionConfig.Aliases.Items[0]", "cloudfront", "get-distribution-config", "--id", "E2GREEN")
	}
	assert.Equal(t, "None", distribution())
	start("second", switched)
	eventually(t, "the name is at the candidate", func() bool { return distribution() == "www.example.com" })
	assert.Equal(t, "*.example.com", p.query(t, "Distribution.DistributionConfig.Aliases.Items[0]", "cloudfront", "get-distribution", "--id", "ESTABLE"))
	p.account.end(t, "second")
	p.account.interrupt(t)
}
