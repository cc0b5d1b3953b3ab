package asl

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// names are field names for generated documents. Some are hard to parse.
var names = rapid.SampledFrom([]string{"a", "b", "a-b", "a b", "é", `q"q`, `back\`, `\"`, "<", ""})

// jsonValues generates any JSON value, as encoding/json decodes it with UseNumber.
func jsonValues(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := []string{"null", "bool", "number", "string"}
		if depth > 0 {
			kinds = append(kinds, "object", "object", "array")
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "bool":
			return rapid.Bool().Draw(t, "bool")
		case "number":
			return json.Number(rapid.SampledFrom([]string{"0", "-1", "1.50", "1e400", "12345678901234567890"}).Draw(t, "number"))
		case "string":
			return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`\`, `\\"`, `{"a":1}`, `]}`, "\u2028"})).Draw(t, "string")
		case "object":
			return rapid.MapOfN(names, jsonValues(depth-1), 0, 4).Draw(t, "object")
		case "array":
			return rapid.SliceOfN(jsonValues(depth-1), 0, 4).Draw(t, "array")
		default:
			return nil
		}
	})
}

// documentOf returns a value as a document. The JSON text has spaces that newDocument
// must remove.
func documentOf(t require.TestingT, value any) Document {
	text, err := json.MarshalIndent(value, " ", "\t")
	require.NoError(t, err)
	doc, err := newDocument(text)
	require.NoError(t, err)
	return doc
}

// decode decodes a document with UseNumber.
func decode(t require.TestingT, doc Document) any {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value), string(doc))
	return value
}

func TestADocumentIsReadAsEncodingJSONReadsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := jsonValues(4).Draw(t, "value")
		doc := documentOf(t, value)
		require.Equal(t, len(doc), doc.endOf(0))

		switch value := value.(type) {
		case map[string]any:
			seen := map[string]any{}
			for name, member := range doc.members() {
				seen[name] = decode(t, member)
			}
			require.Equal(t, decode(t, doc), any(seen))
			for name := range value {
				at, found := doc.member(name)
				require.True(t, found)
				require.Equal(t, seen[name], decode(t, doc[at.from:at.to]))
			}
			_, found := doc.member("not there")
			require.False(t, found)
		case []any:
			seen := []any{}
			for element := range doc.elements() {
				at, found := doc.element(len(seen))
				require.True(t, found)
				require.Equal(t, element, at)
				seen = append(seen, decode(t, element))
			}
			require.Equal(t, decode(t, doc), any(seen))
			_, found := doc.element(len(seen))
			require.False(t, found)
		case string:
			text, ok := doc.text()
			require.True(t, ok)
			require.Equal(t, decode(t, doc), any(text))
		}
	})
}

// A value that a ResultPath stored is found at that path, and nothing else has changed.
func TestAResultIsFoundWhereItWasPut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := documentOf(t, rapid.MapOfN(names, jsonValues(3), 0, 4).Draw(t, "document"))
		value := documentOf(t, jsonValues(2).Draw(t, "value"))
		var steps []step
		for _, name := range rapid.SliceOfN(names, 1, 4).Draw(t, "path") {
			steps = append(steps, step{field: name})
		}
		p := path{text: "$", steps: steps}

		before := bytes.Clone(doc)
		put, err := p.put(doc, value)
		require.Equal(t, before, []byte(doc), "the document itself is not changed")
		if err != nil {
			blocked := false
			for depth := range steps {
				found, ok := path{steps: steps[:depth]}.find(doc)
				blocked = blocked || ok && !found.isObject()
			}
			require.True(t, blocked, "put fails only if a value on the path is not an object")
			return
		}
		found, ok := p.find(put)
		require.True(t, ok)
		require.Equal(t, value, found)
		require.Equal(t, withField(decode(t, doc), steps, decode(t, value)), decode(t, put))
	})
}

// withField sets a field in a decoded value.
func withField(value any, steps []step, field any) any {
	if len(steps) == 0 {
		return field
	}
	object, _ := value.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[steps[0].field] = withField(object[steps[0].field], steps[1:], field)
	return object
}

func TestPathsAreRead(t *testing.T) {
	t.Parallel()

	for _, testcase := range []struct {
		text string
		want path
	}{
		{text: "$"},
		{text: "$$", want: path{context: true}},
		{text: "$.a", want: path{steps: []step{{field: "a"}}}},
		{text: "$.a_1-b.é[0]", want: path{steps: []step{{field: "a_1-b"}, {field: "é"}, {array: true}}}},
		{text: "$[12][3]", want: path{steps: []step{{index: 12, array: true}, {index: 3, array: true}}}},
		{text: `$['a.b']["c d"].e`, want: path{steps: []step{{field: "a.b"}, {field: "c d"}, {field: "e"}}}},
		{text: "$$.Map.Item.Index", want: path{context: true, steps: []step{{field: "Map"}, {field: "Item"}, {field: "Index"}}}},
	} {
		t.Run(testcase.text, func(t *testing.T) {
			t.Parallel()
			testcase.want.text = testcase.text
			got, err := parsePath(testcase.text)
			require.NoError(t, err)
			assert.Equal(t, testcase.want, got)
		})
	}
	for _, text := range []string{
		"", "a", "$a", "$.", "$..a", "$.a.", "$.a..b", "$.*", "$[*]", "$[]", "$[-1]", "$[1:2]", "$[0,1]", "$[99999999999]", "$['']", "$['a]", `$["a']`,
		"$['a','b']", `$['a\'b']`, "$.a b", "$.a\xff", "$$$", "$[?(@.a)]", "$.length()", " $", "$ ",
	} {
		_, err := parsePath(text)
		assert.Error(t, err, "%q", text)
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(`{"a": ["\\\"", {"b": 1}], "c": "]"}`, "$.a[1].b")
	f.Fuzz(func(t *testing.T, text, reference string) {
		doc, err := newDocument([]byte(text))
		if err != nil {
			return
		}
		p, err := parsePath(reference)
		if err != nil {
			return
		}
		found, ok := p.find(doc)
		if ok && !json.Valid(found) {
			t.Fatalf("%s of %s is %s", reference, doc, found)
		}
		if put, err := p.put(doc, Document(`"put"`)); err == nil && !strings.Contains(reference, "[") && !json.Valid(put) {
			t.Fatalf("%s into %s is %s", reference, doc, put)
		}
	})
}
