package asl

import (
	"fmt"
	"strings"
)

// Problem is one error in a definition.
type Problem struct {
	Path string // a JSON path from the definition's root
	Text string // what is wrong
}

// InvalidDefinition holds every problem that Parse found.
type InvalidDefinition struct {
	Problems []Problem
}

func (e *InvalidDefinition) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Path + ": " + p.Text
	}
	return "invalid definition:\n" + strings.Join(lines, "\n")
}

// fieldPath returns the JSON path of a field of the object at a path.
func fieldPath(at, field string) string {
	if name, rest := cutName(field); name != "" && rest == "" {
		return at + "." + field
	}
	return fmt.Sprintf("%s['%s']", at, field)
}

// entryPath returns the JSON path of an entry of the array at a path.
func entryPath(at string, index int) string { return fmt.Sprintf("%s[%d]", at, index) }
