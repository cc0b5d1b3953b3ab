package dynamodb

import "strings"

// tokenKind is the kind of a token in an expression.
type tokenKind uint8

const (
	tokenEnd       tokenKind = iota
	tokenWord                // a keyword, a function or an attribute's name
	tokenName                // #name, a key of ExpressionAttributeNames
	tokenReference           // :value, a key of ExpressionAttributeValues
	tokenIndex               // digits
	tokenSymbol              // an operator or punctuation
	tokenUnknown             // not allowed in any expression
)

type token struct {
	kind       tokenKind
	text       string
	start, end int // byte offsets in the expression
}

// isKeyword reports whether the token is a keyword, ignoring case.
func (t token) isKeyword(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

// tokenize splits an expression into tokens. The last one is tokenEnd.
func tokenize(expression string) []token {
	tokens := make([]token, 0, len(expression)/3+1)
	for at := 0; at < len(expression); {
		if strings.IndexByte(" \t\r\n", expression[at]) >= 0 {
			at++
			continue
		}
		kind, length := scan(expression[at:])
		tokens = append(tokens, token{kind, expression[at : at+length], at, at + length})
		at += length
	}
	return append(tokens, token{kind: tokenEnd, text: "<EOF>", start: len(expression), end: len(expression)})
}

// scan returns the kind and the length of the first token of text. A name without an
// alias begins with a letter; any other name needs an alias (developer guide,
// "Expression attribute names").
func scan(text string) (tokenKind, int) {
	following := nameLength(text[1:])
	switch c := text[0]; {
	case isLetter(c):
		return tokenWord, 1 + following
	case c == '#' && following > 0:
		return tokenName, 1 + following
	case c == ':' && following > 0:
		return tokenReference, 1 + following
	case isDigit(c):
		return tokenIndex, len(text) - len(strings.TrimLeft(text, "0123456789"))
	default:
		return scanSymbol(text)
	}
}

func scanSymbol(text string) (tokenKind, int) {
	for _, symbol := range []string{"<>", "<=", ">="} {
		if strings.HasPrefix(text, symbol) {
			return tokenSymbol, len(symbol)
		}
	}
	if strings.IndexByte("=<>()[].,+-", text[0]) >= 0 {
		return tokenSymbol, 1
	}
	return tokenUnknown, 1
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// nameLength returns how many bytes at the beginning of text are allowed in a name.
func nameLength(text string) int {
	length := 0
	for length < len(text) && (isLetter(text[length]) || isDigit(text[length]) || text[length] == '_') {
		length++
	}
	return length
}
