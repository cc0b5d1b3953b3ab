package main

import (
	"fmt"
	"io"
	"os"

	"sluice/internal/strictjson"
)

// source names where a text is read from: a file, or "-" for standard input.
type source string

const standardInput source = "-"

// maxText is the size of an execution's input at most (256 KiB, Step Functions quotas).
// The same limit holds for a scenario.
const maxText = 256 << 10

// read reads the whole text. It returns an invalidError if the text is too large.
func (s source) read(stdin io.Reader) ([]byte, error) { return s.readUpTo(stdin, maxText) }

func (s source) readUpTo(stdin io.Reader, most int) ([]byte, error) {
	from := stdin
	if s != standardInput {
		file, err := os.Open(string(s))
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, int64(most)+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > most:
		return nil, invalid(s.String(), fmt.Errorf("it is larger than %d bytes", most))
	}
	return strictjson.WithoutMark(text), nil
}

// String names the source in messages.
func (s source) String() string {
	if s == standardInput {
		return "standard input"
	}
	return string(s)
}
