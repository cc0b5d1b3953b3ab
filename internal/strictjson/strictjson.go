// Package strictjson reads JSON that people write, and reports all problems at once, each
// with its path.
//
// encoding/json matches names without regard to case, keeps the last of two equal names, and
// stops at the first problem. Here a name must match exactly, may appear only once, and must
// be known. Parse is the first call. The methods of Value record a problem if a value is not
// of the requested kind, and return a zero value so that reading can continue.
package strictjson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxDepth bounds how deep objects and arrays may nest.
const maxDepth = 32

// Problem is one problem and its path.
type Problem struct {
	Path    string // such as targets[0].function; empty for the whole text
	Message string
}

// String returns the Problem on one line.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems collects the problems of one text.
type Problems struct{ list []Problem }

// Add records a problem.
func (p *Problems) Add(path, format string, args ...any) {
	p.list = append(p.list, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// List returns the problems in the order in which they were found.
func (p *Problems) List() []Problem { return p.list }

// Index returns the path of an item of an array.
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Member returns the path of a member of an object.
func Member(path, name string) string { return join(path, name) }

// Within returns the path in a whole text of what has a path in a part of it.
func Within(part, path string) string {
	if path == "" || path[0] == '[' {
		return part + path
	}
	return part + "." + path
}

// Value is one JSON value and its path. An absent value can be read too: it gives zero values
// and no problems.
type Value struct {
	problems *Problems
	path     string
	tree     any // nil, bool, json.Number, string, []any, *object; absent
}

type (
	absent struct{}
	member struct {
		name  string
		value any
	}
	object struct {
		members []member       // in their order
		indexes map[string]int // of each name in members
	}
)

// Parse reads one JSON text, which may begin with a byte order mark. It records syntax
// errors, nesting that is too deep, and duplicate names as problems.
func Parse(text []byte, problems *Problems) Value {
	text = WithoutMark(text)
	v := Value{problems: problems, tree: absent{}}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	reader := reader{decoder: decoder, problems: problems}
	tree, err := reader.value("", 0)
	if err == nil {
		if _, end := decoder.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is more text after the JSON value")
		}
	}
	switch {
	case errors.Is(err, errTooDeep):
		problems.Add("", "%s: %v", positionOf(text, decoder.InputOffset()), err)
	case err != nil:
		problems.Add("", "not JSON: %s", explainSyntax(text))
	default:
		v.tree = tree
	}
	return v
}

// errTooDeep is returned for a text that is JSON but nests too deeply.
var errTooDeep = fmt.Errorf("it nests deeper than %d levels", maxDepth)

type reader struct {
	decoder  *json.Decoder
	problems *Problems
}

func (r reader) value(path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return r.object(path, depth)
	case json.Delim('['):
		return r.array(path, depth)
	}
	return token, nil
}

func (r reader) array(path string, depth int) (any, error) {
	items := []any{}
	for r.decoder.More() {
		item, err := r.value(Index(path, len(items)), depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := r.decoder.Token()
	return items, err
}

func (r reader) object(path string, depth int) (any, error) {
	o := &object{indexes: map[string]int{}}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("a name in an object is not a string")
		}
		value, err := r.value(join(path, name), depth+1)
		if err != nil {
			return nil, err
		}
		if _, duplicate := o.find(name); duplicate {
			r.problems.Add(join(path, name), "appears twice")
			continue
		}
		o.indexes[name] = len(o.members)
		o.members = append(o.members, member{name, value})
	}
	_, err := r.decoder.Token()
	return o, err
}

func (o *object) find(name string) (any, bool) {
	i, ok := o.indexes[name]
	if !ok {
		return nil, false
	}
	return o.members[i].value, true
}

// maxShown bounds how much of the input a problem quotes.
const maxShown = 60

func join(path, name string) string {
	if len(name) > maxShown {
		name = name[:maxShown] + "…"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '.' || r == '[' || r > '~' }) || name == "" {
		name = fmt.Sprintf("%+q", name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// Problem records a problem with the value.
func (v Value) Problem(format string, args ...any) { v.problems.Add(v.path, format, args...) }

// HasProblem says whether a problem was already found in the value or below it.
func (v Value) HasProblem() bool {
	return slices.ContainsFunc(v.problems.list, func(p Problem) bool {
		rest, within := strings.CutPrefix(p.Path, v.path)
		return within && (v.path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Present says whether the value is in the text. null is present.
func (v Value) Present() bool { return v.tree != absent{} }

// IsObject, IsString, IsArray, IsNumber and IsNull say what kind of value it is. They are for values that may
// be of several kinds.
func (v Value) IsObject() bool { _, ok := v.tree.(*object); return ok }
func (v Value) IsString() bool { _, ok := v.tree.(string); return ok }
func (v Value) IsArray() bool  { _, ok := v.tree.([]any); return ok }
func (v Value) IsNumber() bool { _, ok := v.tree.(json.Number); return ok }
func (v Value) IsNull() bool   { return v.tree == nil }

// Kind names the kind of the value, such as "an array".
func (v Value) Kind() string {
	switch v.tree.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	case *object:
		return "an object"
	}
	return "nothing"
}

func (v Value) expect(what string) {
	if v.Present() {
		v.Problem("must be %s, not %s", what, v.Kind())
	}
}

// Object is a JSON object that is being read.
type Object struct {
	Value
	members *object
	// written has the names as they are in the text, where they may be spelled otherwise.
	written map[string]string
}

// Object reads an object that may have the known names and no others.
func (v Value) Object(known ...string) Object { return v.object("an object", known) }

// ObjectLike is Object with an example, which is shown if the value is something else.
func (v Value) ObjectLike(example string, known ...string) Object {
	return v.object("an object such as "+example, known)
}

func (v Value) object(expected string, known []string) Object {
	o, ok := v.tree.(*object)
	if !ok {
		v.expect(expected)
		return Object{Value: v, members: &object{}}
	}
	for _, m := range o.members {
		if slices.Contains(known, m.name) {
			continue
		}
		v.problems.Add(join(v.path, m.name), "is not known here; %s", suggest(m.name, known))
	}
	return Object{Value: v, members: o}
}

// separators removes the characters that other spellings have between the words of a name.
var separators = strings.NewReplacer("-", "", "_", "")

// suggest returns a hint for an unknown name.
func suggest(name string, known []string) string {
	joined := separators.Replace(name)
	for _, k := range known {
		if strings.EqualFold(joined, k) {
			return fmt.Sprintf("write %q", k)
		}
	}
	return "known are " + strings.Join(known, ", ")
}

// Names lists the names in the object, in their order.
func (o Object) Names() []string {
	names := make([]string, len(o.members.members))
	for i, m := range o.members.members {
		names[i] = m.name
	}
	return names
}

// ObjectOfAnyCase is ObjectLike for an object whose names may be in upper or lower case. Its
// fields are read by the known names, each of which may appear in one spelling only.
func (v Value) ObjectOfAnyCase(example string, known ...string) Object {
	o, ok := v.tree.(*object)
	read := Object{Value: v, members: &object{indexes: map[string]int{}}, written: map[string]string{}}
	if !ok {
		v.expect("an object such as " + example)
		return read
	}
	for _, m := range o.members {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, m.name) })
		if i < 0 {
			v.problems.Add(join(v.path, m.name), "is not known here; known are %s", strings.Join(known, ", "))
			continue
		}
		if before, duplicate := read.written[known[i]]; duplicate {
			v.problems.Add(join(v.path, m.name), "appears twice: as %s, too", before)
			continue
		}
		read.written[known[i]] = m.name
		read.members.indexes[known[i]] = len(read.members.members)
		read.members.members = append(read.members.members, member{known[i], m.value})
	}
	return read
}

// HasAnyCase says whether the value is an object with a name, in upper or lower case.
func (v Value) HasAnyCase(name string) bool {
	o, ok := v.tree.(*object)
	return ok && slices.ContainsFunc(o.members, func(m member) bool { return strings.EqualFold(m.name, name) })
}

// Members reads an object that may have any names.
func (v Value) Members() Object {
	o, ok := v.tree.(*object)
	if !ok {
		v.expect("an object")
		o = &object{}
	}
	return Object{Value: v, members: o}
}

// Field returns the value of a name. The value is not Present if the name is absent.
func (o Object) Field(name string) Value {
	f := Value{problems: o.problems, path: join(o.path, cmp.Or(o.written[name], name)), tree: absent{}}
	if value, ok := o.members.find(name); ok {
		f.tree = value
	}
	return f
}

// schemaName is the name by which a file tells editors which JSON Schema it has.
const schemaName = "$schema"

// WithoutSchema returns an object without its name $schema, which is for editors. It must be a
// string, and means nothing else. Any other value is returned as it is.
func (v Value) WithoutSchema() Value {
	o, ok := v.tree.(*object)
	if !ok {
		return v
	}
	if _, has := o.find(schemaName); !has {
		return v
	}
	v.Members().Field(schemaName).Text()
	rest := &object{indexes: map[string]int{}}
	for _, m := range o.members {
		if m.name != schemaName {
			rest.indexes[m.name] = len(rest.members)
			rest.members = append(rest.members, m)
		}
	}
	v.tree = rest
	return v
}

// Require is Field for a required name.
func (o Object) Require(name string) Value {
	f := o.Field(name)
	if !f.Present() && o.IsObject() {
		f.Problem("is missing")
	}
	return f
}

// Array reads the values of an array.
func (v Value) Array() []Value {
	items, ok := v.tree.([]any)
	if !ok {
		v.expect("an array")
		return nil
	}
	values := make([]Value, len(items))
	for i, item := range items {
		values[i] = Value{problems: v.problems, path: Index(v.path, i), tree: item}
	}
	return values
}

// Raw returns the value as JSON, or nil if it is absent.
func (v Value) Raw() json.RawMessage {
	if !v.Present() {
		return nil
	}
	var text bytes.Buffer
	write(&text, v.tree)
	return text.Bytes()
}

func write(to *bytes.Buffer, tree any) {
	switch t := tree.(type) {
	case *object:
		to.WriteByte('{')
		for i, m := range t.members {
			if i > 0 {
				to.WriteByte(',')
			}
			write(to, m.name)
			to.WriteByte(':')
			write(to, m.value)
		}
		to.WriteByte('}')
	case []any:
		to.WriteByte('[')
		for i, item := range t {
			if i > 0 {
				to.WriteByte(',')
			}
			write(to, item)
		}
		to.WriteByte(']')
	default:
		text, _ := json.Marshal(t) // a scalar can always be encoded
		to.Write(text)
	}
}

// Text reads a string.
func (v Value) Text() string {
	s, ok := v.tree.(string)
	if !ok {
		v.expect("a string")
	}
	return s
}

// OneOf reads a string that must be one of several. It returns the first if the value is
// absent.
func (v Value) OneOf(choices ...string) string {
	if !v.Present() {
		return choices[0]
	}
	s, ok := v.tree.(string)
	if !ok {
		v.expect("a string")
		return choices[0]
	}
	if !slices.Contains(choices, s) {
		v.Problem("must be one of %s, not %.*q", strings.Join(choices, ", "), maxShown, s)
		return choices[0]
	}
	return s
}

// Bool reads a boolean.
func (v Value) Bool() bool {
	b, ok := v.tree.(bool)
	if !ok {
		v.expect("true or false")
	}
	return b
}

// Decimal reads a number exactly as it was written. It returns "" for any other value.
func (v Value) Decimal() string {
	n, ok := v.tree.(json.Number)
	if !ok {
		v.expect("a number")
	}
	return n.String()
}

// Int reads a whole number from low to high. It returns low if the value is absent.
func (v Value) Int(low, high int64) int64 {
	n, ok := v.tree.(json.Number)
	if !ok {
		v.expect("a number")
		return low
	}
	i, err := n.Int64()
	if err != nil || i < low || i > high {
		v.Problem("must be a whole number from %d to %d, not %.*s", low, high, maxShown, n)
		return low
	}
	return i
}

// Float reads a number from low to high. It returns low if the value is absent.
func (v Value) Float(low, high float64) float64 {
	n, ok := v.tree.(json.Number)
	if !ok {
		v.expect("a number")
		return low
	}
	f, err := n.Float64()
	if err != nil || f < low || f > high {
		v.Problem("must be a number from %v to %v, not %.*s", low, high, maxShown, n)
		return low
	}
	return f
}
