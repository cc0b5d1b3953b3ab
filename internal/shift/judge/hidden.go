package judge

import "math"

// logExclusion is what a bet against a regression must reach to exclude it: 20, so that a
// regression of that size would be excluded in 1 of 20 cases at most.
var logExclusion = math.Log(20)

// maxShare keeps the assumed share of bad requests below 1, of which any good request would
// be an exact refutation.
const maxShare = 0.999999

// sample is what is known when a regression is to be excluded. The numbers need not be
// whole: a forecast expects some.
type sample struct {
	stableRequests, stableBad       float64
	candidateRequests, candidateBad float64
	clump                           float64
}

// stableShare is Stable's share of bad requests. It is at most ½, where a regression can
// still be told from it.
func (s sample) stableShare() float64 {
	return math.Min((s.stableBad+0.5)/(s.stableRequests+1), 0.5)
}

// logAgainst is a bet that the Candidate is like Stable, against a share of bad requests
// that is higher.
func (s sample) logAgainst(share float64) float64 {
	stable := s.stableShare()
	good := s.candidateRequests - s.candidateBad
	return (s.candidateBad*math.Log(stable/share) + good*math.Log((1-stable)/(1-share))) / s.clump
}

// excludes says whether the Candidate would have shown it if its share of bad requests were
// that much above Stable's. Without a request of Stable nothing is excluded.
func (s sample) excludes(difference float64) bool {
	return s.stableRequests > 0 && s.logAgainst(math.Min(s.stableShare()+difference, maxShare)) >= logExclusion
}

// hidden is the smallest difference that is excluded: by up to that share of its requests,
// the Candidate may be worse unseen. It is 1 when nothing is excluded.
func (s sample) hidden() float64 {
	if !s.excludes(1) {
		return 1
	}
	// logAgainst grows with the share from the one that was seen on, and is below 0 between
	// Stable's and that.
	low, high := math.Max(0, s.candidateBad/s.candidateRequests-s.stableShare()), 1.0
	for range 50 {
		if middle := (low + high) / 2; s.excludes(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
