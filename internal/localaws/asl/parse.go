package asl

import (
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	// maxDefinition and maxStateName are quotas of the Step Functions developer
	// guide, Service quotas.
	maxDefinition = 1 << 20
	maxStateName  = 80
)

// parser reads a definition and collects what is wrong with it.
type parser struct {
	problems []Problem
	named    map[string]string // where each state name is defined, in all scopes
}

func (p *parser) problem(at, format string, args ...any) {
	p.problems = append(p.problems, Problem{Path: at, Text: fmt.Sprintf(format, args...)})
}

// Parse reads a definition in the Amazon States Language. It is strict: the
// error is an *InvalidDefinition that lists every field that is unknown, not
// implemented, or not as AWS wants it, every state that cannot be reached, and
// every target that is missing.
func Parse(definition []byte) (*Definition, error) {
	p := &parser{named: map[string]string{}}
	d := p.definition(definition)
	if len(p.problems) > 0 {
		return nil, &InvalidDefinition{Problems: p.problems}
	}
	return d, nil
}

func (p *parser) definition(text []byte) *Definition {
	if len(text) > maxDefinition {
		p.problem("$", "is larger than 1 MB")
		return nil
	}
	doc, err := newDocument(text)
	if err != nil {
		p.problem("$", "is not JSON: %s", err)
		return nil
	}
	o, ok := p.object("$", doc)
	if !ok {
		return nil
	}
	defer o.close()
	if version, found := o.string("Version"); found && version != "1.0" {
		o.problem("Version", `must be "1.0"`)
	}
	o.queryLanguage()
	return &Definition{
		comment: o.comment(),
		timeout: o.seconds("TimeoutSeconds", time.Second, longestTime, 0),
		states:  p.scope(o),
	}
}

// queryLanguage accepts JSONPath, which is the default, and nothing else.
func (o *object) queryLanguage() {
	if language, found := o.string("QueryLanguage"); found && language != "JSONPath" {
		o.problem("QueryLanguage", "must be JSONPath")
	}
}

// scope reads StartAt and States, and checks how the states hang together.
func (p *parser) scope(o *object) *scope {
	s := &scope{startAt: o.required("StartAt"), states: map[string]*state{}}
	doc, found := o.field("States")
	if !found {
		p.problem(o.at, "needs States")
		return s
	}
	at := below(o.at, "States")
	states, ok := p.object(at, doc)
	if !ok {
		return s
	}
	for _, name := range states.order {
		p.name(below(at, name), name)
		if st := p.state(below(at, name), name, states.fields[name]); st != nil {
			s.states[name] = st
		}
	}
	if s.startAt != "" && states.fields[s.startAt] == nil {
		o.problem("StartAt", "names %q, which is not a state here", s.startAt)
	}
	p.reach(s, states)
	return s
}

// name checks that a state's name is short enough, and is the only one of its
// kind in the whole machine.
func (p *parser) name(at, name string) {
	if n := utf8.RuneCountInString(name); n == 0 || n > maxStateName {
		p.problem(at, "has a name of %d characters: it must have 1 to %d", n, maxStateName)
	}
	if other, taken := p.named[name]; taken {
		p.problem(at, "has the name of the state at %s", other)
		return
	}
	p.named[name] = at
}

// reach checks that every target exists, and every state can be reached.
func (p *parser) reach(s *scope, states *object) {
	reached := map[string]bool{s.startAt: true}
	for waiting := []string{s.startAt}; len(waiting) > 0; {
		st := s.states[waiting[0]]
		waiting = waiting[1:]
		if st == nil {
			continue
		}
		for _, target := range st.targets() {
			if !reached[target] {
				reached[target] = true
				waiting = append(waiting, target)
			}
		}
	}
	for _, name := range states.order {
		at := below(states.at, name)
		if !reached[name] {
			p.problem(at, "cannot be reached")
		}
		if s.states[name] == nil {
			continue
		}
		for _, target := range s.states[name].targets() {
			if states.fields[target] == nil {
				p.problem(at, "leads to %q, which is not a state here", target)
			}
		}
	}
}

// targets are the states that may come next.
func (s *state) targets() []string {
	var targets []string
	if s.next != "" {
		targets = append(targets, s.next)
	}
	for _, c := range s.catch {
		if c.next != "" {
			targets = append(targets, c.next)
		}
	}
	if c, ok := s.work.(*choice); ok {
		targets = append(targets, c.targets()...)
	}
	return targets
}

// state reads one state: what all types have, and what its own type has.
func (p *parser) state(at, name string, doc Document) *state {
	o, ok := p.object(at, doc)
	if !ok {
		return nil
	}
	o.comment()
	o.queryLanguage()
	s := &state{name: name, kind: kind(o.required("Type"))}
	readers := map[kind]func(*object, *state){
		kindTask: readTask, kindChoice: readChoice, kindWait: readWait, kindMap: readMap,
		kindPass: readPass, kindSucceed: readSucceed, kindFail: readFail,
	}
	read, found := readers[s.kind]
	if !found {
		if s.kind != "" {
			o.problem("Type", "%q is not a type of state, or not one that is implemented", s.kind)
		}
		return s // its fields cannot be judged
	}
	read(o, s)
	o.close()
	return s
}

// transition reads Next or End, of which a state has exactly one.
func (o *object) transition(s *state) {
	s.next, _ = o.string("Next")
	end := false
	if doc, found := o.field("End"); found {
		value, ok := doc.boolean()
		if !ok {
			o.problem("End", "must be true or false")
		}
		end = value
	}
	hasNext := o.fields["Next"] != nil
	switch {
	case hasNext && end:
		o.parser.problem(o.at, "cannot have both Next and End")
	case !hasNext && !end:
		o.parser.problem(o.at, "needs Next or End")
	case hasNext && s.next == "":
		o.problem("Next", "must name a state")
	}
}

// inputOutput reads InputPath and OutputPath.
func (o *object) inputOutput(s *state) {
	s.input, s.output = o.selection("InputPath"), o.selection("OutputPath")
}
