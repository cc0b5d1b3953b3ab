package template

import (
	"slices"
	"strings"
)

const (
	ref    = "Ref"
	getAtt = "Fn::GetAtt"
	sub    = "Fn::Sub"
	fnIf   = "Fn::If"
	// noValue is the pseudo parameter that removes what it stands for.
	noValue = "AWS::NoValue"
)

// intrinsic returns the name and the argument of an intrinsic function. The name is empty for any
// other value.
func (n *node) intrinsic() (name string, argument *node) {
	if !n.is(object) || len(n.members) != 1 {
		return "", nil
	}
	if m := n.members[0]; m.key == ref || strings.HasPrefix(m.key, "Fn::") {
		return m.key, m.value
	}
	return "", nil
}

// isNoValue says whether a value is absent, or stands for an absent one.
func isNoValue(n *node) bool {
	if n == nil {
		return true
	}
	name, argument := n.intrinsic()
	return name == ref && textOf(argument) == noValue
}

// branches returns what Fn::If chooses between, or nil for any other value.
func (n *node) branches() []*node {
	name, argument := n.intrinsic()
	if name != fnIf || !argument.is(list) || len(argument.items) != 3 {
		return nil
	}
	return argument.items[1:]
}

// reference is what an intrinsic function refers to: a resource or a parameter, or an attribute
// of a resource.
type reference struct{ id, attribute string }

// exactly returns what a value refers to, if it is a reference and nothing else: Ref, Fn::GetAtt,
// or Fn::Sub of one name alone.
func (n *node) exactly() (reference, bool) {
	switch name, argument := n.intrinsic(); name {
	case ref:
		return reference{id: textOf(argument)}, argument.is(text)
	case getAtt:
		return attributeOf(argument)
	case sub:
		s := textOf(argument)
		found := placeholders(s)
		if len(found) == 1 && s == "${"+found[0]+"}" {
			return split(found[0]), true
		}
	}
	return reference{}, false
}

// attributeOf reads the argument of Fn::GetAtt, a list or a text with dots.
func attributeOf(argument *node) (reference, bool) {
	if argument.is(text) {
		r := split(argument.text)
		return r, r.attribute != ""
	}
	if !argument.is(list) || len(argument.items) != 2 || !argument.items[0].is(text) {
		return reference{}, false
	}
	return reference{argument.items[0].text, textOf(argument.items[1])}, true
}

func split(name string) reference {
	id, attribute, _ := strings.Cut(name, ".")
	return reference{id, attribute}
}

// placeholders returns the names in ${…} of a text for Fn::Sub, without the literal ones, ${!…}.
func placeholders(s string) []string {
	var found []string
	for {
		_, rest, ok := strings.Cut(s, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return found
		}
		if !strings.HasPrefix(name, "!") {
			found = append(found, strings.TrimSpace(name))
		}
		s = after
	}
}

// references returns the names that a resource refers to, in any of its attributes.
func (n *node) references() []string {
	var found []string
	dependsOn := n.get("DependsOn")
	if dependsOn.is(text) {
		found = append(found, dependsOn.text)
	}
	if dependsOn.is(list) {
		for _, item := range dependsOn.items {
			found = append(found, textOf(item))
		}
	}
	n.visit(func(name string, argument *node) {
		switch name {
		case ref:
			found = append(found, textOf(argument))
		case getAtt:
			r, _ := attributeOf(argument)
			found = append(found, r.id)
		case sub:
			found = append(found, substituted(argument)...)
		}
	})
	return found
}

// visit calls f for every intrinsic function in a value.
func (n *node) visit(f func(name string, argument *node)) {
	if name, argument := n.intrinsic(); name != "" {
		f(name, argument)
	}
	for _, m := range n.members {
		m.value.visit(f)
	}
	for _, item := range n.items {
		item.visit(f)
	}
}

// substituted returns the names that Fn::Sub refers to itself. Those in the values of its
// variables are intrinsic functions of their own.
func substituted(argument *node) []string {
	var variables *node
	if argument.is(list) && len(argument.items) == 2 {
		argument, variables = argument.items[0], argument.items[1]
	}
	var found []string
	for _, name := range placeholders(textOf(argument)) {
		if variables.index(name) < 0 {
			found = append(found, split(name).id)
		}
	}
	return found
}

// refersTo says whether a value refers to any of these resources.
func (n *node) refersTo(isResource func(id string) bool) bool {
	return slices.ContainsFunc(n.references(), isResource)
}
