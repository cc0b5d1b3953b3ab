package readme

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the repository.
const root = "../.."

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

// person is somebody who follows the README: with the command, in a folder with the
// files of its example, and in an account on this machine.
type person struct {
	sluice, folder string
	environment    []string
}

// newPerson writes the example's files, and builds the command.
func newPerson(t *testing.T) *person {
	t.Helper()
	p := &person{folder: t.TempDir(), sluice: filepath.Join(t.TempDir(), "sluice")}
	files := in(t, "An example", "json")
	require.Len(t, files, 2)
	for i, name := range []string{"deployment.json", "scenario.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(p.folder, name), []byte(files[i]), 0o600))
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.sluice, "./internal/cmd/sluice")
	build.Dir = root
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	p.environment = append(os.Environ(), "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json")
	return p
}

// does runs a command that has to succeed, and returns what it prints.
func (p *person) does(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Env = p.folder, p.environment
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	require.NoError(t, err, "%s %s:\n%s%s", name, strings.Join(args, " "), output, &complaints)
	return string(output)
}

var endpoint = regexp.MustCompile(`AWS_ENDPOINT_URL=(\S+) AWS_REGION=(\S+)`)

// enters starts an account on a free port and goes on in it. It ends with the test,
// by being interrupted as a person does.
func (p *person) enters(t *testing.T, args ...string) {
	t.Helper()
	command := exec.Command(p.sluice, append(args, "--port", "0")...)
	command.Dir = p.folder
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = command.Process.Kill()
			t.Error("sluice local did not end when it was interrupted")
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := endpoint.FindStringSubmatch(lines.Text()); found != nil {
			p.environment = append(p.environment, "AWS_ENDPOINT_URL="+found[1], "AWS_REGION="+found[2], "AWS_DEFAULT_REGION="+found[2])
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out) // until it ends
		_ = command.Wait()
		close(ended)
	}()
	require.NoError(t, lines.Err())
}

// Every command of the README is tried, in its order: those of make as far as it goes
// without doing anything, those of sluice and aws in an account on this machine.
func TestEveryCommandOfTheReadmeWorks(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	for _, b := range blocks(t) {
		if b.language != "sh" && b.language != "console" {
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

func (p *person) tries(t *testing.T, args []string, shown string) {
	switch args[0] {
	case "make":
		p.does(t, "make", append([]string{"-C", absolute(t, root), "--dry-run"}, args[1:]...)...)
	case "bin/sluice":
		assert.NotEmpty(t, p.does(t, p.sluice, args[1:]...))
	case "export":
		for _, variable := range args[1:] {
			if !strings.HasPrefix(variable, "AWS_ENDPOINT_URL=") { // here the port is another one
				p.environment = append(p.environment, variable)
			}
		}
	case "aws":
		if _, err := exec.LookPath("aws"); err != nil {
			t.Skip("SKIPPED: the aws command is not installed")
		}
		answer := p.does(t, "aws", args[1:]...)
		if digits := regexp.MustCompile(`\d+`); shown != "" {
			assert.Equal(t, digits.ReplaceAllString(shown, "N"), digits.ReplaceAllString(answer, "N"), "what the README shows")
		}
	default:
		t.Errorf("nobody tries %s: say here how", args[0])
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(path)
	require.NoError(t, err)
	return whole
}

// What the README's sentences and its list of commands say is understood: the
// commands exist, with these flags.
func TestEveryCommandThatTheReadmeSpeaksOfExists(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	spoken := regexp.MustCompile("`(sluice|make) ([^`]+)`").FindAllStringSubmatch(text(t), -1)
	listed := regexp.MustCompile(`(?m)(?:^|  )(sluice) ([a-z|]+)`)
	spoken = append(spoken, listed.FindAllStringSubmatch(only(t, "The command", ""), -1)...)
	require.Greater(t, len(spoken), 10)
	for _, found := range spoken {
		args := words(found[2])
		if found[1] == "make" {
			p.does(t, "make", append([]string{"-C", absolute(t, root), "--dry-run"}, args...)...)
			continue
		}
		for name := range strings.SplitSeq(args[0], "|") {
			help := p.does(t, p.sluice, append(append([]string{name}, args[1:]...), "--help")...)
			assert.Contains(t, help, "sluice "+name, "%s %s", found[1], found[2])
		}
	}
}
