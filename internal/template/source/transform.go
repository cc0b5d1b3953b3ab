package source

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// transform returns the section Transform, or nil.
func (f File) transform() *yaml.Node {
	for i := 0; i < len(f.root.Content); i += 2 {
		if f.root.Content[i].Value == "Transform" {
			return f.root.Content[i+1]
		}
	}
	return nil
}

// Transforms returns the names in the section Transform, in their order.
func (f File) Transforms() []string {
	n := f.transform()
	if n == nil {
		return nil
	}
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var names []string
	for _, item := range items {
		names = append(names, nameOf(item))
	}
	return names
}

// nameOf returns the name of a macro, which may have parameters.
func nameOf(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return n.Value
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "Name" {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// Edit is the change of a few lines. Line counts from 1, and is that of the first one.
type Edit struct {
	Line           int
	Removed, Added []string
}

// AddTransform returns how to name one more macro, after all others. ok is false if the section
// has a form that cannot be edited line by line.
func (f File) AddTransform(name string) (e Edit, ok bool) {
	lines := strings.Split(string(f.text), "\n")
	n := f.transform()
	switch {
	case f.isUnplaced:
		return Edit{}, false
	case n == nil:
		return f.firstTransform(lines, name)
	case n.Kind == yaml.ScalarNode:
		return replace(lines, n, func(token string) string { return "[" + token + ", " + like(n, name) + "]" })
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		return Edit{}, false
	}
	last := n.Content[len(n.Content)-1]
	if n.Style&yaml.FlowStyle != 0 {
		return replace(lines, last, func(token string) string { return token + ", " + like(last, name) })
	}
	before := lines[last.Line-1][:last.Column-1]
	return Edit{Line: lastLine(last) + 1, Added: []string{before + like(last, name)}}, strings.TrimSpace(before) == "-"
}

// firstTransform makes the section, before all others.
func (f File) firstTransform(lines []string, name string) (Edit, bool) {
	if len(f.root.Content) == 0 {
		return Edit{}, false
	}
	key := f.root.Content[0]
	before := lines[key.Line-1][:key.Column-1]
	if strings.TrimSpace(before) != "" {
		return Edit{}, false
	}
	line := "Transform: " + name
	if f.root.Style&yaml.FlowStyle != 0 {
		line = quoted("Transform") + ": " + quoted(name) + ","
	}
	return Edit{Line: key.Line, Added: []string{before + line}}, true
}

// maxLine bounds a line that is shown before and after its change. A template without line breaks is
// one line.
const maxLine = 400

// replace changes a scalar in its line.
func replace(lines []string, n *yaml.Node, change func(token string) string) (Edit, bool) {
	line := lines[n.Line-1]
	token := like(n, n.Value)
	before, after := line[:n.Column-1], line[n.Column-1:]
	rest, ok := strings.CutPrefix(after, token)
	if n.Kind != yaml.ScalarNode || !ok || len(line) > maxLine {
		return Edit{}, false
	}
	return Edit{Line: n.Line, Removed: []string{line}, Added: []string{before + change(token) + rest}}, true
}

// like writes a name with the quotes that another scalar has.
func like(n *yaml.Node, name string) string {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return `"` + name + `"`
	case n.Style&yaml.SingleQuotedStyle != 0:
		return "'" + name + "'"
	}
	return name
}

func lastLine(n *yaml.Node) int {
	line := n.Line
	for _, below := range n.Content {
		line = max(line, lastLine(below))
	}
	return line
}

// Apply returns the text with an edit.
func (f File) Apply(e Edit) string {
	lines := strings.Split(string(f.text), "\n")
	return strings.Join(slices.Concat(lines[:e.Line-1], e.Added, lines[e.Line-1+len(e.Removed):]), "\n")
}
