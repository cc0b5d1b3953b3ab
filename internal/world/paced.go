package world

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// Paced is a World whose time passes by itself. It is called from outside over HTTP: by a
// person's aws command, by the sluice command, and by functions that run as separate
// processes. Its clock runs faster than the real one by the factor Speed. While such a process
// works, the clock runs at real speed, because the process needs real time and must not meet a
// virtual timeout for that.
//
// Only the goroutine that holds the lock may run the World.
type Paced struct {
	mu    sync.Mutex
	world *World
	pace  Pace

	// The virtual time was then at the real time since. The speed has not changed since.
	then  time.Time
	since time.Time
	speed float64

	flights []*flight
	away    sync.WaitGroup  // goroutines that wait for a process
	life    context.Context // ends when the Paced is closed
	end     context.CancelFunc
	poked   chan struct{} // receives when something may have become due
}

// Pace configures a Paced World.
type Pace struct {
	// Speed is how many times faster than the real clock the virtual one runs, at least 1.
	Speed float64
	// Run runs one of Sluice's functions, by its name in this repository. It returns when the
	// function or the context has ended. If nil, the functions run in this process.
	Run Runner
	// Tell is called with what happens in the world, in order. It must not call the World. It
	// may be nil.
	Tell func(News)
	// Problem is called when the scenario asks for something impossible, and when a Runner
	// fails.
	Problem func(error)
}

// Runner runs one of Sluice's functions. report says that the output is an error report,
// {"errorMessage", "errorType"}.
type Runner func(ctx context.Context, function string, payload []byte) (output []byte, report bool, err error)

// NewPaced makes the world of a Scenario as New does, with the current time. Its clock stands
// still until Run is called.
func NewPaced(p Pace, s Scenario, inputs ...json.RawMessage) (*Paced, error) {
	if p.Speed < 1 {
		return nil, fmt.Errorf("the speed must be at least 1, not %g", p.Speed)
	}
	s.Open = true
	var w *World // begin returns it before a stack changes anything
	s.Stacks = localaws.CloudFormationConfig{
		Inert: inertTypes, Opaque: func(c localaws.OpaqueChange) localaws.OpaqueResult { return w.changeResource(c) },
		NoCustomResources: p.Run != nil, // a process would send its answer to AWS itself
	}
	var err error
	if w, err = begin(time.Now().UTC().Truncate(time.Second), s, inputs); err != nil {
		return nil, err
	}
	w.runStacks()
	if p.Problem == nil {
		p.Problem = func(error) {}
	}
	life, end := context.WithCancel(context.Background())
	paced := &Paced{
		world: w, pace: p, then: w.clock.now, since: time.Now(), speed: p.Speed,
		life: life, end: end, poked: make(chan struct{}, 1),
	}
	w.paced = paced
	if p.Tell != nil {
		w.tellAll(p.Tell)
	}
	return paced, nil
}

// Run lets time pass until the context ends.
func (p *Paced) Run(ctx context.Context) {
	p.mu.Lock()
	p.then, p.since = p.world.clock.now, time.Now()
	p.mu.Unlock()
	for {
		p.mu.Lock()
		p.catchUp()
		idle := p.idle()
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-p.life.Done():
			return
		case <-p.poked:
		case <-time.After(idle):
		}
	}
}

// Listen says at which URL the world answers, before anything runs in it: functions learn it by their
// settings.
func (p *Paced) Listen(endpoint string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.world.endpoint = endpoint
}

// HookURL is the URL where hooks answer that were written for CodeDeploy; empty if there is none.
func (p *Paced) HookURL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.world.hookURL()
}

// OnHook calls a function with the payload of every invocation of a hook. It must not call the
// World.
func (p *Paced) OnHook(observe func(function string, payload []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.world.OnHook(observe)
}

// SetHook says what a hook does.
func (p *Paced) SetHook(function string, b HookBehaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.world.SetHook(function, b)
}

// Close ends everything that runs, including processes.
func (p *Paced) Close() {
	p.end()
	p.away.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.world.Close()
}

// now returns the virtual time. The clock may be behind it.
func (p *Paced) now() time.Time {
	return p.then.Add(time.Duration(float64(time.Since(p.since)) * p.speed))
}

// Clock returns the virtual time, and how many times faster than the real one it passes.
func (p *Paced) Clock() (now time.Time, speed float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now(), p.speed
}

// catchUp runs the events that are due now. Events that become due in the meantime wait for the
// next call, so that the lock is not held for long.
func (p *Paced) catchUp() {
	clock := p.world.clock
	for now := p.now(); ; {
		next, any := clock.next()
		if !any || next.After(now) {
			if now.After(clock.now) {
				clock.now = now
			}
			return
		}
		before := p.since
		clock.step()
		p.reportProblem()
		if p.since != before {
			now = p.now() // the speed has changed
		}
	}
}

// idle returns the real time until the next event.
func (p *Paced) idle() time.Duration {
	next, any := p.world.clock.next()
	if !any {
		return time.Hour
	}
	return time.Duration(float64(next.Sub(p.now())) / p.speed)
}

// poke wakes Run.
func (p *Paced) poke() {
	select {
	case p.poked <- struct{}{}:
	default:
	}
}

// reportProblem passes on a problem of the World. A Paced World continues after it.
func (p *Paced) reportProblem() {
	if err := p.world.problem; err != nil {
		p.world.problem = nil
		p.pace.Problem(err)
	}
}

// repace adjusts the clock's speed from the World's current time on.
func (p *Paced) repace() {
	speed := p.pace.Speed
	for _, f := range p.flights {
		if f.waits == 0 {
			speed = 1
		}
	}
	if speed != p.speed {
		p.then, p.since, p.speed = p.world.clock.now, time.Now(), speed
	}
}

// maxBody bounds a request's body, in bytes. No service here accepts as much.
const maxBody = 64 << 20

// ServeHTTP answers a call from outside. It holds the World's lock only while the World handles
// the call, not while the caller sends or reads.
func (p *Paced) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(to, r.Body, maxBody))
	if err != nil {
		http.Error(to, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	answer, err := p.call(r, body)
	if err != nil {
		// The caller sees the connection close without an answer, as if the reply were lost.
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	header := to.Header()
	for name, values := range answer.Header {
		header[name] = values
	}
	to.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(to, answer.Body) // an error means that the caller has gone
}

func (p *Paced) call(r *http.Request, body []byte) (*http.Response, error) {
	visit := &visitor{paced: p, gone: r.Context().Done()}
	r = r.Clone(context.WithValue(r.Context(), visitorKey{}, visit))
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.poke() // something new may be due
	if p.life.Err() != nil {
		return nil, errors.New("the world is closed")
	}
	p.catchUp()
	return p.world.cloud.Do(r)
}
