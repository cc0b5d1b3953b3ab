package forecast_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestStepsAreTakenWhenTheirWindowsOpen(t *testing.T) {
	t.Parallel()
	office := shift.Window{Days: 0b0111110, From: 9 * 60, To: 16 * 60, Zone: "Europe/Berlin"}
	require.NoError(t, office.Check())
	p := shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 8 * 3600, Window: office}, {Weight: 5000, Bake: 3600}, {Weight: shift.All, Window: office}}}
	friday := time.Date(2026, 3, 27, 6, 0, 0, 0, time.UTC)
	var taken []string
	for _, at := range forecast.Taken(p, friday) {
		taken = append(taken, at.UTC().Format("Mon 15:04"))
	}
	assert.Equal(t, []string{"Fri 08:00", "Fri 16:00", "Mon 07:00"}, taken, "clocks go forward on that Sunday")
}

// A day of waiting for a person takes at most 900 transitions, three for each poll.
func TestADayOfWaitingIsForecastWithinItsBound(t *testing.T) {
	t.Parallel()
	p := shift.Plan{Steps: []shift.Step{{Weight: shift.All, Approval: shift.Approval{Wait: 24 * 3600}}}}
	assert.LessOrEqual(t, 3*forecast.PersonPolls(p), 900)
	assert.Greater(t, forecast.PersonPolls(p), 24*60/5)
}
