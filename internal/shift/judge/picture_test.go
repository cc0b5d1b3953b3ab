package judge

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pictureFile = "testdata/evidence.svg"

// The picture of the page shows a deployment: in four minutes both versions fail, and from a
// later one on the Candidate alone.
func TestGoldenPictureShowsTheEvidence(t *testing.T) {
	t.Parallel()
	trouble := between(3, 7, 0.2, 0.005)
	c := cell{"shown", 600, 1000, trouble, func(minute int) float64 {
		if minute >= 10 {
			return 0.05
		}
		return trouble(minute)
	}, 1}
	drawn := draw(t, c, 16)
	if *update {
		require.NoError(t, os.WriteFile(pictureFile, []byte(drawn), 0o600))
	}
	kept, err := os.ReadFile(pictureFile)
	require.NoError(t, err)
	assert.Equal(t, string(kept), drawn, "make golden draws it anew")
}

// The picture's measures, in pixels.
const (
	left, minuteWidth       = 60.0, 40.0
	barsTop, barsBottom     = 40.0, 150.0
	curveTop, curveBottom   = 190.0, 320.0
	highestShare            = 0.30
	lowestLogE, highestLogE = -2.0, 5.0
)

// draw draws the shares of bad requests of both versions, and the evidence, minute by minute.
func draw(t *testing.T, c cell, minutes int) string {
	t.Helper()
	random := newChance(11)
	var history []Minute
	for i := -180; i < 0; i++ {
		history = append(history, Minute{At: minuteAt(i), Stable: c.version(random, c.requests, 0.005)})
	}
	baseline := NewBaseline(history, LatencyLimits{})
	traffic := Traffic{Shifts: []Shift{{At: noon, Weight: c.weight}}}
	var bars, curve strings.Builder
	var threshold float64
	for i := range minutes {
		candidate := random.binomial(c.requests, c.weight.Share())
		m := Minute{At: minuteAt(i), Stable: c.version(random, c.requests-candidate, c.stable(i)), Candidate: c.version(random, candidate, c.candidate(i))}
		traffic.Minutes = append(traffic.Minutes, m)
		r, _ := Judge(DefaultSettings(), baseline, traffic, 1, minuteAt(i+1)).Reading(Errors)
		threshold = r.Threshold
		x := left + float64(i)*minuteWidth
		for side, v := range []Measured{m.Stable, m.Candidate} {
			count, _ := Errors.count(v)
			height := math.Min(count.Rate()/highestShare, 1) * (barsBottom - barsTop)
			fmt.Fprintf(&bars, `<rect class="%s" x="%.0f" y="%.1f" width="14" height="%.1f"><title>12:%02d: %d of %d requests</title></rect>`+"\n",
				[]string{"stable", "candidate"}[side], x+4+float64(side)*16, barsBottom-height, height, i, count.Bad, count.Requests)
		}
		fmt.Fprintf(&curve, "%.1f,%.1f ", x+minuteWidth/2, heightOf(r.E))
		if r.Conclusion == Worse {
			fmt.Fprintf(&bars, `<text x="%.0f" y="%.1f" text-anchor="end">worse: back to stable</text>`+"\n", x+minuteWidth, heightOf(r.E)-8)
			break
		}
	}
	right := left + float64(minutes)*minuteWidth
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f 350" font-family="sans-serif" font-size="12">
<style>.stable{fill:#8a94a6}.candidate{fill:#d9480f}.axis{stroke:#adb5bd}.limit{stroke:#c92a2a;stroke-dasharray:5 4}.e{fill:none;stroke:#1c7ed6;stroke-width:2.5}text{fill:#343a40}</style>
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="%.0f" y="20">share of failed requests, minute by minute: stable (grey) and the candidate with 10%% of the traffic</text>
<text x="8" y="%.0f">30%%</text><text x="8" y="%.0f">0%%</text>
<line class="axis" x1="%.0f" x2="%.0f" y1="%.0f" y2="%.0f"/>
%s<text x="%.0f" y="178">evidence against the candidate: what a stake of 1 has become</text>
<text x="8" y="%.1f">1</text><text x="8" y="%.1f">100</text><text x="8" y="%.1f">10,000</text>
<line class="limit" x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f"/><text x="%.0f" y="%.1f">%.0f: worse</text>
<polyline class="e" points="%s"/>
<text x="%.0f" y="342">both fail: the evidence does not grow</text><text x="%.0f" y="342">the candidate fails</text>
</svg>
`, right+40, left, barsTop+4, barsBottom, left, right, barsBottom, barsBottom, bars.String(), left,
		heightOf(1)+4, heightOf(100)+4, heightOf(1e4)+4,
		left, right, heightOf(threshold), heightOf(threshold), left+4, heightOf(threshold)-5, threshold,
		strings.TrimSpace(curve.String()), left+2.2*minuteWidth, left+10*minuteWidth)
}

// heightOf is where a value of the evidence is drawn.
func heightOf(e float64) float64 {
	share := (math.Log10(math.Max(e, 1e-9)) - lowestLogE) / (highestLogE - lowestLogE)
	return curveBottom - math.Min(math.Max(share, 0), 1)*(curveBottom-curveTop)
}
