package judge

import "math"

// part is the part of the stake that an alternative belongs to.
type part int

const (
	sideBySide   part = iota // who got the bad requests of a minute: Stable or the Candidate
	recordBeside             // the Candidate against Stable's record, in minutes beside Stable
	recordAlone              // the same in minutes at 100 %
)

// betsIn says whether the part bets in a minute.
func (p part) betsIn(m tally) bool { return m.alone == (p == recordAlone) }

// alternative is one way in which a Candidate may be worse. A share of the stake is bet
// on each.
type alternative struct {
	part  part
	stake float64
	// odds is how many times higher the odds of a bad request are: than Stable's when side
	// by side, than the record allows otherwise. It is 0 where share is set.
	odds float64
	// share is the share of bad requests.
	share float64
}

// alternatives lists what is bet on. All stakes together are 1.
func alternatives(withRecord bool) []alternative {
	odds := [...]float64{1.5, 2.5, 5, 12, 60}
	stake := 1.0
	if withRecord {
		stake = 3.0 / 4
	}
	var list []alternative
	for _, o := range odds {
		list = append(list, alternative{part: sideBySide, stake: stake / float64(len(odds)), odds: o})
	}
	if !withRecord {
		return list
	}
	for _, p := range []part{recordBeside, recordAlone} {
		list = append(list,
			alternative{part: p, stake: 1.0 / 32, odds: 3},
			alternative{part: p, stake: 1.0 / 32, odds: 12},
			alternative{part: p, stake: 1.0 / 16, share: 0.9})
	}
	return list
}

// logBets returns, for each alternative, the logarithm of what a stake of 1 becomes in a
// minute. If the Candidate is no worse than allowed, no bet is expected to win.
func logBets(list []alternative, m tally, allowed float64) []float64 {
	bets := make([]float64, len(list))
	divided := newSplit(m.candidate, m.stable)
	for i, a := range list {
		switch {
		case a.part == sideBySide && m.isCompared() && divided.tells():
			bets[i] = logBetSideBySide(divided, float64(m.candidate.Bad), a.odds)
		case a.part != sideBySide && a.part.betsIn(m):
			bets[i] = logBetAgainstRecord(m.candidate, allowed, a.badShare(allowed))
		}
	}
	return bets
}

// logBetSideBySide bets that the odds of a bad request are that many times higher on the
// Candidate. Only how the bad requests are divided counts, not how many there are.
func logBetSideBySide(s split, bad, odds float64) float64 {
	return bad*math.Log(odds) + s.logAllWays() - s.logTotal(odds)
}

// logBetAgainstRecord bets that a share of the Candidate's requests is bad, against what is
// allowed. There is no bet when both are too close.
func logBetAgainstRecord(candidate Count, allowed, share float64) float64 {
	if allowed > share/2 {
		return 0
	}
	bad, good := candidate.odds()
	return bad*math.Log(share/allowed) + good*math.Log((1-share)/(1-allowed))
}

// badShare is the share of bad requests that is bet on.
func (a alternative) badShare(allowed float64) float64 {
	if a.share > 0 || allowed >= 1 {
		return a.share
	}
	odds := a.odds * allowed / (1 - allowed)
	return odds / (1 + odds)
}

const (
	leastAllowed = 0.01 // share of bad requests that is always allowed
	timesAllowed = 4    // how many times the record, or Stable's share now, is allowed
)

// allowedByRecord is the highest share of bad requests that Stable's record makes
// plausible.
func allowedByRecord(r Record) float64 {
	usual := float64(r.Bad+1) / float64(r.Requests+1)
	return max(leastAllowed, timesAllowed*(usual+2*r.Sway))
}
