package main

import (
	"bufio"
	"bytes"
	"cmp"
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
	tests          []test
}

// test is what is run in one process.
type test struct {
	name    string
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
	s.tests, err = s.list(ctx)
	return s, err
}

// trace runs every test without a mutant, and notes which mutants it reaches. It returns the
// tests of the judges that take too long. A test that fails is an error.
func trace(ctx context.Context, folder string, all suites, s settings) (slow []string, err error) {
	for path, own := range all.own {
		if _, err := own.traceAll(ctx, folder, s.workers, 0); err != nil {
			return nil, fmt.Errorf("without a mutant fails of %s: %w", path, err)
		}
	}
	if slow, err = all.judges.traceAll(ctx, folder, s.workers, s.fast); err != nil {
		return nil, fmt.Errorf("without a mutant fails of %s: %w", s.judges, err)
	}
	return slow, ctx.Err()
}

// traceAll traces every test of a package, and sorts them by the time that they take. It takes
// out those that take longer than the limit, and returns their names; 0 is no limit.
func (s *suite) traceAll(ctx context.Context, folder string, workers int, limit time.Duration) (slow []string, err error) {
	problems := make([]error, len(s.tests))
	together(workers, len(problems), func(i int) { problems[i] = s.trace(ctx, folder, &s.tests[i], limit) })
	var fast []test
	for i, t := range s.tests {
		switch {
		case errors.Is(problems[i], errTooSlow):
			slow = append(slow, t.name)
		case problems[i] != nil:
			return nil, fmt.Errorf("%s: %w", t.name, problems[i])
		default:
			fast = append(fast, t)
		}
	}
	slices.SortStableFunc(fast, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	s.tests = fast
	return slow, nil
}

// list returns the tests of a package.
func (s *suite) list(ctx context.Context) ([]test, error) {
	c := exec.CommandContext(ctx, s.binary, "-test.list", "^(Test|Fuzz|Example)")
	c.Dir = s.folder
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests of %s: %w", s.folder, err)
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
