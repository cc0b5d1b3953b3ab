package judge

import "math"

// Bad requests come in clumps: one cause makes several requests fail. The clump is how many
// bad requests count as one. 1 means that each falls by itself. It is how much more their
// number varies from minute to minute than the number of independent ones would.

// maxClump bounds what history may say about clumps.
const maxClump = 20

// clumpOfHistory measures the clump of one version by itself: how much its share of bad
// requests differs between a minute and the next.
func clumpOfHistory(minutes []Count) float64 {
	seen, expected := 0.0, 0.0
	var before Count
	for _, m := range minutes {
		if m.Requests == 0 {
			continue
		}
		if before.Requests > 0 {
			both, difference := before.plus(m).Rate(), before.Rate()-m.Rate()
			seen += difference * difference / (1/float64(before.Requests) + 1/float64(m.Requests))
			expected += both * (1 - both)
		}
		before = m
	}
	if expected == 0 {
		return 1
	}
	return min(max(seen/expected, 1), maxClump)
}

// clumpBeside measures the clump of two versions side by side: how differently the bad
// requests of a minute and the next were divided between them. Neither a worse Candidate
// nor trouble that both share changes how they are divided.
type clumpBeside struct {
	seen, expected float64
	pairs          int
	before         tally
}

func (c *clumpBeside) add(m tally) {
	b1, a1 := float64(c.before.candidate.Bad), float64(c.before.stable.Bad)
	b2, a2 := float64(m.candidate.Bad), float64(m.stable.Bad)
	comparable := c.before.isCompared() && m.isCompared()
	c.before = m
	k1, k2 := b1+a1, b2+a2
	if !comparable || k1 == 0 || k2 == 0 {
		return
	}
	c.seen += (b1*a2 - b2*a1) * (b1*a2 - b2*a1) / (k1 * k2)
	c.expected += (b1 + b2) * (a1 + a2) / (k1 + k2)
	c.pairs++
}

// clumping is how careful one is with clumps. A clump is estimated from few causes, and too
// low as often as too high. Few large clumps also weigh more than many small ones do.
type clumping struct {
	// excess is how many times that counts by which history's clump exceeds 1.
	excess float64
	// historyPairs is how many pairs of minutes side by side the clump of history weighs as
	// much as.
	historyPairs float64
}

// carefully is how careful the judgement is with clumps. It is measured: see the rows of what
// fails together in README.md.
var carefully = clumping{excess: 1.5, historyPairs: 4}

// cautious is the clump that is taken for what history has measured.
func (c clumping) cautious(measured float64) float64 {
	return 1 + c.excess*(min(max(measured, 1), maxClump)-1)
}

// corrected is the clump of history, lowered by what was measured side by side. It is never
// raised: a Candidate that fails in clumps must not be harder to find.
func (c *clumpBeside) corrected(history, historyPairs float64) float64 {
	if c.pairs == 0 || c.expected == 0 {
		return history
	}
	seen, pairs := max(c.seen/c.expected, 1), float64(c.pairs)
	return math.Min(history, (historyPairs*history+pairs*seen)/(historyPairs+pairs))
}
