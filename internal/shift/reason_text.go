package shift

import "strings"

// ParseReason reads a Reason from a text such as "AlarmFired: orders-5xx is in ALARM: …".
// Earlier versions wrote all Reasons that way. Only decoders that may meet their data call
// it.
func ParseReason(text string) Reason {
	for _, f := range textForms {
		if subject, fits := f.subject(text); fits {
			return Reason{Name: f.name, Subject: subject, Text: strings.TrimPrefix(text, f.name+": ")}
		}
	}
	name, rest, isError := strings.Cut(text, ": ")
	if isError && isErrorName(name) {
		return Reason{Name: name, Text: rest}
	}
	return Reason{Text: text}
}

// textForm is how an earlier version wrote a Reason: the text before its subject, and the
// text after it.
type textForm struct{ name, begins, goesOn string }

var textForms = []textForm{
	{AlarmFired, "AlarmFired: ", " is in ALARM: "},
	{AlarmNotRead, "AlarmUnreadable: ", ": "},
	{AlarmUnreadableIgnored, "alarm ", " cannot be read ("},
	{AlarmIgnoredUntilOK, "alarm ", " was firing at the start and is ignored until it has been OK"},
	{AlarmWithoutData, "alarm ", " has insufficient data"},
	{HeldTooLong, "held ", " times in a row"},
	{Paused, "paused by hand: ", ""},
	{PauseEnded, "the pause has ended by itself", ""},
	{PromotedByHand, "promoted by hand: ", ""},
	{MoreReasons, "and ", " more"},
}

func (f textForm) subject(text string) (string, bool) {
	rest, begins := strings.CutPrefix(text, f.begins)
	if !begins || f.goesOn == "" {
		return "", begins
	}
	subject, _, goesOn := strings.Cut(rest, f.goesOn)
	if f.name == HeldTooLong || f.name == MoreReasons {
		return "", goesOn && MadeOf(subject, Digits)
	}
	return subject, goesOn
}

// isErrorName says whether a text can be the name of an error, such as HookFailed or one
// that a service gave.
func isErrorName(s string) bool {
	return len(s) <= 80 && MadeOf(s, OfNames+".") && s[0] >= 'A' && s[0] <= 'Z'
}
