package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// completed returns what the shell would propose.
func completed(t *testing.T, got result) []string {
	t.Helper()
	require.Equal(t, statusOK, got.status, got.stderr)
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	require.NotEmpty(t, lines)
	assert.Regexp(t, `^:\d+$`, lines[len(lines)-1])
	return lines[:len(lines)-1]
}

func TestTargetsAreCompletedFromTheLedger(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, `{"function": "orders", "strategy": "AllAtOnce", "judge": "off"}`, `{"events": [{"atSeconds": 600, "do": "startExecution", "input": `+twoFunctions+`}]}`)
	_, err := a.Start("ended", json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "judge": "off"}`))
	require.NoError(t, err)
	require.NoError(t, a.Advance(15*time.Minute))
	for _, order := range []string{"abort", "promote", "pause", "resume", "approve", "reject"} {
		assert.Equal(t, []string{"lambda:billing:live", "lambda:carts:live"}, completed(t, a.run("__complete", order, "")), order)
	}
	for _, command := range []string{"watch", "history", "report", "revert", "prune"} {
		assert.Equal(t, []string{"lambda:billing:live", "lambda:carts:live", "lambda:orders:live"}, completed(t, a.run("__complete", command, "")), command)
	}
	assert.Equal(t, []string{"lambda:carts:live"}, completed(t, a.run("__complete", "abort", "lambda:c")))
	assert.Equal(t, []string{"carts:live"}, completed(t, a.run("__complete", "abort", "ca")), "a function without its kind")
	assert.Empty(t, completed(t, a.run("__complete", "abort", "carts", "")), "there is only one")
	assert.Empty(t, completed(t, a.run("__complete", "abort", "--table", "another", "")), "the flags count")
}

func TestWhatCannotBeReadCompletesNothingAndSaysNothing(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	a.url = "http://127.0.0.1:1"
	got := a.run("__complete", "abort", "")
	assert.Empty(t, completed(t, got))
	assert.NotContains(t, got.stderr, "sluice:")
}

func TestACompletionDoesNotHoldUpTheShell(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	env := realEnvironment
	env.load = func(context.Context, ...func(*config.LoadOptions) error) (aws.Config, error) {
		<-release // heeds no context
		return aws.Config{}, context.Canceled
	}
	began := time.Now()
	var out strings.Builder
	assert.Equal(t, statusOK, env.exec(t.Context(), []string{"__complete", "watch", ""}, strings.NewReader(""), &out, &strings.Builder{}))
	assert.Less(t, time.Since(began), 2*patienceOfCompletion)
	assert.Equal(t, ":4\n", out.String())
}

func TestStrategiesAndFilesAreCompleted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"plan", ""}, {"plan", "--strategy", ""}, {"start", "--strategy", ""}, {"init", "--strategy", ""}} {
		assert.Contains(t, completed(t, run(t, "", append([]string{"__complete"}, args...)...)), "Canary10Percent5Minutes", args)
	}
	assert.Equal(t, []string{"json", "yaml", "yml"}, completed(t, run(t, "", "__complete", "start", "-f", "")))
	assert.Equal(t, []string{"codedeploy", "sync", "callback"}, completed(t, run(t, "", "__complete", "start", "--hook-mode", "")))
	assert.Equal(t, []string{"deployment", "scenario"}, completed(t, run(t, "", "__complete", "schema", "")))
}

func TestSchemaPrintsTheFilesOfTheRepository(t *testing.T) {
	t.Parallel()
	for args, file := range map[string]string{"": "../../request/deployment.schema.json", "deployment": "../../request/deployment.schema.json", "scenario": "../../world/scenario.schema.json"} {
		assert.Equal(t, result{status: statusOK, stdout: readText(t, file)}, run(t, "", append([]string{"schema"}, strings.Fields(args)...)...))
	}
	assert.Equal(t, statusInvalid, run(t, "", "schema", "input").status)
	assert.Equal(t, statusInvalid, run(t, "", "schema", "scenario", "scenario").status)
}
