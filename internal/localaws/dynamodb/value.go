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
	kindAbsent kind = iota // no value: an attribute that is not there
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

// kindOf returns the kind that DynamoDB calls name, or kindAbsent.
func kindOf(name string) kind {
	return kind(max(slices.Index(kindNames[:], name), 0))
}

func (k kind) String() string { return kindNames[k] }

// isSet says whether values of this kind are sets.
func (k kind) isSet() bool {
	return k == kindStringSet || k == kindNumberSet || k == kindBinarySet
}

// isOrdered says whether values of this kind can be compared with < and >.
func (k kind) isOrdered() bool {
	return k == kindString || k == kindNumber || k == kindBinary
}

// Value is an attribute's value. It never changes, so it is shared between
// items, requests and answers; what changes an item makes new values. The zero
// Value stands for an attribute that is not there.
type Value struct {
	kind   kind
	truth  bool             // BOOL
	text   string           // S; N as a canonical number; B as its bytes
	set    []string         // SS, NS, BS: members like text, without duplicates, in order
	list   []Value          // L
	fields map[string]Value // M
}

// Item is an item: the values of its attributes by their names.
type Item map[string]Value

// Text returns the string attribute that is called name, if there is one.
func (it Item) Text(name string) (string, bool) {
	v := it[name]
	return v.text, v.kind == kindString
}

// Number returns the number attribute that is called name, if there is one, as
// its exact decimal text without an exponent.
func (it Item) Number(name string) (string, bool) {
	v := it[name]
	return v.text, v.kind == kindNumber
}

// Texts returns the members of the set of strings that is called name, if there is
// one.
func (it Item) Texts(name string) ([]string, bool) {
	v := it[name]
	return slices.Clone(v.set), v.kind == kindStringSet
}

// String returns the item as DynamoDB's JSON, attributes in order of their
// names.
func (it Item) String() string { return string(it.append(nil)) }

// String returns the value as DynamoDB's JSON, as in {"S":"open"}.
func (v Value) String() string { return string(v.append(nil)) }

func (v Value) absent() bool { return v.kind == kindAbsent }

func textValue(text string) Value { return Value{kind: kindString, text: text} }

// equal compares deeply. Sets are equal when they have the same members.
func (v Value) equal(w Value) bool {
	return v.kind == w.kind && v.text == w.text && v.truth == w.truth &&
		slices.Equal(v.set, w.set) &&
		slices.EqualFunc(v.list, w.list, Value.equal) &&
		maps.EqualFunc(v.fields, w.fields, Value.equal)
}

// compare orders two values of one ordered kind: numbers by value, strings and
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

// element is the kind of a set's members.
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

// setOf makes a set of distinct members.
func setOf(k kind, members []string) Value {
	slices.SortFunc(members, func(a, b string) int { return compareMembers(k, a, b) })
	return Value{kind: k, set: members}
}

// Sizes as the developer guide gives them in "DynamoDB item sizes and formats".
const (
	containerOverhead = 3 // bytes for any list or map
	elementOverhead   = 1 // bytes for each of its elements
)

// size is what the item counts for in the limits, in bytes.
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

// maxLevels is how deep a document may be, its outermost value counted as the
// first level (DynamoDB developer guide, "Limits: Nested attribute depth").
const maxLevels = 32

func errTooDeep() error {
	return invalid("Nesting Levels have exceeded supported limits: " +
		"Attributes in the item have nested levels beyond supported limit")
}

// fits says whether the value is at most so many levels deep.
func (v Value) fits(levels int) bool {
	if levels == 0 {
		return false
	}
	for _, element := range v.list {
		if !element.fits(levels - 1) {
			return false
		}
	}
	for _, field := range v.fields {
		if !field.fits(levels - 1) {
			return false
		}
	}
	return true
}

// length is what the function size returns: bytes of a string or binary, else
// the number of elements. Other kinds have none.
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

// contains is the function contains: a part of a string or binary, a member of
// a set, an element of a list.
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

// compacted is the value without the holes in its lists.
func (v Value) compacted() Value {
	switch v.kind {
	case kindList:
		list := make([]Value, 0, len(v.list))
		for _, element := range v.list {
			if !element.absent() {
				list = append(list, element.compacted())
			}
		}
		return Value{kind: kindList, list: list}
	case kindMap:
		fields := make(map[string]Value, len(v.fields))
		for name, field := range v.fields {
			fields[name] = field.compacted()
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

// append adds the value to buf as AWS-JSON.
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
		buf = append(buf, '[')
		for i, element := range v.list {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = element.append(buf)
		}
		buf = append(buf, ']')
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
