package forecast_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestTheOutlookIsThatOfThePlansSteps(t *testing.T) {
	t.Parallel()
	j := shift.DefaultJudging()
	p, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 600}, {Weight: shift.All, Bake: 600}}, shift.Hooks{}, j)
	require.NoError(t, err)
	busy := forecast.Outlook(p, j, forecast.Traffic{RequestsPerMinute: 2000, ErrorRate: 0.001}, 1)
	require.Len(t, busy, 3, "with the step that keeps some traffic on stable")
	assert.EqualValues(t, []judge.Weight{1000, 9000, judge.All}, []judge.Weight{busy[0].Weight, busy[1].Weight, busy[2].Weight})
	assert.LessOrEqual(t, busy[0].Detections[1].After, 4*time.Minute, "5 %, with metrics that are 2 minutes late")
	assert.Greater(t, busy[0].Detections[1].After, forecast.MetricLag)

	quiet := forecast.Outlook(p, j, forecast.Traffic{RequestsPerMinute: 20}, 1)
	assert.Greater(t, quiet[0].Hidden, busy[0].Hidden)
	assert.Less(t, quiet[0].Detections[1].Found, 0.5)
	many := forecast.Outlook(p, j, forecast.Traffic{RequestsPerMinute: 2000, ErrorRate: 0.001}, 30)
	assert.LessOrEqual(t, many[0].Detections[0].Found, busy[0].Detections[0].Found, "the false alarms are divided")
}

func TestTheTrafficOfABaselineIsItsAverage(t *testing.T) {
	t.Parallel()
	b := judge.Baseline{Errors: judge.Record{Count: judge.Count{Requests: 18_000, Bad: 180}, Clump: 3}}
	assert.Equal(t, forecast.Traffic{RequestsPerMinute: 100, ErrorRate: 0.01, Clump: 3}, forecast.HistoricTraffic(b, 3*time.Hour))
}
