package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sluice-aws/sluice/internal/strictjson"
)

// syntaxError says why and where a text is no YAML that is read here.
type syntaxError struct {
	at   strictjson.Position
	says string
}

// parse returns the value of a text with one document.
func parse(text []byte) (*yaml.Node, *syntaxError) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, &syntaxError{strictjson.Position{Line: 1, Column: 1}, "the text is UTF-16: save it as UTF-8"}
	}
	from := &counter{text: text}
	decoder := yaml.NewDecoder(from)
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF) || err == nil && len(document.Content) != 1:
		return nil, &syntaxError{strictjson.Position{Line: 1, Column: 1}, "the text has no value"}
	case err != nil:
		return nil, from.explain(err)
	}
	switch err := decoder.Decode(&more); {
	case errors.Is(err, io.EOF):
		return document.Content[0], nil
	case err != nil:
		return nil, from.explain(err)
	}
	return nil, &syntaxError{positionOf(&more), "there is a second document: write one file for each"}
}

// counter hands out a text byte by byte, and counts. The library does not tell columns, and its
// lines are those at which the list or the map around an error begins. It reads no further than
// it must, so the last byte that it took is where the error is.
type counter struct {
	text  []byte
	taken int
}

// Read hands out the next byte.
func (c *counter) Read(to []byte) (int, error) {
	if c.taken == len(c.text) {
		return 0, io.EOF
	}
	if len(to) == 0 {
		return 0, nil
	}
	to[0] = c.text[c.taken]
	c.taken++
	return 1, nil
}

// explain tells the library's error in our words, and where it stopped.
func (c *counter) explain(err error) *syntaxError {
	said := prefix.ReplaceAllString(err.Error(), "")
	taken := bytes.TrimRight(c.text[:c.taken], " \t\r\n")
	if strings.Contains(said, "tab character") {
		taken = c.text[:bytes.LastIndexByte(c.text[:c.taken], '\t')+1]
	}
	begin := bytes.LastIndexByte(taken, '\n') + 1
	line, _, _ := bytes.Cut(c.text[begin:], []byte("\n"))
	blank := len(line) - len(bytes.TrimLeft(line, " "))
	at := strictjson.Position{Line: 1 + bytes.Count(taken, []byte("\n")), Column: 1 + blank}
	if len(line) > blank && line[blank] == '\t' {
		return &syntaxError{at, "a tab is not allowed there: indent with spaces"}
	}
	for _, e := range expectations {
		if strings.Contains(said, e.said) {
			return &syntaxError{at, e.means}
		}
	}
	if !utf8.ValidString(said) {
		said = strings.ToValidUTF8(said, "?")
	}
	return &syntaxError{at, said}
}

// prefix is what the library begins its errors with.
var prefix = regexp.MustCompile(`^yaml: (line [0-9]+: )?`)

// expectations are what the library says, and what it means.
var expectations = []struct{ said, means string }{
	{"mapping values are not allowed", "a colon is not expected there: indent what belongs to a name by as much as its neighbours, and put text that has a colon in quotes"},
	{"did not find expected key", "a name is expected there: indent it by as much as its neighbours, and put text that goes on after a quote in quotes as a whole"},
	{"did not find expected '-' indicator", "an item that begins with - is expected there"},
	{"did not find expected ',' or ']'", "a comma or ] is expected there"},
	{"did not find expected ',' or '}'", "a comma or } is expected there"},
	{"did not find expected node content", "a value is expected there"},
	{"found character that cannot start any token", "text that begins with @, ` or % has to stand in quotes"},
	{"found unexpected end of stream", "the text ends in a value that began with a quote"},
	{"could not find expected ':'", "a colon is expected there"},
	{"did not find expected <document start>", "there is more text after the end of the document"},
	{"invalid leading UTF-8 octet", "the text is not UTF-8"},
	{"incomplete UTF-8 octet sequence", "the text is not UTF-8"},
	{"invalid trailing UTF-8 octet", "the text is not UTF-8"},
	{"control characters are not allowed", "there is a control character"},
}
