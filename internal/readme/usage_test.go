package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stands is what a word in capital letters stands for behind a flag, or else at all.
var stands = map[string]string{
	"STRATEGY": "Canary10Percent5Minutes", "TARGET": "orders", "TEXT": "because",
	"-f FILE": "deployment.json", "-s FILE": "scenario.json", "--report FILE": "report.html", "--out FILE": "report.html",
	"--name N": "named", "--limit N": "5", "--keep N": "5", "--step N": "1", "--rpm N": "200",
	"TEMPLATE": "template.yaml", "--stable N": "1", "--candidate N": "2", "--from TIME": "90m", "--patience TIME": "5m", "--summary FILE": "summary.md", "--output-file FILE": "outputs.env", "--to TIME": "30m", "--until TIME": "4h",
	"--function NAME": "orders", "--speed N": "60", "SHELL": "bash",
}

// filled puts something in the place of the words in capital letters.
func filled(t *testing.T, args []string) []string {
	t.Helper()
	whole := make([]string, len(args))
	for i, arg := range args {
		whole[i] = arg
		if !regexp.MustCompile(`^[A-Z]+$`).MatchString(arg) {
			continue
		}
		value := stands[arg]
		if i > 0 && value == "" {
			value = stands[args[i-1]+" "+arg]
		}
		require.NotEmpty(t, value, "nobody knows what %s stands for in %v: say here", arg, args)
		whole[i] = value
	}
	return whole
}

// calls are the commands that a usage means: each alternative, without the optional
// words and with all of them.
func calls(usage string) [][]string {
	optional := regexp.MustCompile(`\s*\[([^]]*)\]`)
	var list [][]string
	names, rest, _ := strings.Cut(usage, " ")
	for name := range strings.SplitSeq(names, "|") {
		for alternative := range strings.SplitSeq(rest, " | ") {
			short := words(name + " " + optional.ReplaceAllString(alternative, ""))
			long := words(name + " " + optional.ReplaceAllString(alternative, " $1"))
			list = append(list, short)
			if len(long) > len(short) {
				list = append(list, long)
			}
		}
	}
	return list
}

// The list of commands is true: each form works, without and with its options.
func TestTheListOfCommandsIsTrue(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	for _, args := range listed(t) {
		t.Run(strings.Join(args, " "), func(t *testing.T) { p.understands(t, args) })
	}
}

// A command that the command's own help names is in the list.
func TestTheListOfCommandsHasEveryCommand(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	_, rest, found := strings.Cut(p.does(t, p.folder, p.sluice, "--help"), "Available Commands:\n")
	require.True(t, found)
	block, _, _ := strings.Cut(rest, "\n\n")
	var known, inList []string
	for _, name := range regexp.MustCompile(`(?m)^  (\w+) `).FindAllStringSubmatch(block, -1) {
		if name[1] != "help" {
			known = append(known, name[1])
		}
	}
	for _, args := range listed(t) {
		inList = append(inList, args[0])
	}
	slices.Sort(inList)
	assert.Equal(t, known, slices.Compact(inList))
}

// listed are the commands that the list of commands means.
func listed(t *testing.T) [][]string {
	t.Helper()
	usages := regexp.MustCompile(`\s{2,}|\n`).Split(strings.TrimSpace(pageAt(t, commandPage).only(t, "The command", "")), -1)
	require.Greater(t, len(usages), 6)
	var list [][]string
	for _, usage := range usages {
		usage, is := strings.CutPrefix(usage, "sluice ")
		require.True(t, is, usage)
		list = append(list, calls(usage)...)
	}
	return list
}

// tellsOfThePlayed is what a command says about a deployment that was promoted.
var tellsOfThePlayed = map[string]string{
	"watch": "Promoted", "report": "Promoted", "history": "Promoted", "prune": "stays",
}

// understands runs a command of sluice, in an account that has what it is about. A
// command's name alone is no more than that: it is known.
func (p *person) understands(t *testing.T, args []string) {
	t.Helper()
	switch {
	case len(args) == 1 && args[0] != "status":
		assert.Contains(t, p.does(t, p.folder, p.sluice, args[0], "--help"), "sluice "+args[0])
	case args[len(args)-1] == "--help":
		assert.Contains(t, p.does(t, p.folder, p.sluice, args...), "Usage:")
	default:
		p.runs(t, filled(t, args))
	}
}

// runs runs a command of sluice with its arguments.
func (p *person) runs(t *testing.T, args []string) {
	t.Helper()
	switch args[0] {
	case "local":
		p.enters(t, args...)
	case "abort", "promote", "pause", "resume", "status", "approve", "reject", "freeze", "unfreeze":
		p.orders(t, args)
	case "watch", "report", "history", "prune":
		p.looks(t, args)
	case "revert":
		q := p.elsewhere(t)
		q.plays(t, "played")
		assert.Contains(t, q.does(t, q.folder, q.sluice, args...), "lambda:orders:live goes from")
	case "check":
		p.checks(t, args)
	case "plan":
		q := p
		if slices.Contains(args, "--check") {
			q = p.elsewhere(t)
		}
		assert.Contains(t, q.does(t, q.folder, q.sluice, args...), "transitions")
	case "init":
		q := p.elsewhere(t)
		assert.Contains(t, q.does(t, q.folder, q.sluice, append(args, "--output", "new.json", "--force")...), "sluice plan -f new.json")
	case "start", "judge":
		q := p.elsewhere(t, publishedFor(args)...)
		assert.Contains(t, q.does(t, q.folder, q.sluice, args...), "orders")
	default:
		assert.NotEmpty(t, p.does(t, p.folder, p.sluice, args...))
		if slices.Contains(args, "--report") {
			assert.Contains(t, p.wrote(t, "report.html"), "RolledBack")
		}
	}
}

// publishedFor makes an account have the versions that an AppSpec names.
func publishedFor(args []string) []string {
	if slices.Contains(args, "appspec.yaml") {
		return []string{"-s", "published.json"}
	}
	return nil
}

// looks runs a command that only looks at what was promoted.
func (p *person) looks(t *testing.T, args []string) {
	t.Helper()
	q := p.afterwards(t)
	told := q.does(t, q.folder, q.sluice, args...)
	if args[0] == "report" {
		told = q.wrote(t, "report.html")
	}
	assert.Contains(t, told, tellsOfThePlayed[args[0]])
}

// orders gives an order, to a deployment or to the account.
func (p *person) orders(t *testing.T, args []string) {
	t.Helper()
	q := p.elsewhere(t)
	switch args[0] {
	case "approve", "reject":
		assert.Contains(t, q.answers(t, "asked", args), "asked")
	case "freeze", "unfreeze":
		assert.NotEmpty(t, q.does(t, q.folder, q.sluice, args...))
	default:
		q.opens(t, "opened")
		assert.Contains(t, q.does(t, q.folder, q.sluice, args...), "opened")
	}
}

// checks runs sluice check, which exits with 1 if it has found something.
func (p *person) checks(t *testing.T, args []string) {
	t.Helper()
	q := p.elsewhere(t)
	told, err := q.attempts(t, q.folder, q.sluice, args...)
	if err != nil {
		assert.ErrorContains(t, err, "exit status 1")
	}
	assert.Contains(t, told, "alarm")
}

// wrote is what stands in a file that a command has written.
func (p *person) wrote(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.folder, name))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(p.folder, name)))
	return string(text)
}
