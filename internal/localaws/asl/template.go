package asl

import (
	"fmt"
	"strings"
)

// template is a payload template: JSON in which a field whose name ends in ".$"
// takes its value from a path (Parameters, ResultSelector, ItemSelector).
type template struct {
	literal Document // the whole value, if it contains no path
	fields  []templateField
	items   []*template // if array
	array   bool
}

// templateField is a field of a template: its name, and the path or template of its
// value.
type templateField struct {
	name   string
	quoted Document
	path   *path
	value  *template
}

// missingPathError means that a path finds nothing in its document.
type missingPathError struct {
	field string
	path  string
	doc   Document
}

// Error returns the text that AWS was recorded with for Parameters. No recording is known for
// ResultSelector, which is a payload template too (States Language, Payload Template): the same
// text is assumed for it, with the result as the input.
func (m *missingPathError) Error() string {
	return fmt.Sprintf("The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'", m.path, m.field, m.doc)
}

// render evaluates the template.
func (t *template) render(env *environment) (Document, error) {
	if t.literal != nil {
		return t.literal, nil
	}
	return t.appendTo(nil, env)
}

func (t *template) appendTo(text Document, env *environment) (Document, error) {
	switch {
	case t.literal != nil:
		return append(text, t.literal...), nil
	case t.array:
		return t.appendItems(text, env)
	default:
		return t.appendFields(text, env)
	}
}

func (t *template) appendItems(text Document, env *environment) (Document, error) {
	text = append(text, '[')
	for i, item := range t.items {
		if i > 0 {
			text = append(text, ',')
		}
		var err error
		if text, err = item.appendTo(text, env); err != nil {
			return nil, err
		}
	}
	return append(text, ']'), nil
}

func (t *template) appendFields(text Document, env *environment) (Document, error) {
	text = append(text, '{')
	for i, f := range t.fields {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(text, f.quoted...), ':')
		if f.path == nil {
			var err error
			if text, err = f.value.appendTo(text, env); err != nil {
				return nil, err
			}
			continue
		}
		value, found := env.resolve(*f.path)
		if !found {
			return nil, &missingPathError{field: f.name + ".$", path: f.path.text, doc: env.doc}
		}
		text = append(text, value...)
	}
	return append(text, '}'), nil
}

// usesPath reports whether a template takes a value from a path.
func (t *template) usesPath(text string) bool {
	for _, f := range t.fields {
		if f.path != nil && f.path.text == text || f.value != nil && f.value.usesPath(text) {
			return true
		}
	}
	for _, item := range t.items {
		if item.usesPath(text) {
			return true
		}
	}
	return false
}

// cutDynamic returns a field's name without the suffix ".$", and whether it had one.
func cutDynamic(name string) (field string, dynamic bool) {
	return strings.CutSuffix(name, ".$")
}

// template reads a payload template, which is an object.
func (o *object) template(name string) *template {
	doc, found := o.field(name)
	if !found {
		return nil
	}
	if !doc.isObject() {
		o.problem(name, "must be an object")
		return nil
	}
	return o.parser.template(fieldPath(o.at, name), doc)
}

// template reads any part of a payload template.
func (p *parser) template(at string, doc Document) *template {
	switch {
	case doc.isObject():
		return p.templateObject(at, doc)
	case doc.isArray():
		return p.templateArray(at, doc)
	default:
		return &template{literal: doc}
	}
}

func (p *parser) templateArray(at string, doc Document) *template {
	t, literal := &template{array: true}, true
	for item := range doc.elements() {
		t.items = append(t.items, p.template(entryPath(at, len(t.items)), item))
		literal = literal && t.items[len(t.items)-1].literal != nil
	}
	if literal {
		return &template{literal: doc}
	}
	return t
}

func (p *parser) templateObject(at string, doc Document) *template {
	o, _ := p.object(at, doc)
	t, literal := &template{}, true
	for _, name := range o.order {
		f := templateField{name: name}
		if field, dynamic := cutDynamic(name); dynamic {
			if o.fields[field] != nil {
				o.problem(name, "sets a field that is already set")
			}
			f.name, f.path = field, o.path(name)
			literal = false
		} else {
			f.value = p.template(fieldPath(at, name), o.fields[name])
			literal = literal && f.value.literal != nil
		}
		f.quoted = quote(f.name)
		t.fields = append(t.fields, f)
	}
	if literal {
		return &template{literal: doc}
	}
	return t
}
