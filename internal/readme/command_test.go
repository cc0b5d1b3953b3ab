package readme

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// typed lists what a person types by a block: every line of a shell's, and those
// behind a prompt of a console's. Comments are left out.
func typed(b block) []string {
	var lines []string
	for line := range strings.Lines(b.text) {
		line, prompted := strings.CutPrefix(line, "$ ")
		if b.language == "console" && !prompted {
			continue
		}
		line, _, _ = strings.Cut(line, " # ")
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// words takes a command apart as a shell does: quotes keep a word together.
func words(line string) []string {
	list := regexp.MustCompile(`(?:[^\s"']|"[^"]*"|'[^']*')+`).FindAllString(line, -1)
	for i, word := range list {
		list[i] = regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllStringFunc(word, func(quoted string) string { return quoted[1 : len(quoted)-1] })
	}
	return list
}

// shown is what a console's block shows as the answer to a command; empty if nothing.
func shown(b block, line string) string {
	_, after, _ := strings.Cut(b.text, line+"\n")
	answer, _, _ := strings.Cut("\n"+after, "\n$ ")
	return strings.TrimPrefix(answer, "\n")
}

// command is what somebody types, and the answer that a page shows; empty if it shows none.
type command struct{ line, shown string }

// TestEveryCommandOfThePagesWorks runs each command of the pages once: those of make in a copy of
// the sources, those of sluice and aws in accounts on this machine. Those of go are looked up in
// the sources. What is not run is listed in dry, with the reason.
func TestEveryCommandOfThePagesWorks(t *testing.T) {
	t.Parallel()
	groups := map[string][]command{}
	for _, c := range commands(t) {
		kind := words(c.line)[0]
		if kind == "sluice" {
			kind = "bin/sluice"
		}
		groups[kind] = append(groups[kind], c)
	}
	for kind, list := range groups {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			if kind == "make" || kind == "aws" {
				p.bootstraps(t)
			}
			for _, c := range list {
				t.Run(c.line, func(t *testing.T) { p.tries(t, words(c.line), c.shown) })
			}
		})
	}
}

// inline are the commands of sentences and tables.
var inline = regexp.MustCompile("`((?:bin/)?sluice|make|go install|go test|go run|go tool|aws|GODEBUG=\\S+) ([^`]+)`")

// commands are those of the blocks of all pages, and then those of their sentences and tables,
// each once, but for what TestTheListOfCommandsIsTrue tries.
func commands(t *testing.T) []command {
	t.Helper()
	var blocks, sentences []command
	for _, p := range current(t) {
		blocks = append(blocks, blockCommands(p)...)
		sentences = append(sentences, sentenceCommands(p)...)
	}
	require.Greater(t, len(blocks), 15)
	require.Greater(t, len(sentences), 20)
	seen := map[string]bool{}
	for _, args := range listed(t) {
		seen["sluice "+strings.Join(args, " ")] = true
	}
	return slices.DeleteFunc(append(blocks, sentences...), func(c command) bool {
		line := strings.TrimPrefix(c.line, "bin/")
		again := seen[line]
		seen[line] = true
		return again
	})
}

// blockCommands are the commands of a page's blocks.
func blockCommands(p page) []command {
	var list []command
	for _, b := range p.blocks {
		if b.language != "sh" && b.language != "console" || isPasted(p, b) {
			continue
		}
		for _, line := range typed(b) {
			list = append(list, command{line: line, shown: shown(b, line)})
		}
	}
	return list
}

// sentenceCommands are the commands of a page's sentences and tables.
func sentenceCommands(p page) []command {
	var list []command
	for _, f := range inline.FindAllStringSubmatch(p.prose, -1) {
		line := strings.Join(strings.Fields(f[2]), " ") // it may go over the end of a line
		if !strings.HasSuffix(f[1], "sluice") {
			list = append(list, command{line: f[1] + " " + line})
			continue
		}
		for _, args := range calls(line) {
			list = append(list, command{line: "sluice " + strings.Join(args, " ")})
		}
	}
	return list
}

// isPasted tells the block that is pasted as a whole: see walkthrough_test.go.
func isPasted(p page, b block) bool {
	return p.path == tutorialPage && b.section == "A local account" && b.language == "sh"
}

func (p *person) tries(t *testing.T, args []string, shown string) {
	t.Helper()
	switch args[0] {
	case "make":
		p.makes(t, args[1:]...)
	case "go":
		goTool(t, args[1:])
	case "sluice", "bin/sluice":
		p.understands(t, args[1:])
	case "mkdir":
		p.installs(t, args)
	case "sam": // or whatever deploys the application
	case "aws":
		p.asksAWS(t, args[1:], shown)
	case "GODEBUG=inittrace=1": // a Lambda, which does not find itself in Lambda
		p.does(t, p.clone, "go", "build", "-tags", "lambda.norpc", "-o", args[1], "./functions/"+filepath.Base(args[1]))
		_, err := p.attempts(t, p.clone, "env", args...)
		assert.ErrorContains(t, err, "init github.com/sluice-aws/sluice/")
	default:
		t.Errorf("nobody tries %s: say here how", args[0])
	}
}

// installs runs the line that installs the command from a release, with an archive on this machine in
// the place of the published one. Its name is one that a release has.
func (p *person) installs(t *testing.T, args []string) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("SKIPPED: curl is not installed")
	}
	line := strings.Join(args, " ")
	from := regexp.MustCompile(`https://\S+/v([0-9.]+)/(\S+)`).FindStringSubmatch(line)
	require.NotNil(t, from, line)
	made, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	require.NoError(t, err)
	named := regexp.MustCompile(`name_template: (sluice_\S+(?: \S+)*)`).FindSubmatch(made)
	require.NotNil(t, named)
	assert.Equal(t, strings.NewReplacer("{{ .Version }}", from[1], "{{ .Os }}", "linux", "{{ .Arch }}", "amd64").Replace(string(named[1]))+".tar.gz", from[2])
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, "sluice"), []byte("#!/bin/sh\necho sluice $1\n"), 0o700))
	archive := filepath.Join(p.folder, from[2])
	p.does(t, p.folder, "tar", "-czf", archive, "sluice", "scenario.json")
	p.does(t, p.folder, "sh", "-c", strings.Replace(line, from[0], "file://"+archive, 1))
	assert.Equal(t, "sluice version\n", p.does(t, p.folder, "bin/sluice", "version"))
	assert.NoFileExists(t, filepath.Join(p.folder, "bin", "scenario.json"), "of the archive it takes the command alone")
}

// local are commands of the aws command that are no single call of AWS: nothing asks the account for
// them.
var local = []string{"deploy", "cloudformation deploy", "cloudformation package", "s3 sync", "s3 mb", "s3 cp", "deploy wait"}

// unanswered are the operations of the pages that the account on this machine does not
// answer.
var unanswered = []string{
	"put-provisioned-concurrency-config",
	"describe-state-machine-for-execution",
	"delete-function",
	"create-change-set", "execute-change-set", "wait", "subscribe", "list-subscriptions-by-topic",
	"create-deployment", // sluice codedeploy answers it: see internal/conformance
}

// asksAWS runs the aws command. Of one that is unanswered, only the name and the flags are looked at, by the aws command itself.
func (p *person) asksAWS(t *testing.T, args []string, shown string) {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the aws command is not installed")
	}
	if slices.Contains(local, strings.Join(args[:min(2, len(args))], " ")) {
		return
	}
	if slices.Contains(unanswered, args[1]) {
		args = append(args, "--generate-cli-skeleton")
	}
	answer := p.does(t, p.folder, "aws", args...)
	if digits := regexp.MustCompile(`\d+`); shown != "" {
		assert.Equal(t, digits.ReplaceAllString(shown, "N"), digits.ReplaceAllString(answer, "N"), "what the page shows")
	}
}

// goTool checks a go test or go run command against the sources. The suite, make bench and
// make chaos really run the same tests, benchmarks and programs: building them here again took
// longer than all other commands together.
func goTool(t *testing.T, args []string) {
	t.Helper()
	switch folder := filepath.Join(root, args[1]); args[0] {
	case "install": // of a published version; RELEASING.md says how that is tried
		inside, _, _ := strings.Cut(strings.TrimPrefix(args[1], "github.com/sluice-aws/sluice/"), "@")
		assert.Contains(t, declared(t, filepath.Join(root, inside), false), "main")
	case "tool": // it reads what the benchmark before it writes
		assert.Equal(t, "pprof", args[1])
	case "run":
		assert.Contains(t, declared(t, folder, false), "main")
	case "test":
		testsMatch(t, folder, args[2:])
	default:
		t.Errorf("nobody tries go %s: say here how", args[0])
	}
}

// testsMatch checks that the patterns of a go test command match a test or a benchmark of the
// package, since go test passes without a word where they match nothing.
func testsMatch(t *testing.T, folder string, flags []string) {
	t.Helper()
	kind, pattern := "Test", ""
	for i := 0; i < len(flags); i++ {
		name, value, joined := strings.Cut(strings.TrimPrefix(flags[i], "-"), "=")
		if !joined && i+1 < len(flags) {
			i, value = i+1, flags[i+1]
		}
		switch name {
		case "run", "bench":
			pattern = value // the last one counts: before -bench stands -run '^$'
			if name == "bench" {
				kind = "Benchmark"
			}
		case "benchtime", "cpuprofile", "o", "v": // those of go test
		default:
			assert.Contains(t, flagsOf(t, folder), name, "a flag of the package's tests")
		}
	}
	matching, err := regexp.Compile(pattern)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(declared(t, folder, true), func(name string) bool {
		return strings.HasPrefix(name, kind) && matching.MatchString(name)
	}), "%s in %s matches no %s", pattern, folder, kind)
}

// sources parses the tests of a folder, or the other files.
func sources(t *testing.T, folder string, tests bool) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, names, folder)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") == tests {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	return files
}

// declared lists the functions of a folder.
func declared(t *testing.T, folder string, tests bool) []string {
	t.Helper()
	var names []string
	for _, file := range sources(t, folder, tests) {
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// flagsOf lists the flags that the tests of a folder define by package flag.
func flagsOf(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	for _, file := range sources(t, folder, true) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is || len(call.Args) == 0 {
				return true
			}
			of, is := call.Fun.(*ast.SelectorExpr)
			if !is {
				return true
			}
			name, isText := call.Args[0].(*ast.BasicLit)
			if from, is := of.X.(*ast.Ident); is && isText && from.Name == "flag" {
				names = append(names, strings.Trim(name.Value, `"`))
			}
			return true
		})
	}
	return names
}
