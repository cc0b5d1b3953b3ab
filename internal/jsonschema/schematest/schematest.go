// Package schematest holds a JSON Schema to the code that reads what it is about.
//
// Hold needs no table of what is right and wrong. It changes documents, one value at a time, and
// asks the code and the schema about each change. What the code says of the names, words and
// numbers that it knows is compared with the schema.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sluice-aws/sluice/internal/jsonschema"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Reader is the code that reads a document. It returns what is wrong with it.
type Reader func(text []byte) []strictjson.Problem

// Compile returns what says whether a text is valid by a schema.
func Compile(t *testing.T, s *jsonschema.Schema) func(text []byte) error {
	t.Helper()
	document, err := validator.UnmarshalJSON(bytes.NewReader(s.Text()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("memory:schema", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("memory:schema")
	if err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		value, err := validator.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err
		}
		return compiled.Validate(value)
	}
}

// Hold fails the test unless a schema and the code agree: on the documents, which the code must
// accept and which must have every field of the schema, and on everything that a changed value
// makes of them. The schema may accept more than the code only where values have to fit each
// other, for which relations match the code's messages.
func Hold(t *testing.T, s *jsonschema.Schema, read Reader, documents [][]byte, relations ...string) {
	t.Helper()
	h := &holder{T: t, valid: Compile(t, s), read: read, paths: map[string]bool{}, words: map[string][]any{}, seen: map[string]bool{}}
	for _, r := range relations {
		h.relations = append(h.relations, regexp.MustCompile(r))
	}
	var tree map[string]any
	if err := json.Unmarshal(s.Text(), &tree); err != nil {
		t.Fatal(err)
	}
	h.collect("", tree)
	for _, text := range documents {
		h.document(text)
	}
	for _, path := range slices.Sorted(maps.Keys(h.paths)) {
		if !h.seen[path] {
			t.Errorf("no document has %s", path)
		}
	}
}

type holder struct {
	*testing.T
	valid     func(text []byte) error
	read      Reader
	relations []*regexp.Regexp
	// paths are the paths of the schema: a.b, a[] for the items of an array, a.* for any name.
	// seen are those that the documents had.
	paths, seen map[string]bool
	// words are the words that the schema allows at a path.
	words map[string][]any
}

// collect finds the paths and words of a schema.
func (h *holder) collect(path string, s map[string]any) {
	properties, _ := s["properties"].(map[string]any)
	for name, value := range properties {
		h.paths[path+"."+name] = true
		h.collect(path+"."+name, value.(map[string]any))
	}
	words, _ := s["enum"].([]any)
	h.words[path] = append(h.words[path], append(words, s["const"])...)
	below := map[string]string{"items": "[]", "additionalProperties": ".*", "if": "", "then": "", "else": ""}
	for keyword, suffix := range below {
		if value, is := s[keyword].(map[string]any); is {
			if suffix != "" {
				h.paths[path+suffix] = true
			}
			h.collect(path+suffix, value)
		}
	}
	alternatives, _ := s["anyOf"].([]any)
	for _, value := range alternatives {
		h.collect(path, value.(map[string]any))
	}
}

func (h *holder) document(text []byte) {
	h.Helper()
	if problems := h.read(text); len(problems) > 0 {
		h.Errorf("the code refuses the document %s\n%v", text, problems)
		return
	}
	if err := h.valid(text); err != nil {
		h.Errorf("the schema refuses the document %s\n%v", text, err)
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		h.Fatal(err)
	}
	h.value(place{}, root, func(changed any) any { return changed })
}

// place is where a value is: its path in the schema, and in the document.
type place struct{ path, at string }

func (h *holder) member(p place, name string) place {
	path := p.path + "." + name
	if any := p.path + ".*"; h.paths[any] && !h.paths[path] {
		path = any
	}
	return place{path, strictjson.Member(p.at, name)}
}

// value changes a value. within returns the whole document with another one in its place.
func (h *holder) value(p place, v any, within func(any) any) {
	path := p.path
	if path != "" && !h.paths[path] {
		return // the schema allows anything there
	}
	first := !h.seen[path]
	h.seen[path] = true
	if first {
		h.replace(path, within)
	}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			h.value(place{path + "[]", strictjson.Index(p.at, i)}, item, func(changed any) any {
				list := slices.Clone(v)
				list[i] = changed
				return within(list)
			})
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if first {
				h.compare(within(without(v, name)))
			}
			h.value(h.member(p, name), v[name], func(changed any) any { return within(with(v, name, changed)) })
		}
		if first {
			h.add(p, v, within)
		}
	}
}

// others are values of every kind.
var others = []any{nil, true, "", "zzz", "1", -1, 0, 0.5, 1, 1e15, []any{}, []any{nil}, map[string]any{}}

// replace puts other values in the place of one.
func (h *holder) replace(path string, within func(any) any) {
	for _, other := range slices.Concat(others, h.words[path]) {
		for _, problem := range h.compare(within(other)) {
			for _, told := range slices.Concat(bounds(problem.Message), choices(problem.Message)) {
				h.compare(within(told))
			}
		}
	}
}

// oneOf finds the words in a message about another one, and ofRange the bounds of a number.
var (
	oneOf   = regexp.MustCompile(`^must be one of (.*), not`)
	ofRange = regexp.MustCompile(`from (-?[0-9.e+]+)%? to ([0-9.e+]+)%?, not`)
)

// choices are the words that a message tells.
func choices(message string) []any {
	found := oneOf.FindStringSubmatch(message)
	if found == nil {
		return nil
	}
	var values []any
	for word := range strings.SplitSeq(found[1], ", ") {
		values = append(values, word)
	}
	return values
}

// bounds are numbers at the bounds that a message tells, and beyond them.
func bounds(message string) []any {
	found := ofRange.FindStringSubmatch(message)
	if found == nil {
		return nil
	}
	low, isLow := new(big.Rat).SetString(found[1])
	high, isHigh := new(big.Rat).SetString(found[2])
	if !isLow || !isHigh {
		return nil
	}
	one := big.NewRat(1, 1)
	var values []any
	for _, bound := range []*big.Rat{low, high, new(big.Rat).Sub(low, one), new(big.Rat).Add(high, one)} {
		values = append(values, json.Number(strings.TrimSuffix(strings.TrimRight(bound.FloatString(6), "0"), ".")))
	}
	return values
}

// unknown is a name that nobody knows.
const unknown = "zzz"

// known finds the names in the message about an unknown one.
var known = regexp.MustCompile(`^is not known here; known are (.*)$`)

// names are those that an object may have at a path, and one that nobody knows. There are none for
// an object of which the schema says nothing.
func (h *holder) names(path string) []string {
	var names []string
	for _, other := range slices.Sorted(maps.Keys(h.paths)) {
		name, below := strings.CutPrefix(other, path+".")
		switch {
		case !below || strings.ContainsAny(name, ".["):
		case name == "*":
			names = append(names, unknown)
		default:
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		names = append(names, unknown)
	}
	return names
}

// add gives an object names that it does not have.
func (h *holder) add(p place, v map[string]any, within func(any) any) {
	for _, name := range h.names(p.path) {
		if _, has := v[name]; has {
			continue
		}
		for _, other := range others {
			for _, problem := range h.compare(within(with(v, name, other))) {
				if problem.Path == strictjson.Member(p.at, unknown) {
					h.knows(p, problem.Message)
				}
			}
		}
	}
}

// knows compares the names that the code knows in an object with those of the schema.
func (h *holder) knows(p place, message string) {
	found := known.FindStringSubmatch(message)
	if found == nil {
		return
	}
	for name := range strings.SplitSeq(found[1], ", ") {
		if !h.paths[p.path+"."+name] {
			h.Errorf("the schema does not know %s.%s", p.path, name)
		}
	}
}

// compare asks the code and the schema, and returns what the code finds wrong.
func (h *holder) compare(document any) []strictjson.Problem {
	text, err := json.Marshal(document)
	if err != nil {
		h.Fatal(err)
	}
	problems, invalid := h.read(text), h.valid(text)
	switch {
	case len(problems) == 0 && invalid != nil:
		h.Errorf("the code accepts what the schema refuses: %s\n%v", text, invalid)
	case invalid == nil:
		for _, p := range problems {
			if !h.isRelation(p) {
				h.Errorf("the schema accepts what the code refuses: %s\n%s", text, p)
			}
		}
	}
	return problems
}

func (h *holder) isRelation(p strictjson.Problem) bool {
	return slices.ContainsFunc(h.relations, func(r *regexp.Regexp) bool { return r.MatchString(fmt.Sprint(p)) })
}

func with(v map[string]any, name string, value any) map[string]any {
	changed := maps.Clone(v)
	changed[name] = value
	return changed
}

func without(v map[string]any, name string) map[string]any {
	changed := maps.Clone(v)
	delete(changed, name)
	return changed
}
