package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setUpAWS gives this process the environment variables and the configuration file of a
// person who uses AWS. Tests that use it cannot run in parallel.
func setUpAWS(t *testing.T, config string, env map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "SLUICE_") {
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "config"), []byte(config), 0o600))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(folder, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(folder, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range env {
		t.Setenv(name, value)
	}
}

const withKeys = "aws_access_key_id = one\naws_secret_access_key = secret\n"

func TestAWSIsConfiguredAsForTheAWSCommand(t *testing.T) {
	a := newRemoteWorld(t, canary, `{}`)
	tests := []struct {
		name, config string
		env          map[string]string
		args         []string
	}{
		{"all in the environment", "", map[string]string{"AWS_ENDPOINT_URL": a.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "secret"}, nil},
		{"the older name of the region", "", map[string]string{"AWS_ENDPOINT_URL": a.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "secret"}, nil},
		{"the default profile", "[default]\nregion = us-east-1\nendpoint_url = " + a.url + "\n" + withKeys, nil, nil},
		{"a profile in the environment", "[profile other]\nregion = us-east-1\nendpoint_url = " + a.url + "\n" + withKeys, map[string]string{"AWS_PROFILE": "other"}, nil},
		{"a profile as a flag", "[profile other]\nregion = us-east-1\nendpoint_url = " + a.url + "\n" + withKeys, map[string]string{"AWS_PROFILE": "nope"}, []string{"--profile", "other"}},
		{"a region as a flag", "[default]\nendpoint_url = " + a.url + "\n" + withKeys, nil, []string{"--region", "us-east-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setUpAWS(t, tt.config, tt.env)
			got := run(t, "", append([]string{"history", "orders"}, tt.args...)...)
			assert.Equal(t, result{stdout: "  lambda:orders:live has no deployments in the ledger.\n"}, got)
		})
	}
}

func TestUnusableAWSConfigurationIsReportedInOneLine(t *testing.T) {
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "secret"}
	tests := []struct {
		name, config string
		env          map[string]string
		args         []string
		want         string
	}{
		{"no region", "", keys, nil, "sluice: no AWS region is set: give one with --region, set AWS_REGION, or run 'aws configure'\n"},
		{"no credentials", "", nil, []string{"--region", "eu-west-1"}, "sluice: no AWS credentials were found: run 'aws configure' or 'aws sso login', choose another profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"},
		{"no such profile", "", keys, []string{"--profile", "nope"}, "sluice: there is no AWS profile \"nope\": see 'aws configure list-profiles'\n"},
		{
			"credentials that cannot be loaded", "[default]\nregion = eu-west-1\ncredential_process = /bin/false\n", nil, nil,
			"sluice: get AWS credentials: ",
		},
		{"nobody at the endpoint", "", map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_MAX_ATTEMPTS": "1"}, nil, "127.0.0.1:1: connect: connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setUpAWS(t, tt.config, tt.env)
			got := run(t, "", append([]string{"report", "one", "--out", "none.html"}, tt.args...)...) // watch waits for an endpoint
			assert.Equal(t, statusFailed, got.status)
			assert.Empty(t, got.stdout)
			assert.Contains(t, got.stderr, tt.want)
			assert.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
		})
	}
}

func TestRegionIsTakenFromTheARNOfAnExecution(t *testing.T) {
	a := newRemoteWorld(t, canary, `{}`)
	setUpAWS(t, "", map[string]string{"AWS_ENDPOINT_URL": a.url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "secret"})
	x, err := a.Start("one", []byte(canary))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Hour))
	got := run(t, "", "watch", x.ARN(), "--json")
	assert.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, a.signed, "/us-east-1/states/")
}

func TestLocationShowsTheLinkToTheConsole(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	location{Execution: "arn:aws:states:eu-west-1:123456789012:execution:sluice:one", Console: "https://eu-west-1.console.aws.amazon.com/x"}.print(&page)
	assert.Equal(t, "  execution  arn:aws:states:eu-west-1:123456789012:execution:sluice:one\n  console    https://eu-west-1.console.aws.amazon.com/x\n", page.String())
}
