package lambdaalias

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
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

func TestAFractionNextToAWeightIsForeign(t *testing.T) {
	t.Parallel()
	for w := shift.None + 1; w <= shift.All; w++ {
		require.Equal(t, shift.Foreign, weight(math.Nextafter(fraction(w), 2)))
		require.Equal(t, shift.Foreign, weight(math.Nextafter(fraction(w), -1)))
	}
	for _, share := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, 0.10004} {
		assert.Equal(t, shift.Foreign, weight(share))
	}
}
