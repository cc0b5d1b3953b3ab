package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"sluice/internal/shift"
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
