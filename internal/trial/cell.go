package trial

import (
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// The deployments of a trial have two steps: the Cell's weight, and then everything.
const (
	canaryMinutes = 10
	finalMinutes  = 20
	planMinutes   = canaryMinutes + finalMinutes
)

// Cell is one kind of traffic with one kind of Candidate.
type Cell struct {
	Group Group
	// Of is what is particular about it in its Group: a regression, or what is hard.
	Of     string
	Rate   int64   // requests a minute
	Base   float64 // the share of Stable's requests that fail
	Weight shift.Weight
	// scenario has everything but the seed and how late the metrics are.
	scenario world.Scenario
	// lags are how late the metrics are, which alternate from run to run.
	lags []time.Duration
}

// alike is what Healthy Cells are.
const alike = "alike"

// Group is what a Cell shows.
type Group string

const (
	Healthy   Group = "healthy"   // both versions are alike
	Stressed  Group = "stressed"  // both are alike, and the traffic is hard to judge
	Regressed Group = "regressed" // the Candidate is worse
)

// Name identifies the Cell.
func (c Cell) Name() string {
	return fmt.Sprintf("%s, %s: %d a minute, %s, %s fail", c.Group, c.Of, c.Rate, c.Weight, Percent(c.Base))
}

// Percent shows a share as a percentage.
func Percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 4, 64) + "%" }

// played returns the scenario of a run.
func (c Cell) played(run int) world.Scenario {
	s := c.scenario
	name := fnv.New64a()
	_, _ = io.WriteString(name, c.Name()) // it never fails
	s.Seed = name.Sum64()>>2 + uint64(run)
	lag := c.lags[run%len(c.lags)]
	s.Metrics.AliasLag, s.Metrics.VersionLag = lag, lag
	return s
}

// worse is by how much more of the Candidate's requests fail.
func (c Cell) worse() float64 { return c.scenario.Candidate.ErrorRate - c.scenario.Stable.ErrorRate }

// isTolerated says whether the Candidate is so little worse that a deployment takes it by
// default. That is no regression to find.
func (c Cell) isTolerated() bool {
	return c.worse() < float64(shift.DefaultJudging().Tolerates.Points)/float64(shift.All)
}

// steps are those of the Cell's deployments.
func (c Cell) steps() []shift.Step {
	return []shift.Step{{Weight: c.Weight, Bake: canaryMinutes * 60}, {Weight: shift.All, Bake: finalMinutes * 60}}
}

// newCell returns a Cell whose versions are alike. Its metrics are 1, 2 or 3 minutes late.
func newCell(group Group, of string, rate int64, weight shift.Weight, base float64) Cell {
	s := world.DefaultScenario()
	s.RequestsPerMinute = rate
	s.Stable.ErrorRate, s.Candidate.ErrorRate = base, base
	if rate > exactUpTo {
		s.Incidents = []world.Incident{longAgo}
	}
	return Cell{
		Group: group, Of: of, Rate: rate, Base: base, Weight: weight, scenario: s,
		lags: []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute},
	}
}

// longAgo is an incident before anything that a deployment looks at. A scenario with incidents
// draws its numbers from their exact distributions (package world). Without, the rare errors of
// many requests would be drawn from the normal one, of which a small version has too many.
// The world draws up to exactUpTo requests exactly in any case.
var longAgo = world.Incident{From: -5 * time.Hour, Until: -4 * time.Hour, DurationTimes: 1}

const exactUpTo = 4_096

var (
	rates   = []int64{20, 200, 2_000, 100_000}
	weights = []shift.Weight{100, 500, 1000, 5000}
	bases   = []float64{0.0001, 0.001, 0.01, 0.05}
)

// regression makes a Candidate worse.
type regression struct {
	name string
	rate func(base float64) float64
}

var regressions = []regression{
	{"twice as many fail", func(base float64) float64 { return 2 * base }},
	{"10 times as many fail", func(base float64) float64 { return 10 * base }},
	{"5% more fail", func(base float64) float64 { return base + 0.05 }},
	{"20% more fail", func(base float64) float64 { return base + 0.2 }},
	{"all fail", func(float64) float64 { return 1 }},
}

// Cells are all Cells of the trial, in a fixed order.
func Cells() []Cell {
	var cells []Cell
	for _, rate := range rates {
		for _, weight := range weights {
			for _, base := range bases {
				cells = append(cells, newCell(Healthy, alike, rate, weight, base))
				for _, r := range regressions {
					c := newCell(Regressed, r.name, rate, weight, base)
					c.scenario.Candidate.ErrorRate = r.rate(base)
					if !c.isTolerated() {
						cells = append(cells, c)
					}
				}
			}
		}
	}
	return append(cells, stressedCells()...)
}

// stress makes traffic hard to judge, and both versions alike.
type stress struct {
	name  string
	base  float64
	apply func(*Cell)
}

const (
	fewErrors  = 0.001
	someErrors = 0.01
)

// both makes both versions behave in a way.
func both(change func(*world.Behaviour)) func(*Cell) {
	return func(c *Cell) {
		change(&c.scenario.Stable)
		change(&c.scenario.Candidate)
	}
}

func incident(from, until time.Duration, rate float64) func(*Cell) {
	return func(c *Cell) {
		c.scenario.Incidents = append(c.scenario.Incidents, world.Incident{From: from, Until: until, ErrorRate: rate, DurationTimes: 1})
	}
}

func late(lag time.Duration) func(*Cell) {
	return func(c *Cell) { c.lags = []time.Duration{lag} }
}

var stresses = []stress{
	{"metrics at once", someErrors, late(0)},
	{"metrics 5 minutes late", someErrors, late(5 * time.Minute)},
	{"metrics 14 minutes late", someErrors, late(14 * time.Minute)},
	{HalfArrived, someErrors, func(c *Cell) { c.scenario.Metrics.HalfArrived = true }},
	{"both fail 30% for 5 minutes", fewErrors, incident(3*time.Minute, 8*time.Minute, 0.3)},
	{"both are out for 5 minutes", fewErrors, incident(3*time.Minute, 8*time.Minute, 1)},
	{"both fail 30% for 5 minutes in the last step", fewErrors, incident(15*time.Minute, 20*time.Minute, 0.3)},
	{"10 times as many fail within 20 minutes", fewErrors, both(func(b *world.Behaviour) {
		b.Drift = world.Drift{ErrorRate: 10 * b.ErrorRate, Until: 20 * time.Minute}
	})},
	{"failed requests are sent again, twice", someErrors, func(c *Cell) { c.scenario.Retries = 2 }},
	{"3 fail together", someErrors, both(func(b *world.Behaviour) { b.ErrorClump = 3 })},
	{"10 fail together", someErrors, both(func(b *world.Behaviour) { b.ErrorClump = 10 })},
	{BrokenSandboxes, fewErrors, both(func(b *world.Behaviour) {
		b.Deaths = world.SandboxDeaths{PerHour: 0.5, Dead: 5 * time.Minute}
		b.Duration = world.Latency{P50: time.Second, P99: time.Second}
	})},
}

// The stresses that are held to no Bound. The comparison takes them for a bad version.
const (
	// BrokenSandboxes is what no comparison of versions can tell from a bad version.
	BrokenSandboxes = "whole sandboxes break, for 5 minutes"
	// HalfArrived lets CloudWatch show, for some minutes, another part of each metric: a
	// version's errors may be shown with few of its requests.
	HalfArrived = "half of the metrics come first"
)

func stressedCells() []Cell {
	var cells []Cell
	for _, s := range stresses {
		for _, rate := range rates {
			for _, weight := range []shift.Weight{1000, 5000, 9500} {
				c := newCell(Stressed, s.name, rate, weight, s.base)
				s.apply(&c)
				cells = append(cells, c)
			}
		}
	}
	return cells
}
