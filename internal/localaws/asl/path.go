package asl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// path is a reference path of the Amazon States Language. It names at most one node, by
// fields and array indexes. "$" is the document that the path is applied to, and "$$"
// is the context object.
type path struct {
	text    string
	context bool
	steps   []step
}

// step goes down one level: into an object's field, or to an array's index.
type step struct {
	field string
	index int
	array bool
}

var errNotReferencePath = errors.New("is not a reference path ($, $.field, $['field'], $[0], or these after $$)")

// parsePath parses a reference path. It rejects filters, slices, wildcards, descendants
// and intrinsic functions.
func parsePath(text string) (path, error) {
	if strings.HasPrefix(text, "States.") {
		return path{}, errors.New("intrinsic functions are not supported")
	}
	rest, found := strings.CutPrefix(text, "$")
	if !found {
		return path{}, errNotReferencePath
	}
	p := path{text: text}
	rest, p.context = strings.CutPrefix(rest, "$")
	for rest != "" {
		s, after, ok := cutStep(rest)
		if !ok {
			return path{}, errNotReferencePath
		}
		p.steps = append(p.steps, s)
		rest = after
	}
	return p, nil
}

// cutStep parses the first step of the rest of a path.
func cutStep(rest string) (s step, after string, ok bool) {
	switch {
	case rest[0] == '.':
		name, after := cutName(rest[1:])
		return step{field: name}, after, name != ""
	case strings.HasPrefix(rest, "['"), strings.HasPrefix(rest, `["`):
		name, after, found := strings.Cut(rest[2:], rest[1:2]+"]")
		return step{field: name}, after, found && name != "" && !strings.ContainsAny(name, `'"\`)
	case rest[0] == '[':
		digits, after, found := strings.Cut(rest[1:], "]")
		index, err := strconv.ParseUint(digits, 10, 31)
		return step{index: int(index), array: true}, after, found && err == nil
	default:
		return step{}, "", false
	}
}

// cutName parses a field's name after a dot: letters, digits, "_" and "-". Other names
// need brackets.
func cutName(rest string) (name, after string) {
	for at, r := range rest {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' || r == utf8.RuneError {
			return rest[:at], rest[at:]
		}
	}
	return rest, ""
}

// find returns the node that the path names in a document.
func (p path) find(doc Document) (Document, bool) {
	for _, s := range p.steps {
		if s.array {
			element, found := doc.element(s.index)
			if !found {
				return nil, false
			}
			doc = element
			continue
		}
		at, found := doc.member(s.field)
		if !found {
			return nil, false
		}
		doc = doc[at.from:at.to]
	}
	return doc, true
}

// noResults returns the cause of an execution that fails because the path finds nothing in
// a document (LocalStack's snapshots test_invalid_jsonpath, for InputPath, OutputPath and
// TimeoutSecondsPath). If it is not the last step that finds nothing, the text is that of
// the library behind the recorded ones (Jayway JsonPath).
func (p path) noResults(doc Document) string {
	at, problem := "$", "No results for path: "
	for i, s := range p.steps {
		at += s.bracketed()
		if _, found := (path{steps: p.steps[:i+1]}).find(doc); !found {
			if i < len(p.steps)-1 {
				problem = "Missing property in path "
			}
			break
		}
	}
	return "Invalid path '" + p.text + "' : " + problem + at
}

// bracketed returns the step in brackets: ['field'] or [0].
func (s step) bracketed() string {
	if s.array {
		return fmt.Sprintf("[%d]", s.index)
	}
	return "['" + s.field + "']"
}

// put returns a copy of doc with value at the path. It creates the missing fields of
// the path. A value on the path that is not an object is a resultPathError, which AWS
// reports as States.ResultPathMatchFailure.
func (p path) put(doc, value Document) (Document, error) {
	if len(p.steps) == 0 {
		return value, nil
	}
	at := span{0, len(doc)}
	for depth, s := range p.steps {
		here := doc[at.from:at.to]
		if !here.isObject() {
			return nil, &resultPathError{path: p.text, doc: doc}
		}
		member, found := here.member(s.field)
		if !found {
			return splice(doc, span{at.to - 1, at.to - 1}, newMember(here, p.steps[depth:], value)), nil
		}
		at = span{at.from + member.from, at.from + member.to}
	}
	return splice(doc, at, value), nil
}

// resultPathError means that a ResultPath leads through a value that is not an object.
type resultPathError struct {
	path string
	doc  Document
}

// Error returns AWS's text.
func (m *resultPathError) Error() string {
	return fmt.Sprintf("Unable to apply ReferencePath %s to input %s", m.path, m.doc)
}

// newMember returns the text to insert at the end of an object to add value at nested
// fields.
func newMember(object Document, steps []step, value Document) Document {
	var text Document
	if len(object) > len("{}") {
		text = append(text, ',')
	}
	for depth, s := range steps {
		if depth > 0 {
			text = append(text, '{')
		}
		text = append(append(text, quote(s.field)...), ':')
	}
	text = append(text, value...)
	for range len(steps) - 1 {
		text = append(text, '}')
	}
	return text
}

// splice returns a copy of a document with a part replaced.
func splice(doc Document, at span, text Document) Document {
	spliced := make(Document, 0, len(doc)-(at.to-at.from)+len(text))
	spliced = append(spliced, doc[:at.from]...)
	spliced = append(spliced, text...)
	return append(spliced, doc[at.to:]...)
}
