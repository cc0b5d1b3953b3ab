package dynamodb

import (
	"cmp"
	"maps"
	"slices"
)

// update is a parsed update expression, with its actions in their order in the text.
type update struct {
	actions []action
	placeholders
}

// action is one action of an update expression. DELETE removes members from a set;
// REMOVE removes a whole attribute.
type action struct {
	verb   string // SET, REMOVE, ADD or DELETE
	target path
	value  formula // nil for REMOVE
}

// formula is the value that an action writes.
type formula interface {
	static
	// evaluate returns the formula's value for the item before the update.
	evaluate(*binding, Item) (Value, error)
}

// sum is x + y or x - y.
type sum struct {
	operator    string
	left, right formula
}

// valueFunction is a call of if_not_exists or list_append.
type valueFunction struct {
	function string
	args     []formula
}

// valueFunctions are the functions of update expressions. Both have two arguments.
var valueFunctions = map[string]bool{"if_not_exists": true, "list_append": true}

// bind returns the resolved paths that the update writes, one for each action. It
// returns an error if the update is invalid for every item.
func (u *update) bind(b *binding) ([]path, error) {
	targets := make([]path, len(u.actions))
	for i, a := range u.actions {
		if err := a.target.check(b); err != nil {
			return nil, err
		}
		targets[i] = a.target.resolve(b)
	}
	for _, a := range u.actions {
		if err := a.check(b); err != nil {
			return nil, err
		}
	}
	return targets, checkDisjoint(targets)
}

func (a action) check(b *binding) error {
	if a.verb == "REMOVE" {
		return nil
	}
	if err := a.value.check(b); err != nil || a.verb == "SET" {
		return err
	}
	k := a.value.kind(b)
	if k.isSet() || k == kindNumber && a.verb == "ADD" {
		return nil
	}
	return newFlaw("Incorrect operand type for operator or function; operator: %s, operand type: %s",
		a.verb, longKindNames[k])
}

// longKindNames are DynamoDB's names of the kinds in messages about ADD and DELETE.
// Other messages use the short names.
var longKindNames = map[kind]string{
	kindString: "STRING", kindNumber: "NUMBER", kindBinary: "BINARY", kindBool: "BOOLEAN",
	kindNull: "NULL", kindMap: "MAP", kindList: "LIST",
}

func (s sum) check(b *binding) error {
	operands := []formula{s.left, s.right}
	if err := checkEach(b, operands); err != nil {
		return err
	}
	return checkKinds(b, s.operator, operands, func(k kind) bool { return k == kindNumber })
}

func (sum) kind(*binding) kind { return kindNumber }

func (f valueFunction) check(b *binding) error {
	if err := checkArgs(b, f.function, f.args, 2); err != nil {
		return err
	}
	if f.function == "if_not_exists" {
		return checkPath(f.function, f.args[0])
	}
	return checkKinds(b, f.function, f.args, func(k kind) bool { return k == kindList })
}

func (f valueFunction) kind(b *binding) kind {
	if f.function == "list_append" {
		return kindList
	}
	return kindAbsent
}

// errOperand, errMissing and errPath are the errors of an update that depend on the
// item.
func errOperand() error {
	return invalid("An operand in the update expression has an incorrect data type")
}

func errMissing() error {
	return invalid("The provided expression refers to an attribute that does not exist in the item")
}

func errPath() error {
	return invalid("The document path provided in the update expression is invalid for update")
}

func (s sum) evaluate(b *binding, it Item) (Value, error) {
	left, err := s.left.evaluate(b, it)
	if err != nil {
		return Value{}, err
	}
	right, err := s.right.evaluate(b, it)
	if err != nil {
		return Value{}, err
	}
	if left.kind != kindNumber || right.kind != kindNumber {
		return Value{}, errOperand()
	}
	combine := addNumbers
	if s.operator == "-" {
		combine = subtractNumbers
	}
	number, err := combine(left.text, right.text)
	return Value{kind: kindNumber, text: number}, err
}

func (f valueFunction) evaluate(b *binding, it Item) (Value, error) {
	if f.function == "if_not_exists" {
		if v, err := f.args[0].evaluate(b, it); err == nil {
			return v, nil
		}
		return f.args[1].evaluate(b, it)
	}
	left, err := f.args[0].evaluate(b, it)
	if err != nil {
		return Value{}, err
	}
	right, err := f.args[1].evaluate(b, it)
	if err != nil {
		return Value{}, err
	}
	if left.kind != kindList || right.kind != kindList {
		return Value{}, errOperand()
	}
	return Value{kind: kindList, list: slices.Concat(left.list, right.list)}, nil
}

// change is an action with its value evaluated for the item before the update.
type change struct {
	verb   string
	target path
	value  Value
}

// apply returns the item after the update. Every operand is evaluated for the item
// before the update, and every index refers to the list before the update.
func (u *update) apply(b *binding, targets []path, before Item) (Item, error) {
	changes := make([]change, len(u.actions))
	for i, a := range u.actions {
		changes[i] = change{verb: a.verb, target: targets[i]}
		if a.value == nil {
			continue
		}
		v, err := a.value.evaluate(b, before)
		if err != nil {
			return nil, err
		}
		changes[i].value = v
	}
	// Elements beyond the end of a list are appended in the order of their indexes.
	slices.SortStableFunc(changes, func(c, d change) int { return cmp.Compare(c.index(), d.index()) })
	after := maps.Clone(before)
	for _, c := range changes {
		name := c.target[0].name
		v, err := edit(after[name], c.target[1:], c)
		if err != nil {
			return nil, err
		}
		if v.isAbsent() {
			delete(after, name)
		} else {
			after[name] = v
		}
	}
	for _, c := range changes {
		if c.index() >= 0 && c.verb != "SET" {
			after[c.target[0].name] = after[c.target[0].name].withoutHoles()
		}
	}
	return after, nil
}

// index returns the index of the list element that the change writes, or -1.
func (c change) index() int {
	if last := c.target[len(c.target)-1]; last.kind == stepIndex {
		return last.index
	}
	return -1
}

// edit returns v with the change applied at the path. A removed element leaves a hole
// in its list, so that the others keep their indexes.
func edit(v Value, p path, c change) (Value, error) {
	if len(p) == 0 {
		return c.apply(v)
	}
	if v.kind != p[0].container() {
		return Value{}, errPath()
	}
	child, err := edit(v.child(p[0]), p[1:], c)
	if err != nil {
		return Value{}, err
	}
	if p[0].kind == stepIndex {
		return v.withElement(p[0].index, child), nil
	}
	return v.withField(p[0].name, child), nil
}

// container returns the kind of value that the step leads into.
func (s step) container() kind {
	if s.kind == stepIndex {
		return kindList
	}
	return kindMap
}

func (v Value) withElement(index int, element Value) Value {
	list := slices.Clone(v.list)
	switch {
	case index < len(list):
		list[index] = element
	case !element.isAbsent():
		list = append(list, element)
	}
	return Value{kind: kindList, list: list}
}

func (v Value) withField(name string, field Value) Value {
	fields := maps.Clone(v.fields)
	if field.isAbsent() {
		delete(fields, name)
	} else {
		fields[name] = field
	}
	return Value{kind: kindMap, fields: fields}
}

// apply returns the new value for old. Both may be absent.
func (c change) apply(old Value) (Value, error) {
	switch c.verb {
	case "SET":
		return c.value, nil
	case "REMOVE":
		return Value{}, nil
	}
	if old.isAbsent() {
		if c.verb == "DELETE" {
			return Value{}, nil
		}
		return c.value, nil
	}
	if old.kind != c.value.kind {
		return Value{}, errOperand()
	}
	if old.kind == kindNumber {
		number, err := addNumbers(old.text, c.value.text)
		return Value{kind: kindNumber, text: number}, err
	}
	return c.applyToSet(old), nil
}

// applyToSet adds or removes members. A set without members becomes absent.
func (c change) applyToSet(old Value) Value {
	rest := slices.DeleteFunc(slices.Clone(old.set), func(member string) bool {
		return slices.Contains(c.value.set, member)
	})
	if c.verb == "ADD" {
		return setOf(old.kind, append(rest, c.value.set...))
	}
	if len(rest) == 0 {
		return Value{}
	}
	return Value{kind: old.kind, set: rest}
}
