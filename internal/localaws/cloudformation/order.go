package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Verb is what an Action does.
type Verb string

// The verbs.
const (
	// Transform lets the macros process the template.
	Transform Verb = "transform"
	// Start begins the change of a resource whose dependencies are done.
	Start Verb = "start"
	// Look sees that a change in progress has ended: that its answer has come, that its time
	// is over, or that it is time to poll.
	Look Verb = "look"
	// Cancel gives up a change in progress, because another one failed or somebody cancelled
	// the update. What the change began outside goes on.
	Cancel Verb = "cancel"
)

// Action is something that CloudFormation may do next.
type Action struct {
	Stack    string // its id
	Verb     Verb
	Kind     kind   // of the change; empty for a Transform
	Resource string // the logical id; empty for a Transform. A ' follows it for an earlier physical resource
}

// String returns the action as a line: "start Update Shift".
func (a Action) String() string {
	return strings.Join(strings.Fields(string(a.Verb)+" "+string(a.Kind)+" "+a.Resource), " ")
}

// Ready returns the actions that CloudFormation may take at this time, in an order that depends
// only on the stacks. It may take any of them first.
func (s *Stacks) Ready() []Action {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var actions []Action
	for _, of := range s.stacks {
		if of.operation != nil {
			actions = append(actions, of.operation.ready(of.id, now)...)
		}
	}
	return actions
}

func (op *operation) ready(id string, now time.Time) []Action {
	switch op.phase {
	case transforming:
		return []Action{{Stack: id, Verb: Transform}}
	case halted:
		return nil
	}
	var actions []Action
	for _, logical := range slices.Sorted(maps.Keys(op.jobs)) {
		for _, verb := range op.verbs(op.jobs[logical], now) {
			actions = append(actions, Action{Stack: id, Verb: verb, Kind: op.jobs[logical].change.kind, Resource: logical})
		}
	}
	return actions
}

// verbs returns what may be done about a job.
func (op *operation) verbs(j *job, now time.Time) (verbs []Verb) {
	if j.state == waiting && op.isFree(j) {
		return []Verb{Start}
	}
	if j.state != running || j.pending == nil {
		return nil
	}
	if j.pending.ready(now) {
		verbs = append(verbs, Look)
	}
	if op.failing {
		verbs = append(verbs, Cancel)
	}
	return verbs
}

// Do takes an action. It fails if the action is not ready.
func (s *Stacks) Do(ctx context.Context, a Action) error {
	if !slices.Contains(s.Ready(), a) {
		return fmt.Errorf("%s of %s: it is not ready", a, a.Stack)
	}
	s.mu.Lock()
	of := s.find(a.Stack)
	j := of.operation.jobs[a.Resource]
	var look func(context.Context) result
	switch a.Verb {
	case Cancel:
		s.cancel(of, j)
	case Look:
		look = j.pending.look
	}
	s.mu.Unlock()
	switch a.Verb {
	case Transform:
		s.expand(ctx, of)
	case Start:
		s.start(ctx, of, j)
	case Look:
		s.finish(of, j, look(ctx))
	}
	return nil
}

// Wakes returns the next time at which something becomes ready because time passes.
func (s *Stacks) Wakes() (time.Time, bool) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var next time.Time
	for _, of := range s.stacks {
		if of.operation == nil {
			continue
		}
		for _, j := range of.operation.jobs {
			if j.state == running && j.pending != nil && j.pending.due.After(now) && (next.IsZero() || j.pending.due.Before(next)) {
				next = j.pending.due
			}
		}
	}
	return next, !next.IsZero()
}

// Choices are the choices of one run: which of several things comes next.
type Choices struct {
	prefix []int
	taken  []choice
}

type choice struct {
	index int
	of    []string
}

// Pick chooses one of several things by its index. It does not record a choice among one.
func (c *Choices) Pick(of []string) int {
	if len(of) < 2 {
		return 0
	}
	index := 0
	if at := len(c.taken); at < len(c.prefix) {
		index = c.prefix[at]
	}
	c.taken = append(c.taken, choice{index, slices.Clone(of)})
	return index
}

// String returns the choices as lines, so that a run that failed can be read and repeated.
func (c *Choices) String() string {
	var lines []string
	for _, taken := range c.taken {
		lines = append(lines, fmt.Sprintf("%s (of %s)", taken.of[taken.index], strings.Join(taken.of, ", ")))
	}
	return strings.Join(lines, "\n")
}

// Path returns the indexes that were chosen. Replay takes them.
func (c *Choices) Path() []int {
	path := make([]int, len(c.taken))
	for i, taken := range c.taken {
		path[i] = taken.index
	}
	return path
}

// Replay returns choices that begin with a path.
func Replay(path []int) *Choices { return &Choices{prefix: slices.Clone(path)} }

// next returns the path of the next run in depth-first order, nil after the last one.
func (c *Choices) next() []int {
	for i, taken := range slices.Backward(c.taken) {
		if taken.index+1 < len(taken.of) {
			return append(c.Path()[:i:i], taken.index+1)
		}
	}
	return nil
}

// ErrTooMany is returned by EveryOrder when a scenario has more orders than its limit.
var ErrTooMany = errors.New("the scenario has more orders than the limit")

// EveryOrder plays a scenario in every order: play runs it once from its start, and takes every
// choice from the Choices. play has to be deterministic otherwise. EveryOrder returns how many
// orders there are; it ends with the first error, which it wraps with the choices.
func EveryOrder(limit int, play func(*Choices) error) (int, error) {
	path := []int{}
	for runs := 1; ; runs++ {
		if runs > limit {
			return runs - 1, fmt.Errorf("%d: %w", limit, ErrTooMany)
		}
		c := Replay(path)
		if err := play(c); err != nil {
			return runs, fmt.Errorf("order %d, choices %v:\n%s\n%w", runs, c.Path(), c, err)
		}
		if path = c.next(); path == nil {
			return runs, nil
		}
	}
}

// Move is something that may happen beside CloudFormation's actions: that Lambda delivers an
// event, that a deployment goes on, that somebody cancels the update.
type Move struct {
	Name string
	Do   func(context.Context)
	// Optional says that the move may come, and need not: time passes without it, and the
	// run can end without it. Any other move comes before time passes.
	Optional bool
}

// Player plays the stacks until nothing happens any more.
type Player struct {
	Stacks *Stacks
	// Pick chooses what comes next, of the names of the actions and moves. Choices.Pick is
	// one, and so is a function with a random generator.
	Pick func(of []string) int
	// Moves, if set, returns what else may happen now. A move that is not taken has to stay.
	Moves func() []Move
	// Wakes, if set, returns the next time at which another move is possible.
	Wakes func() (time.Time, bool)
	// Pass lets time pass until a moment, when nothing else is possible. Without it the
	// run ends then.
	Pass func(until time.Time)
	// Dawdle makes it a choice to let time pass until the next moment although actions are
	// ready: CloudFormation may take its time. Lambda delivers events without delay.
	Dawdle bool
	// Settled, if set, reports whether an action needs no choice: such an action is taken
	// before any other. It makes scenarios with many resources that do not matter affordable.
	Settled func(Action) bool
	// Log, if set, receives each step.
	Log func(string)
	// MaxSteps bounds a run. The default is 10,000.
	MaxSteps int
}

// ErrEndless is returned by Run when a scenario does not come to an end.
var ErrEndless = errors.New("the scenario does not come to an end")

// option is something that can come next.
type option struct {
	name string
	do   func(context.Context) error
}

// Run plays until no stack and no move can go on.
func (p *Player) Run(ctx context.Context) error {
	limit := p.MaxSteps
	if limit == 0 {
		limit = 10_000
	}
	for range limit {
		options, err := p.options(ctx)
		if err != nil {
			return err
		}
		if len(options) == 0 {
			return nil
		}
		names := make([]string, len(options))
		for i, o := range options {
			names[i] = o.name
		}
		next := options[p.Pick(names)]
		p.log(next.name)
		if err := next.do(ctx); errors.Is(err, errEnd) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return ErrEndless
}

func (p *Player) log(line string) {
	if p.Log != nil {
		p.Log(line)
	}
}

// options returns what can come next: one action if it needs no choice.
func (p *Player) options(ctx context.Context) ([]option, error) {
	var options []option
	for _, a := range p.Stacks.Ready() {
		next := option{a.String(), func(ctx context.Context) error { return p.Stacks.Do(ctx, a) }}
		if p.Settled != nil && p.Settled(a) {
			return []option{next}, ctx.Err()
		}
		options = append(options, next)
	}
	return append(options, p.moves(len(options))...), ctx.Err()
}

// moves returns the moves, that time passes, and that the run ends, as far as they can come
// beside a number of actions.
func (p *Player) moves(actions int) []option {
	var options []option
	due := 0
	if p.Moves != nil {
		for _, m := range p.Moves() {
			options = append(options, option{m.Name, func(ctx context.Context) error { m.Do(ctx); return nil }})
			if !m.Optional {
				due++
			}
		}
	}
	until, can := p.wakes()
	switch {
	case due > 0 || actions > 0 && !(p.Dawdle && can):
	case can:
		options = append(options, option{"time passes until " + until.UTC().Format(time.RFC3339), func(context.Context) error { p.Pass(until); return nil }})
	case len(options) > 0:
		options = append(options, option{"the end", func(context.Context) error { return errEnd }})
	}
	return options
}

// errEnd ends a run.
var errEnd = errors.New("the run ends")

// wakes returns the next time at which something is possible.
func (p *Player) wakes() (time.Time, bool) {
	if p.Pass == nil {
		return time.Time{}, false
	}
	next, can := p.Stacks.Wakes()
	if p.Wakes != nil {
		if other, also := p.Wakes(); also && (!can || other.Before(next)) {
			next, can = other, true
		}
	}
	return next, can
}
