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
)

// Paced is a World that goes on by itself and is called from outside, over HTTP:
// by a person's aws command, by Sluice's own, by functions that are processes of
// their own. Its clock runs as many times faster than the real one as it is told
// to, but no faster than the real one while such a process works: it can only
// wait for real, and must not meet a timeout of the virtual kind for that.
//
// Whoever holds its lock is the World's one goroutine that runs.
type Paced struct {
	mu    sync.Mutex
	world *World
	pace  Pace

	// It was then when the real clock said since, and speed has not changed since.
	then  time.Time
	since time.Time
	speed float64

	flights []*flight
	away    sync.WaitGroup  // who waits for a process
	life    context.Context // ends when the Paced is closed
	end     context.CancelFunc
	poked   chan struct{} // something may have become due
}

// Pace is how a World runs and is watched.
type Pace struct {
	// Speed is how many times faster than the real clock its own runs, at least 1.
	Speed float64
	// Run runs one of Sluice's functions, by its name in this repository; nil runs
	// them in process. It returns when the function has ended, or the context.
	Run Runner
	// Problem is told what the scenario asked for and cannot be, and what went wrong
	// with a Runner.
	Problem func(error)
}

// Runner runs one of Sluice's functions. report says that the output is the
// report of an error, {"errorMessage", "errorType"}.
type Runner func(ctx context.Context, function string, payload []byte) (output []byte, report bool, err error)

// NewPaced makes the world of a Scenario as New does, now. It stands still until
// it is Run.
func NewPaced(p Pace, s Scenario, inputs ...json.RawMessage) (*Paced, error) {
	if p.Speed < 1 {
		return nil, fmt.Errorf("a speed of %g is less than 1", p.Speed)
	}
	w, err := begin(time.Now().UTC().Truncate(time.Second), s, inputs)
	if err != nil {
		return nil, err
	}
	if p.Problem == nil {
		p.Problem = func(error) {}
	}
	life, end := context.WithCancel(context.Background())
	paced := &Paced{
		world: w, pace: p, then: w.clock.now, since: time.Now(), speed: p.Speed,
		life: life, end: end, poked: make(chan struct{}, 1),
	}
	w.paced = paced
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

// Close ends everything that runs, processes included.
func (p *Paced) Close() {
	p.end()
	p.away.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.world.Close()
}

// now is the virtual time that it is, though the clock may not be there yet.
func (p *Paced) now() time.Time {
	return p.then.Add(time.Duration(float64(time.Since(p.since)) * p.speed))
}

// catchUp lets happen what is due by now. What becomes due meanwhile waits for
// the next time, so that nobody waits for long.
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
		paced := p.since
		clock.step()
		p.complain()
		if p.since != paced {
			now = p.now() // the clock has been slowed, from here on
		}
	}
}

// idle is how long nothing will be due, for real.
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

// complain passes on what went wrong. A World that is Paced goes on.
func (p *Paced) complain() {
	if err := p.world.problem; err != nil {
		p.world.problem = nil
		p.pace.Problem(err)
	}
}

// repace sets the clock's speed anew, from the World's own time on.
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

// largestBody bounds what is read of a request, in bytes. It is more than any
// service here takes.
const largestBody = 64 << 20

// ServeHTTP answers a call from outside. It takes the World's lock only while the
// World is asked, not while somebody sends or reads.
func (p *Paced) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(to, r.Body, largestBody))
	if err != nil {
		http.Error(to, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	answer, err := p.call(r, body)
	if err != nil {
		// The caller sees the connection close without an answer, as when a reply is
		// lost.
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	header := to.Header()
	for name, values := range answer.Header {
		header[name] = values
	}
	to.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(to, answer.Body) // if the caller has gone, nobody is to be told
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
