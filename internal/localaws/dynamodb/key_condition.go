package dynamodb

import (
	"slices"
	"strings"
)

// keyClause is one comparison of a key condition, with the attribute as its first
// operand.
type keyClause struct {
	attribute string
	operator  string // a comparator, BETWEEN or begins_with
	values    []Value
}

// keyClauses splits a key condition into its comparisons.
func keyClauses(c condition, b *binding) ([]keyClause, error) {
	switch c := c.(type) {
	case conjunction:
		left, err := keyClauses(c.left, b)
		if err != nil {
			return nil, err
		}
		right, err := keyClauses(c.right, b)
		return append(left, right...), err
	case comparison:
		return keyComparison(c, b)
	case between:
		return newKeyClause(b, "BETWEEN", c.operand, c.low, c.high)
	case predicate:
		if c.function == "begins_with" {
			return newKeyClause(b, c.function, c.args...)
		}
		return nil, errKeyOperator(c.function)
	case membership:
		return nil, errKeyOperator("IN")
	case disjunction:
		return nil, errKeyOperator("OR")
	default:
		return nil, errKeyOperator("NOT")
	}
}

func errKeyOperator(operator string) error {
	return invalid("Invalid operator used in KeyConditionExpression: %s", operator)
}

// mirrored maps each comparator to the one for exchanged operands.
var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func keyComparison(c comparison, b *binding) ([]keyClause, error) {
	if c.operator == "<>" {
		return nil, errKeyOperator(c.operator)
	}
	if _, ok := c.right.(path); ok {
		if _, both := c.left.(path); both {
			return nil, invalid("Invalid condition in KeyConditionExpression: " +
				"Multiple attribute names used in one condition")
		}
		return newKeyClause(b, mirrored[c.operator], c.right, c.left)
	}
	return newKeyClause(b, c.operator, c.left, c.right)
}

func newKeyClause(b *binding, operator string, operands ...operand) ([]keyClause, error) {
	for _, o := range operands {
		if _, ok := o.(sizeOf); ok {
			return nil, invalid("KeyConditionExpressions cannot contain nested operations")
		}
	}
	p, ok := operands[0].(path)
	switch {
	case !ok && (operator == "BETWEEN" || operator == "begins_with"):
		return nil, invalid("Invalid condition in KeyConditionExpression: "+
			"%s operator must have the key attribute as its first operand", operator)
	case !ok:
		return nil, invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
	case len(p) > 1:
		return nil, invalid("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	clause := keyClause{attribute: b.step(p[0]).name, operator: operator}
	for _, o := range operands[1:] {
		if _, ok := o.(reference); !ok {
			return nil, invalid("Invalid condition in KeyConditionExpression: " +
				"Multiple attribute names used in one condition")
		}
		clause.values = append(clause.values, o.value(b, nil))
	}
	return []keyClause{clause}, nil
}

// keyRange is the selection of a key condition: the items of one partition whose sort
// key satisfies a clause.
type keyRange struct {
	partition string
	sort      *keyClause // nil selects all items
}

// rangeOf converts the clauses of a key condition to a key range.
func (t *table) rangeOf(clauses []keyClause) (keyRange, error) {
	byName := map[string]*keyClause{}
	for i := range clauses {
		if byName[clauses[i].attribute] != nil {
			return keyRange{}, invalid("Invalid KeyConditionExpression: " +
				"KeyConditionExpressions must only contain one condition per key")
		}
		byName[clauses[i].attribute] = &clauses[i]
	}
	names := t.keyNames()
	if len(clauses) > len(names) {
		return keyRange{}, invalid("The number of query conditions (%d) exceeds "+
			"the number of key attributes defined in the schema (%d)", len(clauses), len(names))
	}
	for _, name := range names[:len(clauses)] {
		if byName[name] == nil {
			return keyRange{}, invalid("Query condition missed key schema element: %s", name)
		}
		if err := byName[name].checkValues(); err != nil {
			return keyRange{}, err
		}
	}
	partition := byName[t.partitionKey]
	if partition.operator != "=" {
		return keyRange{}, invalid("Query key condition not supported")
	}
	return keyRange{partition.values[0].text, byName[t.sortKey]}, nil
}

func (c *keyClause) checkValues() error {
	for _, v := range c.values {
		if v.kind != kindString {
			return invalid("One or more parameter values were invalid: " +
				"Condition parameter type does not match schema type")
		}
		if v.text == "" {
			return errEmptyKey(c.attribute, v.kind)
		}
	}
	return nil
}

// bounds returns the range of the sort keys that satisfy the clause: the index of the
// first one and the index after the last one. Every operator selects a contiguous
// range.
func (c *keyClause) bounds(sorts []string) (first, end int) {
	if c == nil {
		return 0, len(sorts)
	}
	low, high := c.values[0].text, c.values[len(c.values)-1].text
	from, _ := slices.BinarySearch(sorts, low)
	past := after(sorts, high)
	switch c.operator {
	case "<":
		return 0, from
	case "<=":
		return 0, past
	case ">":
		return past, len(sorts)
	case ">=":
		return from, len(sorts)
	case "begins_with":
		length := slices.IndexFunc(sorts[from:], func(sort string) bool { return !strings.HasPrefix(sort, low) })
		if length < 0 {
			return from, len(sorts)
		}
		return from, from + length
	default: // = and BETWEEN
		return from, past
	}
}

// after returns the index of the first greater sort key.
func after(sorts []string, sort string) int {
	i, found := slices.BinarySearch(sorts, sort)
	if found {
		i++
	}
	return i
}
