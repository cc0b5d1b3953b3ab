package dynamodb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader reads one AWS-JSON document from front to back, directly into the values of
// this package. It does not use encoding/json, because that ignores the case of member
// names and DynamoDB does not.
//
// The first error is kept: afterwards every read returns a zero value at once. So err
// needs to be checked only at the end.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) unexpected() {
	r.fail(malformed("Unexpected token at byte %d of the request", r.at))
}

// peek skips white space and returns the next byte, or 0 at the end and after
// an error.
func (r *reader) peek() byte {
	for r.err == nil && r.at < len(r.data) {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// accept reads the byte if it is the next one.
func (r *reader) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) expect(c byte) {
	if !r.accept(c) {
		r.unexpected()
	}
}

// literal reads the word if it comes next.
func (r *reader) literal(word string) bool {
	r.peek()
	if r.err != nil || !bytes.HasPrefix(r.data[r.at:], []byte(word)) {
		return false
	}
	r.at += len(word)
	return true
}

// end expects the end of the document.
func (r *reader) end() {
	if r.peek(); r.err == nil && r.at < len(r.data) {
		r.unexpected()
	}
}

// members yields the names of an object's members. The body of the loop must read each
// value. A null member is skipped, as in DynamoDB.
func (r *reader) members() iter.Seq[string] {
	return func(yield func(string) bool) {
		r.expect('{')
		if r.accept('}') {
			return
		}
		for r.err == nil {
			name := r.text()
			r.expect(':')
			if !r.literal("null") && r.err == nil && !yield(name) {
				return
			}
			if r.accept('}') {
				return
			}
			r.expect(',')
		}
	}
}

// elements yields the indexes of an array's elements. The body of the loop must read
// each element.
func (r *reader) elements() iter.Seq[int] {
	return func(yield func(int) bool) {
		r.expect('[')
		if r.accept(']') {
			return
		}
		for i := 0; r.err == nil; i++ {
			if !yield(i) || r.accept(']') {
				return
			}
			r.expect(',')
		}
	}
}

func (r *reader) text() string {
	r.expect('"')
	if r.err != nil {
		return ""
	}
	start, escaped, wide := r.at, false, false
	for ; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.unquote(r.data[start-1:r.at], escaped, wide)
		case c == '\\':
			escaped = true
			r.at++
		case c < ' ':
			r.unexpected()
			return ""
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	r.unexpected()
	return ""
}

// unquote decodes a quoted string. It uses encoding/json for the rare cases: \u escapes
// and invalid UTF-8.
func (r *reader) unquote(quoted []byte, escaped, wide bool) string {
	raw := quoted[1 : len(quoted)-1]
	plain := !wide || utf8.Valid(raw)
	if plain && !escaped {
		return string(raw)
	}
	if plain {
		if text, ok := unescape(raw); ok {
			return text
		}
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		r.unexpected()
	}
	return text
}

// unescape decodes single-character escapes. It returns false for other escapes.
func unescape(raw []byte) (string, bool) {
	text := make([]byte, 0, len(raw))
	for {
		run, rest, found := bytes.Cut(raw, []byte{'\\'})
		text = append(text, run...)
		if !found {
			return string(text), true
		}
		escape := strings.IndexByte(`"\/bfnrt`, rest[0])
		if escape < 0 {
			return "", false
		}
		text = append(text, "\"\\/\b\f\n\r\t"[escape])
		raw = rest[1:]
	}
}

func (r *reader) boolean() bool {
	if r.literal("true") {
		return true
	}
	if !r.literal("false") {
		r.unexpected()
	}
	return false
}

func (r *reader) integer() int {
	r.peek()
	start := r.at
	for r.at < len(r.data) && (r.data[r.at] == '-' || '0' <= r.data[r.at] && r.data[r.at] <= '9') {
		r.at++
	}
	n, err := strconv.ParseInt(string(r.data[start:r.at]), 10, 32)
	if err != nil {
		r.unexpected()
	}
	return int(n)
}

// appendText appends text, which must be UTF-8, to buf as a JSON string.
func appendText(buf []byte, text string) []byte {
	buf = append(buf, '"')
	written := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		buf = append(buf, text[written:i]...)
		written = i + 1
		if c < ' ' {
			buf = fmt.Appendf(buf, `\u%04x`, c)
		} else {
			buf = append(buf, '\\', c)
		}
	}
	buf = append(buf, text[written:]...)
	return append(buf, '"')
}

// appendArray appends elements to buf as a JSON array.
func appendArray[T interface{ append([]byte) []byte }](buf []byte, elements []T) []byte {
	buf = append(buf, '[')
	for i, element := range elements {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = element.append(buf)
	}
	return append(buf, ']')
}
