package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const watched = `{"function": "orders", "alarms": ["orders-errors"]}`

func TestCheckNamesAlarmsThatCannotFireAsMeant(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, watched, `{"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Minimum", "threshold": 1, "periodSeconds": 300, "evaluationPeriods": 3, "datapointsToAlarm": 2, "treatMissingData": "breaching"}]}`)
	file := writeFile(t, "deployment.yaml", "function: orders\nalarms: [orders-errors, gone]\nstrategy: Canary10Percent5Minutes\n")
	got := a.run("check", "-f", file)
	assert.Equal(t, statusFailed, got.status)
	assert.Empty(t, got.stderr)
	for _, want := range []string{"2 checked", "AlarmUnreadable", "gone", "AlarmOfMinimum", "AlarmTooSlow", "datapointsToAlarm 2", "AlarmOnMissingData"} {
		assert.Contains(t, got.stdout, want)
	}
	assert.Len(t, a.operations(), 1, "nothing is started or changed")

	plan := a.run("plan", "-f", file, "--check", "--json")
	require.Equal(t, statusOK, plan.status, plan.stderr)
	assert.Contains(t, plan.stdout, "Alarm orders-errors takes the Minimum of Errors")
}

func TestCheckOfAlarmsThatAreRightFindsNothing(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, watched, `{"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Sum", "threshold": 5, "treatMissingData": "notBreaching"}]}`)
	got := a.run("check", "-f", writeFile(t, "deployment.json", watched))
	assert.Equal(t, statusOK, got.status, got.stdout+got.stderr)
	assert.Contains(t, got.stdout, "nothing found")
	got = a.run("check", "-f", writeFile(t, "deployment.json", watched), "--json")
	assert.JSONEq(t, `{"alarms": ["orders-errors"], "findings": []}`, got.stdout)
}

func TestTheAlarmsThatAnAlarmJoinsAreKnownInItsRegion(t *testing.T) {
	t.Parallel()
	const abroad = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
	for _, test := range [][4]string{
		{"all", "one", "eu-west-1", "one"}, {abroad + "all", "one", "eu-west-1", abroad + "one"},
		{"all", abroad + "one", "eu-west-1", abroad + "one"}, {"all", abroad + "one", "us-east-1", "one"},
	} {
		assert.Equal(t, test[3], childOf(test[0], test[1], test[2]))
	}
}
