package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

// findMutants finds all mutants of the packages, and plans the edits of their files. The
// numbers of the mutants are their places in the list.
func findMutants(sources []*source) []mutant {
	var all []mutant
	for _, s := range sources {
		for _, f := range s.files {
			seen := map[string]int{}
			for _, d := range f.tree.Decls {
				if function, is := d.(*ast.FuncDecl); is && function.Body != nil {
					w := &walk{source: s, file: f, function: nameOf(function), mutants: &all, seen: seen, judged: map[ast.Expr]bool{}, certain: map[*ast.IfStmt]bool{}}
					ast.Inspect(function.Body, w.visit)
				}
			}
		}
	}
	return all
}

// walk finds the mutants of one function.
type walk struct {
	*source
	file     *sourceFile
	function string
	mutants  *[]mutant
	seen     map[string]int
	// judged are the conditions that were looked at with the condition that they are in.
	judged map[ast.Expr]bool
	// certain are the tests of errors that cannot occur; see isBuilt.
	certain map[*ast.IfStmt]bool
}

// visit is called for each node, before those inside of it.
func (w *walk) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BlockStmt:
		w.statements(n.List)
	case *ast.CaseClause:
		w.statements(n.Body)
	case *ast.CommClause:
		w.statements(n.Body)
	case *ast.IfStmt:
		return w.branch(n)
	case *ast.ForStmt:
		if n.Cond != nil {
			w.condition(n.Cond, false, true)
		}
	case *ast.SwitchStmt:
		w.cases(n)
	case *ast.ReturnStmt:
		w.results(n)
	case *ast.CompositeLit:
		w.fields(n)
	case *ast.BinaryExpr:
		w.binary(n)
	}
	return true
}

// add adds a mutant, and returns the call that says whether it is active.
func (w *walk) add(what string, n ast.Node) string {
	m := mutant{
		id: len(*w.mutants), pkg: w.path, file: w.file.shown, line: w.file.set.Position(n.Pos()).Line,
		function: w.function, what: what, code: oneLine(w.file.text[w.offset(n.Pos()):w.offset(n.End())]),
	}
	name := m.key()
	m.again = w.seen[name]
	w.seen[name]++
	*w.mutants = append(*w.mutants, m)
	return fmt.Sprintf("mutantIs(%d)", m.id)
}

func (w *walk) offset(p token.Pos) int { return w.file.set.Position(p).Offset }

// wrap writes something before and after a node.
func (w *walk) wrap(n ast.Node, before, after string) {
	order := len(w.file.edits) + 1
	from, to := w.offset(n.Pos()), w.offset(n.End())
	w.file.edits = append(w.file.edits,
		edit{from: from, to: from, text: before, order: order}, edit{from: to, to: to, text: after, order: -order})
}

// statements drops each statement whose absence leaves the code valid. Log lines are left
// alone: they are for people.
func (w *walk) statements(list []ast.Stmt) {
	for i, s := range list {
		if test, is := s.(*ast.IfStmt); is && i > 0 && test.Init == nil && w.isErrorTest(test.Cond, token.NEQ) && w.isBuilt(list[i-1]) {
			w.certain[test] = true
		}
		if !w.mayDrop(s) {
			continue
		}
		w.wrap(s, "if !"+w.add("dropped", s)+" { ", " }")
	}
}

// builder is the builder of DynamoDB's expressions.
const builder = "github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression.Builder"

// isBuilt says whether a statement builds an expression of DynamoDB. That fails only for an
// expression without a part that it needs, and its parts stand in the code: if any test
// reaches the statement, it has not failed, and never does. So nothing can notice that the
// error is not looked at.
func (w *walk) isBuilt(s ast.Stmt) bool {
	assign, is := s.(*ast.AssignStmt)
	if !is || len(assign.Rhs) != 1 {
		return false
	}
	call, is := assign.Rhs[0].(*ast.CallExpr)
	if !is {
		return false
	}
	f, is := call.Fun.(*ast.SelectorExpr)
	if !is || f.Sel.Name != "Build" {
		return false
	}
	of := w.types.Types[f.X].Type
	return of != nil && of.String() == builder
}

func (w *walk) mayDrop(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, is := s.X.(*ast.CallExpr)
		return is && !w.isLogOrPanic(call)
	case *ast.AssignStmt:
		blank, is := s.Lhs[0].(*ast.Ident)
		return s.Tok != token.DEFINE && (len(s.Lhs) > 1 || !is || blank.Name != "_")
	case *ast.BranchStmt:
		return s.Label == nil && (s.Tok == token.BREAK || s.Tok == token.CONTINUE)
	case *ast.IncDecStmt, *ast.DeferStmt, *ast.SendStmt:
		return true
	}
	return false
}

// branch returns whether to look inside.
func (w *walk) branch(n *ast.IfStmt) bool {
	if !w.certain[n] && !w.onlyLogs(n) {
		w.condition(n.Cond, true, true)
	}
	return !w.certain[n]
}

// onlyLogs says whether a condition decides about nothing but log lines, which are left alone.
func (w *walk) onlyLogs(n *ast.IfStmt) bool {
	return n.Else == nil && len(n.Body.List) > 0 && !slices.ContainsFunc(n.Body.List, func(s ast.Stmt) bool {
		line, is := s.(*ast.ExprStmt)
		if !is {
			return true
		}
		call, is := line.X.(*ast.CallExpr)
		return !is || !w.isLog(call)
	})
}

func (w *walk) isLog(call *ast.CallExpr) bool {
	f, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		return false
	}
	of, is := f.X.(*ast.Ident)
	if !is {
		return false
	}
	name, is := w.types.Uses[of].(*types.PkgName)
	return is && name.Imported().Path() == "log/slog"
}

func (w *walk) isLogOrPanic(call *ast.CallExpr) bool {
	f, is := call.Fun.(*ast.Ident)
	return is && f.Name == "panic" || w.isLog(call)
}

// condition makes a condition always true, or never. Of a condition with && and ||, each part
// is dropped, too.
func (w *walk) condition(e ast.Expr, always, never bool) {
	w.judged[e] = true
	w.force(e, always && !w.isErrorTest(e, token.NEQ), never && !w.isErrorTest(e, token.EQL))
	w.parts(e)
}

// force makes an expression always true, or never. An operand that the other one decides
// about is not asked.
func (w *walk) force(e ast.Expr, always, never bool) {
	switch op := operator(e); {
	case op == token.LAND:
		always = false // one of its parts is dropped instead
	case op == token.LOR:
		never = false
	}
	if always {
		w.wrap(e, "((", ") || "+w.add("always true", e)+")")
	}
	if never {
		w.wrap(e, "((", ") && !"+w.add("never true", e)+")")
	}
}

func (w *walk) parts(e ast.Expr) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		w.judged[e.X] = true
		w.parts(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.LAND && e.Op != token.LOR {
			return
		}
		for _, part := range []ast.Expr{e.X, e.Y} {
			w.judged[part] = true
			w.force(part, e.Op == token.LAND, e.Op == token.LOR)
			w.parts(part)
		}
	}
}

func operator(e ast.Expr) token.Token {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return operator(e.X)
	case *ast.BinaryExpr:
		return e.Op
	}
	return token.ILLEGAL
}

// isErrorTest says whether a condition only compares an error with nil. That every error or
// none is taken for one, whatever it is, shows at once.
func (w *walk) isErrorTest(e ast.Expr, op token.Token) bool {
	b, is := e.(*ast.BinaryExpr)
	return is && b.Op == op && w.types.Types[b.Y].IsNil() && isError(w.types.Types[b.X].Type)
}

func isError(t types.Type) bool {
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// cases takes away the cases of a switch.
func (w *walk) cases(s *ast.SwitchStmt) {
	for _, c := range s.Body.List {
		clause := c.(*ast.CaseClause)
		if len(clause.List) == 0 {
			continue
		}
		if s.Tag == nil {
			for _, e := range clause.List {
				w.condition(e, true, true)
			}
			continue
		}
		w.clause(s.Tag, clause)
	}
}

// clause takes a case away from a switch over a value: the value is then one that no case has.
func (w *walk) clause(tag ast.Expr, clause *ast.CaseClause) {
	other := otherThanAny(w.types.Types[tag].Type)
	if other == "" {
		return
	}
	values := ""
	for _, e := range clause.List {
		values += ", " + string(w.file.text[w.offset(e.Pos()):w.offset(e.End())])
	}
	w.wrap(tag, "mutantCase(", fmt.Sprintf(", %s, %d%s)", other, w.number("case dropped", clause.List[0]), values))
}

func (w *walk) number(what string, n ast.Node) int {
	w.add(what, n)
	return len(*w.mutants) - 1
}

// otherThanAny returns a constant of a type that stands for none of its values.
func otherThanAny(t types.Type) string {
	basic, is := t.Underlying().(*types.Basic)
	switch {
	case !is:
		return ""
	case basic.Info()&types.IsString != 0:
		return strconv.Quote("\x00no value\x00")
	case basic.Info()&types.IsInteger != 0 && basic.Info()&types.IsUnsigned == 0 && basic.Kind() != types.Int8:
		return "-9999"
	}
	return ""
}

// results returns nil for an error, and forces what is returned as a condition.
func (w *walk) results(r *ast.ReturnStmt) {
	for i, e := range r.Results {
		value := w.types.Types[e]
		switch {
		case value.IsNil() || value.Value != nil || value.Type == nil:
		case isError(value.Type) && i == len(r.Results)-1:
			w.wrap(e, fmt.Sprintf("mutantNil(%d, ", w.number("nil instead", e)), ")")
		case isBool(value.Type) && !isPlain(e):
			w.condition(e, true, true)
		}
	}
}

func isBool(t types.Type) bool {
	basic, is := t.Underlying().(*types.Basic)
	return is && basic.Info()&types.IsBoolean != 0
}

func isPlain(e ast.Expr) bool {
	_, is := e.(*ast.Ident)
	return is
}

// fields leaves fields of a struct at their zero value.
func (w *walk) fields(c *ast.CompositeLit) {
	of := w.types.Types[c].Type
	if of == nil {
		return
	}
	if _, is := of.Underlying().(*types.Struct); !is {
		return
	}
	for _, e := range c.Elts {
		field, keyed := e.(*ast.KeyValueExpr)
		if !keyed {
			continue
		}
		value := w.types.Types[field.Value]
		if value.Value == nil && !value.IsNil() && value.Type != nil && !isLiteral(field.Value) {
			w.wrap(field.Value, fmt.Sprintf("mutantZero(%d, ", w.number("field dropped", field)), ")")
		}
	}
}

func isLiteral(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CompositeLit, *ast.FuncLit:
		return true
	case *ast.UnaryExpr:
		return isLiteral(e.X)
	}
	return false
}

// binary moves the boundary of a comparison, and swaps plus and minus. A condition outside of
// if, for, switch and return is forced here.
func (w *walk) binary(b *ast.BinaryExpr) {
	if w.types.Types[b].Value != nil {
		return
	}
	switch b.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		w.operands(b, "mutantCompare", "boundary moved")
	case token.ADD, token.SUB:
		if isNumber(w.types.Types[b].Type) {
			w.operands(b, "mutantSum", "plus and minus swapped")
		}
	case token.LAND, token.LOR:
		if !w.judged[b] {
			w.condition(b, true, true)
		}
	}
}

// operands makes a call of an operator.
func (w *walk) operands(b *ast.BinaryExpr, call, what string) {
	id := w.number(what, b)
	at := w.offset(b.OpPos)
	w.wrap(b, fmt.Sprintf("%s(%d, ", call, id), ")")
	w.file.edits = append(w.file.edits, edit{from: at, to: at + len(b.Op.String()), text: fmt.Sprintf(", %q, ", b.Op.String())})
}

func isNumber(t types.Type) bool {
	basic, is := t.Underlying().(*types.Basic)
	return is && basic.Info()&types.IsNumeric != 0
}
