package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// source names where a text is read from: a file, or "-" for standard input.
type source string

const standardInput source = "-"

// maxText is the size of an execution's input at most (256 KiB, Step Functions quotas).
// The same limit holds for a scenario.
const maxText = 256 << 10

// file is a text that was read.
type file struct {
	// name names it in messages.
	name string
	// json is the text as JSON.
	json []byte
	// positions say where in the text its values are.
	positions strictjson.Positions
	// appSpec says that the text is an AppSpec, and json has it in a field, beside what the
	// command's flags say.
	appSpec bool
}

// read reads the whole text, and turns YAML into JSON. It returns an invalidError if the text is
// too large, or not YAML.
func (s source) read(stdin io.Reader) (file, error) {
	f := file{name: s.String()}
	text, err := s.text(stdin, maxText)
	if err != nil {
		return f, err
	}
	if s.isYAML(text) {
		return f.fromYAML(text)
	}
	f.json, f.positions = text, strictjson.Locate(text)
	return f, nil
}

// text reads the whole text. It returns an invalidError if the text is too large.
func (s source) text(stdin io.Reader, most int) ([]byte, error) {
	from := stdin
	if s != standardInput {
		opened, err := os.Open(string(s))
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		from = opened
	}
	text, err := io.ReadAll(io.LimitReader(from, int64(most)+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > most:
		return nil, s.invalid(fmt.Errorf("it is larger than %d bytes", most))
	}
	return strictjson.WithoutMark(text), nil
}

// isYAML says whether a text is to be read as YAML: by the name of its file, or else by how it
// begins.
func (s source) isYAML(text []byte) bool {
	switch strings.ToLower(filepath.Ext(string(s))) {
	case ".yaml", ".yml":
		return true
	case ".json":
		return false
	}
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && !bytes.ContainsRune([]byte(`{["`), rune(text[0]))
}

// fromYAML returns the file of a YAML text. Its JSON is indented: people see it in the console.
func (f file) fromYAML(text []byte) (file, error) {
	var problems strictjson.Problems
	var converted []byte
	converted, f.positions = strictyaml.Convert(text, &problems)
	if list := problems.List(); len(list) > 0 {
		return f, f.invalid(&request.InputError{Problems: list})
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, converted, "", "  "); err != nil {
		return f, err
	}
	f.json = indented.Bytes()
	if len(f.json) > maxText {
		f.json = converted
	}
	if len(f.json) > maxText {
		return f, f.invalid(fmt.Errorf("as JSON it is larger than %d bytes", maxText))
	}
	return f, nil
}

// release reads the file as the input of an execution, which may be empty.
func (f file) release(executionID string) (shift.Release, error) {
	return request.Reader{ExecutionID: executionID, FrontEnds: request.AnyFrontEnd, YAML: strictyaml.Convert}.Input(f.json)
}

// String names the source in messages.
func (s source) String() string {
	if s == standardInput {
		return "standard input"
	}
	return string(s)
}
