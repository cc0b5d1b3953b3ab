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
	// Ready is the time from Began to the first GET next; zero if there was none.
	Ready time.Duration
}

// ErrClosed is returned by Invoke once the Sandbox is closed.
var ErrClosed = errors.New("the sandbox is closed")

// Sandbox is the only execution environment of a function. Its process runs one
// invocation at a time. The first invocation starts the process, and later ones reuse
// it.
type Sandbox struct {
	function Function
	logs     io.Writer
	turn     chan struct{} // a semaphore: holds one element while an Invoke runs
	closing  chan struct{}

	mu         sync.Mutex
	closed     bool
	process    *process
	pastStarts []Start
}

// New returns a Sandbox of a function. The output of its processes goes to logs,
// written by one goroutine at a time.
func New(f Function, logs io.Writer) *Sandbox {
	return &Sandbox{
		function: f, logs: logs,
		turn: make(chan struct{}, 1), closing: make(chan struct{}),
	}
}

// Invoke runs the function once. Whatever the function does, even if its process dies,
// yields a Result. Invoke returns an error if the process cannot be started. It also
// returns an error, and the process ends, if the context or the Sandbox ends before the
// function does.
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
		p, err := s.ensureRunning()
		if err != nil {
			return Result{}, err
		}
		result, err := s.run(ctx, p, payload)
		if !errors.Is(err, errProcessEnded) {
			return result, err
		}
	}
}

// Start starts the process, if none is running, and waits until it is ready for its
// first event. It returns an error if the process ends before that.
func (s *Sandbox) Start(ctx context.Context) error {
	p, err := s.ensureRunning()
	if err != nil {
		return err
	}
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("start %s: %s", s.function.Name, p.exitReason())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PeakMemory returns the peak resident memory of the running process so far, in bytes
// (VmHWM of proc_pid_status(5), which only Linux has).
func (s *Sandbox) PeakMemory() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0, fmt.Errorf("read the memory of %s: it is not running", s.function.Name)
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

// errProcessEnded means that the process ended between two invocations, before it
// received the event.
var errProcessEnded = errors.New("the process has ended by itself")

// run sends the event to the process and waits for the result. Lambda allows ten extra
// seconds for the start of a process; here the start counts as part of the invocation.
func (s *Sandbox) run(ctx context.Context, p *process, payload []byte) (Result, error) {
	limit := time.NewTimer(s.function.Timeout)
	defer limit.Stop()
	i := newInvocation(payload, time.Now().Add(s.function.Timeout))
	work := p.work
	for {
		select {
		case work <- i:
			work = nil // the process has received the event
		case result := <-i.answered:
			return result, nil
		case <-p.ended:
			if work != nil && p.start().Ready > 0 {
				return Result{}, errProcessEnded
			}
			return resultAfterExit(p, i), nil
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

// resultAfterExit returns the Result of an invocation whose process has ended.
func resultAfterExit(p *process, i *invocation) Result {
	select {
	case result := <-i.answered: // it answered before it ended
		return result
	default:
	}
	if report := p.initErrorReport(); report != nil {
		return Result{Payload: report, Failed: true}
	}
	return i.report(errExit, "%s", p.exitReason())
}

// ensureRunning returns the running process. It starts one if none is running.
func (s *Sandbox) ensureRunning() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.process != nil && s.process.isAlive():
		return s.process, nil
	case s.process != nil:
		s.pastStarts = append(s.pastStarts, s.process.start())
		s.process = nil
	}
	p, err := launch(s.function, s.logs)
	if err != nil {
		return nil, err
	}
	s.process = p
	return p, nil
}

// Starts returns the starts of the function's process, oldest first.
func (s *Sandbox) Starts() []Start {
	s.mu.Lock()
	defer s.mu.Unlock()
	starts := append([]Start(nil), s.pastStarts...)
	if s.process != nil {
		starts = append(starts, s.process.start())
	}
	return starts
}

// Close ends the process, even during an invocation. It returns when the process has
// ended.
func (s *Sandbox) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.closing)
	if s.process != nil {
		s.process.stop()
	}
}
