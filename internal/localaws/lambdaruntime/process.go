package lambdaruntime

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"time"
)

// process is a running bootstrap with its own Runtime API.
type process struct {
	function  Function
	command   *exec.Cmd
	server    *http.Server
	startedAt time.Time
	work      chan *invocation // unbuffered; received by GET next
	ready     chan struct{}    // closed by the first GET next
	ended     chan struct{}    // closed when the process has ended

	mu        sync.Mutex
	current   *invocation // the invocation that the process is handling
	readyIn   time.Duration
	initError []byte // the report of a process that could not start
}

// launch starts the bootstrap and its Runtime API.
func launch(f Function, logs io.Writer) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the Runtime API of %s: %w", f.Name, err)
	}
	p := &process{
		function: f, startedAt: time.Now(),
		work: make(chan *invocation), ready: make(chan struct{}), ended: make(chan struct{}),
	}
	p.server = &http.Server{Handler: p.routes(), ReadHeaderTimeout: 10 * time.Second}
	p.command = exec.Command(f.Bootstrap)
	p.command.Env = f.environment(listener.Addr().String())
	p.command.Stdout, p.command.Stderr = logs, logs
	// A signal that a terminal sends to this process's group must not reach the
	// bootstrap. It ends when its API closes.
	p.command.SysProcAttr = ownGroup()
	// A child process that the bootstrap leaves behind must not keep its output open.
	p.command.WaitDelay = time.Second
	if err := p.command.Start(); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("start the bootstrap of %s: %w", f.Name, err)
	}
	go func() { _ = p.server.Serve(listener) }() // until it is closed
	go func() {
		_ = p.command.Wait() // ProcessState says how it ended
		_ = p.server.Close()
		close(p.ended)
	}()
	return p, nil
}

// isAlive reports whether the process is still running.
func (p *process) isAlive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// exitGracePeriod is how long a process may take to exit after its API is closed.
const exitGracePeriod = 3 * time.Second

// stop closes the API, which makes a bootstrap exit by itself. It kills a process that
// does not exit in time.
func (p *process) stop() {
	_ = p.server.Close()
	select {
	case <-p.ended:
	case <-time.After(exitGracePeriod):
		p.kill()
	}
}

// kill kills the process and waits until it has ended.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may already have ended
	<-p.ended
}

// exitReason returns Lambda's text for how the process ended.
func (p *process) exitReason() string {
	if p.command.ProcessState.Success() {
		return "Runtime exited without providing a reason"
	}
	return "Runtime exited with error: " + p.command.ProcessState.String()
}

// setCurrent sets the invocation that the process is handling.
func (p *process) setCurrent(i *invocation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = i
}

// currentInvocation returns the invocation that the process is handling if it has this
// id, otherwise nil.
func (p *process) currentInvocation(id string) *invocation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.id != id {
		return nil
	}
	return p.current
}

// clearCurrent marks the process as free for its next invocation.
func (p *process) clearCurrent() { p.setCurrent(nil) }

// markReady records how long the process took until its first GET next.
func (p *process) markReady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readyIn == 0 {
		p.readyIn = time.Since(p.startedAt)
		close(p.ready)
	}
}

// initErrorReport returns the report of a process that could not start, or nil if it
// sent none.
func (p *process) initErrorReport() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.initError
}

// start returns when the process started and how long that took.
func (p *process) start() Start {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Start{Began: p.startedAt, Ready: p.readyIn}
}
