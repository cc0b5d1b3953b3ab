package shift_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestSecondsAreShownAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		seconds shift.Seconds
		want    string
	}{
		{0, "0s"},
		{45, "45s"},
		{60, "1m"},
		{70, "1m10s"},
		{600, "10m"},
		{3599, "59m59s"},
		{3600, "1h"},
		{3601, "1h0m1s"},
		{3610, "1h0m10s"},
		{5400, "1h30m"},
		{48 * 3600, "48h"},
		{shift.MaxDuration, "7920h"},
		{10_000 * shift.MaxDuration, "79200000h"}, // more than a time.Duration holds
		{math.MaxInt64, "2562047788015215h30m7s"},
		{-90, "-1m30s"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.seconds.String())
		})
	}
}

func TestADurationIsRoundedUpToWholeSeconds(t *testing.T) {
	t.Parallel()
	assert.Equal(t, shift.Seconds(0), shift.InSeconds(0))
	assert.Equal(t, shift.Seconds(1), shift.InSeconds(time.Millisecond))
	assert.Equal(t, shift.Seconds(1), shift.InSeconds(time.Second))
	assert.Equal(t, shift.Seconds(2), shift.InSeconds(time.Second+1))
	assert.Equal(t, shift.Seconds(2), shift.InSeconds(2*time.Second))
	assert.Equal(t, 90*time.Second, shift.Seconds(90).Duration())
}
