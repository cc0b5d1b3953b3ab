package explain

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/shift"
)

// maxExplanation bounds a cause, which is shown in the console and announced.
const maxExplanation = 3000

// maxReasonsText bounds the Reasons in a cause that also describes Targets.
const maxReasonsText = 1500

// Cause explains an Outcome: why it came, what was undone, and what to do now. It begins
// with the first Reason, and so with the name of an error if there was one. If the cause is
// too long, the Reasons are cut, never the advice.
func Cause(o shift.Outcome, reasons []shift.Reason, undone []shift.Undone) string {
	why := join(shift.Texts(reasons))
	todo := Advice(o, reasons)
	room := maxExplanation - utf8.RuneCountInString(todo) - len(". ")
	if len(undone) > 0 {
		why = shift.BoundText(why, maxReasonsText)
		told := Undone(undone, room-utf8.RuneCountInString(why)-len(". "))
		why = appendSentence(why, join(told))
	}
	return appendSentence(shift.BoundText(why, room), todo)
}

// Unchanged is the cause of a Deployment that had nothing to shift. CloudFormation may have
// moved an alias before Sluice was asked to, so the cause says where to read about it.
func Unchanged(why shift.Reason, moves []shift.Move) string {
	isAlias := func(m shift.Move) bool { return m.Target.Kind() == shift.KindLambda }
	if why.Name != shift.AlreadyServed || !slices.ContainsFunc(moves, isAlias) {
		return why.String()
	}
	return why.String() + `; if CloudFormation sets the FunctionVersion of an alias, see "Adoption" in the README of Sluice`
}

// SplitCause splits the cause of an Outcome into the explanation and the advice. The cause of an
// Unchanged contains no advice. Neither may a cause from an earlier version that stored no
// Reasons: all of it is explanation then.
func SplitCause(o shift.Outcome, reasons []shift.Reason, cause string) (why, next string) {
	next = Advice(o, reasons)
	why, ends := strings.CutSuffix(cause, next)
	if !ends && len(reasons) == 0 && o != shift.Unchanged {
		return cause, ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(why, " "), "."), next
}

// appendSentence appends a sentence to a text, which may end with an ellipsis.
func appendSentence(text, next string) string {
	switch {
	case text == "" || next == "":
		return text + next
	case strings.HasSuffix(text, "…"):
		return text + " " + next
	}
	return text + ". " + next
}

func join(texts []string) string { return strings.Join(texts, "; ") }
