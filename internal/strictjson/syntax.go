package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// mark is the byte order mark that some editors write before a text in UTF-8.
const mark = "\xef\xbb\xbf"

// WithoutMark returns a text without the byte order mark that it may begin with. JSON that
// is sent may not have one (RFC 8259, section 8.1).
func WithoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte(mark)) }

// explainSyntax says where a text is no JSON, and what is expected there.
func explainSyntax(text []byte) string {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return "the text is UTF-16: save it as UTF-8"
	}
	var wrong *json.SyntaxError
	if err := json.Unmarshal(text, new(json.RawMessage)); !errors.As(err, &wrong) {
		return "the text cannot be read"
	}
	if wrong.Offset >= int64(len(text)) && strings.HasPrefix(wrong.Error(), "unexpected end") {
		return positionOf(text, int64(len(text))) + ": the text ends too early"
	}
	at := max(wrong.Offset-1, 0) // Offset counts the bytes that were read, the wrong one included
	return positionOf(text, at) + ": " + explainByte(text[at:], wrong.Error())
}

// expectations are what encoding/json says about a byte, and what is expected instead.
var expectations = []struct{ said, expected string }{
	{"after top-level value", "the end of the text"},
	{"looking for beginning of object key string", "a name in double quotes"},
	{"looking for beginning of value", "a value (text stands in double quotes)"},
	{"after object key:value pair", "a comma or }"},
	{"after object key", "a colon"},
	{"after array element", "a comma or ]"},
	{"in string literal", "an escape such as \\n"},
	{"in string escape code", "an escape (a backslash is written \\\\)"},
	{"in \\u", "\\u with four hexadecimal digits"},
	{"in numeric literal", "a digit"},
	{"after decimal point", "a digit"},
	{"in exponent", "a digit"},
	{"in literal", "true, false, null, or text in double quotes"},
}

// explainByte says what is expected instead of the byte at which a text begins.
func explainByte(text []byte, said string) string {
	found, _ := utf8.DecodeRune(text)
	for _, e := range expectations {
		if strings.Contains(said, e.said) {
			return fmt.Sprintf("%s is expected, not %+q", e.expected, found)
		}
	}
	return fmt.Sprintf("%+q is not expected", found)
}

// positionOf says in which line and column a byte is, as an editor counts them.
func positionOf(text []byte, at int64) string {
	before := text[:at]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), 1+utf8.RuneCount(line))
}
