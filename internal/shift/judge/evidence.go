package judge

import (
	"math"
	"slices"
	"time"
)

// evidence is what some minutes say against a Candidate, in one Signal. Its value is that
// of a stake of 1 that is bet against the Candidate, minute by minute. If the Candidate is
// no worse than Stable, the stake is not expected to grow, and ever reaches x with a
// chance of at most 1/x, however often one looks (Ville's inequality).
type evidence struct {
	rules        rules
	record       Record
	alternatives []alternative
	clump        clumpBeside
	minutes      []betMinute // those that are evidence
	stakes       mixture
	stakesClump  float64 // the clump that stakes was made with
	stable       Count   // all requests outside of minutes at 100 %
	candidate    Count
	alone        Count // the Candidate's requests in minutes at 100 %
}

// betMinute is a minute with what each alternative's stake became in it.
type betMinute struct {
	tally
	logBets []float64
}

func newEvidence(r rules, record Record) *evidence {
	list := alternatives(r.record)
	return &evidence{rules: r, record: record, alternatives: list, stakes: newMixture(len(list))}
}

// add takes one more minute into account. Minutes come in the order of time.
func (e *evidence) add(m tally) {
	e.addUncorrected(m)
	if m.isEvidence() {
		e.clump.add(m)
	}
}

// addUncorrected is add without a correction of the clump. A forecast knows no other clump
// than that of history.
func (e *evidence) addUncorrected(m tally) {
	if m.alone {
		e.alone = e.alone.plus(m.candidate)
	} else {
		e.stable, e.candidate = e.stable.plus(m.stable), e.candidate.plus(m.candidate)
	}
	if !m.isEvidence() {
		return
	}
	e.minutes = append(e.minutes, betMinute{tally: m})
	e.minutes[len(e.minutes)-1].logBets = logBets(e.alternatives, m, e.allowed())
}

// recent is how many minutes tell what Stable suffers from now.
const recent = 3

// lately returns the newest minutes.
func (e *evidence) lately() []betMinute { return e.minutes[max(0, len(e.minutes)-recent):] }

// allowed is the highest share of bad requests that the record, and Stable's trouble now,
// make plausible.
func (e *evidence) allowed() float64 {
	var now Count
	for _, m := range e.lately() {
		now = now.plus(m.stable)
	}
	return max(allowedByRecord(e.record), timesAllowed*now.Rate())
}

// badPerCause is how many bad requests count as one.
func (e *evidence) badPerCause() float64 {
	history := max(e.rules.clumping.cautious(e.record.Clump), e.rules.clump)
	return e.clump.corrected(history, e.rules.clumping.historyPairs)
}

// played returns the stakes after the newest minute. A clump that has changed changes all
// bets, so they are played again.
func (e *evidence) played() *mixture {
	if clump := e.badPerCause(); clump != e.stakesClump {
		e.stakes, e.stakesClump = newMixture(len(e.alternatives)), clump
	}
	for _, m := range e.minutes[e.stakes.minutes:] {
		e.stakes.add(m.logBets, e.stakesClump)
	}
	return &e.stakes
}

// logValue is the logarithm of the value of some parts of the stake.
func (e *evidence) logValue(parts ...part) float64 {
	values, sum := e.played().logValues, math.Inf(-1)
	for i, a := range e.alternatives {
		if slices.Contains(parts, a.part) {
			sum = logAdd(sum, math.Log(a.stake)+values[i])
		}
	}
	return sum
}

// logUnspent is the logarithm of the part of the stake that is kept for minutes to come.
func (e *evidence) logUnspent() float64 { return math.Log(e.played().unspent()) }

// logBeside is the evidence of all minutes beside Stable.
func (e *evidence) logBeside() float64 {
	return logAdd(e.logUnspent(), e.logValue(sideBySide, recordBeside))
}

// logWithoutRecord is the evidence side by side, without Stable's record.
func (e *evidence) logWithoutRecord() float64 {
	return logAdd(e.logUnspent(), e.logValue(sideBySide))
}

// logAlone is the evidence of minutes at 100 %.
func (e *evidence) logAlone() float64 { return e.logValue(recordAlone) }

// since returns the minute in which the Candidate most likely became worse, and the effect
// from there on, as some parts of the stake see it.
func (e *evidence) since(parts ...part) (time.Time, effect) {
	start := e.likeliestStart(parts...)
	return e.minutes[start].at, e.effectFrom(start)
}

// likeliestStart is the index of the minute in which the Candidate most likely became worse,
// as some parts of the stake see it. There must be a minute in which one of the parts has bet.
func (e *evidence) likeliestStart(parts ...part) int {
	start, best := 0, math.Inf(-1)
	sums, clump := make([]float64, len(e.alternatives)), e.badPerCause()
	for t, m := range slices.Backward(e.minutes) {
		value, bets := math.Inf(-1), false
		for i, a := range e.alternatives {
			sums[i] += m.logBets[i] / clump
			if slices.Contains(parts, a.part) {
				value, bets = logAdd(value, math.Log(a.stake)+sums[i]), bets || a.part.betsIn(m.tally)
			}
		}
		if value += math.Log(startStake(t)); bets && value > best {
			start, best = t, value
		}
	}
	return start
}

// all is the effect over all minutes, with all requests.
func (e *evidence) all() effect {
	all := e.effectFrom(0)
	all.stable, all.candidate, all.alone = e.stable, e.candidate, e.alone
	return all
}

// effectFrom is the effect from a minute on.
func (e *evidence) effectFrom(start int) effect {
	var sum effect
	for _, m := range e.minutes[start:] {
		sum = sum.plus(newEffect(m.tally))
	}
	return sum
}

// maxChance is the highest chance, side by side, at which the bet against the record may
// decide.
const maxChance = 0.01

// fails says whether the Candidate is worse than tolerated. The evidence must reach a
// threshold, given as its logarithm. Minutes at 100 % have no part in it: nothing tells there
// whether Stable would do better.
func (e *evidence) fails(logThreshold float64) bool {
	if e.logBeside() < logThreshold || e.candidate.Bad < e.rules.bad {
		return false
	}
	start := e.likeliestStart(sideBySide, recordBeside)
	if e.logWithoutRecord() < logThreshold && e.chanceSideBySide(start) > maxChance {
		return false
	}
	return e.effectFrom(start).matters(e.rules)
}

// chanceSideBySide bounds how likely the bad requests from a minute on would be divided so
// badly if both versions were alike.
//
// Where Stable served more than the Candidate, all minutes together tell most: Fisher's exact
// test. Where it served less, they tell something wrong: if Stable served the quiet minutes and
// the Candidate most of those with trouble of both, Stable would look better than it is. There
// each minute counts by itself (Chernoff's bound on the sum of hypergeometric numbers).
func (e *evidence) chanceSideBySide(start int) float64 {
	sum := e.effectFrom(start)
	if sum.candidate.Requests <= sum.stable.Requests {
		return newSplit(sum.candidate, sum.stable).chanceOfAtLeast(float64(sum.candidate.Bad))
	}
	highest := 0.0
	for i, a := range e.alternatives {
		if a.part != sideBySide {
			continue
		}
		logBets := 0.0
		for _, m := range e.minutes[start:] {
			logBets += m.logBets[i]
		}
		highest = max(highest, logBets)
	}
	return math.Exp(-highest)
}

// speaks says whether the Candidate is worse at 100 % than Stable's record allows.
func (e *evidence) speaks(logThreshold float64) bool {
	if e.logAlone() < logThreshold {
		return false
	}
	_, effect := e.since(recordAlone)
	return effect.alone.Bad >= e.rules.bad && effect.mattersAlone(e.rules, e.record.Count)
}

// sample is what is known to exclude a regression with.
func (e *evidence) sample() sample {
	return sample{
		stableRequests: float64(e.stable.Requests), stableBad: float64(e.stable.Bad),
		candidateRequests: float64(e.candidate.Requests), candidateBad: float64(e.candidate.Bad),
		clump: e.badPerCause(),
	}
}
