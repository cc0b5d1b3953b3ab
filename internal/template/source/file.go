// Package source reads templates as people write them: in JSON, or in YAML with CloudFormation's
// short forms of intrinsic functions.
package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// MaxBytes is CloudFormation's largest template (CloudFormation quotas).
	MaxBytes = 1 << 20
	// maxDepth and maxNodes bound what a text stands for: YAML's aliases can make much of little.
	maxDepth = 150
	maxNodes = 500_000
)

// File is a template as its author wrote it.
type File struct {
	text []byte
	root *yaml.Node
	json []byte
	// isUnplaced says that the places of root are not those of the text.
	isUnplaced bool
}

// Parse reads a template.
func Parse(text []byte) (File, error) {
	f := File{text: text}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, another yaml.Node
	if err := decoder.Decode(&document); err != nil && json.Valid(text) {
		return parseJSON(text)
	} else if err != nil {
		return File{}, fmt.Errorf("it is neither JSON nor YAML: %w", err)
	}
	if decoder.Decode(&another) != io.EOF {
		return File{}, errors.New("it has more than one YAML document")
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return File{}, errNoTemplate
	}
	f.root = document.Content[0]
	if json.Valid(text) {
		f.json = text
		return f, nil
	}
	var w writer
	if err := w.value(f.root, 0); err != nil {
		return File{}, err
	}
	f.json = w.Bytes()
	return f, nil
}

var errNoTemplate = errors.New("it is no template: a template is an object with Resources")

// parseJSON reads JSON that is no YAML, such as one with \ud83d\ude00 for a character. Only its
// section Transform is read.
func parseJSON(text []byte) (File, error) {
	var sections map[string]json.RawMessage
	if json.Unmarshal(text, &sections) != nil {
		return File{}, errNoTemplate
	}
	transform := sections["Transform"]
	if transform == nil {
		transform = json.RawMessage("[]")
	}
	var document yaml.Node
	if err := yaml.Unmarshal(fmt.Appendf(nil, `{"Transform": %s}`, transform), &document); err != nil {
		return File{}, fmt.Errorf("its section Transform cannot be read: %w", err)
	}
	return File{text: text, root: document.Content[0], json: text, isUnplaced: true}, nil
}

// JSON returns the template as JSON. A template in JSON is returned as it is.
func (f File) JSON() []byte { return f.json }

// writer writes YAML as JSON.
type writer struct {
	bytes.Buffer
	nodes int
}

func (w *writer) value(n *yaml.Node, depth int) error {
	w.nodes++
	if depth > maxDepth || w.nodes > maxNodes {
		return fmt.Errorf("line %d: it is too deep, or too large", n.Line)
	}
	if short, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(n.Tag, "!!") && short != "" {
		return w.function(short, n, depth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.SequenceNode:
		return w.sequence(n, depth)
	}
	w.Write(scalar(n))
	return nil
}

// function writes the short form of an intrinsic function, such as !Ref, in its long form.
func (w *writer) function(name string, n *yaml.Node, depth int) error {
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	w.WriteString("{" + quoted(name) + ":")
	plain := *n
	plain.Tag = ""
	if n.Kind == yaml.ScalarNode {
		plain.Tag = "!!str"
	}
	resource, attribute, dotted := strings.Cut(n.Value, ".")
	if name == "Fn::GetAtt" && n.Kind == yaml.ScalarNode && dotted {
		fmt.Fprintf(w, "[%s,%s]", quoted(resource), quoted(attribute))
	} else if err := w.value(&plain, depth+1); err != nil {
		return err
	}
	w.WriteByte('}')
	return nil
}

func (w *writer) mapping(n *yaml.Node, depth int) error {
	w.WriteByte('{')
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return fmt.Errorf("line %d: CloudFormation takes no such key", key.Line)
		}
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(quoted(key.Value) + ":")
		if err := w.value(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	w.WriteByte('}')
	return nil
}

func (w *writer) sequence(n *yaml.Node, depth int) error {
	w.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			w.WriteByte(',')
		}
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	w.WriteByte(']')
	return nil
}

// scalar writes a number, a boolean or null as it is, and everything else as text: dates, and
// numbers that JSON does not have.
func scalar(n *yaml.Node) []byte {
	switch n.Tag {
	case "!!null":
		return []byte("null")
	case "!!bool":
		return []byte(strings.ToLower(n.Value))
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return []byte(n.Value)
		}
	}
	return []byte(quoted(n.Value))
}

func quoted(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(fmt.Sprintf("encode a string: %v", err)) // encoding/json encodes every string
	}
	return strings.TrimSuffix(b.String(), "\n")
}
