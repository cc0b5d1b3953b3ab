package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"unicode/utf8"
)

// maxDocument is the quota for the input or output of a task, state or
// execution, as UTF-8 text (Step Functions developer guide, Service quotas).
const maxDocument = 256 * 1024

// Document is JSON text: valid, and without insignificant space. In a history
// event it is sent as a string, as AWS does.
type Document []byte

// MarshalJSON quotes the document, because the Step Functions API carries
// documents as strings.
func (d Document) MarshalJSON() ([]byte, error) { return quote(string(d)), nil }

// newDocument checks that text is one JSON value and removes its insignificant
// space. No text is null: what a Lambda function without a result returns.
func newDocument(text []byte) (Document, error) {
	if len(text) == 0 {
		return Document("null"), nil
	}
	if !utf8.Valid(text) {
		return nil, errors.New("not valid UTF-8")
	}
	compact := bytes.NewBuffer(make([]byte, 0, len(text)))
	if err := json.Compact(compact, text); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}

// quote writes s as a JSON string. Unlike json.Marshal it leaves <, > and & as
// they are, as AWS does.
func quote(s string) Document {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always encodes
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

func (d Document) isObject() bool { return len(d) > 0 && d[0] == '{' }
func (d Document) isArray() bool  { return len(d) > 0 && d[0] == '[' }
func (d Document) isString() bool { return len(d) > 0 && d[0] == '"' }
func (d Document) isNull() bool   { return len(d) > 0 && d[0] == 'n' }
func (d Document) isNumber() bool {
	return len(d) > 0 && (d[0] == '-' || d[0] >= '0' && d[0] <= '9')
}

// text is the value of a string document.
func (d Document) text() (string, bool) {
	if !d.isString() {
		return "", false
	}
	return unquote(d), true
}

// boolean is the value of a boolean document.
func (d Document) boolean() (value, ok bool) {
	if len(d) == 0 || d[0] != 't' && d[0] != 'f' {
		return false, false
	}
	return d[0] == 't', true
}

// whole is the value of a number document that is written as an integer.
func (d Document) whole() (int64, bool) {
	if !d.isNumber() {
		return 0, false
	}
	n, err := strconv.ParseInt(string(d), 10, 64)
	return n, err == nil
}

// float is the value of a number document.
func (d Document) float() (float64, bool) {
	if !d.isNumber() {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(d), 64)
	return f, err == nil
}

// unquote reads a JSON string, which newDocument found valid.
func unquote(quoted Document) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // found valid before
	return s
}

// members yields an object's names and values in their order. Nothing else has
// members.
func (d Document) members() iter.Seq2[string, Document] {
	return func(yield func(string, Document) bool) {
		for name, value := range d.spans() {
			if !yield(unquote(d[name.from:name.to]), d[value.from:value.to]) {
				return
			}
		}
	}
}

// span is a part of a document's text.
type span struct{ from, to int }

// spans yields where an object's names and values stand.
func (d Document) spans() iter.Seq2[span, span] {
	return func(yield func(name, value span) bool) {
		if !d.isObject() {
			return
		}
		for at := 1; d[at] != '}'; {
			name := span{at, d.skip(at)}
			value := span{name.to + 1, d.skip(name.to + 1)}
			if !yield(name, value) {
				return
			}
			if at = value.to; d[at] == ',' {
				at++
			}
		}
	}
}

// elements yields an array's values in their order. Nothing else has elements.
func (d Document) elements() iter.Seq[Document] {
	return func(yield func(Document) bool) {
		if !d.isArray() {
			return
		}
		for at := 1; d[at] != ']'; {
			end := d.skip(at)
			if !yield(d[at:end]) {
				return
			}
			if at = end; d[at] == ',' {
				at++
			}
		}
	}
}

// member is where an object's value of that name stands. Of two with one name
// the later counts, as in most JSON readers.
func (d Document) member(name string) (value span, found bool) {
	for n, v := range d.spans() {
		if d.named(n, name) {
			value, found = v, true
		}
	}
	return value, found
}

// named says whether the quoted name at n is this name.
func (d Document) named(n span, name string) bool {
	quoted := d[n.from:n.to]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	return unquote(quoted) == name
}

// element is an array's value at an index.
func (d Document) element(index int) (Document, bool) {
	at := 0
	for value := range d.elements() {
		if at == index {
			return value, true
		}
		at++
	}
	return nil, false
}

// skip is where the value that begins at the given place ends.
func (d Document) skip(at int) int {
	switch d[at] {
	case '"':
		return d.skipString(at)
	case '{', '[':
		return d.skipNested(at)
	default:
		for at < len(d) && d[at] != ',' && d[at] != '}' && d[at] != ']' && d[at] != ':' {
			at++
		}
		return at
	}
}

// skipString is where the string that begins at the given place ends: after the
// first quote that no backslash escapes.
func (d Document) skipString(at int) int {
	for at++; ; at++ {
		at += bytes.IndexByte(d[at:], '"')
		escapes := 0
		for d[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at + 1
		}
	}
}

func (d Document) skipNested(at int) int {
	for depth := 0; ; {
		switch d[at] {
		case '"':
			at = d.skipString(at)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if at++; depth == 0 {
			return at
		}
	}
}
