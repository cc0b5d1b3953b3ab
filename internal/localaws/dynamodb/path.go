package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

type stepKind uint8

const (
	stepField stepKind = iota // name: a field of a map or of the item itself
	stepAlias                 // #name: an alias that is not resolved yet
	stepIndex                 // [index]: an element of a list
)

// step is one part of a document path.
type step struct {
	kind  stepKind
	name  string
	index int
}

// path is a document path. In a parsed expression it may contain aliases, because each
// request brings their names; resolve replaces them.
type path []step

// resolve returns the path with its aliases replaced. All of them must be defined.
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

// check returns an error if an alias in the path is not defined.
func (p path) check(b *binding) error {
	for _, s := range p {
		if _, ok := b.names[s.name]; s.kind == stepAlias && !ok {
			return newFlaw("An expression attribute name used in the document path is not defined; attribute name: %s",
				s.name)
		}
	}
	return nil
}

// value returns the value at the path in the item, which may be absent.
func (p path) value(b *binding, it Item) Value {
	v := it[b.step(p[0]).name]
	for _, s := range p[1:] {
		v = v.child(b.step(s))
	}
	return v
}

// evaluate returns the value at the path for an update. A missing attribute is an
// error.
func (p path) evaluate(b *binding, it Item) (Value, error) {
	v := p.value(b, it)
	if v.isAbsent() {
		return Value{}, errMissing()
	}
	return v, nil
}

// kind returns kindAbsent, because the kind depends on the item.
func (p path) kind(*binding) kind { return kindAbsent }

// child returns the value that the step leads to from v, which may be absent.
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

// String formats a resolved path as in DynamoDB's messages.
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

// checkDisjoint returns an error if two of the resolved paths overlap, because one
// contains the other, or conflict, because they treat the same value as different
// types.
func checkDisjoint(paths []path) error {
	for i, p := range paths {
		for _, earlier := range paths[:i] {
			if how := howPathsMeet(earlier, p); how != "" {
				return newFlaw("Two document paths %s with each other; "+
					"must remove or rewrite one of these paths; path one: %s, path two: %s", how, earlier, p)
			}
		}
	}
	return nil
}

func howPathsMeet(p, q path) string {
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

// pick returns the parts of the item at the resolved paths, each in its place. Lists
// contain only the selected elements.
func pick(it Item, paths []path) Item {
	picked := Value{kind: kindMap, fields: map[string]Value{}}
	holes := false
	for _, p := range paths {
		if found := p.value(nil, it); !found.isAbsent() {
			picked = picked.graft(p, found)
			holes = holes || len(p) > 1
		}
	}
	if holes {
		picked = picked.withoutHoles()
	}
	return picked.fields
}

// graft stores found at the path. It creates the maps and lists on the way.
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
	if v.isAbsent() {
		v = Value{kind: kindMap, fields: map[string]Value{}}
	}
	v.fields[p[0].name] = v.fields[p[0].name].graft(p[1:], found)
	return v
}
