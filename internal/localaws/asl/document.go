package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"unicode/utf8"
)

// maxDocumentBytes is the quota for the input or output of a task, state or execution,
// in bytes of UTF-8 text (Step Functions developer guide, Service quotas).
const maxDocumentBytes = 256 * 1024

// Document is valid JSON text without insignificant space. In a history event it is
// encoded as a string, as in AWS.
type Document []byte

// MarshalJSON quotes the document, because the Step Functions API carries
// documents as strings.
func (d Document) MarshalJSON() ([]byte, error) { return quote(string(d)), nil }

// newDocument checks that text is one JSON value and removes its insignificant space.
// An empty text becomes null, which is the result of a Lambda function that returns
// nothing.
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

// quote encodes s as a JSON string. Unlike json.Marshal it does not escape <, > and &,
// as in AWS.
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

// text returns the value of a string document.
func (d Document) text() (string, bool) {
	if !d.isString() {
		return "", false
	}
	return unquote(d), true
}

// boolean returns the value of a boolean document.
func (d Document) boolean() (value, ok bool) {
	if len(d) == 0 || d[0] != 't' && d[0] != 'f' {
		return false, false
	}
	return d[0] == 't', true
}

// integer returns the value of a number document that is written as an integer.
func (d Document) integer() (int64, bool) {
	if !d.isNumber() {
		return 0, false
	}
	n, err := strconv.ParseInt(string(d), 10, 64)
	return n, err == nil
}

// float returns the value of a number document.
func (d Document) float() (float64, bool) {
	if !d.isNumber() {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(d), 64)
	return f, err == nil
}

// unquote decodes a JSON string that newDocument has validated.
func unquote(quoted Document) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // newDocument has validated it
	return s
}

// members yields an object's names and values in order. Documents of other types have
// no members.
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

// spans yields the positions of an object's names and values.
func (d Document) spans() iter.Seq2[span, span] {
	return func(yield func(name, value span) bool) {
		if !d.isObject() {
			return
		}
		for at := 1; d[at] != '}'; {
			name := span{at, d.endOf(at)}
			value := span{name.to + 1, d.endOf(name.to + 1)}
			if !yield(name, value) {
				return
			}
			if at = value.to; d[at] == ',' {
				at++
			}
		}
	}
}

// elements yields an array's values in order. Documents of other types have no
// elements.
func (d Document) elements() iter.Seq[Document] {
	return func(yield func(Document) bool) {
		if !d.isArray() {
			return
		}
		for at := 1; d[at] != ']'; {
			end := d.endOf(at)
			if !yield(d[at:end]) {
				return
			}
			if at = end; d[at] == ',' {
				at++
			}
		}
	}
}

// member returns the position of the value with a name in an object. If a name appears
// twice, the last one counts, as in most JSON decoders.
func (d Document) member(name string) (value span, found bool) {
	for n, v := range d.spans() {
		if d.hasName(n, name) {
			value, found = v, true
		}
	}
	return value, found
}

// hasName reports whether the quoted name at n equals name.
func (d Document) hasName(n span, name string) bool {
	quoted := d[n.from:n.to]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	return unquote(quoted) == name
}

// element returns an array's value at an index.
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

// endOf returns the end of the value that begins at a position.
func (d Document) endOf(at int) int {
	switch d[at] {
	case '"':
		return d.endOfString(at)
	case '{', '[':
		return d.endOfNested(at)
	default:
		for at < len(d) && d[at] != ',' && d[at] != '}' && d[at] != ']' && d[at] != ':' {
			at++
		}
		return at
	}
}

// endOfString returns the end of the string that begins at a position: the position
// after the first unescaped quote.
func (d Document) endOfString(at int) int {
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

func (d Document) endOfNested(at int) int {
	for depth := 0; ; {
		switch d[at] {
		case '"':
			at = d.endOfString(at)
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
