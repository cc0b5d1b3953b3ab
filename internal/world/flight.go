package world

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// flight is an invocation of a function that runs as a separate process.
type flight struct {
	paced    *Paced
	function string
	waits    int // how many of its calls wait for virtual time to pass
	over     bool
}

// startWaiting notes that a call of this invocation waits for virtual time to pass.
func (f *flight) startWaiting() {
	if f != nil {
		f.waits++
		f.paced.repace()
	}
}

// stopWaiting notes that such a call no longer waits.
func (f *flight) stopWaiting() {
	if f != nil {
		f.waits--
		f.paced.repace()
	}
}

// flightOf returns the invocation that a function works on. A process takes one invocation
// after the other, so it is the first that has not ended.
func (p *Paced) flightOf(function string) *flight {
	for _, f := range p.flights {
		if f.function == function {
			return f
		}
	}
	return nil
}

// launch runs a function as a process. It calls done once, as a separate event.
func (p *Paced) launch(f function, payload []byte, done func(json.RawMessage, *asl.Failure)) {
	clock := p.world.clock
	ctx, cancel := context.WithCancel(p.life)
	flying := &flight{paced: p, function: f.name}
	p.flights = append(p.flights, flying)
	p.repace()
	var limit *appointment
	land := func(output json.RawMessage, failure *asl.Failure) {
		if flying.over {
			return
		}
		flying.over, limit.cancelled = true, true
		cancel()
		p.remove(flying)
		clock.after(0, sluice, func() { done(output, failure) })
	}
	limit = clock.after(f.timeout, sluice, func() { land(nil, timedOut(f)) })
	p.away.Go(func() {
		output, failure := p.run(ctx, f.name, payload)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.catchUp()
		land(output, failure)
		p.poke()
	})
}

func (p *Paced) remove(gone *flight) {
	for i, f := range p.flights {
		if f == gone {
			p.flights = append(p.flights[:i:i], p.flights[i+1:]...)
			break
		}
	}
	p.repace()
}

// run runs a function and converts its error as Step Functions does: the report's type is the
// error's name, and the whole report its cause.
func (p *Paced) run(ctx context.Context, function string, payload []byte) (json.RawMessage, *asl.Failure) {
	output, isReport, err := p.pace.Run(ctx, function, payload)
	if err != nil {
		if ctx.Err() == nil {
			p.pace.Problem(fmt.Errorf("run %s: %w", function, err))
		}
		return nil, &asl.Failure{Error: "Lambda.ServiceException", Cause: err.Error()}
	}
	if !isReport {
		return output, nil
	}
	var report struct {
		ErrorType string `json:"errorType"`
	}
	if json.Unmarshal(output, &report) != nil || report.ErrorType == "" {
		report.ErrorType = "Lambda.Unknown"
	}
	return nil, &asl.Failure{Error: report.ErrorType, Cause: string(output)}
}

// timedOut returns Lambda's failure for a function that took too long.
func timedOut(f function) *asl.Failure {
	return &asl.Failure{Error: "Sandbox.Timedout", Cause: fmt.Sprintf(
		`{"errorType":"Sandbox.Timedout","errorMessage":"Error: Task timed out after %.2f seconds"}`, f.timeout.Seconds())}
}
