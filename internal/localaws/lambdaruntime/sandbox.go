package lambdaruntime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Start is one start of a function's process.
type Start struct {
	Began time.Time
	// Ready is from then to its first GET next; zero if it never came to that.
	Ready time.Duration
}

// ErrClosed is returned by Invoke once the Sandbox is closed.
var ErrClosed = errors.New("the sandbox is closed")

// Sandbox is the one execution environment of a function. Its process runs one
// invocation at a time; it is started by the first, and kept for the next.
type Sandbox struct {
	function Function
	logs     io.Writer
	turn     chan struct{} // whoever has put something in may invoke
	closing  chan struct{}

	mu      sync.Mutex
	closed  bool
	process *process
	past    []Start
}

// New makes the Sandbox of a function. What its processes print goes to logs, from
// one goroutine at a time.
func New(f Function, logs io.Writer) *Sandbox {
	return &Sandbox{
		function: f, logs: logs,
		turn: make(chan struct{}, 1), closing: make(chan struct{}),
	}
}

// Invoke runs the function once. Whatever the function does, dying included, is
// a Result; an error is returned for a process that cannot be started, and when
// the context or the Sandbox ends first: then the process is killed.
func (s *Sandbox) Invoke(ctx context.Context, payload []byte) (Result, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-s.closing:
		return Result{}, ErrClosed
	}
	for {
		p, err := s.running()
		if err != nil {
			return Result{}, err
		}
		result, err := s.run(ctx, p, payload)
		if !errors.Is(err, errGone) {
			return result, err
		}
	}
}

// Start starts the process, if there is none, and waits until it is ready for its
// first event. It returns an error when the process ends before.
func (s *Sandbox) Start(ctx context.Context) error {
	p, err := s.running()
	if err != nil {
		return err
	}
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("start %s: %s", s.function.Name, p.exit())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PeakMemory is the most memory that the running process has had in RAM so far, in
// bytes (VmHWM of proc_pid_status(5): only Linux tells it).
func (s *Sandbox) PeakMemory() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0, fmt.Errorf("read the memory of %s: it does not run", s.function.Name)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", s.function.Name, err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	peak, err := strconv.ParseInt(kilobytes, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", s.function.Name, err)
	}
	return peak << 10, nil
}

// errGone : the process ended between two invocations. Nothing has seen the event.
var errGone = errors.New("the process has ended by itself")

// run hands the event to the process and waits for what comes of it. Lambda gives
// a start ten seconds of its own; here it counts as a part of the invocation.
func (s *Sandbox) run(ctx context.Context, p *process, payload []byte) (Result, error) {
	limit := time.NewTimer(s.function.Timeout)
	defer limit.Stop()
	i := newInvocation(payload, time.Now().Add(s.function.Timeout))
	work := p.work
	for {
		select {
		case work <- i:
			work = nil // it is handed over
		case result := <-i.answered:
			return result, nil
		case <-p.ended:
			if work != nil && p.start().Ready > 0 {
				return Result{}, errGone
			}
			return ended(p, i), nil
		case <-limit.C:
			p.kill()
			return i.report(errTimedOut, "Task timed out after %.2f seconds", s.function.Timeout.Seconds()), nil
		case <-ctx.Done():
			p.kill()
			return Result{}, ctx.Err()
		case <-s.closing:
			return Result{}, ErrClosed
		}
	}
}

// ended is the Result of an invocation whose process is no more.
func ended(p *process, i *invocation) Result {
	select {
	case result := <-i.answered: // it answered, and then it died
		return result
	default:
	}
	if report := p.failure(); report != nil {
		return Result{Payload: report, Failed: true}
	}
	return i.report(errExit, "%s", p.exit())
}

// running is the process, started if there is none.
func (s *Sandbox) running() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.process != nil && s.process.alive():
		return s.process, nil
	case s.process != nil:
		s.past = append(s.past, s.process.start())
		s.process = nil
	}
	p, err := launch(s.function, s.logs)
	if err != nil {
		return nil, err
	}
	s.process = p
	return p, nil
}

// Starts lists the starts of the function's process, the first one first.
func (s *Sandbox) Starts() []Start {
	s.mu.Lock()
	defer s.mu.Unlock()
	starts := append([]Start(nil), s.past...)
	if s.process != nil {
		starts = append(starts, s.process.start())
	}
	return starts
}

// Close ends the process and whatever it was doing. It returns when the process
// has ended.
func (s *Sandbox) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.closing)
	if s.process != nil {
		s.process.end()
	}
}
