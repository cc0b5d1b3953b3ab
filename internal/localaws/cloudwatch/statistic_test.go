package cloudwatch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestStatisticsAreThoseOfCloudWatch(t *testing.T) {
	t.Parallel()
	values := NewDistribution(Sample{10, 1}, Sample{20, 2}, Sample{30, 3}, Sample{40, 4}) // 1 + 2 + 3 + 4 values
	for text, want := range map[string]float64{
		"Sum": 300, "Average": 30, "Minimum": 10, "Maximum": 40, "SampleCount": 10,
		"p0": 10, "p10": 10, "p10.1": 20, "p30": 20, "p50": 30, "p60": 30, "p60.0000001": 40, "p100": 40, "p99.9": 40,
		"PR(:30)": 60, "PR(:29.9)": 30, "PR(30:)": 40, "PR(10:30)": 50, "PR(0:9)": 0,
		"tm90": (10 + 40 + 90 + 3*40) / 9.0, "TM(:90%)": (10 + 40 + 90 + 3*40) / 9.0, "TM(10%:90%)": (40 + 90 + 3*40) / 8.0,
		"TM(10:30)": (40 + 90) / 5.0, "IQM": (0.5*20 + 90 + 1.5*40) / 5,
		"tc90": 9, "TC(10:30)": 5, "TC(50:60)": 0, "TC(80%:)": 2,
		"ts90": 260, "TS(80%:)": 80, "TS(10:30)": 130,
		"wm60": (10 + 40 + 90 + 4*30) / 10.0, "WM(10%:60%)": (10 + 40 + 90 + 4*30) / 10.0, "WM(20:30)": (20 + 40 + 90 + 4*30) / 10.0,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s, known := ParseStatistic(text)
			require.True(t, known)
			value, exists := s.Of(values)
			require.True(t, exists)
			assert.InDelta(t, want, value, 1e-9)
			_, exists = s.Of(nil)
			assert.False(t, exists, "without data there is no data point")
		})
	}
	s, _ := ParseStatistic("TM(50:60)")
	_, exists := s.Of(values)
	assert.False(t, exists, "there is no mean of nothing")
}

func TestStatisticsThatCloudWatchDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "sum", "Median", "p", "p101", "p100.1", "P99", "p-1", "p99%", "p1.12345678901", "pr90", "PR(:)", "PR(10%:90%)", "PR(5)", "PR(5:3)", "PR(5:5)", "PR(a:b)",
		"TM(10%:90)", "TM(90%:10%)", "TM(0%:101%)", "tm(10:20)", "TM(10:20) ", " p99", "p99\n", "IQM(1:2)", "TM(:", "p1e2",
	} {
		_, known := ParseStatistic(text)
		assert.False(t, known, text)
	}
}

// Statistics of a distribution are those of the sorted values.
func TestStatisticsEqualThoseOfTheSortedValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 60).Draw(t, "values")
		if rapid.Bool().Draw(t, "ties") {
			for i := range values {
				values[i] = math.Round(values[i] / 10)
			}
		}
		parts := make([]Distribution, 4)
		for i, v := range values {
			parts[i%4] = parts[i%4].Merge(Distribution{{v, 1}})
		}
		d := MergeAll(parts)
		slices.Sort(values)
		n := float64(len(values))
		require.True(t, slices.IsSortedFunc(d, func(a, b Sample) int { return cmp.Compare(a.Value, b.Value) }))
		require.EqualValues(t, len(values), d.Count())
		of := func(text string) float64 {
			s, known := ParseStatistic(text)
			require.True(t, known, text)
			v, _ := s.Of(d)
			return v
		}

		p := rapid.IntRange(1, 100).Draw(t, "p")
		require.Equal(t, values[int(math.Ceil(float64(p)*n/100-1e-9))-1], of(fmt.Sprintf("p%d", p)))

		lower, upper := rapid.IntRange(0, 50).Draw(t, "lower"), rapid.IntRange(51, 100).Draw(t, "upper")
		within, sum, clamped := 0.0, 0.0, 0.0
		for _, v := range values {
			if float64(lower) < v && v <= float64(upper) {
				within++
				sum += v
			}
			clamped += min(max(v, float64(lower)), float64(upper))
		}
		bounds := fmt.Sprintf("(%d:%d)", lower, upper)
		require.InDelta(t, 100*within/n, of("PR"+bounds), 1e-9)
		require.InDelta(t, within, of("TC"+bounds), 1e-9)
		require.InDelta(t, sum, of("TS"+bounds), 1e-6)
		require.InDelta(t, clamped/n, of("WM"+bounds), 1e-6)
		if within > 0 {
			require.InDelta(t, sum/within, of("TM"+bounds), 1e-6)
		}

		// In percent: every value counts for its part within.
		count, total := 0.0, 0.0
		for i, v := range values {
			part := max(0, min(float64(i+1), float64(upper)/100*n)-max(float64(i), float64(lower)/100*n))
			count += part
			total += part * v
		}
		share := fmt.Sprintf("(%d%%:%d%%)", lower, upper)
		require.InDelta(t, count, of("TC"+share), 1e-6)
		require.InDelta(t, total, of("TS"+share), 1e-6)
	})
}
