package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sluice-aws/sluice/internal/strictjson"
)

const (
	// maxDepth bounds how deep lists and maps may nest. It also ends an anchor that contains
	// itself.
	maxDepth = 32
	// maxRepeated bounds how many values may come from aliases: a few lines of them could
	// otherwise stand for billions.
	maxRepeated = 1000
)

// Convert returns the JSON of a YAML text, and where each of its values stands. The JSON counts
// only if no problem was added.
func Convert(text []byte, problems *strictjson.Problems) ([]byte, strictjson.Positions) {
	c := converter{problems: problems, positions: strictjson.Positions{}}
	root, err := parse(strictjson.WithoutMark(text))
	if err != nil {
		c.positions[""] = err.at
		problems.Add("", "not YAML: %s: %s", err.at, err.says)
		return nil, c.positions
	}
	c.positions[""] = positionOf(root)
	c.value("", root, 0)
	return c.json.Bytes(), c.positions
}

type converter struct {
	problems  *strictjson.Problems
	positions strictjson.Positions
	json      bytes.Buffer
	// aliases is how many aliases the value at hand is in. repeated counts the values in any.
	aliases, repeated int
	// stopped is set when nothing more is read.
	stopped bool
}

func positionOf(n *yaml.Node) strictjson.Position {
	return strictjson.Position{Line: n.Line, Column: n.Column}
}

// refuse adds a problem with the value at a path. JSON goes on with null.
func (c *converter) refuse(path, format string, args ...any) {
	c.problems.Add(path, format, args...)
	c.json.WriteString("null")
}

// stop is refuse for a problem after which nothing more is read.
func (c *converter) stop(path, format string, args ...any) {
	c.stopped = true
	c.refuse(path, format, args...)
}

func (c *converter) value(path string, n *yaml.Node, depth int) {
	if c.aliases > 0 {
		c.repeated++
	}
	switch {
	case c.stopped:
		c.json.WriteString("null")
	case depth > maxDepth:
		c.stop(path, "nests deeper than %d levels", maxDepth)
	case c.repeated > maxRepeated:
		c.stop(path, "comes from aliases that stand for more than %d values: write them out", maxRepeated)
	case n.Style&yaml.TaggedStyle != 0:
		c.refuse(path, "has the tag %s, and tags are not read here: write the value itself", quote(n.Tag))
	case n.Kind == yaml.AliasNode:
		c.aliases++
		c.value(path, n.Alias, depth+1) // so that an anchor in itself comes to an end
		c.aliases--
	case n.Kind == yaml.SequenceNode:
		c.list(path, n, depth)
	case n.Kind == yaml.MappingNode:
		c.members(path, n, depth)
	default:
		c.scalar(path, n)
	}
}

func (c *converter) list(path string, n *yaml.Node, depth int) {
	c.json.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			c.json.WriteByte(',')
		}
		at := strictjson.Index(path, i)
		c.positions[at] = positionOf(item)
		c.value(at, item, depth+1)
	}
	c.json.WriteByte(']')
}

func (c *converter) members(path string, n *yaml.Node, depth int) {
	c.json.WriteByte('{')
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if problem := checkName(name); problem != "" {
			at := strictjson.Member(path, name.Value)
			c.positions[at] = positionOf(name)
			c.problems.Add(at, "%s", problem)
			continue
		}
		at := strictjson.Member(path, name.Value)
		c.positions[at] = positionOf(name)
		if seen[name.Value] {
			c.problems.Add(at, "appears twice")
			continue
		}
		if len(seen) > 0 {
			c.json.WriteByte(',')
		}
		seen[name.Value] = true
		c.text(name.Value)
		c.json.WriteByte(':')
		c.value(at, value, depth+1)
	}
	c.json.WriteByte('}')
}

// checkName says what is wrong with the name of a member.
func checkName(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode:
		return "is not a name: a name is text on one line"
	case n.Style&yaml.TaggedStyle != 0:
		return fmt.Sprintf("has the tag %s, and tags are not read here", quote(n.Tag))
	case n.Tag == "!!merge":
		return "merges another map, which is not read here: write its fields out"
	case isPlain(n) && isAmbiguous(n.Value):
		return ambiguous(n.Value)
	case n.Tag != "!!str":
		return "is not text: put the name in quotes"
	}
	return ""
}

// scalar writes a value that has no others in it.
func (c *converter) scalar(path string, n *yaml.Node) {
	switch {
	case isPlain(n) && isAmbiguous(n.Value):
		c.refuse(path, "%s", ambiguous(n.Value))
	case n.Tag == "!!null":
		c.json.WriteString("null")
	case n.Tag == "!!bool":
		c.json.WriteString(strings.ToLower(n.Value))
	case n.Tag == "!!int" || n.Tag == "!!float":
		if !json.Valid([]byte(n.Value)) {
			c.refuse(path, "%s is a number in YAML, but not one that can be taken: write it with decimal digits, such as 10 or 0.5, or put it in quotes if it is text", quote(n.Value))
			return
		}
		c.json.WriteString(n.Value)
	default: // what YAML 1.1 calls a time is text, too
		c.text(n.Value)
	}
}

func (c *converter) text(s string) {
	text, _ := json.Marshal(s) // text can always be encoded
	c.json.Write(text)
}

// isPlain says whether a value stands without quotes.
func isPlain(n *yaml.Node) bool {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	return n.Kind == yaml.ScalarNode && n.Style&quoted == 0
}

// booleans are the words that YAML 1.1 reads as booleans and YAML 1.2 as text (YAML 1.1, bool
// type). The single letters y and n are not among them: no common reader takes them as such.
var booleans = []string{"yes", "no", "on", "off"}

func isAmbiguous(s string) bool {
	return slices.ContainsFunc(booleans, func(b string) bool { return strings.EqualFold(b, s) })
}

func ambiguous(word string) string {
	return word + " is a boolean to some readers of YAML and text to others: write true or false, or put it in quotes if it is text"
}

// maxShown bounds how much of a text a problem quotes, in bytes.
const maxShown = 60

func quote(s string) string {
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return fmt.Sprintf("%+q", s)
}
