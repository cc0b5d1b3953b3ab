package lambdaruntime

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a bootstrap that runs, with the Runtime API that it alone talks to.
type process struct {
	function Function
	command  *exec.Cmd
	server   *http.Server
	began    time.Time
	work     chan *invocation // what the next GET next takes
	ready    chan struct{}    // closed by the first GET next
	ended    chan struct{}    // closed when the process has ended

	mu       sync.Mutex
	current  *invocation // that the process works on
	readyIn  time.Duration
	initFail []byte // the report that it made when it could not start
}

// launch starts the bootstrap and its API.
func launch(f Function, logs io.Writer) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the Runtime API of %s: %w", f.Name, err)
	}
	p := &process{
		function: f, began: time.Now(),
		work: make(chan *invocation), ready: make(chan struct{}), ended: make(chan struct{}),
	}
	p.server = &http.Server{Handler: p.routes(), ReadHeaderTimeout: 10 * time.Second}
	p.command = exec.Command(f.Bootstrap)
	p.command.Env = f.environment(listener.Addr().String())
	p.command.Stdout, p.command.Stderr = logs, logs
	// What a terminal sends to this process's group must not reach it: it ends
	// when its API does.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// What it leaves behind must not keep its output open.
	p.command.WaitDelay = time.Second
	if err := p.command.Start(); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("start the bootstrap of %s: %w", f.Name, err)
	}
	go func() { _ = p.server.Serve(listener) }() // until it is closed
	go func() {
		_ = p.command.Wait() // how it ended is in the ProcessState
		_ = p.server.Close()
		close(p.ended)
	}()
	return p, nil
}

// alive tells whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// patience is how long a process may take to end after its API did.
const patience = 3 * time.Second

// end closes the API, at which a bootstrap ends by itself, and kills one that
// does not.
func (p *process) end() {
	_ = p.server.Close()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.kill()
	}
}

// kill ends the process at once, and waits until it has.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended by itself
	<-p.ended
}

// exit says how the process ended.
func (p *process) exit() string {
	if p.command.ProcessState.Success() {
		return "Runtime exited without providing a reason"
	}
	return "Runtime exited with error: " + p.command.ProcessState.String()
}

// take gives the process its next invocation.
func (p *process) take(i *invocation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = i
}

// working is the invocation of that id, if it is the one that the process works on.
func (p *process) working(id string) *invocation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.id != id {
		return nil
	}
	return p.current
}

// done frees the process for its next invocation.
func (p *process) done() { p.take(nil) }

// isReady notes how long the process took to its first GET next.
func (p *process) isReady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readyIn == 0 {
		p.readyIn = time.Since(p.began)
		close(p.ready)
	}
}

// failure is the report of a process that could not start; nil if it made none.
func (p *process) failure() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.initFail
}

// start is when the process was started, and how long it took.
func (p *process) start() Start {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Start{Began: p.began, Ready: p.readyIn}
}
