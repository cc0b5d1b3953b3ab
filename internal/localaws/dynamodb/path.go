package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

type stepKind uint8

const (
	stepField stepKind = iota // name, of a map or of the item itself
	stepAlias                 // #name, as long as it is not resolved
	stepIndex                 // [index], of a list
)

// step is one part of a document path.
type step struct {
	kind  stepKind
	name  string
	index int
}

// path is a document path. In a parsed expression it may hold aliases, because
// what they stand for comes with each request; resolve replaces them.
type path []step

// resolve returns the path with its aliases replaced. All of them are defined.
func (p path) resolve(b *binding) path {
	if !slices.ContainsFunc(p, func(s step) bool { return s.kind == stepAlias }) {
		return p
	}
	resolved := slices.Clone(p)
	for i, s := range p {
		resolved[i] = b.step(s)
	}
	return resolved
}

// check says which of the path's aliases is not defined.
func (p path) check(b *binding) error {
	for _, s := range p {
		if _, ok := b.names[s.name]; s.kind == stepAlias && !ok {
			return flawed("An expression attribute name used in the document path is not defined; attribute name: %s",
				s.name)
		}
	}
	return nil
}

// value finds what the path leads to in the item, which may be nothing.
func (p path) value(b *binding, it Item) Value {
	v := it[b.step(p[0]).name]
	for _, s := range p[1:] {
		v = v.child(b.step(s))
	}
	return v
}

// evaluate is value for an update, which wants the attribute to be there.
func (p path) evaluate(b *binding, it Item) (Value, error) {
	v := p.value(b, it)
	if v.absent() {
		return Value{}, errMissing()
	}
	return v, nil
}

// kind is not known before an item is.
func (p path) kind(*binding) kind { return kindAbsent }

// child is what the step leads to from v, which may be nothing.
func (v Value) child(s step) Value {
	switch {
	case s.kind == stepIndex && v.kind == kindList && s.index < len(v.list):
		return v.list[s.index]
	case s.kind == stepField && v.kind == kindMap:
		return v.fields[s.name]
	default:
		return Value{}
	}
}

// String writes a resolved path as DynamoDB does in its messages.
func (p path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.name
		if s.kind == stepIndex {
			parts[i] = "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// disjoint says whether any two of the resolved paths meet: one lies within
// the other, or both take the same value for different types.
func disjoint(paths []path) error {
	for i, p := range paths {
		for _, earlier := range paths[:i] {
			if how := meeting(earlier, p); how != "" {
				return flawed("Two document paths %s with each other; "+
					"must remove or rewrite one of these paths; path one: %s, path two: %s", how, earlier, p)
			}
		}
	}
	return nil
}

func meeting(p, q path) string {
	for i := range min(len(p), len(q)) {
		switch {
		case p[i].kind != q[i].kind:
			return "conflict"
		case p[i] != q[i]:
			return ""
		}
	}
	return "overlap"
}

// pick returns the parts of the item that the resolved paths lead to, each
// where it was, lists without the elements between.
func pick(it Item, paths []path) Item {
	picked := Value{kind: kindMap, fields: map[string]Value{}}
	holes := false
	for _, p := range paths {
		if found := p.value(nil, it); !found.absent() {
			picked = picked.graft(p, found)
			holes = holes || len(p) > 1
		}
	}
	if holes {
		picked = picked.compacted()
	}
	return picked.fields
}

// graft puts found where the path says, in containers that pick made.
func (v Value) graft(p path, found Value) Value {
	if len(p) == 0 {
		return found
	}
	if p[0].kind == stepIndex {
		v.kind = kindList
		for len(v.list) <= p[0].index {
			v.list = append(v.list, Value{})
		}
		v.list[p[0].index] = v.list[p[0].index].graft(p[1:], found)
		return v
	}
	if v.absent() {
		v = Value{kind: kindMap, fields: map[string]Value{}}
	}
	v.fields[p[0].name] = v.fields[p[0].name].graft(p[1:], found)
	return v
}
