package asl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxDuration is the longest time in a field (Step Functions developer guide, Task state
// and Retry).
const maxDuration = 99_999_999 * time.Second

// object is a JSON object of a definition that is being parsed. It records which fields
// were read, so that close can reject the rest. Unlike in encoding/json, names are
// case-sensitive.
type object struct {
	parser *parser
	at     string
	fields map[string]Document
	order  []string
	known  []string
}

// object reads the object at a path. A document that is not an object, and a duplicate
// field, are problems.
func (p *parser) object(at string, doc Document) (*object, bool) {
	if !doc.isObject() {
		p.problem(at, "must be an object")
		return nil, false
	}
	o := &object{parser: p, at: at, fields: map[string]Document{}}
	for name, value := range doc.members() {
		if _, twice := o.fields[name]; twice {
			p.problem(fieldPath(at, name), "is a duplicate")
			continue
		}
		o.fields[name] = value
		o.order = append(o.order, name)
	}
	return o, true
}

// close reports the fields that were not read as problems.
func (o *object) close() {
	for _, name := range o.order {
		if slices.Contains(o.known, name) {
			continue
		}
		text := "is not a known field, or is not implemented"
		if at := slices.IndexFunc(o.known, func(k string) bool { return strings.EqualFold(k, name) }); at >= 0 {
			text = fmt.Sprintf("is not a known field: use %s", o.known[at])
		}
		o.problem(name, "%s", text)
	}
}

func (o *object) problem(field, format string, args ...any) {
	o.parser.problem(fieldPath(o.at, field), format, args...)
}

// has reports whether the field exists, and marks it as known.
func (o *object) has(field string) bool {
	o.known = append(o.known, field)
	_, found := o.fields[field]
	return found
}

// field returns a field's value.
func (o *object) field(name string) (Document, bool) {
	if !o.has(name) {
		return nil, false
	}
	return o.fields[name], true
}

// string reads an optional string field.
func (o *object) string(name string) (string, bool) {
	doc, found := o.field(name)
	if !found {
		return "", false
	}
	text, ok := doc.text()
	if !ok {
		o.problem(name, "must be a string")
	}
	return text, ok
}

// requiredString reads a required string field that must not be empty.
func (o *object) requiredString(name string) string {
	text, found := o.string(name)
	switch {
	case !found && o.fields[name] == nil:
		o.parser.problem(o.at, "needs %s", name)
	case found && text == "":
		o.problem(name, "must not be empty")
	}
	return text
}

// readComment reads a Comment, which is allowed almost everywhere.
func (o *object) readComment() string {
	text, _ := o.string("Comment")
	return text
}

// integer reads an optional integer field between two bounds. It returns absent if the
// field is missing or invalid.
func (o *object) integer(name string, least, most, absent int64) int64 {
	doc, found := o.field(name)
	if !found {
		return absent
	}
	n, ok := doc.integer()
	if !ok || n < least || n > most {
		o.problem(name, "must be an integer from %d to %d", least, most)
		return absent
	}
	return n
}

// seconds reads an optional field with a duration in seconds.
func (o *object) seconds(name string, least, most, absent time.Duration) time.Duration {
	return time.Duration(o.integer(name, int64(least/time.Second), int64(most/time.Second), int64(absent/time.Second))) * time.Second
}

// path reads an optional field with a reference path.
func (o *object) path(name string) *path {
	text, found := o.string(name)
	if !found {
		return nil
	}
	p, err := parsePath(text)
	if err != nil {
		o.problem(name, "%s", err)
		return nil
	}
	return &p
}

// selection reads an InputPath or OutputPath.
func (o *object) selection(name string) *selection {
	if o.fields[name].isNull() {
		o.has(name)
		return &selection{none: true}
	}
	if p := o.path(name); p != nil {
		return &selection{path: *p}
	}
	return nil
}

// resultPath reads a ResultPath. It may only name fields of the state's input.
func (o *object) resultPath() resultPath {
	if o.fields["ResultPath"].isNull() {
		o.has("ResultPath")
		return resultPath{discard: true}
	}
	p := o.path("ResultPath")
	if p == nil {
		return resultPath{}
	}
	if p.context || slices.ContainsFunc(p.steps, func(s step) bool { return s.array }) {
		o.problem("ResultPath", "must name a field of the input, not of the context object or of an array")
	}
	return resultPath{path: *p}
}

// entries reads an optional field with a non-empty array. It calls each with the JSON
// path and the value of every entry.
func (o *object) entries(name string, each func(at string, entry Document)) {
	doc, found := o.field(name)
	if !found {
		return
	}
	index := 0
	for value := range doc.elements() {
		each(entryPath(fieldPath(o.at, name), index), value)
		index++
	}
	if index == 0 {
		o.problem(name, "must be an array that is not empty")
	}
}

// refuseBoth reports two fields that exclude each other as a problem.
func (o *object) refuseBoth(a, b string) {
	if o.fields[a] != nil && o.fields[b] != nil {
		o.parser.problem(o.at, "cannot have both %s and %s", a, b)
	}
}
