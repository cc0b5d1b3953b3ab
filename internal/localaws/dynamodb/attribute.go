package dynamodb

import (
	"encoding/base64"
	"slices"
)

// item reads a map of attribute values by name: an item, a key or the values of
// placeholders.
func (r *reader) item() Item {
	it := Item{}
	for name := range r.members() {
		it[name] = r.value(maxLevels)
	}
	return it
}

// value reads an attribute value with at most the given number of levels. It must have
// exactly one type.
func (r *reader) value(levels int) Value {
	if levels == 0 {
		r.fail(errTooDeep())
	}
	var v Value
	for name := range r.members() {
		if !v.isAbsent() {
			r.fail(invalid("Supplied AttributeValue has more than one datatypes set, " +
				"must contain exactly one of the supported datatypes"))
			return Value{}
		}
		v = r.typedValue(kindOf(name), levels)
	}
	if v.isAbsent() {
		r.fail(invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"))
	}
	return v
}

func (r *reader) typedValue(k kind, levels int) Value {
	v := Value{kind: k}
	switch k {
	case kindBool:
		v.truth = r.boolean()
	case kindNull:
		if !r.boolean() {
			r.fail(invalid("One or more parameter values were invalid: " +
				"Null attribute value types must have the value of true"))
		}
	case kindMap:
		v.fields = map[string]Value{}
		for name := range r.members() {
			v.fields[name] = r.value(levels - 1)
		}
	case kindList:
		for range r.elements() {
			v.list = append(v.list, r.value(levels-1))
		}
	case kindStringSet, kindNumberSet, kindBinarySet:
		return r.set(k)
	case kindString, kindNumber, kindBinary:
		v.text = r.scalar(k)
	default:
		r.fail(invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"))
	}
	return v
}

func (r *reader) scalar(k kind) string {
	text := r.text()
	if r.err != nil {
		return ""
	}
	switch k {
	case kindNumber:
		number, err := canonicalNumber(text)
		if err != nil {
			r.fail(err)
		}
		return number
	case kindBinary:
		binary, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			r.fail(malformed("Invalid Base64: %s", err))
		}
		return string(binary)
	default:
		return text
	}
}

// set reads a set. A set must not be empty or have duplicates.
func (r *reader) set(k kind) Value {
	var members []string
	for range r.elements() {
		members = append(members, r.scalar(k.element()))
	}
	if len(members) == 0 {
		r.fail(errEmptySet(k))
	}
	v := setOf(k, members)
	if r.err == nil && len(slices.Compact(slices.Clone(v.set))) < len(v.set) {
		r.fail(errDuplicates(v))
	}
	return v
}

func errEmptySet(k kind) error {
	const prefix = "One or more parameter values were invalid: "
	switch k {
	case kindStringSet:
		return invalid(prefix + "An string set  may not be empty")
	case kindNumberSet:
		return invalid(prefix + "An number set  may not be empty")
	default:
		return invalid(prefix + "Binary sets should not be empty")
	}
}

// errDuplicates lists all members in sorted order; DynamoDB lists them only up to the
// first duplicate.
func errDuplicates(set Value) error {
	const prefix = "One or more parameter values were invalid: Input collection "
	if set.kind == kindNumberSet {
		return invalid(prefix + "contains duplicates.")
	}
	members := []byte{'['}
	for i, member := range set.set {
		if i > 0 {
			members = append(members, ", "...)
		}
		members = appendScalar(members, set.kind.element(), member)
	}
	members = append(members, ']')
	if set.kind == kindBinarySet {
		return invalid(prefix+"%sof type BS contains duplicates.", members)
	}
	return invalid(prefix+"%s contains duplicates.", members)
}
