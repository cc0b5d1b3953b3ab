package dynamodb

import (
	"strconv"
	"strings"
)

// Limits of any expression (developer guide, "Limits: Expression parameters").
const (
	maxExpressionSize = 4096 // bytes, as written
	maxOperators      = 300  // operators and functions
)

// parser reads one expression. The first error sticks: afterwards the parser
// sees nothing but the end, so that every loop ends, and what it returns is
// thrown away.
//
// DynamoDB reports a syntax error before any other, and of the rest not the
// first but the most severe; those are collected in flaws.
type parser struct {
	source    string
	tokens    []token
	at        int
	err       error
	flaws     [severities]error
	operators int
	aliases   []string // the #names that the expression uses, each once
	values    []string // the :values that it uses, each once
	paths     []path   // the document paths in it
}

// severity orders the errors that depend on nothing but the expression.
type severity int

const (
	redundantParentheses severity = iota
	unknownFunction
	misusedFunction
	reservedWord
	repeatedSection
	tooManyOperators
	severities
)

// newParser returns a parser for the expression, which already has its error
// if the expression is empty or too long.
func newParser(source string) *parser {
	p := &parser{source: source}
	switch {
	case source == "":
		p.err = flawed("The expression can not be empty;")
	case len(source) > maxExpressionSize:
		p.err = flawed("Expression size has exceeded the maximum allowed size; expression size: %d", len(source))
	default:
		p.tokens = tokenize(source)
	}
	return p
}

// finish expects the end of the expression and returns what is wrong with it.
func (p *parser) finish() error {
	if p.peek().kind != tokenEnd {
		p.syntaxError()
	}
	if p.err != nil {
		return p.err
	}
	if p.operators > maxOperators {
		p.flaw(tooManyOperators, "The expression has more than %d operators or functions;", maxOperators)
	}
	for _, err := range p.flaws {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) flaw(s severity, format string, args ...any) {
	if p.flaws[s] == nil {
		p.flaws[s] = flawed(format, args...)
	}
}

func (p *parser) peek() token {
	if p.err != nil {
		return token{kind: tokenEnd}
	}
	return p.tokens[p.at]
}

func (p *parser) next() token {
	t := p.peek()
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

// syntaxError reports the next token as DynamoDB does: near what stands before
// and after it.
func (p *parser) syntaxError() {
	if p.err != nil {
		return
	}
	here := p.tokens[p.at]
	from := p.tokens[max(p.at-1, 0)].start
	to := p.tokens[min(p.at+1, len(p.tokens)-1)].end
	p.err = flawed("Syntax error; token: %q, near: %q", here.text, p.source[from:to])
}

func (p *parser) acceptSymbol(symbol string) bool {
	if t := p.peek(); t.kind != tokenSymbol || t.text != symbol {
		return false
	}
	p.at++
	return true
}

func (p *parser) expectSymbol(symbol string) {
	if !p.acceptSymbol(symbol) {
		p.syntaxError()
	}
}

func (p *parser) acceptKeyword(keyword string) bool {
	if !p.peek().is(keyword) {
		return false
	}
	p.at++
	return true
}

// acceptOperator reads the next token if it is one of the symbols.
func (p *parser) acceptOperator(symbols ...string) (string, bool) {
	for _, symbol := range symbols {
		if p.acceptSymbol(symbol) {
			p.operators++
			return symbol, true
		}
	}
	return "", false
}

// path reads a document path: a name, then any number of .name and [index].
func (p *parser) path() path {
	steps := path{p.name()}
	for {
		switch {
		case p.acceptSymbol("."):
			steps = append(steps, p.name())
		case p.acceptSymbol("["):
			steps = append(steps, p.index())
			p.expectSymbol("]")
		default:
			p.paths = append(p.paths, steps)
			return steps
		}
	}
}

func (p *parser) name() step {
	switch t := p.peek(); t.kind {
	case tokenWord:
		p.at++
		if reservedWords[strings.ToUpper(t.text)] {
			p.flaw(reservedWord, "Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		return step{kind: stepField, name: t.text}
	case tokenName:
		p.at++
		p.aliases = appendOnce(p.aliases, t.text)
		return step{kind: stepAlias, name: t.text}
	default:
		p.syntaxError()
		return step{}
	}
}

// index reads a position in a list. What is wider than a list can ever be is
// refused; DynamoDB does not document its bound.
func (p *parser) index() step {
	t := p.peek()
	if t.kind != tokenIndex {
		p.syntaxError()
		return step{}
	}
	p.at++
	index, err := strconv.ParseInt(t.text, 10, 32)
	if err != nil && p.err == nil {
		p.err = flawed("List index is not within the allowable range; index: [%s]", t.text)
	}
	return step{kind: stepIndex, index: int(index)}
}

// list reads what read reads, once or more often, with commas between.
func (p *parser) list(read func()) {
	read()
	for p.acceptSymbol(",") {
		read()
	}
}

func (p *parser) reference() reference {
	t := p.next()
	p.values = appendOnce(p.values, t.text)
	return reference(t.text)
}

// startsCall says whether a function call comes next.
func (p *parser) startsCall() bool {
	if p.peek().kind != tokenWord {
		return false
	}
	following := p.tokens[p.at+1]
	return following.kind == tokenSymbol && following.text == "("
}

func appendOnce(all []string, one string) []string {
	for _, known := range all {
		if known == one {
			return all
		}
	}
	return append(all, one)
}
