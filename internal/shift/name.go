package shift

import "strings"

// The characters that names are made of. They are looked up one by one: compiling a
// pattern for each name would cost every process a millisecond at its start.
const (
	Digits = "0123456789"
	// OfNames are the characters of a plain name: letters, digits, hyphen and underscore.
	OfNames = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits + "-_"
)

// MadeOf says whether a text consists only of the given characters. It is false for an
// empty text.
func MadeOf(text, of string) bool { return text != "" && strings.Trim(text, of) == "" }
