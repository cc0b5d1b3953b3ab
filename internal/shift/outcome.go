package shift

import (
	"strings"
	"unicode/utf8"
)

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

// maxExplanation bounds a cause: it is shown in the console and announced.
const maxExplanation = 3000

// maxWhy bounds the reasons in a cause that tells of Targets, too.
const maxWhy = 1500

// Explain is the cause of an Outcome for people: why, what was undone, and what
// to do now. It begins with the first reason, which begins with an error's name.
// A long one loses of the why, never of what to do.
func Explain(o Outcome, reasons []string, undone []Undone) string {
	why := joined(reasons)
	todo := adviceFor(o, why)
	room := maxExplanation - utf8.RuneCountInString(todo) - len(". ")
	if len(undone) > 0 {
		why = BoundText(why, maxWhy)
		told := TellUndone(undone, room-utf8.RuneCountInString(why)-len(". "))
		why = sentence(why, joined(told))
	}
	return sentence(BoundText(why, room), todo)
}

// Told takes the cause of an Outcome apart again: why, and what a person can do,
// which is nothing after a success.
func (o Outcome) Told(cause string) (why, next string) {
	next = adviceFor(o, cause)
	if next == "" {
		return cause, ""
	}
	why = strings.TrimSuffix(cause, next)
	return strings.TrimSuffix(strings.TrimSuffix(why, " "), "."), next
}

// sentence appends one to a text, which may have been cut.
func sentence(text, next string) string {
	switch {
	case text == "" || next == "":
		return text + next
	case strings.HasSuffix(text, "…"):
		return text + " " + next
	}
	return text + ". " + next
}

func joined(texts []string) string { return strings.Join(texts, "; ") }
