package explain

import (
	"fmt"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Compared says in a few sentences what the comparison of a Target's versions knows: the
// requests and the bad ones of both, the odds, what could hide, and how strong the evidence
// is. It never says that a Candidate is healthy.
func Compared(j shift.Judged) []string {
	var sentences []string
	for _, s := range j.Signals {
		if s.Candidate.Requests == 0 && s.Stable.Requests == 0 {
			sentences = append(sentences, "CloudWatch has reported no request of either version")
			continue
		}
		sentences = append(sentences, countsOf(s), oddsOf(s)+"; "+hiddenIn(s), evidenceOf(s))
	}
	return sentences
}

// became says what became of the bad requests of a Signal.
var became = map[judge.Signal]string{
	judge.Errors: "failed", judge.Slow: "were slow", judge.VerySlow: "were very slow", judge.Throttles: "were throttled",
}

func countsOf(s shift.JudgedSignal) string {
	text := fmt.Sprintf("candidate: %s; stable: %s", countOf(s.Candidate, became[s.Signal]), countOf(s.Stable, became[s.Signal]))
	if !s.Since.IsZero() {
		text += ", since " + s.Since.UTC().Format("15:04 UTC")
	}
	return text
}

func countOf(c judge.Count, became string) string {
	if c.Requests == 0 {
		return "no request reported"
	}
	return fmt.Sprintf("%s of %s requests %s (%s)", shift.Thousands(c.Bad), shift.Thousands(c.Requests), became, shift.PercentText(c.Rate()))
}

// unbounded is the odds ratio from which on it is told in words.
const unbounded = 1e6

func oddsOf(s shift.JudgedSignal) string {
	const what = "the odds of a bad request are "
	switch {
	case s.Candidate.Bad == 0 && s.Stable.Bad == 0:
		return "no request was bad"
	case s.Odds >= unbounded:
		return what + "beyond all bounds, because stable had no bad request"
	}
	return fmt.Sprintf("%s%.3g times those of stable", what, s.Odds)
}

func hiddenIn(s shift.JudgedSignal) string {
	if s.Hidden >= 1 {
		return "any number of bad requests could hide"
	}
	return fmt.Sprintf("up to %s more could hide", shift.PercentText(s.Hidden))
}

func evidenceOf(s shift.JudgedSignal) string {
	if s.Conclusion == judge.Worse {
		return fmt.Sprintf("chance alone does this less than once in %s deployments", shift.Thousands(s.OncePer()))
	}
	return fmt.Sprintf("the evidence against the candidate is %.2g; it decides from %.3g on", s.Evidence, s.Threshold)
}
