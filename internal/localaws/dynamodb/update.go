package dynamodb

import (
	"cmp"
	"maps"
	"slices"
)

// update is a parsed update expression: its actions in the order written.
type update struct {
	actions []action
	placeholders
}

// action is one part of an update expression. DELETE is the removal of members
// from a set, REMOVE that of a whole attribute.
type action struct {
	verb   string // SET, REMOVE, ADD or DELETE
	target path
	value  formula // nil for REMOVE
}

// formula is what an update writes.
type formula interface {
	static
	// evaluate is the formula's value for the item before the update.
	evaluate(*binding, Item) (Value, error)
}

// sum is x + y or x - y.
type sum struct {
	operator    string
	left, right formula
}

// valueFunction is if_not_exists or list_append.
type valueFunction struct {
	function string
	args     []formula
}

// valueFunctions are the functions that update expressions have, both with two
// arguments.
var valueFunctions = map[string]bool{"if_not_exists": true, "list_append": true}

// bind returns the resolved paths that the update writes, one for each action,
// or what is wrong with the update whatever the item.
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
	return targets, disjoint(targets)
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
	return flawed("Incorrect operand type for operator or function; operator: %s, operand type: %s",
		a.verb, longKindNames[k])
}

// longKindNames is what DynamoDB calls the kinds in the messages of ADD and
// DELETE alone.
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

// errOperand, errMissing and errPath are what an update can meet in an item.
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

// change is an action with what it needs of the item before the update.
type change struct {
	verb   string
	target path
	value  Value
}

// apply returns the item after the update. Every operand is evaluated for the
// item before, and every index means an element of the list before.
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
	// Elements beyond the end of a list are appended in the order of their
	// indices.
	slices.SortStableFunc(changes, func(c, d change) int { return cmp.Compare(c.index(), d.index()) })
	after := maps.Clone(before)
	for _, c := range changes {
		name := c.target[0].name
		v, err := edit(after[name], c.target[1:], c)
		if err != nil {
			return nil, err
		}
		if v.absent() {
			delete(after, name)
		} else {
			after[name] = v
		}
	}
	for _, c := range changes {
		if c.index() >= 0 && c.verb != "SET" {
			after[c.target[0].name] = after[c.target[0].name].compacted()
		}
	}
	return after, nil
}

// index is the element of a list that the change is for, or -1.
func (c change) index() int {
	if last := c.target[len(c.target)-1]; last.kind == stepIndex {
		return last.index
	}
	return -1
}

// edit returns v with the change made where the path says. A removed element
// of a list leaves a hole, so that the others keep their places.
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

// container is the kind of value that the step leads into.
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
	case !element.absent():
		list = append(list, element)
	}
	return Value{kind: kindList, list: list}
}

func (v Value) withField(name string, field Value) Value {
	fields := maps.Clone(v.fields)
	if field.absent() {
		delete(fields, name)
	} else {
		fields[name] = field
	}
	return Value{kind: kindMap, fields: fields}
}

// apply returns what becomes of old, either of which may be absent.
func (c change) apply(old Value) (Value, error) {
	switch c.verb {
	case "SET":
		return c.value, nil
	case "REMOVE":
		return Value{}, nil
	}
	if old.absent() {
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

// applyToSet adds members or takes them away. A set without members is gone.
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
