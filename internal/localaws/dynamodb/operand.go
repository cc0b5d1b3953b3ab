package dynamodb

import "slices"

// static is what can be said of an operand before there is an item.
type static interface {
	// check says what is wrong with the operand, whatever the item.
	check(*binding) error
	// kind is the kind of the operand's value if it is known without an item.
	kind(*binding) kind
}

// operand is what a condition compares.
type operand interface {
	static
	// value is the operand's value for an item, which may be absent.
	value(*binding, Item) Value
}

// call is a function call in a condition as it is written. Whether it may
// stand where it stands, the parser decides.
type call struct {
	function string
	args     []operand
}

// checkArgs says what is wrong with the arguments one by one, or with their
// number.
func checkArgs[T static](b *binding, function string, args []T, count int) error {
	if err := checkEach(b, args); err != nil {
		return err
	}
	if len(args) != count {
		return flawed("Incorrect number of operands for operator or function; "+
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

// checkPath wants the argument to be a document path.
func checkPath(function string, arg static) error {
	if _, ok := arg.(path); !ok {
		return flawed("Operator or function requires a document path; operator or function: %s", function)
	}
	return nil
}

func errOperandKind(operator string, k kind) error {
	return flawed("Incorrect operand type for operator or function; operator or function: %s, operand type: %s",
		operator, k)
}

// checkKinds wants every operand whose kind is known to be of an allowed one.
func checkKinds[T static](b *binding, operator string, operands []T, allowed func(kind) bool) error {
	for _, o := range operands {
		if k := o.kind(b); k != kindAbsent && !allowed(k) {
			return errOperandKind(operator, k)
		}
	}
	return nil
}

// checkDistinct refuses an operator whose only two operands are the same path.
func checkDistinct(b *binding, operator string, operands []operand) error {
	if len(operands) != 2 {
		return nil
	}
	first, isPath := operands[0].(path)
	second, alsoPath := operands[1].(path)
	if !isPath || !alsoPath || !slices.Equal(first.resolve(b), second.resolve(b)) {
		return nil
	}
	return flawed("The first operand must be distinct from the remaining operands for this operator or function; "+
		"operator: %s, first operand: %s", operator, first.resolve(b))
}

// sizeOf is the function size, the only one whose result can be compared.
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
