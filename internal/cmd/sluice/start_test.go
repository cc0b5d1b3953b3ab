package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

const canary = `{"function": "orders", "alarms": ["orders-5xx"]}`

func TestGoldenStartAndWait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scenario string
		status   int
	}{
		"start-healthy": {`{}`, statusOK},
		"start-sick":    {`{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`, statusFailed},
		"start-stopped": {`{"events": [{"atSeconds": 90, "do": "stopExecution"}]}`, statusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, test.scenario)
			got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait")
			assert.Equal(t, test.status, got.status)
			assert.Empty(t, got.stderr)
			assertGolden(t, name+".txt", got.stdout)
		})
	}
}

func TestStartNamesTheExecutionAfterItsTargetAndTime(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--json")
	require.Equal(t, statusOK, got.status, got.stderr)
	assert.JSONEq(t, `{
		"executionArn": "arn:aws:states:us-east-1:123456789012:execution:sluice:orders-live-20260101T000000Z",
		"name": "orders-live-20260101T000000Z", "consoleUrl": ""}`, got.stdout)
	assert.Equal(t, []string{"ListStateMachines", "StartExecution"}, a.operations())

	named := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--name", "release-7", "--state-machine", "arn:aws:states:us-east-1:123456789012:stateMachine:sluice", "--json")
	require.Equal(t, statusOK, named.status, named.stderr)
	var l location
	require.NoError(t, json.Unmarshal([]byte(named.stdout), &l))
	assert.Equal(t, "release-7", l.Name)
	assert.Equal(t, []string{"ListStateMachines", "StartExecution", "StartExecution"}, a.operations(), "an ARN needs no ListStateMachines")
}

func TestInvalidDeploymentIsRefusedBeforeAWSIsCalled(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("start", "-f", writeFile(t, "deployment.json", `{"function": "orders", "Alarms": [], "version": 3}`), "--wait")
	assert.Equal(t, statusInvalid, got.status)
	assert.Empty(t, got.stdout)
	assert.Contains(t, got.stderr, "deployment.json:1:24: Alarms: is not known here")
	assert.Contains(t, got.stderr, "deployment.json:1:38: version: must be a string")
	assert.Empty(t, a.operations())
}

func TestFunctionOfAnotherAccountIsRefusedBeforeTheStart(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("start", "-f", writeFile(t, "deployment.json", `{"function": "arn:aws:lambda:us-east-1:210987654321:function:orders"}`))
	assert.Equal(t, statusInvalid, got.status)
	assert.Contains(t, got.stderr, "function: is in account 210987654321")
	assert.Equal(t, []string{"ListStateMachines"}, a.operations())
}

func TestStartReportsAnErrorInOneLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		env  map[string]string
		want string
	}{
		{"no state machine with the name of the flag", []string{"--state-machine", "other"}, nil, "sluice: there is no state machine \"other\" in us-east-1: deploy Sluice there, choose another --region or --profile, or name it with --state-machine\n"},
		{"no state machine with the name in the environment", nil, map[string]string{flow.StateMachineVariable: "another"}, "sluice: there is no state machine \"another\" in us-east-1"},
		{"no state machine with the name prefix", nil, map[string]string{flow.NamePrefixVariable: "team"}, "sluice: there is no state machine \"team\" in us-east-1"},
		{"a name that Step Functions does not accept", []string{"--name", "a b"}, nil, "sluice: start a b: InvalidName: Invalid Name: 'a b'\n"},
		{"a name that was used", []string{"--name", "used"}, nil, "sluice: start used: an execution with this name has ended, or has another input: choose another name with --name\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			_, err := a.Start("used", json.RawMessage(`{"function": "orders"}`))
			require.NoError(t, err)
			a.env = tt.env
			got := a.run(append([]string{"start", "-f", writeFile(t, "deployment.json", canary)}, tt.args...)...)
			assert.Equal(t, statusFailed, got.status)
			assert.Empty(t, got.stdout)
			assert.Contains(t, got.stderr, tt.want)
		})
	}
}

// StartExecution takes no byte order mark.
func TestStartUnderstandsAByteOrderMark(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	got := a.run("start", "-f", writeFile(t, "deployment.json", "\ufeff"+canary), "--wait")
	assert.Equal(t, statusOK, got.status, got.stderr)
	require.Len(t, a.Executions(), 1)
	assert.JSONEq(t, canary, string(a.Executions()[0].Input()))
}
