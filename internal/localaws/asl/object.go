package asl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// longestTime is the longest time that a field may hold (Step Functions
// developer guide, Task state and Retry).
const longestTime = 99_999_999 * time.Second

// object is an object of a definition while it is read. It remembers which
// fields were asked for, so that the rest can be refused. Names are compared
// with their case, which encoding/json would ignore.
type object struct {
	parser *parser
	at     string
	fields map[string]Document
	order  []string
	known  []string
}

// object reads the object at a path; not an object, and a field that stands
// twice, are problems.
func (p *parser) object(at string, doc Document) (*object, bool) {
	if !doc.isObject() {
		p.problem(at, "must be an object")
		return nil, false
	}
	o := &object{parser: p, at: at, fields: map[string]Document{}}
	for name, value := range doc.members() {
		if _, twice := o.fields[name]; twice {
			p.problem(below(at, name), "stands here twice")
			continue
		}
		o.fields[name] = value
		o.order = append(o.order, name)
	}
	return o, true
}

// close refuses the fields that nobody asked for.
func (o *object) close() {
	for _, name := range o.order {
		if slices.Contains(o.known, name) {
			continue
		}
		text := "is not a field here, or not one that is implemented"
		if at := slices.IndexFunc(o.known, func(k string) bool { return strings.EqualFold(k, name) }); at >= 0 {
			text = fmt.Sprintf("is not a field here: write it %s", o.known[at])
		}
		o.problem(name, "%s", text)
	}
}

func (o *object) problem(field, format string, args ...any) {
	o.parser.problem(below(o.at, field), format, args...)
}

// has says whether the field is there, and marks it known.
func (o *object) has(field string) bool {
	o.known = append(o.known, field)
	_, found := o.fields[field]
	return found
}

// field is a field's value.
func (o *object) field(name string) (Document, bool) {
	if !o.has(name) {
		return nil, false
	}
	return o.fields[name], true
}

// string is a field that must be a string where it is there.
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

// required is a field that must be there and be a string with something in it.
func (o *object) required(name string) string {
	text, found := o.string(name)
	switch {
	case !found && o.fields[name] == nil:
		o.parser.problem(o.at, "needs %s", name)
	case found && text == "":
		o.problem(name, "must not be empty")
	}
	return text
}

// comment skips a Comment, which may stand almost everywhere.
func (o *object) comment() string {
	text, _ := o.string("Comment")
	return text
}

// whole is a field that must be an integer between two bounds where it is there.
func (o *object) whole(name string, least, most, absent int64) int64 {
	doc, found := o.field(name)
	if !found {
		return absent
	}
	n, ok := doc.whole()
	if !ok || n < least || n > most {
		o.problem(name, "must be an integer from %d to %d", least, most)
		return absent
	}
	return n
}

// seconds is a whole field that holds a time.
func (o *object) seconds(name string, least, most, absent time.Duration) time.Duration {
	return time.Duration(o.whole(name, int64(least/time.Second), int64(most/time.Second), int64(absent/time.Second))) * time.Second
}

// path is a field that must be a reference path where it is there.
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

// selection is an InputPath or OutputPath.
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

// resultPath is a ResultPath. It goes through fields only, into the state's
// input.
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

// entries is a field that must be an array with something in it where it is
// there; each entry comes with its JSON path.
func (o *object) entries(name string, each func(at string, entry Document)) {
	doc, found := o.field(name)
	if !found {
		return
	}
	index := 0
	for value := range doc.elements() {
		each(entry(below(o.at, name), index), value)
		index++
	}
	if index == 0 {
		o.problem(name, "must be an array that is not empty")
	}
}

// onlyOne refuses two fields that exclude each other.
func (o *object) onlyOne(a, b string) {
	if o.fields[a] != nil && o.fields[b] != nil {
		o.parser.problem(o.at, "cannot have both %s and %s", a, b)
	}
}
