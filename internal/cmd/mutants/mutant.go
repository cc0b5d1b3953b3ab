package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// mutant is one small change of the code.
type mutant struct {
	id       int
	pkg      string // import path
	file     string // from the module's root
	line     int
	function string
	what     string // such as "always true"
	code     string // what is changed, on one line
	again    int    // how many mutants before it in its function are called the same
}

// key names the mutant, whatever line it is on.
func (m mutant) key() string {
	key := fmt.Sprintf("%s %s: %s: %s", m.file, m.function, m.what, m.code)
	if m.again > 0 {
		key += fmt.Sprintf(" (%d)", m.again+1)
	}
	return key
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: %s", m.file, m.line, m.function, m.what, m.code)
}

// maxCode bounds the code that a mutant's name shows, in characters.
const maxCode = 100

// oneLine returns the source of a node on one line.
func oneLine(source []byte) string {
	text := []rune(strings.Join(strings.Fields(string(source)), " "))
	if len(text) > maxCode {
		text = append(text[:maxCode-1], '…')
	}
	return string(text)
}

// nameOf returns the name of a function, with its receiver's type.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if star, is := of.(*ast.StarExpr); is {
		of = star.X
	}
	if generic, is := of.(*ast.IndexExpr); is {
		of = generic.X
	}
	if name, is := of.(*ast.Ident); is {
		return name.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// edit replaces the bytes of a source from one offset to another. At the same offset, what
// closes comes first, the innermost before the others, and then what opens, the outermost
// before the others.
type edit struct {
	from, to int
	text     string
	order    int // of opening edits, that of their nodes; of closing ones, the reverse
}
