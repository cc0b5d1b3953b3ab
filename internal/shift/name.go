package shift

import "strings"

// The characters that names are made of. They are looked for one by one: to compile
// a pattern for each name would cost every Lambda a millisecond when it starts.
const (
	Digits = "0123456789"
	// OfNames are those of the names of functions and aliases (Lambda API, FunctionName
	// and Alias).
	OfNames = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits + "-_"
)

// MadeOf says whether a text is made of some characters, and of nothing else. An empty
// one is made of none.
func MadeOf(text, of string) bool { return text != "" && strings.Trim(text, of) == "" }
