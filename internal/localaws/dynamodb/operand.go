package dynamodb

import "slices"

// static is the part of an operand that does not depend on an item.
type static interface {
	// check returns an error if the operand is invalid for every item.
	check(*binding) error
	// kind returns the kind of the operand's value, or kindAbsent if it depends on the
	// item.
	kind(*binding) kind
}

// operand is an operand of a condition.
type operand interface {
	static
	// value returns the operand's value for an item. The value may be absent.
	value(*binding, Item) Value
}

// call is a function call in a condition. The parser decides whether it is allowed in
// its position.
type call struct {
	function string
	args     []operand
}

// checkArgs checks each argument and then their number.
func checkArgs[T static](b *binding, function string, args []T, count int) error {
	if err := checkEach(b, args); err != nil {
		return err
	}
	if len(args) != count {
		return newFlaw("Incorrect number of operands for operator or function; "+
			"operator or function: %s, number of operands: %d", function, len(args))
	}
	return nil
}

func checkEach[T static](b *binding, operands []T) error {
	for _, o := range operands {
		if err := o.check(b); err != nil {
			return err
		}
	}
	return nil
}

// checkPath checks that an argument is a document path.
func checkPath(function string, arg static) error {
	if _, ok := arg.(path); !ok {
		return newFlaw("Operator or function requires a document path; operator or function: %s", function)
	}
	return nil
}

func errOperandKind(operator string, k kind) error {
	return newFlaw("Incorrect operand type for operator or function; operator or function: %s, operand type: %s",
		operator, k)
}

// checkKinds checks that every operand with a known kind has an allowed kind.
func checkKinds[T static](b *binding, operator string, operands []T, allowed func(kind) bool) error {
	for _, o := range operands {
		if k := o.kind(b); k != kindAbsent && !allowed(k) {
			return errOperandKind(operator, k)
		}
	}
	return nil
}

// checkDistinct returns an error if an operator has two operands that are the same
// path.
func checkDistinct(b *binding, operator string, operands []operand) error {
	if len(operands) != 2 {
		return nil
	}
	first, isPath := operands[0].(path)
	second, alsoPath := operands[1].(path)
	if !isPath || !alsoPath || !slices.Equal(first.resolve(b), second.resolve(b)) {
		return nil
	}
	return newFlaw("The first operand must be distinct from the remaining operands for this operator or function; "+
		"operator: %s, first operand: %s", operator, first.resolve(b))
}

// sizeOf is a call of size, the only function in conditions that returns an operand.
type sizeOf struct{ call }

func (s sizeOf) check(b *binding) error {
	if err := checkArgs(b, s.function, s.args, 1); err != nil {
		return err
	}
	return checkKinds(b, s.function, s.args, func(k kind) bool {
		return k != kindNumber && k != kindBool && k != kindNull
	})
}

func (sizeOf) kind(*binding) kind { return kindNumber }

func (s sizeOf) value(b *binding, it Item) Value { return s.args[0].value(b, it).length() }
