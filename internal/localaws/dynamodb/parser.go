package dynamodb

import (
	"strconv"
	"strings"
)

// Limits of expressions (developer guide, "Limits: Expression parameters").
const (
	maxExpressionSize = 4096 // bytes of the expression's text
	maxOperators      = 300  // operators and functions
)

// parser parses one expression. The first error is kept: afterwards peek returns only
// tokenEnd, so that every loop ends, and the result is discarded.
//
// DynamoDB reports a syntax error before any other error. Of the other errors it
// reports not the first but the most severe one, so flaws collects them by severity.
type parser struct {
	source    string
	tokens    []token
	at        int
	err       error
	flaws     [severities]error
	operators int
	aliases   []string // the distinct #names that the expression uses
	values    []string // the distinct :values that it uses
	paths     []path   // the document paths in it
}

// severity orders the errors that depend only on the expression, most severe first.
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

// newParser returns a parser for the expression. Its err is already set if the
// expression is empty or too long.
func newParser(source string) *parser {
	p := &parser{source: source}
	switch {
	case source == "":
		p.err = newFlaw("The expression can not be empty;")
	case len(source) > maxExpressionSize:
		p.err = newFlaw("Expression size has exceeded the maximum allowed size; expression size: %d", len(source))
	default:
		p.tokens = tokenize(source)
	}
	return p
}

// finish expects the end of the expression and returns the error to report, if any.
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
		p.flaws[s] = newFlaw(format, args...)
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

// syntaxError records a syntax error at the next token. Like DynamoDB it quotes the
// tokens before and after it.
func (p *parser) syntaxError() {
	if p.err != nil {
		return
	}
	here := p.tokens[p.at]
	from := p.tokens[max(p.at-1, 0)].start
	to := p.tokens[min(p.at+1, len(p.tokens)-1)].end
	p.err = newFlaw("Syntax error; token: %q, near: %q", here.text, p.source[from:to])
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
	if !p.peek().isKeyword(keyword) {
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

// path parses a document path: a name, then any number of .name and [index].
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

// index parses a list index. It must fit in 32 bits; DynamoDB does not document its
// limit.
func (p *parser) index() step {
	t := p.peek()
	if t.kind != tokenIndex {
		p.syntaxError()
		return step{}
	}
	p.at++
	index, err := strconv.ParseInt(t.text, 10, 32)
	if err != nil && p.err == nil {
		p.err = newFlaw("List index is not within the allowable range; index: [%s]", t.text)
	}
	return step{kind: stepIndex, index: int(index)}
}

// list parses one or more elements separated by commas.
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

// startsCall reports whether a function call comes next.
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
