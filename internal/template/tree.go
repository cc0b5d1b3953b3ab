package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxBytes bounds a template. Lambda takes at most 6 MB in a request (Lambda quotas,
	// Invocation payload), and CloudFormation at most 1 MB in a template.
	maxBytes = 6 << 20
	// maxDepth bounds how deep objects and lists may nest.
	maxDepth = 200
)

// kind is what a node is.
type kind byte

const (
	object kind = iota
	list
	text
	literal // a number, true, false or null
)

// node is a JSON value that knows its text. A value that was not changed is written as it was
// read.
type node struct {
	kind kind
	// raw is the text that was read. It is nil for a new value, and for a changed one.
	raw     []byte
	text    string
	members []member
	items   []*node
}

// member is a member of an object. rawKey is its key as it was read, with its quotes.
type member struct {
	key    string
	rawKey []byte
	value  *node
}

// parse reads one JSON text.
func parse(source []byte) (*node, error) {
	switch {
	case len(source) > maxBytes:
		return nil, fmt.Errorf("the template has %d bytes, and may have at most %d", len(source), maxBytes)
	case !json.Valid(source):
		var nothing any
		return nil, fmt.Errorf("the template is not JSON: %w", json.Unmarshal(source, &nothing))
	}
	r := reader{source: source}
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// reader reads a text that is valid JSON.
type reader struct {
	source []byte
	at     int
}

// skipSpace goes to the next byte that is not a space, and returns it.
func (r *reader) skipSpace() byte {
	for strings.IndexByte(" \t\r\n", r.source[r.at]) >= 0 {
		r.at++
	}
	return r.source[r.at]
}

func (r *reader) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the template nests deeper than %d levels", maxDepth)
	}
	next := r.skipSpace()
	start := r.at
	var n *node
	var err error
	switch next {
	case '{':
		n, err = r.object(depth)
	case '[':
		n, err = r.list(depth)
	case '"':
		n, err = r.string()
	default:
		n = &node{kind: literal}
		for r.at < len(r.source) && strings.IndexByte(" \t\r\n,]}", r.source[r.at]) < 0 {
			r.at++
		}
	}
	if err != nil {
		return nil, err
	}
	n.raw = r.source[start:r.at]
	return n, nil
}

func (r *reader) object(depth int) (*node, error) {
	n := &node{kind: object}
	seen := map[string]bool{}
	r.at++
	for r.skipSpace() != '}' {
		start := r.at
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if seen[key.text] {
			return nil, fmt.Errorf("the key %q appears twice in one object of the template", key.text)
		}
		seen[key.text] = true
		rawKey := r.source[start:r.at]
		r.skipSpace()
		r.at++ // the colon
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{key.text, rawKey, value})
		r.skipComma()
	}
	r.at++
	return n, nil
}

func (r *reader) list(depth int) (*node, error) {
	n := &node{kind: list}
	r.at++
	for r.skipSpace() != ']' {
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		r.skipComma()
	}
	r.at++
	return n, nil
}

func (r *reader) skipComma() {
	if r.skipSpace() == ',' {
		r.at++
	}
}

func (r *reader) string() (*node, error) {
	start := r.at
	for r.at++; r.source[r.at] != '"'; r.at++ {
		if r.source[r.at] == '\\' {
			r.at++
		}
	}
	r.at++
	quoted := r.source[start:r.at]
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return &node{kind: text, text: string(inner)}, nil
	}
	n := &node{kind: text}
	return n, json.Unmarshal(quoted, &n.text)
}

// bytes returns the text of a value.
func (n *node) bytes() []byte {
	n.forgetChanged()
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes()
}

// forgetChanged makes every value forget its text if something in it was changed, and says
// whether that is so.
func (n *node) forgetChanged() bool {
	changed := n.raw == nil
	for _, m := range n.members {
		changed = m.value.forgetChanged() || changed
	}
	for _, item := range n.items {
		changed = item.forgetChanged() || changed
	}
	if changed {
		n.raw = nil
	}
	return changed
}

func (n *node) write(b *bytes.Buffer) {
	switch {
	case n.raw != nil:
		b.Write(n.raw)
	case n.kind == object:
		b.WriteByte('{')
		for i, m := range n.members {
			separate(b, i)
			b.Write(m.rawKey)
			b.WriteByte(':')
			m.value.write(b)
		}
		b.WriteByte('}')
	case n.kind == list:
		b.WriteByte('[')
		for i, item := range n.items {
			separate(b, i)
			item.write(b)
		}
		b.WriteByte(']')
	default:
		b.Write(quote(n.text))
	}
}

func separate(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

// quote returns a text in quotes. It does not escape what only HTML needs escaped.
func quote(s string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(fmt.Sprintf("encode a string: %v", err)) // encoding/json encodes every string
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// compact returns the text of a value without spaces, to compare it.
func (n *node) compact() string {
	var b bytes.Buffer
	if err := json.Compact(&b, n.bytes()); err != nil {
		panic(fmt.Sprintf("compact a parsed value: %v", err))
	}
	return b.String()
}

// The makers of new values.

func newText(s string) *node { return &node{kind: text, text: s} }

func newLiteral(s string) *node { return &node{kind: literal, raw: []byte(s)} }

func newList(items ...*node) *node { return &node{kind: list, items: items} }

func newObject(members ...member) *node { return &node{kind: object, members: members} }

func with(key string, value *node) member { return member{key, quote(key), value} }

// copied returns a value for a second place. Both places then can be changed by themselves.
func (n *node) copied() *node {
	c := &node{kind: n.kind, raw: n.raw, text: n.text}
	for _, m := range n.members {
		c.members = append(c.members, member{m.key, m.rawKey, m.value.copied()})
	}
	for _, item := range n.items {
		c.items = append(c.items, item.copied())
	}
	return c
}

// is says whether a value is there and of a kind.
func (n *node) is(k kind) bool { return n != nil && n.kind == k }

// get returns the member of an object, or nil if there is none.
func (n *node) get(path ...string) *node {
	for _, key := range path {
		i := n.index(key)
		if i < 0 {
			return nil
		}
		n = n.members[i].value
	}
	return n
}

func (n *node) index(key string) int {
	if !n.is(object) {
		return -1
	}
	return slices.IndexFunc(n.members, func(m member) bool { return m.key == key })
}

// set replaces a member of an object, or adds it as the last one.
func (n *node) set(key string, value *node) {
	n.raw = nil
	if i := n.index(key); i >= 0 {
		n.members[i].value = value
		return
	}
	n.members = append(n.members, with(key, value))
}

func (n *node) remove(key string) {
	if i := n.index(key); i >= 0 {
		n.raw, n.members = nil, slices.Delete(n.members, i, i+1)
	}
}

// insert adds members before the one with the given key.
func (n *node) insert(before string, members ...member) {
	n.raw, n.members = nil, slices.Insert(n.members, n.index(before), members...)
}

func (n *node) add(items ...*node) { n.raw, n.items = nil, append(n.items, items...) }

// textOf returns a text, or "" for any other value.
func textOf(n *node) string {
	if n.is(text) {
		return n.text
	}
	return ""
}

// errNoResources is returned for what is no whole template.
var errNoResources = errors.New("there are no Resources: name the macro in the section Transform of the template, and not in Fn::Transform")
