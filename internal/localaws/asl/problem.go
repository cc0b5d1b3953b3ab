package asl

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a definition.
type Problem struct {
	Path string // where, as a JSON path from the definition's root
	Text string // what
}

// InvalidDefinition is every problem that Parse found.
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

// below is the JSON path of a field of what stands at a path.
func below(at, field string) string {
	if name, rest := cutName(field); name != "" && rest == "" {
		return at + "." + field
	}
	return fmt.Sprintf("%s['%s']", at, field)
}

// entry is the JSON path of an entry of the array at a path.
func entry(at string, index int) string { return fmt.Sprintf("%s[%d]", at, index) }
