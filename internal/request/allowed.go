package request

import (
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Allowed decides which functions may be shifted: those whose tag sluice:alias has a value, or
// those whose names match a pattern. With the zero value, the tag decides.
type Allowed struct{ pattern string }

// allowedByTag is the setting with which the tag decides.
const allowedByTag = "tag"

// ParseAllowed reads a setting. With "tag" or an empty setting, the tag decides. Any other
// setting is a pattern, in which * stands for any characters.
func ParseAllowed(setting string) (Allowed, error) {
	if setting == "" || setting == allowedByTag {
		return Allowed{}, nil
	}
	if len(setting) > 64 || !shift.MadeOf(setting, shift.OfNames+"*") {
		return Allowed{}, fmt.Errorf("%q does not say which functions may be shifted: it must be %q, or a function's name in which * stands for any characters, such as \"orders-*\"",
			shift.BoundText(setting, 80), allowedByTag)
	}
	return Allowed{pattern: setting}, nil
}

// Pattern returns the pattern for names. It is empty if the tag decides.
func (a Allowed) Pattern() string { return a.pattern }

// ByTag says whether a function's tags decide.
func (a Allowed) ByTag() bool { return a.pattern == "" }

// Check returns shift.ErrFunctionNotAllowed for a Target whose function may not be
// shifted. A pattern does not look at the tags.
func (a Allowed) Check(t shift.Target, tags flow.Tags) error {
	function, _, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return err
	}
	if !a.ByTag() {
		if matchesPattern(a.pattern, function) {
			return nil
		}
		return fmt.Errorf("%w: this installation of Sluice shifts only functions whose name fits %s, and %s does not: widen its setting for the functions that may be shifted",
			shift.ErrFunctionNotAllowed, a.pattern, function)
	}
	if tags.HasAlias() {
		return nil
	}
	if _, tagged := tags[flow.TagAlias]; tagged {
		return fmt.Errorf("%w: the tag %s of %s %s", shift.ErrFunctionNotAllowed, flow.TagAlias, function, flow.EmptyTagAlias)
	}
	return fmt.Errorf("%w: %s does not carry the tag %s: add it, with the alias to shift as its value",
		shift.ErrFunctionNotAllowed, function, flow.TagAlias)
}

// matchesPattern says whether a name matches a pattern, in which * stands for any number of
// characters.
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
