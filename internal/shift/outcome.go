package shift

import "strings"

// Outcome is how a Deployment ended.
type Outcome string

const (
	// Promoted : every Target sends all its traffic to its Candidate.
	Promoted Outcome = "Promoted"
	// Unchanged : there was nothing to shift.
	Unchanged Outcome = "Unchanged"
	// Rejected : the Deployment was refused before any traffic was touched.
	Rejected Outcome = "Rejected"
	// RolledBack : traffic was shifted, and every Target is back on its Stable.
	RolledBack Outcome = "RolledBack"
	// Stranded : at least one Target is not where Sluice can vouch for it; a
	// person must look.
	Stranded Outcome = "Stranded"
)

// advice is what a person can do after an Outcome that is no success.
var advice = map[Outcome]string{
	Rejected:   "No traffic was moved. Mend this and start a new execution.",
	RolledBack: "Look at the candidate's logs, mend it, publish a new version and start a new execution.",
	Stranded:   "A person must look: see what the target should serve, set it by hand, then start a new execution.",
}

// Advice is what a person can do after the Outcome; nothing after a success.
func (o Outcome) Advice() string { return advice[o] }

// Why is a cause without the Advice that it may end with.
func (o Outcome) Why(cause string) string {
	if advice[o] == "" {
		return cause
	}
	return strings.TrimSuffix(cause, ". "+advice[o])
}

// maxExplanation bounds a cause: it is shown in the console and announced.
const maxExplanation = 3000

// Explain is the cause of an Outcome for people: why, what was undone, and what
// to do now. It begins with the first reason, which begins with an error's name.
// A long one loses of the why, never of what to do.
func Explain(o Outcome, reasons, undone []string) string {
	text := joined(reasons)
	if len(undone) > 0 {
		text += ". " + joined(undone)
	}
	todo := advice[o]
	if todo != "" {
		todo = ". " + todo
	}
	return BoundText(text, maxExplanation-len(todo)) + todo
}

func joined(texts []string) string { return strings.Join(texts, "; ") }
