package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// suite is the tests of a package, with all mutants compiled into what they test.
type suite struct {
	binary, folder string
	// tests are those that are run: all of the package as one, or each of the judges'.
	tests []test
}

// test is what is run in one process.
type test struct {
	name    string        // of the judges' test; empty for all tests of a package
	took    time.Duration // of the processor
	reaches map[int]bool
}

// suites are the tests of each mutated package by its path, and those of the judges.
type suites struct {
	own    map[string]*suite
	judges *suite
}

// build compiles the tests of the packages and of the judges, with all mutants. The mutated
// files are an overlay of the working tree.
func build(ctx context.Context, folder string, sources []*source, mutants int, judges string) (suites, error) {
	overlay, err := writeOverlay(folder, sources, mutants)
	if err != nil {
		return suites{}, err
	}
	all := suites{own: map[string]*suite{}}
	for i, s := range sources {
		if all.own[s.path], err = compile(ctx, overlay, filepath.Join(folder, fmt.Sprintf("own%d.test", i)), s.path); err != nil {
			return all, err
		}
	}
	all.judges, err = compile(ctx, overlay, filepath.Join(folder, "judges.test"), judges)
	return all, err
}

func writeOverlay(folder string, sources []*source, mutants int) (string, error) {
	replace := map[string]string{}
	write := func(path string, text []byte) error {
		replace[path] = filepath.Join(folder, fmt.Sprintf("%d.go", len(replace)))
		return os.WriteFile(replace[path], text, 0o600)
	}
	for _, s := range sources {
		if err := write(filepath.Join(s.folder, "mutants_of_this_package.go"), helperOf(s, mutants)); err != nil {
			return "", err
		}
		for _, f := range s.files {
			if err := write(f.path, f.mutated()); err != nil {
				return "", err
			}
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

func compile(ctx context.Context, overlay, binary, pkg string) (*suite, error) {
	if _, err := command(ctx, "go", "test", "-vet=off", "-c", "-overlay", overlay, "-o", binary, pkg); err != nil {
		return nil, fmt.Errorf("build the tests of %s: %w", pkg, err)
	}
	found, err := list(ctx, pkg)
	if err != nil {
		return nil, err
	}
	s := &suite{binary: binary, folder: found[0].Dir}
	if _, err := os.Stat(binary); errors.Is(err, os.ErrNotExist) {
		return s, nil // a package without tests
	}
	s.tests = []test{{}}
	return s, nil
}

// trace runs every test without a mutant, and notes which mutants it reaches. It returns the
// tests of the judges that take too long. A test that fails is an error.
func trace(ctx context.Context, folder string, all suites, s settings) (slow []string, err error) {
	for path, own := range all.own {
		for i := range own.tests {
			if err := own.trace(ctx, folder, &own.tests[i], 0); err != nil {
				return nil, fmt.Errorf("the tests of %s fail without a mutant: %w", path, err)
			}
		}
	}
	if all.judges.tests, err = all.judges.list(ctx); err != nil {
		return nil, err
	}
	problems := make([]error, len(all.judges.tests))
	together(s.workers, len(problems), func(i int) { problems[i] = all.judges.trace(ctx, folder, &all.judges.tests[i], s.fast) })
	var fast []test
	for i, t := range all.judges.tests {
		switch {
		case errors.Is(problems[i], errTooSlow):
			slow = append(slow, t.name)
		case problems[i] != nil:
			return nil, fmt.Errorf("%s of %s fails without a mutant: %w", t.name, s.judges, problems[i])
		default:
			fast = append(fast, t)
		}
	}
	slices.SortStableFunc(fast, func(a, b test) int { return int(a.took - b.took) })
	all.judges.tests = fast
	return slow, ctx.Err()
}

// list returns each test of a package by itself.
func (s *suite) list(ctx context.Context) ([]test, error) {
	if len(s.tests) == 0 {
		return nil, nil
	}
	c := exec.CommandContext(ctx, s.binary, "-test.list", "^(Test|Fuzz|Example)")
	c.Dir = s.folder
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("list the judges' tests: %w", err)
	}
	var tests []test
	for _, name := range strings.Fields(string(out)) {
		tests = append(tests, test{name: name})
	}
	return tests, nil
}

// busy is how much longer something takes on a machine that has other work.
const busy = 8

// errTooSlow is returned for a test that takes longer than it may.
var errTooSlow = errors.New("it takes too long")

func (s *suite) trace(ctx context.Context, folder string, t *test, limit time.Duration) error {
	file := filepath.Join(folder, filepath.Base(s.binary)+"."+t.name+".trace")
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, busy*limit, errTooSlow)
		defer cancel()
	}
	failed, output, took := s.run(ctx, []test{*t}, traceVariable+"="+file)
	t.took = took
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limit > 0 && took > limit:
		return errTooSlow
	case failed:
		return errors.New(output)
	}
	var err error
	t.reaches, err = readTrace(file)
	return err
}

func readTrace(file string) (map[int]bool, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reaches := map[int]bool{}
	for line := range strings.Lines(string(text)) {
		id, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("read the trace of a test: %w", err)
		}
		reaches[id] = true
	}
	return reaches, nil
}

// run runs tests in one process until one of them fails. It returns whether one has, what it
// printed, and the processor's time that it took.
func (s *suite) run(ctx context.Context, tests []test, variable string) (failed bool, output string, took time.Duration) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c := exec.CommandContext(ctx, s.binary, "-test.failfast", "-test.run", pattern(tests))
	c.Dir, c.Env = s.folder, append(os.Environ(), variable)
	// What a test has started goes with it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	seen := &watch{stop: stop}
	c.Stdout, c.Stderr = seen, seen
	err := c.Run()
	if c.ProcessState != nil {
		took = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	return err != nil, seen.text.String(), took
}

func pattern(tests []test) string {
	var names []string
	for _, t := range tests {
		if t.name == "" {
			return "."
		}
		names = append(names, t.name)
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// watch keeps what tests print, and stops them at the first that has failed.
type watch struct {
	text bytes.Buffer
	stop context.CancelFunc
}

func (w *watch) Write(p []byte) (int, error) {
	w.text.Write(p)
	lines := bufio.NewScanner(bytes.NewReader(p))
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte("--- FAIL")) {
			w.stop()
		}
	}
	return len(p), nil
}

// together calls do for every i below n, several at a time.
func together(workers, n int, do func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range min(workers, n) {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}
