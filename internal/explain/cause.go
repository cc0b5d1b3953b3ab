package explain

import (
	"strings"
	"unicode/utf8"

	"sluice/internal/shift"
)

// maxExplanation bounds a cause: it is shown in the console and announced.
const maxExplanation = 3000

// maxReasonsText bounds the reasons in a cause that tells of Targets, too.
const maxReasonsText = 1500

// Cause explains an Outcome: why, what was undone, and what to do now. It begins with
// the first Reason, and so with the name of an error where there was one. Of a long one
// a part of the why is cut, and never what to do.
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

// Apart divides the cause of an Outcome into why and what to do. The cause of an
// Unchanged has no advice in it. Nor may the one that an earlier version has written for
// Reasons that it did not keep: all of that is why.
func Apart(o shift.Outcome, reasons []shift.Reason, cause string) (why, next string) {
	next = Advice(o, reasons)
	why, ends := strings.CutSuffix(cause, next)
	if !ends && len(reasons) == 0 && o != shift.Unchanged {
		return cause, ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(why, " "), "."), next
}

// appendSentence appends one to a text, which may have been cut.
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
