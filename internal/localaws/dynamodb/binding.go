package dynamodb

import (
	"maps"
	"slices"
	"strings"
)

// binding maps the placeholders of a request's expressions to names and values.
type binding struct {
	names  map[string]string // nil if the request has none
	values map[string]Value
}

// step returns the step with its alias replaced. A nil binding is only used for steps
// without an alias.
func (b *binding) step(s step) step {
	if s.kind != stepAlias {
		return s
	}
	return step{kind: stepField, name: b.names[s.name]}
}

// checkShape checks the syntax of the placeholders.
func (b *binding) checkShape() error {
	if b.names != nil && len(b.names) == 0 {
		return invalid("ExpressionAttributeNames must not be empty")
	}
	if b.values != nil && len(b.values) == 0 {
		return invalid("ExpressionAttributeValues must not be empty")
	}
	for _, name := range slices.Sorted(maps.Keys(b.names)) {
		if !isPlaceholder(name, '#') {
			return invalid("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.values)) {
		if !isPlaceholder(name, ':') {
			return invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", name)
		}
	}
	return nil
}

func isPlaceholder(name string, sigil byte) bool {
	return len(name) > 1 && name[0] == sigil && nameLength(name[1:]) == len(name)-1
}

// checkUsed returns an error that names the placeholders that no expression uses.
func (b *binding) checkUsed(used []placeholders) error {
	var names, values []string
	for name := range b.names {
		if !slices.ContainsFunc(used, func(p placeholders) bool { return slices.Contains(p.names, name) }) {
			names = append(names, name)
		}
	}
	for name := range b.values {
		if !slices.ContainsFunc(used, func(p placeholders) bool { return slices.Contains(p.values, name) }) {
			values = append(values, name)
		}
	}
	switch {
	case names != nil:
		return errUnused("ExpressionAttributeNames", names)
	case values != nil:
		return errUnused("ExpressionAttributeValues", values)
	default:
		return nil
	}
}

func errUnused(parameter string, keys []string) error {
	slices.Sort(keys)
	return invalid("Value provided in %s unused in expressions: keys: {%s}", parameter, strings.Join(keys, ", "))
}

// placeholders are the placeholders that an expression uses.
type placeholders struct {
	names  []string
	values []string
}

// reference is the :name of an expression attribute value.
type reference string

func (r reference) check(b *binding) error {
	if _, ok := b.values[string(r)]; !ok {
		return newFlaw("An expression attribute value used in expression is not defined; attribute value: %s", string(r))
	}
	return nil
}

func (r reference) value(b *binding, _ Item) Value { return b.values[string(r)] }

func (r reference) evaluate(b *binding, it Item) (Value, error) { return r.value(b, it), nil }

func (r reference) kind(b *binding) kind { return b.values[string(r)].kind }
