package dynamodb

import "strings"

// parseUpdate parses an update expression:
//
//	update  = section { section }              each of a kind at most once
//	section = "SET" path "=" formula { "," … }
//	        | "REMOVE" path { "," path }
//	        | ( "ADD" | "DELETE" ) path :value { "," … }
//	formula = "(" formula ")" | factor [ ( "+" | "-" ) factor ]
//	factor  = path | :value | function "(" factor { "," factor } ")"
func parseUpdate(source string) (*update, error) {
	p := newParser(source)
	u := &update{}
	seen := map[string]bool{}
	for p.peek().kind != tokenEnd {
		verb := strings.ToUpper(p.peek().text)
		switch verb {
		case "SET", "REMOVE", "ADD", "DELETE":
			p.at++
		default:
			p.syntaxError()
		}
		if seen[verb] {
			p.flaw(repeatedSection, "The %q section can only be used once in an update expression;", verb)
		}
		seen[verb] = true
		p.list(func() { u.actions = append(u.actions, p.action(verb)) })
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	u.placeholders = placeholders{p.aliases, p.values}
	return u, nil
}

func (p *parser) action(verb string) action {
	a := action{verb: verb, target: p.path()}
	switch verb {
	case "SET":
		p.expectSymbol("=")
		a.value = p.formula()
	case "ADD", "DELETE":
		if p.peek().kind != tokenReference {
			p.syntaxError()
		}
		a.value = p.reference()
	}
	return a
}

func (p *parser) formula() formula {
	if p.acceptSymbol("(") {
		inner := p.formula()
		p.expectSymbol(")")
		return inner
	}
	left := p.factor()
	if operator, ok := p.acceptOperator("+", "-"); ok {
		return sum{operator, left, p.factor()}
	}
	return left
}

func (p *parser) factor() formula {
	switch {
	case p.peek().kind == tokenReference:
		return p.reference()
	case p.startsCall():
		return p.valueFunction()
	default:
		return p.path()
	}
}

func (p *parser) valueFunction() valueFunction {
	p.operators++
	f := valueFunction{function: p.next().text}
	if !valueFunctions[f.function] {
		p.flaw(unknownFunction, "Invalid function name; function: %s", f.function)
	}
	p.expectSymbol("(")
	p.list(func() { f.args = append(f.args, p.factor()) })
	p.expectSymbol(")")
	return f
}
