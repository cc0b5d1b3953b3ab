package dynamodb

// parsedCondition is a condition with the placeholders and the paths that it uses.
type parsedCondition struct {
	condition
	placeholders
	paths []path
}

// parseCondition parses a condition, a filter or a key condition:
//
//	or      = and { "OR" and }
//	and     = not { "AND" not }
//	not     = [ "NOT" ] compare
//	compare = primary [ comparator primary
//	                  | "BETWEEN" primary "AND" primary
//	                  | "IN" "(" primary { "," primary } ")" ]
//	primary = "(" or ")" | path | :value | function "(" primary { "," primary } ")"
func parseCondition(source string) (parsedCondition, error) {
	p := newParser(source)
	c := p.asCondition(p.or())
	if err := p.finish(); err != nil {
		return parsedCondition{}, err
	}
	return parsedCondition{c, placeholders{p.aliases, p.values}, p.paths}, nil
}

// term is a part of an expression: an operand, a condition or a call. Whether a call is
// an operand or a condition depends on its position.
type term struct {
	operand       operand
	condition     condition
	call          *call
	parenthesized bool
}

// asCondition returns the term as a condition. It records an error if the term is not
// one.
func (p *parser) asCondition(t term) condition {
	switch {
	case t.condition != nil:
		return t.condition
	case t.call != nil:
		p.checkFunction(t.call.function, t.call.function != "size")
		return predicate{*t.call}
	default:
		p.syntaxError()
		return always{}
	}
}

// asOperand returns the term as an operand. It records an error if the term is not one.
func (p *parser) asOperand(t term) operand {
	switch {
	case t.operand != nil:
		return t.operand
	case t.call != nil:
		p.checkFunction(t.call.function, t.call.function == "size")
		return sizeOf{*t.call}
	default:
		p.syntaxError()
		return path{}
	}
}

// checkFunction records an error for a function that conditions do not have, or that is
// not allowed in this position.
func (p *parser) checkFunction(name string, allowedHere bool) {
	if _, ok := predicates[name]; !ok && name != "size" {
		p.flaw(unknownFunction, "Invalid function name; function: %s", name)
		return
	}
	if !allowedHere {
		p.flaw(misusedFunction, "The function is not allowed to be used this way in an expression; function: %s", name)
	}
}

func (p *parser) or() term {
	left := p.and()
	for p.acceptKeyword("OR") {
		p.operators++
		left = term{condition: disjunction{p.asCondition(left), p.asCondition(p.and())}}
	}
	return left
}

func (p *parser) and() term {
	left := p.not()
	for p.acceptKeyword("AND") {
		p.operators++
		left = term{condition: conjunction{p.asCondition(left), p.asCondition(p.not())}}
	}
	return left
}

func (p *parser) not() term {
	if !p.acceptKeyword("NOT") {
		return p.compare()
	}
	p.operators++
	return term{condition: negation{p.asCondition(p.compare())}}
}

func (p *parser) compare() term {
	left := p.primary()
	if operator, ok := p.acceptOperator("=", "<>", "<=", "<", ">=", ">"); ok {
		return term{condition: comparison{operator, p.asOperand(left), p.asOperand(p.primary())}}
	}
	switch {
	case p.acceptKeyword("BETWEEN"):
		p.operators++
		return term{condition: p.between(p.asOperand(left))}
	case p.acceptKeyword("IN"):
		p.operators++
		return term{condition: membership{p.asOperand(left), p.arguments()}}
	default:
		return left
	}
}

func (p *parser) between(o operand) condition {
	low := p.asOperand(p.primary())
	if !p.acceptKeyword("AND") {
		p.syntaxError()
	}
	return between{o, low, p.asOperand(p.primary())}
}

func (p *parser) arguments() []operand {
	var args []operand
	p.expectSymbol("(")
	p.list(func() { args = append(args, p.asOperand(p.primary())) })
	p.expectSymbol(")")
	return args
}

func (p *parser) primary() term {
	switch {
	case p.acceptSymbol("("):
		return p.parentheses(p.or)
	case p.peek().kind == tokenReference:
		return term{operand: p.reference()}
	case p.startsCall():
		p.operators++
		return term{call: &call{p.next().text, p.arguments()}}
	default:
		return term{operand: p.path()}
	}
}

// parentheses parses a parenthesised term after its opening parenthesis. Doubled
// parentheses are an error.
func (p *parser) parentheses(read func() term) term {
	inner := read()
	p.expectSymbol(")")
	if inner.parenthesized {
		p.flaw(redundantParentheses, "The expression has redundant parentheses;")
	}
	inner.parenthesized = true
	return inner
}
