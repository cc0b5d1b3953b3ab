package readme

import (
	"os/exec"
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

// Every command of the README's blocks is run, in its order: those of make and go in
// a copy of the sources, those of sluice and aws in an account on this machine. What
// is not is listed in dry and slow, with the reason.
func TestEveryCommandOfTheReadmeWorks(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.bootstraps(t)
	for _, b := range blocks(t) {
		if b.language != "sh" && b.language != "console" || isPasted(b) {
			continue
		}
		for _, line := range typed(b) {
			args := words(line)
			switch {
			case args[0] == "bin/sluice" && args[1] == "local":
				p.enters(t, args[1:]...)
			case args[0] == "sam": // or whatever deploys the application: here an account that has it
				p.enters(t, "local", "--speed", "600", "-f", "deployment.json")
			default:
				t.Run(line, func(t *testing.T) { p.tries(t, args, shown(b, line)) })
			}
		}
	}
}

// isPasted tells the block that is pasted as a whole: see walkthrough_test.go.
func isPasted(b block) bool { return b.section == "A local account" && b.language == "sh" }

// inline are the commands of the README's sentences and tables.
var inline = regexp.MustCompile("`((?:bin/)?sluice|make|go test|go run|go tool|aws|GODEBUG=\\S+) ([^`]+)`")

// So are the commands of its sentences and tables.
func TestEveryCommandInASentenceOfTheReadmeWorks(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.bootstraps(t)
	found := inline.FindAllStringSubmatch(prose(t), -1)
	require.Greater(t, len(found), 20)
	tried := map[string]bool{}
	for _, f := range found {
		line := strings.Join(strings.Fields(f[1]+" "+f[2]), " ") // it may go over the end of a line
		if tried[line] {
			continue
		}
		tried[line] = true
		t.Run(line, func(t *testing.T) {
			args := words(line)
			if strings.HasSuffix(args[0], "sluice") {
				p.understands(t, args[1:])
				return
			}
			p.tries(t, args, "")
		})
	}
}

func (p *person) tries(t *testing.T, args []string, shown string) {
	t.Helper()
	switch args[0] {
	case "make":
		p.makes(t, args[1:]...)
	case "go":
		if args[1] != "test" {
			assert.NotEmpty(t, p.does(t, p.clone, "go", args[1:]...))
			return
		}
		p.tests(t, args[1:])
	case "bin/sluice":
		assert.NotEmpty(t, p.does(t, p.folder, p.sluice, args[1:]...))
	case "export":
		for _, variable := range args[1:] {
			if !strings.HasPrefix(variable, "AWS_ENDPOINT_URL=") { // here the port is another one
				p.environment = append(p.environment, variable)
			}
		}
	case "aws":
		p.asksAWS(t, args[1:], shown)
	case "GODEBUG=inittrace=1": // a Lambda, which does not find itself in Lambda
		_, err := p.attempts(t, p.clone, "env", args...)
		assert.ErrorContains(t, err, "init sluice/")
	default:
		t.Errorf("nobody tries %s: say here how", args[0])
	}
}

// unanswered are the operations of the README that the account on this machine does not
// answer.
var unanswered = []string{
	"put-provisioned-concurrency-config",
	"describe-state-machine-for-execution",
	"delete-function",
	"create-deployment", // sluice codedeploy answers it: see internal/conformance
}

// asksAWS runs the aws command. Of one that is unanswered, only the name and the flags are looked at, by the aws command itself.
func (p *person) asksAWS(t *testing.T, args []string, shown string) {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the aws command is not installed")
	}
	if slices.Contains(unanswered, args[1]) {
		args = append(args, "--generate-cli-skeleton")
	}
	answer := p.does(t, p.folder, "aws", args...)
	if digits := regexp.MustCompile(`\d+`); shown != "" {
		assert.Equal(t, digits.ReplaceAllString(shown, "N"), digits.ReplaceAllString(answer, "N"), "what the README shows")
	}
}

// slow are the benchmarks that are not run here, and why.
var slow = map[string]string{
	"Storm": "half a minute; package figures holds the README's rows to it, but for that of 1,000 deployments",
}

// tests runs tests or benchmarks, these once. Where a pattern matches nothing, go test
// passes without a word: so they are listed before.
func (p *person) tests(t *testing.T, args []string) {
	t.Helper()
	pattern := ""
	for i, arg := range args {
		switch arg {
		case "-run", "-bench":
			pattern = args[i+1] // the last one counts: before -bench stands -run '^$'
		case "-seed=N":
			args[i] = "-seed=1"
		}
	}
	kind := "Test"
	if slices.Contains(args, "-bench") {
		kind, args = "Benchmark", append(args, "-benchtime=1x")
	}
	listed := p.does(t, p.clone, "go", "test", args[1], "-list", pattern)
	assert.Regexp(t, `(?m)^`+kind, listed, "what %s runs", pattern)
	if slow[pattern] == "" {
		ran := p.does(t, p.clone, "go", append(args, "-v")...)
		assert.Regexp(t, `(?m)(^--- PASS: |^Benchmark\S+\s+1\s|-MB$)`, ran)
	}
}
