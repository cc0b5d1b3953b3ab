package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/forecast"
)

// An alarm that the stack gets must also get its row in the month's bill.
func TestMonthCountsWhatTheStackHas(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../infra/testdata/sluice.template.json")
	require.NoError(t, err)
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				FunctionName, ScheduleExpression any
				MemorySize                       int
				TracingConfig                    struct{ Mode string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &template))
	has := map[string]int{}
	for _, r := range template.Resources {
		has[r.Type]++
		if r.Properties.ScheduleExpression != nil {
			assert.Equal(t, "rate(1 minute)", r.Properties.ScheduleExpression, "a sweep")
			has["a schedule"]++
		}
		if r.Properties.FunctionName == "sluice-safety-net" {
			assert.Equal(t, sweepMegabytes, r.Properties.MemorySize)
			assert.Equal(t, "Active", r.Properties.TracingConfig.Mode, "each sweep leaves a trace")
			has["the safety net"]++
		}
	}
	assert.Equal(t, stackAlarms, has["AWS::CloudWatch::Alarm"])
	assert.Equal(t, stackDashboards, has["AWS::CloudWatch::Dashboard"])
	assert.Equal(t, 1, has["a schedule"])
	assert.Equal(t, 1, has["the safety net"])
}

func TestSweepThatFindsNothingReadsTheLedger(t *testing.T) {
	t.Parallel()
	reads, err := sweepReads()
	require.NoError(t, err)
	assert.Positive(t, reads)
}

func TestExpensesAddUp(t *testing.T) {
	t.Parallel()
	rows, sum := expenseRows([]expense{{"alarms", 6, forecast.PriceOfAlarmMonth}, {"sweeps", 43_200, forecast.PriceOfTrace}})
	assert.Equal(t, [][]string{{"alarms", "6", "$0.1", "$0.6"}, {"sweeps", "43,200", "$0.000005", "$0.216"}}, rows)
	assert.Equal(t, "$0.816", sum.String())
}
