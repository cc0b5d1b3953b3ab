package dynamodb

import (
	"slices"
	"strings"
)

// condition is a parsed condition, filter or key condition.
type condition interface {
	// check returns an error if the condition is invalid for every item.
	check(*binding) error
	// holds evaluates the condition for an item. The item is nil if none is stored.
	holds(*binding, Item) bool
}

// always is the condition of a request without a condition.
type always struct{}

func (always) check(*binding) error      { return nil }
func (always) holds(*binding, Item) bool { return true }

type conjunction struct{ left, right condition }

func (c conjunction) check(b *binding) error {
	if err := c.left.check(b); err != nil {
		return err
	}
	return c.right.check(b)
}

func (c conjunction) holds(b *binding, it Item) bool {
	return c.left.holds(b, it) && c.right.holds(b, it)
}

type disjunction struct{ left, right condition }

func (d disjunction) check(b *binding) error { return conjunction(d).check(b) }

func (d disjunction) holds(b *binding, it Item) bool {
	return d.left.holds(b, it) || d.right.holds(b, it)
}

type negation struct{ condition }

func (n negation) holds(b *binding, it Item) bool { return !n.condition.holds(b, it) }

// comparison compares with =, <>, <, <=, > or >=.
type comparison struct {
	operator    string
	left, right operand
}

func (c comparison) operands() []operand { return []operand{c.left, c.right} }

func (c comparison) check(b *binding) error {
	if err := checkEach(b, c.operands()); err != nil {
		return err
	}
	if err := checkDistinct(b, c.operator, c.operands()); err != nil {
		return err
	}
	if c.operator == "=" || c.operator == "<>" {
		return nil
	}
	return checkKinds(b, c.operator, c.operands(), kind.isOrdered)
}

// holds returns false if an operand is absent or the kinds differ, except that <> then
// returns true.
func (c comparison) holds(b *binding, it Item) bool {
	left, right := c.left.value(b, it), c.right.value(b, it)
	switch c.operator {
	case "=":
		return !left.isAbsent() && left.equal(right)
	case "<>":
		return left.isAbsent() || !left.equal(right)
	}
	return areComparable(left, right) && satisfiesOrder(c.operator, left.compare(right))
}

// areComparable reports whether < and > are defined for the two values.
func areComparable(v, w Value) bool { return v.kind == w.kind && v.kind.isOrdered() }

// satisfiesOrder reports whether the result of a comparison, as of strings.Compare,
// satisfies the operator.
func satisfiesOrder(operator string, order int) bool {
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	default:
		return order == 0
	}
}

// between is operand BETWEEN low AND high. Both bounds are included.
type between struct{ operand, low, high operand }

func (c between) check(b *binding) error {
	operands := []operand{c.operand, c.low, c.high}
	if err := checkEach(b, operands); err != nil {
		return err
	}
	if err := checkKinds(b, "BETWEEN", operands, kind.isOrdered); err != nil {
		return err
	}
	low, high := c.low.kind(b), c.high.kind(b)
	_, lowGiven := c.low.(reference)
	_, highGiven := c.high.(reference)
	if !lowGiven || !highGiven {
		return nil
	}
	bounds := []any{low, c.low.value(b, nil).text, high, c.high.value(b, nil).text}
	switch {
	case low != high:
		return newFlaw("The BETWEEN operator requires same data type for lower and upper bounds; "+
			"lower bound operand: AttributeValue: {%s:%s}, upper bound operand: AttributeValue: {%s:%s}", bounds...)
	case c.low.value(b, nil).compare(c.high.value(b, nil)) > 0:
		return newFlaw("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "+
			"lower bound operand: AttributeValue: {%s:%s}, upper bound operand: AttributeValue: {%s:%s}", bounds...)
	default:
		return nil
	}
}

func (c between) holds(b *binding, it Item) bool {
	v, low, high := c.operand.value(b, it), c.low.value(b, it), c.high.value(b, it)
	return areComparable(v, low) && areComparable(v, high) && v.compare(low) >= 0 && v.compare(high) <= 0
}

// maxInOperands is the maximum number of operands in the list of IN (developer guide,
// "Comparison operator and function reference").
const maxInOperands = 100

// membership is operand IN (one, another, …).
type membership struct {
	operand operand
	listed  []operand
}

func (m membership) check(b *binding) error {
	if err := checkEach(b, append([]operand{m.operand}, m.listed...)); err != nil {
		return err
	}
	if len(m.listed) > maxInOperands {
		return newFlaw("Incorrect number of operands for operator or function; "+
			"operator or function: IN, number of operands: %d", len(m.listed))
	}
	return nil
}

func (m membership) holds(b *binding, it Item) bool {
	v := m.operand.value(b, it)
	return !v.isAbsent() && slices.ContainsFunc(m.listed, func(o operand) bool { return v.equal(o.value(b, it)) })
}

// predicate is a call of a function that is a condition.
type predicate struct{ call }

// predicates are the functions that are conditions, with their numbers of arguments.
var predicates = map[string]int{
	"attribute_exists":     1,
	"attribute_not_exists": 1,
	"attribute_type":       2,
	"begins_with":          2,
	"contains":             2,
}

func (c predicate) check(b *binding) error {
	if err := checkArgs(b, c.function, c.args, predicates[c.function]); err != nil {
		return err
	}
	if err := checkDistinct(b, c.function, c.args); err != nil {
		return err
	}
	switch c.function {
	case "attribute_exists", "attribute_not_exists":
		return checkPath(c.function, c.args[0])
	case "begins_with":
		return checkKinds(b, c.function, c.args, func(k kind) bool { return k == kindString || k == kindBinary })
	case "attribute_type":
		return c.checkType(b)
	default:
		return nil
	}
}

// checkType checks that the second argument of attribute_type names a type.
func (c predicate) checkType(b *binding) error {
	if k := c.args[1].kind(b); k != kindString {
		return errOperandKind(c.function, k)
	}
	if name := c.args[1].value(b, nil).text; kindOf(name) == kindAbsent {
		return newFlaw("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", name)
	}
	return nil
}

func (c predicate) holds(b *binding, it Item) bool {
	v := c.args[0].value(b, it)
	switch c.function {
	case "attribute_exists":
		return !v.isAbsent()
	case "attribute_not_exists":
		return v.isAbsent()
	}
	w := c.args[1].value(b, it)
	switch c.function {
	case "attribute_type":
		return v.kind == kindOf(w.text) && !v.isAbsent()
	case "begins_with":
		return v.kind == w.kind && (v.kind == kindString || v.kind == kindBinary) && strings.HasPrefix(v.text, w.text)
	default:
		return v.contains(w)
	}
}
