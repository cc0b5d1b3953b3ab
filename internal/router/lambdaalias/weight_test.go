package lambdaalias

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestEveryWeightSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	for w := shift.None; w <= shift.All; w++ {
		text, err := json.Marshal(fraction(w)) // as the SDK writes it
		require.NoError(t, err)
		var share float64
		require.NoError(t, json.Unmarshal(text, &share))
		require.Equal(t, w, weight(share), "%s", text)
	}
}

// The answers round-trip exactly in every test here. Whether Lambda's do is not documented, so
// what is within a millionth of a Weight is that Weight, and everything else is Foreign.
func TestAFractionWithinAMillionthOfAWeightIsThatWeight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		share float64
		want  shift.Weight
	}{
		{"10 %", 0.1, 1000},
		{"10 % in single precision", float64(float32(0.1)), 1000},
		{"10 %, a little more", 0.1 + 0.9e-6, 1000},
		{"10 %, a little less", 0.1 - 0.9e-6, 1000},
		{"10 %, too much more", 0.1 + 1.1e-6, shift.Foreign},
		{"10 %, too much less", 0.1 - 1.1e-6, shift.Foreign},
		{"between two Weights", 0.10005, shift.Foreign},
		{"0.01 %, a little less", 0.0001 - 0.9e-6, 1},
		{"nothing", 0, shift.None},
		{"minus zero", math.Copysign(0, -1), shift.None},
		{"nothing, a little more", 0.9e-6, shift.None},
		{"nothing, a little less", -1e-9, shift.None},
		{"nothing, too much more", 1.1e-6, shift.Foreign},
		{"nothing, too much less", -1.1e-6, shift.Foreign},
		{"everything", 1, shift.All},
		{"everything, a little less", 1 - 0.9e-6, shift.All},
		{"everything, a little more", 1 + 1e-7, shift.All},
		{"everything, too much less", 1 - 1.1e-6, shift.Foreign},
		{"everything, too much more", 1 + 1.1e-6, shift.Foreign},
		{"everything, just as much more as it may be", 1 + tolerance, shift.All},
		{"nothing, just as much less as it may be", -tolerance, shift.None},
		{"one basis point more than everything", 1.0001, shift.Foreign},
		{"one basis point less than nothing", -0.0001, shift.Foreign},
		{"in percent", 10, shift.Foreign},
		{"not a number", math.NaN(), shift.Foreign},
		{"infinite", math.Inf(1), shift.Foreign},
		{"infinite, negative", math.Inf(-1), shift.Foreign},
		{"the largest number", math.MaxFloat64, shift.Foreign},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, weight(test.share), "%s: %v", test.name, test.share)
	}
	for w := shift.None; w <= shift.All; w++ {
		require.Equal(t, w, weight(math.Nextafter(fraction(w), 2)))
		require.Equal(t, w, weight(math.Nextafter(fraction(w), -1)))
		require.Equal(t, shift.Foreign, weight(fraction(w)+1.1e-6), "%s", w)
		require.Equal(t, shift.Foreign, weight(fraction(w)-1.1e-6), "%s", w)
	}
}
