package asl

import (
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	// maxDefinition, in bytes, and maxStateName, in characters, are quotas (Step
	// Functions developer guide, Service quotas).
	maxDefinition = 1 << 20
	maxStateName  = 80
)

// parser parses a definition and collects its problems.
type parser struct {
	problems []Problem
	named    map[string]string // the JSON path of each state, by name, in all scopes
}

func (p *parser) problem(at, format string, args ...any) {
	p.problems = append(p.problems, Problem{Path: at, Text: fmt.Sprintf(format, args...)})
}

// Parse parses a definition in the Amazon States Language. It is strict: the error is
// an *InvalidDefinition that lists every field that is unknown, not implemented or
// invalid in AWS, every state that cannot be reached, and every missing target.
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
	o.checkQueryLanguage()
	return &Definition{
		comment: o.readComment(),
		timeout: o.seconds("TimeoutSeconds", time.Second, maxDuration, 0),
		states:  p.scope(o),
	}
}

// checkQueryLanguage accepts only JSONPath, which is the default.
func (o *object) checkQueryLanguage() {
	if language, found := o.string("QueryLanguage"); found && language != "JSONPath" {
		o.problem("QueryLanguage", "must be JSONPath")
	}
}

// scope reads StartAt and States, and checks the transitions between the states.
func (p *parser) scope(o *object) *scope {
	s := &scope{startAt: o.requiredString("StartAt"), states: map[string]*state{}}
	doc, found := o.field("States")
	if !found {
		p.problem(o.at, "needs States")
		return s
	}
	at := fieldPath(o.at, "States")
	states, ok := p.object(at, doc)
	if !ok {
		return s
	}
	for _, name := range states.order {
		p.checkStateName(fieldPath(at, name), name)
		if st := p.state(fieldPath(at, name), name, states.fields[name]); st != nil {
			s.states[name] = st
		}
	}
	if s.startAt != "" && states.fields[s.startAt] == nil {
		o.problem("StartAt", "names %q, which is not a state at this level", s.startAt)
	}
	p.checkTransitions(s, states)
	return s
}

// checkStateName checks the length of a state's name, and that the name is unique in
// the whole machine.
func (p *parser) checkStateName(at, name string) {
	if n := utf8.RuneCountInString(name); n == 0 || n > maxStateName {
		p.problem(at, "has a name of %d characters: it must have 1 to %d", n, maxStateName)
	}
	if other, taken := p.named[name]; taken {
		p.problem(at, "has the same name as the state at %s", other)
		return
	}
	p.named[name] = at
}

// checkTransitions checks that every target exists and that every state can be reached.
func (p *parser) checkTransitions(s *scope, states *object) {
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
		at := fieldPath(states.at, name)
		if !reached[name] {
			p.problem(at, "cannot be reached")
		}
		if s.states[name] == nil {
			continue
		}
		for _, target := range s.states[name].targets() {
			if states.fields[target] == nil {
				p.problem(at, "leads to %q, which is not a state at this level", target)
			}
		}
	}
}

// targets returns the states that may come next.
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

// state reads one state: the fields that all types have, and those of its own type.
func (p *parser) state(at, name string, doc Document) *state {
	o, ok := p.object(at, doc)
	if !ok {
		return nil
	}
	o.readComment()
	o.checkQueryLanguage()
	s := &state{name: name, kind: kind(o.requiredString("Type"))}
	readers := map[kind]func(*object, *state){
		kindTask: readTask, kindChoice: readChoice, kindWait: readWait, kindMap: readMap,
		kindPass: readPass, kindSucceed: readSucceed, kindFail: readFail,
	}
	read, found := readers[s.kind]
	if !found {
		if s.kind != "" {
			o.problem("Type", "%q is not a state type, or is not implemented", s.kind)
		}
		return s // its fields are unknown
	}
	read(o, s)
	o.close()
	return s
}

// readTransition reads Next or End. A state has exactly one of them.
func (o *object) readTransition(s *state) {
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

// readInputOutput reads InputPath and OutputPath.
func (o *object) readInputOutput(s *state) {
	s.input, s.output = o.selection("InputPath"), o.selection("OutputPath")
}
