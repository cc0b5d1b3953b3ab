package dynamodb

import "strings"

// tokenKind is what a token of an expression is.
type tokenKind uint8

const (
	tokenEnd       tokenKind = iota
	tokenWord                // a keyword, a function or an attribute's name
	tokenName                // #name, of ExpressionAttributeNames
	tokenReference           // :value, of ExpressionAttributeValues
	tokenIndex               // digits
	tokenSymbol              // an operator or punctuation
	tokenUnknown             // what no expression may hold
)

type token struct {
	kind       tokenKind
	text       string
	start, end int // where it stands in the expression
}

// is says whether the token is that keyword, in any case.
func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

// tokenize cuts an expression into its tokens, of which the last is tokenEnd.
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

// scan returns the kind and the length of the token that text begins with. A
// bare name begins with a letter; what else a name may hold needs an alias
// (developer guide, "Expression attribute names").
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

// nameLength is how many bytes at the beginning of text may stand in a name.
func nameLength(text string) int {
	length := 0
	for length < len(text) && (isLetter(text[length]) || isDigit(text[length]) || text[length] == '_') {
		length++
	}
	return length
}
