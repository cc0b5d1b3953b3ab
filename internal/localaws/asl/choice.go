package asl

import (
	"fmt"
	"slices"
)

// choice is the work of a Choice state: the first rule that holds selects the next
// state.
type choice struct {
	rules    []choiceRule
	fallback string // Default; empty: none
}

type choiceRule struct {
	test test
	next string
}

// test is a condition. It returns an error if a path that needs a value finds none.
type test func(*environment) (bool, error)

func readChoice(o *object, s *state) {
	c := &choice{}
	s.work = c
	o.readInputOutput(s)
	c.fallback, _ = o.string("Default")
	if !o.has("Choices") {
		o.parser.problem(o.at, "needs Choices")
	}
	o.entries("Choices", func(at string, doc Document) {
		rule, ok := o.parser.object(at, doc)
		if !ok {
			return
		}
		rule.readComment()
		next := rule.requiredString("Next")
		c.rules = append(c.rules, choiceRule{test: rule.test(), next: next})
		rule.close()
	})
}

func (c *choice) targets() []string {
	var targets []string
	for _, r := range c.rules {
		if r.next != "" {
			targets = append(targets, r.next)
		}
	}
	if c.fallback != "" {
		targets = append(targets, c.fallback)
	}
	return targets
}

// start follows the first rule that holds. A path that finds nothing fails the
// execution, except under IsPresent. If no rule holds and there is no Default, the
// state fails with States.NoChoiceMatched.
func (c *choice) start(v *visit) {
	doc, ok := v.effectiveInput()
	if !ok {
		return
	}
	env := &environment{doc: doc, visit: v}
	for _, rule := range c.rules {
		holds, err := rule.test(env)
		if err != nil {
			v.crash(err.Error())
			return
		}
		if holds {
			v.choose(doc, rule.next)
			return
		}
	}
	if c.fallback == "" {
		v.fail(fault{Failure: Failure{Error: errorNoChoice, Cause: v.withLocation("No choice rule matched, and there is no Default.")}})
		return
	}
	v.choose(doc, c.fallback)
}

// missingVariableError means that a Variable's path finds nothing.
type missingVariableError struct{ path string }

// Error returns AWS's text.
func (n *missingVariableError) Error() string {
	return fmt.Sprintf("Invalid path '%s': The choice state's condition path references an invalid value.", n.path)
}

// choose leaves a Choice for the selected state.
func (v *visit) choose(doc Document, next string) {
	if output, ok := v.effectiveOutput(doc); ok {
		v.exit(output, next)
	}
}

// operators are the implemented comparisons. Each function reads its operand from the
// definition and returns a predicate on the Variable's value.
var operators = map[string]func(o *object, name string) func(Document) bool{
	"StringEquals":             stringEquals,
	"BooleanEquals":            booleanEquals,
	"NumericEquals":            numeric(func(a, b float64) bool { return a == b }),
	"NumericLessThan":          numeric(func(a, b float64) bool { return a < b }),
	"NumericLessThanEquals":    numeric(func(a, b float64) bool { return a <= b }),
	"NumericGreaterThan":       numeric(func(a, b float64) bool { return a > b }),
	"NumericGreaterThanEquals": numeric(func(a, b float64) bool { return a >= b }),
	"IsNull":                   is(Document.isNull),
	"IsString":                 is(Document.isString),
	"IsNumeric":                is(Document.isNumber),
	"IsBoolean":                is(func(d Document) bool { _, ok := d.boolean(); return ok }),
}

func stringEquals(o *object, name string) func(Document) bool {
	want, _ := o.string(name)
	return func(d Document) bool {
		got, ok := d.text()
		return ok && got == want
	}
}

func booleanEquals(o *object, name string) func(Document) bool {
	want := o.boolean(name)
	return func(d Document) bool {
		got, ok := d.boolean()
		return ok && got == want
	}
}

func numeric(compare func(a, b float64) bool) func(*object, string) func(Document) bool {
	return func(o *object, name string) func(Document) bool {
		doc, _ := o.field(name)
		want, ok := doc.float()
		if !ok {
			o.problem(name, "must be a number")
		}
		return func(d Document) bool {
			got, ok := d.float()
			return ok && compare(got, want)
		}
	}
}

func is(kind func(Document) bool) func(*object, string) func(Document) bool {
	return func(o *object, name string) func(Document) bool {
		want := o.boolean(name)
		return func(d Document) bool { return kind(d) == want }
	}
}

func (o *object) boolean(name string) bool {
	doc, _ := o.field(name)
	value, ok := doc.boolean()
	if !ok {
		o.problem(name, "must be true or false")
	}
	return value
}

// test parses a rule's condition: And, Or, Not, or a Variable with one operator.
func (o *object) test() test {
	var found []string
	for _, name := range o.order {
		_, compares := operators[name]
		if compares || slices.Contains([]string{"And", "Or", "Not", "IsPresent"}, name) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		o.parser.problem(o.at, "must have exactly one implemented operator, not %d", len(found))
		o.known = append(o.known, append(found, "Variable")...)
		return nil
	}
	switch name := found[0]; name {
	case "And":
		return all(o.tests(name))
	case "Or":
		return anyOf(o.tests(name))
	case "Not":
		return not(o.nested(fieldPath(o.at, name), o.fields[name], name))
	default:
		return o.comparison(name)
	}
}

// tests parses the conditions under And or Or.
func (o *object) tests(name string) []test {
	var tests []test
	o.entries(name, func(at string, doc Document) {
		tests = append(tests, o.nested(at, doc, name))
	})
	return tests
}

// nested parses a condition inside another one. It has no Next.
func (o *object) nested(at string, doc Document, under string) test {
	o.has(under)
	rule, ok := o.parser.object(at, doc)
	if !ok {
		return nil
	}
	defer rule.close()
	return rule.test()
}

func all(tests []test) test {
	return func(env *environment) (bool, error) {
		for _, t := range tests {
			if holds, err := t(env); err != nil || !holds {
				return false, err
			}
		}
		return true, nil
	}
}

func anyOf(tests []test) test {
	return func(env *environment) (bool, error) {
		for _, t := range tests {
			if holds, err := t(env); err != nil || holds {
				return holds, err
			}
		}
		return false, nil
	}
}

func not(t test) test {
	return func(env *environment) (bool, error) {
		holds, err := t(env)
		return !holds, err
	}
}

// comparison parses a Variable with an operator. A value of another type than the
// operator's does not match, and is not an error.
func (o *object) comparison(name string) test {
	if !o.has("Variable") {
		o.parser.problem(o.at, "needs Variable")
	}
	variable := o.path("Variable")
	if name == "IsPresent" {
		want := o.boolean(name)
		return func(env *environment) (bool, error) {
			_, found := env.resolve(*variable)
			return found == want, nil
		}
	}
	matches := operators[name](o, name)
	return func(env *environment) (bool, error) {
		value, found := env.resolve(*variable)
		if !found {
			return false, &missingVariableError{path: variable.text}
		}
		return matches(value), nil
	}
}
