package readme

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the repository.
const root = "../.."

// patience is how long a command may take for real: on a machine that has built
// nothing so far, minutes.
const patience = 5 * time.Minute

// person is somebody who follows the pages: with a fresh copy of the sources and the
// command built from it, in a folder with the files of its example, and in an account
// on this machine.
type person struct {
	clone, sluice, folder string
	environment           []string
	owner                 *testing.T // the test whose end is the person's
	promoted              *person    // in an account in which a deployment was promoted, once there is one
}

// builtIn is a copy of the sources in which the command was built, for all persons.
var builtIn string

// withSluiceBuilt builds the command as the pages say, and runs the tests.
func withSluiceBuilt(run func() int) int {
	var err error
	if builtIn, err = os.MkdirTemp("", "sluice-readme"); err == nil {
		defer os.RemoveAll(builtIn)
		err = build(builtIn)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

func build(folder string) error {
	if err := copySources(folder); err != nil {
		return err
	}
	made := exec.Command("make", "-s", "bin/sluice")
	made.Dir, made.Stdout, made.Stderr = folder, os.Stderr, os.Stderr
	made.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=0") // make may have started this
	return made.Run()
}

// newPerson copies the sources and the command, and writes the example's files.
func newPerson(t *testing.T) *person {
	t.Helper()
	p := &person{folder: t.TempDir(), clone: clone(t), owner: t}
	files := pageAt(t, tutorialPage).in("Simulate a bad candidate", "json")
	require.Len(t, files, 2)
	p.has(t, "deployment.json", files[0])
	p.has(t, "scenario.json", files[1])
	p.has(t, "published.json", `{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}}}}`)
	p.has(t, "appspec.yaml", `version: 0.0
Resources:
  - Orders:
      Type: AWS::Lambda::Function
      Properties: {Name: orders, Alias: live, CurrentVersion: "1", TargetVersion: "2"}
`)
	template, err := os.ReadFile(filepath.Join(root, "internal/cmd/sluice/testdata/migrate/sam.yaml"))
	require.NoError(t, err)
	p.has(t, "template.yaml", string(template))
	p.environment = append(os.Environ(), "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json",
		"MAKEFLAGS=", "MAKELEVEL=0", // make may have started this
		"GOFLAGS="+os.Getenv("GOFLAGS")+" -trimpath") // or Go would build anew for each copy
	require.NoError(t, os.CopyFS(filepath.Join(p.clone, "bin"), os.DirFS(filepath.Join(builtIn, "bin"))))
	p.sluice = filepath.Join(p.clone, "bin", "sluice")
	return p
}

// clone is a copy of the sources. What is made in it is in nobody's way.
func clone(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, copySources(to))
	return to
}

func copySources(to string) error {
	for _, name := range []string{"functions", "infra", "internal", "statemachine"} {
		if err := os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join(root, name))); err != nil {
			return err
		}
	}
	for _, name := range []string{"Makefile", "README.md", "cdk.json", "go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// has gives a person a file.
func (p *person) has(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600))
}

// does runs a command that has to succeed, and returns what it prints.
func (p *person) does(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	output, err := p.attempts(t, folder, name, args...)
	require.NoError(t, err)
	return output
}

// attempts runs a command, whatever comes of it.
func (p *person) attempts(t *testing.T, folder, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Env = folder, p.environment
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w:\n%s%s", name, strings.Join(args, " "), err, output, &complaints)
	}
	return string(output), err
}

var endpoint = regexp.MustCompile(`AWS_ENDPOINT_URL=(\S+) AWS_REGION=(\S+)`)

// terminal is what a running command has printed so far.
type terminal struct {
	mu      sync.Mutex
	printed strings.Builder
}

// Write implements io.Writer.
func (l *terminal) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.printed.Write(text)
}

func (l *terminal) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.printed.String()
}

// enters starts an account on a free port and goes on in it. It ends with the test,
// by being interrupted as a person does.
func (p *person) enters(t *testing.T, args ...string) *terminal {
	t.Helper()
	command := exec.Command(p.sluice, append(args, "--port", "0")...)
	command.Args[0] = "bin/sluice" // what the README's reader types
	command.Dir = p.folder
	pipe, err := command.StdoutPipe()
	require.NoError(t, err)
	screen := &terminal{}
	out := io.TeeReader(pipe, screen)
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
	lines, entered := bufio.NewScanner(out), false
	for !entered && lines.Scan() {
		if found := endpoint.FindStringSubmatch(lines.Text()); found != nil {
			p.environment = append(p.environment, "AWS_ENDPOINT_URL="+found[1], "AWS_REGION="+found[2], "AWS_DEFAULT_REGION="+found[2])
			entered = true
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out) // until it ends
		_ = command.Wait()
		close(ended)
	}()
	require.NoError(t, lines.Err())
	require.True(t, entered, "sluice local does not say where it listens")
	return screen
}

// elsewhere is the same person in an account of its own, where ten minutes pass in a
// second.
func (p *person) elsewhere(t *testing.T, more ...string) *person {
	t.Helper()
	other := *p
	other.environment = slices.Clone(p.environment)
	other.enters(t, append([]string{"local", "--speed", "600", "-f", "deployment.json"}, more...)...)
	return &other
}

// afterwards is the same person in an account in which a deployment was promoted: the same one
// for all who only look at it.
func (p *person) afterwards(t *testing.T) *person {
	t.Helper()
	if p.promoted == nil {
		p.promoted = p.elsewhere(p.owner)
		p.promoted.plays(t, "played")
	}
	return p.promoted
}

// plays starts a deployment, and sees its end.
func (p *person) plays(t *testing.T, name string) {
	t.Helper()
	assert.Contains(t, p.does(t, p.folder, p.sluice, "start", "-f", "deployment.json", "--name", name, "--wait"), "Promoted")
}

// opens starts a deployment of two days, and returns when it holds its target.
func (p *person) opens(t *testing.T, name string) {
	t.Helper()
	p.begins(t, name, `{"function": "orders", "strategy": "Canary10Percent2880Minutes"}`)
	p.eventually(t, func() bool {
		return strings.Contains(p.does(t, p.folder, p.sluice, "history", "orders"), name)
	})
}

// answers starts a deployment whose first step waits for a person, and gives an answer as soon
// as it asks.
func (p *person) answers(t *testing.T, name string, args []string) (told string) {
	t.Helper()
	p.begins(t, name, `{"function": "orders", "strategy": {"steps": [
		{"percent": 50, "bakeMinutes": 2880, "approval": {"waitMinutes": 1440}}, {"percent": 100}]}}`)
	p.eventually(t, func() bool {
		var err error
		told, err = p.attempts(t, p.folder, p.sluice, args...)
		return err == nil
	})
	return told
}

func (p *person) begins(t *testing.T, name, input string) {
	t.Helper()
	p.has(t, name+".json", input)
	p.does(t, p.folder, p.sluice, "start", "-f", name+".json", "--name", name)
}

// eventually waits until a condition holds.
func (p *person) eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(until), "it does not happen")
	}
}
