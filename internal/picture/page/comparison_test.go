package page_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/page"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// compared is a run whose targets were compared at each of some checks. The evidence grows
// tenfold from check to check.
func compared(targets, checks int) *picture.Run {
	run := rolledBack()
	for i := 1; i <= checks; i++ {
		at, evidence := run.End.At*time.Duration(i)/time.Duration(checks), 0.5
		p := shift.Progress{Step: 1, Checks: i}
		for range i - 1 {
			evidence *= 10
		}
		for target := range targets {
			p.Judged = append(p.Judged, shift.Judged{Target: shift.Target(fmt.Sprintf("lambda:orders%d:live", target)), Signals: []shift.JudgedSignal{{
				Signal: judge.Errors, Conclusion: judge.CannotTell, Evidence: evidence / float64(target+1), Threshold: 166.7, Odds: 3, Hidden: 0.1,
				Stable: judge.Count{Requests: int64(900 * i), Bad: int64(i)}, Candidate: judge.Count{Requests: int64(100 * i), Bad: int64(5 * i)},
			}}})
		}
		run.Positions = append(run.Positions, picture.Position{At: at, Progress: p})
	}
	return run
}

func TestAComparisonIsPlottedAndTold(t *testing.T) {
	t.Parallel()
	text := pageText(t, page.Report{Run: compared(1, 4)})
	svg := svgOf.FindString(text)
	counts := countMarks(t, svg)
	assert.Equal(t, 2, counts["evidence"], "the evidence, and its threshold")
	assert.Equal(t, 2, counts["shares"], "both versions")
	assert.Contains(t, svg, "decides from 167 on")
	assert.Contains(t, svg, "1:30: candidate 5%, 95% interval 2.7% to 9%")
	assert.Equal(t, 3*4, strings.Count(svg, `class="dot `), "each check has a dot in each line")
	assert.Contains(t, text, "<li>candidate: 20 of 400 requests failed (5%); stable: 4 of 3,600 requests failed (0.11%)</li>")

	without := countMarks(t, page.Figure(rolledBack()))
	assert.NotContains(t, without, "evidence")
	assert.NotContains(t, pageText(t, page.Report{Run: rolledBack()}), "Comparison of the versions")
}

// On a logarithmic scale, what grows tenfold rises by the same height each time.
func TestTheEvidenceIsPlottedOnALogarithmicScale(t *testing.T) {
	t.Parallel()
	svg := page.Figure(compared(1, 4))
	path := regexp.MustCompile(`<path d="M([^"]*)" class="line mark evidence"`).FindStringSubmatch(svg)
	require.NotNil(t, path)
	var heights []float64
	for _, point := range strings.Split(path[1], "L") {
		var x, y float64
		_, err := fmt.Sscanf(point, "%g %g", &x, &y)
		require.NoError(t, err)
		heights = append(heights, y)
	}
	require.Len(t, heights, 4)
	for i := 2; i < len(heights); i++ {
		assert.InDelta(t, heights[0]-heights[1], heights[i-1]-heights[i], 0.2)
	}
	threshold := regexp.MustCompile(`y1="([0-9.]+)"[^>]*class="threshold mark"`).FindStringSubmatch(svg)
	require.NotNil(t, threshold)
	var y float64
	_, err := fmt.Sscan(threshold[1], &y)
	require.NoError(t, err)
	assert.Less(t, y, heights[2], "50 is below the threshold")
	assert.Greater(t, y, heights[3], "500 is above it")
}

func TestExtremeEvidenceStaysInItsPlot(t *testing.T) {
	t.Parallel()
	run := compared(1, 2)
	run.Positions[len(run.Positions)-1].Judged[0].Signals[0].Evidence = 1e300
	run.Positions[len(run.Positions)-2].Judged[0].Signals[0].Evidence = 0
	svg := page.Figure(run)
	assert.NotContains(t, svg, "NaN")
	assert.NotContains(t, svg, "Inf")
	assert.Contains(t, svg, ">10¹²<")
	assert.Contains(t, svg, ">10⁻⁴<")
}

func TestAVersionWithoutRequestsHasNoShare(t *testing.T) {
	t.Parallel()
	run := compared(1, 3)
	for _, p := range run.Positions[len(run.Positions)-3:] {
		p.Judged[0].Signals[0].Candidate = judge.Count{}
	}
	run.Positions[len(run.Positions)-3].Judged[0].Signals[0].Stable = judge.Count{}
	svg := page.Figure(run)
	assert.Equal(t, 1, countMarks(t, svg)["shares"], "only stable has served")
	assert.Equal(t, 2, strings.Count(svg, `class="dot stable`), "and not at the first check")
}

func TestOnlyTheComparisonsWithTheStrongestEvidenceArePlotted(t *testing.T) {
	t.Parallel()
	svg := page.Figure(compared(5, 3))
	assert.Equal(t, 3, strings.Count(svg, `data-plot="evidence"`))
	assert.Contains(t, svg, "and 2 more targets with less evidence")
	assert.Contains(t, svg, ">orders0:live<")
	assert.NotContains(t, svg, ">orders4:live<")
}

func TestAPageWithManyComparisonsStaysSmall(t *testing.T) {
	t.Parallel()
	for _, checks := range []int{50, 3000} {
		run := rolledBack()
		run.End.At = 365 * 24 * time.Hour
		big := compared(32, checks)
		run.Positions = big.Positions
		for i := range run.Positions {
			run.Positions[i].At = run.End.At / time.Duration(checks) * time.Duration(i)
		}
		text := pageText(t, page.Report{Run: run})
		assert.LessOrEqual(t, len(text), page.MaxBytes, "%d checks", checks)
		assert.Equal(t, 6, countMarks(t, svgOf.FindString(text))["evidence"])
	}
}

func TestTheComparisonIsReadableInABrowserAndOnAPhone(t *testing.T) {
	t.Parallel()
	text := pageText(t, page.Report{Run: compared(1, 4)})
	document, console := browse(t, withMeasurements(text))
	assert.Empty(t, console)
	for _, want := range []string{"[evidence 2]", "[shares 2]", "[end shown]", "[fits]"} {
		assert.Contains(t, document, want)
	}
	phone, console := browse(t, inPhoneFrame(withMeasurements(text)))
	assert.Empty(t, console)
	phone = phone[strings.LastIndex(phone, "</script>"):]
	for _, want := range []string{"[evidence 2]", "[shares 2]", "[end shown]", "[fits]", "[beyond 0 of 390]"} {
		assert.Contains(t, phone, want)
	}
}
