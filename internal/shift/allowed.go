package shift

import (
	"fmt"
	"strings"
)

// Allowed says which functions may be shifted: those that are tagged sluice:alias,
// or those whose name fits a pattern. The zero value is the former.
type Allowed struct{ pattern string }

// allowedByTag is how a setting says that the tag decides.
const allowedByTag = "tag"

// ParseAllowed reads a setting: "tag" or nothing for the tag, otherwise a pattern
// in which * stands for any characters.
func ParseAllowed(setting string) (Allowed, error) {
	if setting == "" || setting == allowedByTag {
		return Allowed{}, nil
	}
	if len(setting) > 64 || !MadeOf(setting, OfNames+"*") {
		return Allowed{}, fmt.Errorf("%q does not say which functions may be shifted: it must be %q, or a function's name in which * stands for any characters, such as \"orders-*\"",
			BoundText(setting, 80), allowedByTag)
	}
	return Allowed{pattern: setting}, nil
}

// Pattern is that of the names; empty where tags decide.
func (a Allowed) Pattern() string { return a.pattern }

// ByTag says whether a function's tags decide.
func (a Allowed) ByTag() bool { return a.pattern == "" }

// Check returns ErrFunctionNotAllowed for a Target whose function may not be
// shifted. A pattern does not look at the tags.
func (a Allowed) Check(t Target, tags Tags) error {
	function, _, err := t.Lambda()
	if err != nil {
		return err
	}
	if !a.ByTag() {
		if matchesPattern(a.pattern, function) {
			return nil
		}
		return fmt.Errorf("%w: this installation of Sluice shifts only functions whose name fits %s, and %s does not: widen its setting for the functions that may be shifted",
			ErrFunctionNotAllowed, a.pattern, function)
	}
	if _, tagged := tags[TagAlias]; tagged {
		return nil
	}
	return fmt.Errorf("%w: %s does not carry the tag %s: add it, with the alias to shift as its value",
		ErrFunctionNotAllowed, function, TagAlias)
}

// matchesPattern says whether a name is the pattern, in which * stands for any characters, or
// none.
func matchesPattern(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return name == pattern
	}
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	rest := name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}
