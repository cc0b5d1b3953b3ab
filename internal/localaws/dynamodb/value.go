package dynamodb

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// kind is the type of an attribute value.
type kind uint8

const (
	kindAbsent kind = iota // no value: the attribute does not exist
	kindString
	kindNumber
	kindBinary
	kindBool
	kindNull
	kindMap
	kindList
	kindStringSet
	kindNumberSet
	kindBinarySet
)

var kindNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

// kindOf returns the kind with DynamoDB's name, or kindAbsent.
func kindOf(name string) kind {
	return kind(max(slices.Index(kindNames[:], name), 0))
}

func (k kind) String() string { return kindNames[k] }

// isSet reports whether values of this kind are sets.
func (k kind) isSet() bool {
	return k == kindStringSet || k == kindNumberSet || k == kindBinarySet
}

// isOrdered reports whether values of this kind can be compared with < and >.
func (k kind) isOrdered() bool {
	return k == kindString || k == kindNumber || k == kindBinary
}

// Value is an attribute's value. It is immutable, so items, requests and responses
// share it; an update of an item creates new values. The zero Value means that the
// attribute does not exist.
type Value struct {
	kind   kind
	truth  bool             // BOOL
	text   string           // S; N as a canonical number; B as its bytes
	set    []string         // SS, NS, BS: sorted members without duplicates, each in the form of text
	list   []Value          // L
	fields map[string]Value // M
}

// Item is an item: its attributes' values by name.
type Item map[string]Value

// Text returns the value of a string attribute, and whether it exists.
func (it Item) Text(name string) (string, bool) {
	v := it[name]
	return v.text, v.kind == kindString
}

// Number returns the value of a number attribute as exact decimal text without an
// exponent, and whether it exists.
func (it Item) Number(name string) (string, bool) {
	v := it[name]
	return v.text, v.kind == kindNumber
}

// Texts returns the members of a string set attribute, and whether it exists.
func (it Item) Texts(name string) ([]string, bool) {
	v := it[name]
	return slices.Clone(v.set), v.kind == kindStringSet
}

// String returns the item as DynamoDB's JSON, with its attributes sorted by name.
func (it Item) String() string { return string(it.append(nil)) }

// String returns the value as DynamoDB's JSON, as in {"S":"open"}.
func (v Value) String() string { return string(v.append(nil)) }

func (v Value) isAbsent() bool { return v.kind == kindAbsent }

func textValue(text string) Value { return Value{kind: kindString, text: text} }

// equal compares deeply. Sets are equal if they have the same members.
func (v Value) equal(w Value) bool {
	return v.kind == w.kind && v.text == w.text && v.truth == w.truth &&
		slices.Equal(v.set, w.set) &&
		slices.EqualFunc(v.list, w.list, Value.equal) &&
		maps.EqualFunc(v.fields, w.fields, Value.equal)
}

// compare orders two values of the same ordered kind: numbers by value, strings and
// binaries by their bytes.
func (v Value) compare(w Value) int {
	return compareMembers(v.kind, v.text, w.text)
}

func compareMembers(k kind, a, b string) int {
	if k == kindNumber || k == kindNumberSet {
		return compareNumbers(a, b)
	}
	return strings.Compare(a, b)
}

// element returns the kind of a set's members.
func (k kind) element() kind {
	switch k {
	case kindNumberSet:
		return kindNumber
	case kindBinarySet:
		return kindBinary
	default:
		return kindString
	}
}

// setOf returns a set of the given members. It sorts them in place and does not remove
// duplicates.
func setOf(k kind, members []string) Value {
	slices.SortFunc(members, func(a, b string) int { return compareMembers(k, a, b) })
	return Value{kind: k, set: members}
}

// Sizes from the developer guide, "DynamoDB item sizes and formats".
const (
	containerOverhead = 3 // bytes for any list or map
	elementOverhead   = 1 // bytes for each of its elements
)

// size returns the item's size for DynamoDB's limits, in bytes.
func (it Item) size() int {
	total := 0
	for name, v := range it {
		total += len(name) + v.size()
	}
	return total
}

func (v Value) size() int {
	switch v.kind {
	case kindNumber:
		return numberSize(v.text)
	case kindBool, kindNull:
		return 1
	case kindMap:
		return containerOverhead + elementOverhead*len(v.fields) + Item(v.fields).size()
	case kindList:
		total := containerOverhead
		for _, element := range v.list {
			total += elementOverhead + element.size()
		}
		return total
	case kindStringSet, kindNumberSet, kindBinarySet:
		total := 0
		for _, member := range v.set {
			total += Value{kind: v.kind.element(), text: member}.size()
		}
		return total
	default:
		return len(v.text)
	}
}

// maxLevels is the maximum depth of a document. Its outermost value is the first level
// (DynamoDB developer guide, "Limits: Nested attribute depth").
const maxLevels = 32

func errTooDeep() error {
	return invalid("Nesting Levels have exceeded supported limits: " +
		"Attributes in the item have nested levels beyond supported limit")
}

// isWithinLevels reports whether the value is at most the given number of levels deep.
func (v Value) isWithinLevels(levels int) bool {
	if levels == 0 {
		return false
	}
	for _, element := range v.list {
		if !element.isWithinLevels(levels - 1) {
			return false
		}
	}
	for _, field := range v.fields {
		if !field.isWithinLevels(levels - 1) {
			return false
		}
	}
	return true
}

// length returns the result of the function size: the bytes of a string or binary, or
// the number of elements. It is absent for other kinds.
func (v Value) length() Value {
	var n int
	switch v.kind {
	case kindString, kindBinary:
		n = len(v.text)
	case kindMap:
		n = len(v.fields)
	case kindList:
		n = len(v.list)
	case kindStringSet, kindNumberSet, kindBinarySet:
		n = len(v.set)
	default:
		return Value{}
	}
	return Value{kind: kindNumber, text: strconv.Itoa(n)}
}

// contains returns the result of the function contains: whether w is a part of a string
// or binary, a member of a set, or an element of a list.
func (v Value) contains(w Value) bool {
	switch {
	case v.kind == kindList:
		return slices.ContainsFunc(v.list, w.equal)
	case v.kind.isSet():
		return v.kind.element() == w.kind && slices.Contains(v.set, w.text)
	case v.kind == kindString || v.kind == kindBinary:
		return v.kind == w.kind && strings.Contains(v.text, w.text)
	default:
		return false
	}
}

// withoutHoles returns the value without the holes in its lists.
func (v Value) withoutHoles() Value {
	switch v.kind {
	case kindList:
		list := make([]Value, 0, len(v.list))
		for _, element := range v.list {
			if !element.isAbsent() {
				list = append(list, element.withoutHoles())
			}
		}
		return Value{kind: kindList, list: list}
	case kindMap:
		fields := make(map[string]Value, len(v.fields))
		for name, field := range v.fields {
			fields[name] = field.withoutHoles()
		}
		return Value{kind: kindMap, fields: fields}
	default:
		return v
	}
}

func (it Item) append(buf []byte) []byte {
	buf = append(buf, '{')
	for i, name := range slices.Sorted(maps.Keys(it)) {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendText(buf, name)
		buf = append(buf, ':')
		buf = it[name].append(buf)
	}
	return append(buf, '}')
}

// append appends the value to buf as AWS-JSON.
func (v Value) append(buf []byte) []byte {
	buf = append(buf, `{"`...)
	buf = append(buf, v.kind.String()...)
	buf = append(buf, `":`...)
	switch v.kind {
	case kindBool:
		buf = strconv.AppendBool(buf, v.truth)
	case kindNull:
		buf = append(buf, "true"...)
	case kindMap:
		buf = Item(v.fields).append(buf)
	case kindList:
		buf = appendArray(buf, v.list)
	case kindStringSet, kindNumberSet, kindBinarySet:
		buf = append(buf, '[')
		for i, member := range v.set {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = appendScalar(buf, v.kind.element(), member)
		}
		buf = append(buf, ']')
	default:
		buf = appendScalar(buf, v.kind, v.text)
	}
	return append(buf, '}')
}

func appendScalar(buf []byte, k kind, text string) []byte {
	if k == kindBinary {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return appendText(buf, text)
}
