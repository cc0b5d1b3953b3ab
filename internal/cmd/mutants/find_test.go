package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stubs imports packages that only have what the tests call: Info to log, and a Builder of
// expressions with Build.
type stubs struct{}

func (stubs) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	named := types.NewNamed(types.NewTypeName(token.NoPos, p, "Builder", nil), types.NewStruct(nil, nil), nil)
	results := types.NewTuple(types.NewParam(token.NoPos, p, "", types.Typ[types.Int]), types.NewParam(token.NoPos, p, "", types.Universe.Lookup("error").Type()))
	receiver := types.NewParam(token.NoPos, p, "b", named)
	named.AddMethod(types.NewFunc(token.NoPos, p, "Build", types.NewSignatureType(receiver, nil, nil, nil, results, false)))
	p.Scope().Insert(types.NewFunc(token.NoPos, p, "NewBuilder", types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(types.NewParam(token.NoPos, p, "", named)), false)))
	text := types.NewParam(token.NoPos, p, "msg", types.Typ[types.String])
	p.Scope().Insert(types.NewFunc(token.NoPos, p, "Info", types.NewSignatureType(nil, nil, nil, types.NewTuple(text), nil, false)))
	p.MarkComplete()
	return p, nil
}

// sourceOf is a package with a function of this body.
func sourceOf(t *testing.T, body string) (*source, *token.FileSet) {
	t.Helper()
	text := `package p
import "log/slog"
import "github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
var _ = slog.Info
var _ = expression.NewBuilder
type box struct { n int; of *box; name string }
func call() error { return nil }
func f(a, b int, s string, x, y bool, err error, c chan int) (int, bool, error) {` + body + `
}`
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, "p.go", text, parser.SkipObjectResolution)
	require.NoError(t, err)
	src := &source{path: "p", name: "p", types: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
	_, err = (&types.Config{Importer: stubs{}}).Check("p", set, []*ast.File{tree}, src.types)
	require.NoError(t, err)
	src.files = []*sourceFile{{path: "p.go", shown: "p.go", text: []byte(text), tree: tree, set: set}}
	return src, set
}

// mutantsOf finds the mutants of the body of a function.
func mutantsOf(t *testing.T, body string) (names []string, mutated string) {
	t.Helper()
	src, set := sourceOf(t, body)
	for _, m := range findMutants([]*source{src}) {
		if m.function == "f" {
			names = append(names, m.what+": "+m.code)
		}
	}
	mutated = string(src.files[0].mutated())
	_, err := parser.ParseFile(set, "mutated.go", mutated, 0)
	require.NoError(t, err, mutated)
	return names, mutated
}

func TestEachKindOfChangeIsFound(t *testing.T) {
	t.Parallel()
	const end = "\nreturn 0, true, nil"
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"a call":                    {"call()" + end, []string{"dropped: call()"}},
		"a panic stays":             {"if x { panic(s) }" + end, []string{"always true: x", "never true: x"}},
		"an assignment":             {"a = b\na += 2\na++" + end, []string{"dropped: a = b", "dropped: a += 2", "dropped: a++"}},
		"a declaration stays":       {"v := a\n_ = v" + end, nil},
		"what is deferred or sent":  {"defer close(c)\nc <- 1" + end, []string{"dropped: defer close(c)", "dropped: c <- 1"}},
		"what leaves a loop":        {"for range a { if x { continue }; break }" + end, []string{"dropped: break", "always true: x", "never true: x", "dropped: continue"}},
		"a loop's condition":        {"for a < b { a++ }" + end, []string{"never true: a < b", "dropped: a++", "boundary moved: a < b"}},
		"a failure":                 {"if err != nil { return 0, x, err }" + end, []string{"never true: err != nil", "nil instead: err"}},
		"no failure":                {"if err == nil { call() }" + end, []string{"always true: err == nil", "dropped: call()"}},
		"parts of and":              {"if x && a == b { call() }" + end, []string{"never true: x && a == b", "always true: x", "always true: a == b", "dropped: call()"}},
		"parts of or":               {"if x || (y && a == b) { call() }" + end, []string{"always true: x || (y && a == b)", "never true: x", "never true: (y && a == b)", "always true: y", "always true: a == b", "dropped: call()"}},
		"boundaries":                {"if a <= b { call() }" + end, []string{"always true: a <= b", "never true: a <= b", "dropped: call()", "boundary moved: a <= b"}},
		"sums":                      {"a = a + b - 1" + end, []string{"dropped: a = a + b - 1", "plus and minus swapped: a + b - 1", "plus and minus swapped: a + b"}},
		"texts are no sums":         {`s = s + "!"` + end, []string{`dropped: s = s + "!"`}},
		"constants stay":            {"const k = 1 + 2\na = k" + end, []string{"dropped: a = k"}},
		"cases of a value":          {`switch s { case "a", "b": call(); default: a = 1 }` + end, []string{`case dropped: "a"`, "dropped: call()", "dropped: a = 1"}},
		"cases of conditions":       {"switch { case x: call() }" + end, []string{"always true: x", "never true: x", "dropped: call()"}},
		"returned conditions":       {"return a, a == b, nil", []string{"always true: a == b", "never true: a == b"}},
		"returned plain names stay": {"return a, x, nil", nil},
		"a condition in a call":     {"v := map[bool]int{x && y: 1}\n_ = v" + end, []string{"never true: x && y", "always true: x", "always true: y"}},
		"fields": {"v := box{n: a, name: \"k\", of: &box{n: b}}\n_ = v" + end,
			[]string{"field dropped: n: a", "field dropped: n: b"}},
		"what only a log line depends on": {"if x { slog.Info(s) }" + end, nil},
		"a log line and more":             {"if x { slog.Info(s); call() }" + end, []string{"always true: x", "never true: x", "dropped: call()"}},
		"a log line, or something else":   {"if x { slog.Info(s) } else { call() }" + end, []string{"always true: x", "never true: x", "dropped: call()"}},
		"nothing, or something else":      {"if x {} else { call() }" + end, []string{"always true: x", "never true: x", "dropped: call()"}},
		"an expression that is built":     {"e, err := expression.NewBuilder().Build()\nif err != nil { call(); return 0, x, err }\nreturn e, true, nil", nil},
		"another error after it":          {"e, err := expression.NewBuilder().Build()\na = e\nif err != nil { return 0, x, err }" + end, []string{"dropped: a = e", "never true: err != nil", "nil instead: err"}},
		"the same twice":                  {"call()\ncall()" + end, []string{"dropped: call()", "dropped: call()"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names, mutated := mutantsOf(t, test.body)
			assert.ElementsMatch(t, test.want, names, mutated)
		})
	}
}

// The names of mutants outlive a change elsewhere in the file, and tell those apart that look
// alike.
func TestAMutantIsNamedByItsFunctionAndNotByItsLine(t *testing.T) {
	t.Parallel()
	m := mutant{file: "a.go", line: 7, function: "f", what: "dropped", code: "call()"}
	assert.Equal(t, "a.go f: dropped: call()", m.key())
	m.again = 1
	assert.Equal(t, "a.go f: dropped: call() (2)", m.key())
}

func TestMutantsThatLookAlikeAreNumbered(t *testing.T) {
	t.Parallel()
	src, _ := sourceOf(t, "call()\ncall()\ncall()\nreturn 0, true, nil")
	var names []string
	for _, m := range findMutants([]*source{src}) {
		names = append(names, m.key())
	}
	assert.Equal(t, []string{"p.go f: dropped: call()", "p.go f: dropped: call() (2)", "p.go f: dropped: call() (3)"}, names)
}

func TestWhatIsChangedIsNested(t *testing.T) {
	t.Parallel()
	_, mutated := mutantsOf(t, "if x && a < b { return a, y, err }\nreturn 0, true, nil")
	assert.Contains(t, mutated, "if ((((x) || mutantIs(1)) && ((mutantCompare(3, a , \"<\",  b)) || mutantIs(2))) && !mutantIs(0)) { return a, y, mutantNil(4, err) }")
}
