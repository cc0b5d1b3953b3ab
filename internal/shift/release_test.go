package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// DynamoDB takes 100 actions in one transaction: the record, the open item, two
// for each target and one for each alarm.
func TestAReleaseMustFitOneTransaction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		targets, alarms int
		want            bool
	}{
		{"one target", 1, 0, true},
		{"as many targets as fit", 49, 0, true},
		{"one target more", 50, 0, false},
		{"as many alarms as fit", 1, 96, true},
		{"one alarm more", 1, 97, false},
		{"both", 24, 50, true},
		{"both and one more", 24, 51, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := shift.Release{Arrivals: make([]shift.Arrival, test.targets), Alarms: make([]string, test.alarms)}
			assert.Equal(t, test.want, r.FitsOneTransaction())
		})
	}
}

func TestAReleaseThatNobodyAskedForSaysWhy(t *testing.T) {
	t.Parallel()
	r := shift.NotAsked("no tag")
	assert.Equal(t, "no tag", r.Unchanged)
	assert.Equal(t, shift.Event, r.Trigger)
}

func TestATargetThatServesAnotherVersionThanExpectedIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expected, serving shift.Version
		says              string // empty where it is right
	}{
		"nothing is expected":          {"", "7", ""},
		"nothing is expected or there": {"", "", ""},
		"what is expected":             {"1", "1", ""},
		"another one":                  {"1", "7", "lambda:orders:live serves 7, and was expected to serve 1: see who has moved it; if 7 is right, expect that"},
		"the candidate":                {"1", "2", "lambda:orders:live already serves 2, which was to be shifted to it, and was expected to serve 1: this has been deployed before"},
		"the candidate, as expected":   {"2", "2", ""},
		"none":                         {"1", "", "lambda:orders:live does not exist, and was expected to serve 1: create it"},
	} {
		err := shift.Arrival{Target: orders, Candidate: "2", ExpectStable: test.expected}.CheckStable(test.serving)
		if test.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, shift.ErrStableDiffers, name)
		assert.ErrorContains(t, err, test.says, name)
	}
}
