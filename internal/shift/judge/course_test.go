package judge

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite testdata/courses.txt and the picture of the page; review the diff")

// dice draws the courses. Equal seeds draw equal ones.
type dice struct{ *rand.Rand }

func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// bad draws how many of some requests are bad. They come in clumps.
func (d dice) bad(requests int64, share float64, clump int64) int64 {
	return min(newChance(d.Uint64()).binomial(requests/clump, share)*clump, requests)
}

// measured is what a version reports of a minute. Now and then a figure is missing.
func (d dice) measured(requests int64, share float64, clump int64) Measured {
	reported := func(value float64) Number {
		if d.IntN(40) == 0 {
			return Number{}
		}
		return Reported(value)
	}
	slow := float64(d.bad(requests, min(0.02+share, 1), clump)) / float64(max(requests, 1))
	return Measured{
		Requests: reported(float64(requests)), Errors: reported(float64(d.bad(requests, share, clump))), Throttles: reported(float64(d.bad(requests, share/3, 1))),
		Slow: reported(slow), VerySlow: reported(slow / 4),
	}
}

// course is a deployment as one looks at it at some time.
type course struct {
	settings  Settings
	baseline  Baseline
	traffic   Traffic
	functions int
	now       time.Time
}

// newCourse draws a course of up to 30 minutes: 10 %, perhaps 50 % and 95 %, and perhaps all.
// The Candidate may be worse from some minute on, or both versions may be.
func newCourse(seed uint64) course {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	c := course{settings: DefaultSettings(), functions: one(d, 0, 1, 1, 5)}
	c.settings.Slow, c.settings.Throttles = one(d, Observe, Enforce, Off), one(d, Observe, Enforce)
	c.settings.Errors = one(d, Enforce, Enforce, Observe)
	c.settings.ExcludesPercent = one(d, 5.0, 1, 20)
	rate, usual, clump := one[int64](d, 3, 40, 300, 3000, 30_000), one(d, 0, 0.001, 0.02, 0.3), one[int64](d, 1, 1, 3)
	if d.IntN(4) > 0 {
		var history []Minute
		for i := range 60 {
			history = append(history, Minute{At: minuteAt(i - 70), Stable: d.measured(rate, usual*one(d, 1, 1, 1.5), clump)})
		}
		c.baseline = NewBaseline(history, one(d, LatencyLimits{100, 400}, LatencyLimits{100, 400}, LatencyLimits{}))
	}
	worse, shared := one(d, 0, 0, 0.01, 0.05, 0.3, 0.9), one(d, 0, 0, 0, 0.3)
	minutes, since, weight := 1+d.IntN(30), d.IntN(12), Weight(0)
	weights := map[int]Weight{0: 1000, 4 + d.IntN(4): 5000, 10 + d.IntN(8): one(d, 9500, All), 20 + d.IntN(9): All}
	for i := range minutes {
		if next, is := weights[i]; is {
			weight = next
			c.traffic.Shifts = append(c.traffic.Shifts, Shift{At: minuteAt(i).Add(time.Duration(one(d, 0, 0, 17, 59)) * time.Second), Weight: weight})
		}
		share, extra := min(usual+one(d, 0, shared), 1), 0.0
		if i >= since {
			extra = worse
		}
		candidate := min(int64(float64(rate)*weight.Share()*one(d, 1, 1, 1, 0.5)), rate)
		m := Minute{At: minuteAt(i), Stable: d.measured(rate-candidate, share, clump), Candidate: d.measured(candidate, min(share+extra, 1), clump)}
		if weight == All && d.IntN(2) == 0 {
			m.Stable = d.measured(rate/50, share, clump) // it still ends requests
		}
		if d.IntN(6) > 0 {
			c.traffic.Minutes = append(c.traffic.Minutes, m)
		}
	}
	c.now = minuteAt(minutes).Add(time.Duration(d.IntN(240)) * time.Second)
	return c
}

// six rounds to six digits: the last ones depend on the processor.
func six(x float64) string { return fmt.Sprintf("%.6g", x) }

func (c Comparison) text() string {
	return fmt.Sprintf("%d/%d against %d/%d, alone %d/%d, odds %s, difference %s",
		c.Candidate.Bad, c.Candidate.Requests, c.Stable.Bad, c.Stable.Requests, c.Alone.Bad, c.Alone.Requests, six(c.Odds), six(c.Difference))
}

func (f Finding) text() string {
	at := func(t time.Time) string { return t.Format("15:04") }
	text := fmt.Sprintf("%q, observed %q, newest %s, arrived %d of %d at %d: %s\n", f.Enforced, f.Observed, at(f.Newest),
		f.Arrival.Candidate, f.Arrival.Requests, f.Arrival.Weight, six(f.Arrival.Chance))
	for _, r := range f.Readings {
		text += fmt.Sprintf("  %s %s: %s %s; %s; e %s of %s, once per %d, hidden %s", r.Mode, r.Signal, r.Conclusion, r.Missing,
			r.All.text(), six(r.E), six(r.Threshold), r.OncePer, six(r.Hidden))
		if r.WorseAlone || r.EAlone > 2 {
			text += fmt.Sprintf("; alone %t, e %s", r.WorseAlone, six(r.EAlone))
		}
		if !r.Since.IsZero() {
			text += fmt.Sprintf("; since %s: %s", at(r.Since), r.SinceThen.text())
		}
		text += "\n"
	}
	return text
}

func (b Baseline) text() string {
	text := "  history"
	for _, s := range signals {
		r := b.record(s)
		text += fmt.Sprintf(" %d/%d clump %s sway %s", r.Bad, r.Requests, six(r.Clump), six(r.Sway))
	}
	return text + "\n"
}

// The judge is one long calculation, in which a wrong sign may only shift a number. So the
// judgements of many courses are written down, and whoever changes one sees which and how.
func TestJudgementsOfManyCoursesAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for seed := range uint64(120) {
		c := newCourse(seed)
		fmt.Fprintf(&text, "%d: %s", seed, Judge(c.settings, c.baseline, c.traffic, c.functions, c.now).text())
		if seed%10 == 0 {
			text.WriteString(c.baseline.text())
		}
	}
	for _, p := range []Prospect{
		{RequestsPerMinute: 120, ErrorRate: 0.01, Clump: 2, MetricLag: 90 * time.Second, Functions: 3},
		{RequestsPerMinute: 40.5, ErrorRate: 0.2, Clump: 0, MetricLag: 11 * time.Minute},
		{RequestsPerMinute: math.NaN(), ErrorRate: 7, Clump: 50, MetricLag: -time.Minute},
		{RequestsPerMinute: 5000, ErrorRate: 0, Functions: 1},
	} {
		p.Steps = []Step{{1000, 10*time.Minute + 30*time.Second}, {6000, 5 * time.Minute}, {All, 10 * time.Minute}}
		for _, s := range Outlook(DefaultSettings(), p) {
			fmt.Fprintf(&text, "outlook at %d: hidden %s", s.Weight, six(s.Hidden))
			for _, d := range s.Detections {
				fmt.Fprintf(&text, "; %s in %s after %s with %d", six(d.Regression), six(d.Found), d.After, d.Bad)
			}
			text.WriteString("\n")
		}
	}
	const file = "testdata/courses.txt"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, strings.Split(string(want), "\n"), strings.Split(text.String(), "\n"), "go test ./internal/shift/judge -run Courses -update rewrites it")
}
