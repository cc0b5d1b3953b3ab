package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Position is a place in a text, as editors count: both numbers begin with 1, and a column is
// a character.
type Position struct{ Line, Column int }

// String returns the Position as a part of a sentence.
func (p Position) String() string { return fmt.Sprintf("line %d, column %d", p.Line, p.Column) }

// Positions has the Position of each value by its path. That of a member of an object is where
// its name begins. Of two equal paths, the second counts.
type Positions map[string]Position

// Find returns the Position of a path, or that of the nearest value around it: what is missing
// stands nowhere.
func (p Positions) Find(path string) (Position, bool) {
	for {
		if at, known := p[path]; known {
			return at, true
		}
		if path == "" {
			return Position{}, false
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// Locate returns the Positions of a JSON text, as far as it can be read.
func Locate(text []byte) Positions {
	text = WithoutMark(text)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	l := locator{text: text, decoder: decoder, cursor: Position{1, 1}, found: Positions{}}
	l.value("", 0, l.next())
	return l.found
}

type locator struct {
	text    []byte
	decoder *json.Decoder
	// offset is of which byte cursor is the Position.
	offset int
	cursor Position
	found  Positions
}

// next returns the Position of the next token.
func (l *locator) next() Position {
	at := int(l.decoder.InputOffset())
	for at < len(l.text) && strings.IndexByte(" \t\r\n,:", l.text[at]) >= 0 {
		at++
	}
	for l.offset < at {
		r, size := utf8.DecodeRune(l.text[l.offset:])
		l.offset += size
		l.cursor.Column++
		if r == '\n' {
			l.cursor = Position{l.cursor.Line + 1, 1}
		}
	}
	return l.cursor
}

// value locates a value and what is in it. It says whether it could.
func (l *locator) value(path string, depth int, at Position) bool {
	l.found[path] = at
	token, err := l.decoder.Token()
	if err != nil || depth > maxDepth {
		return false
	}
	switch token {
	case json.Delim('{'):
		for l.decoder.More() {
			at := l.next()
			name, err := l.decoder.Token()
			text, isText := name.(string)
			if err != nil || !isText || !l.value(join(path, text), depth+1, at) {
				return false
			}
		}
	case json.Delim('['):
		for i := 0; l.decoder.More(); i++ {
			if !l.value(Index(path, i), depth+1, l.next()) {
				return false
			}
		}
	default:
		return true
	}
	_, err = l.decoder.Token()
	return err == nil
}
