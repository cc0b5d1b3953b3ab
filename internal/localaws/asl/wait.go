package asl

import "time"

// wait is the work of a Wait state: it waits and then passes its input to its output.
type wait struct {
	duration clock
}

func readWait(o *object, s *state) {
	o.readTransition(s)
	o.readInputOutput(s)
	w := &wait{duration: o.clock("Seconds", 0)}
	s.work = w
	if !w.duration.set {
		o.parser.problem(o.at, "needs Seconds or SecondsPath")
	}
}

func (w *wait) start(v *visit) {
	doc, ok := v.effectiveInput()
	if !ok {
		return
	}
	duration, ok := w.duration.read(v, doc)
	if !ok {
		return
	}
	v.attempt.after(duration, func() {
		if output, ok := v.effectiveOutput(doc); ok {
			v.exit(output, v.state.next)
		}
	})
}

// clock is a duration in whole seconds. It is fixed in the definition or read from the
// state's input by a path.
type clock struct {
	field   string
	set     bool
	minimum time.Duration
	fixed   time.Duration
	path    *path
}

// clock reads a field or its variant that ends in Path. A state has at most one of
// them.
func (o *object) clock(field string, least time.Duration) clock {
	c := clock{field: field + "Path", minimum: least}
	c.set = o.fields[field] != nil || o.fields[c.field] != nil
	c.fixed = o.seconds(field, least, maxDuration, 0)
	c.path = o.path(c.field)
	o.refuseBoth(field, c.field)
	return c
}

// noResults returns the cause of an execution that fails because the path finds nothing. Wait
// has a text of its own (LocalStack's SecondsPath, validated against AWS).
func (c clock) noResults(doc Document) string {
	if c.field == "SecondsPath" {
		return "The SecondsPath parameter does not reference an input value: " + c.path.text
	}
	return c.path.noResults(doc)
}

// problem says why the value of a path is no duration. Those of Wait are as LocalStack has
// validated them against AWS.
func (c clock) problem(seconds int64, isInteger bool) string {
	switch wait := c.field == "SecondsPath"; {
	case wait && !isInteger:
		return "cannot be parsed as a long value"
	case wait && seconds < 0:
		return "references a negative value"
	}
	return "does not reference a valid value"
}

// read returns the duration for a visit. A path that finds no valid number fails the
// execution.
func (c clock) read(v *visit, doc Document) (time.Duration, bool) {
	if c.path == nil {
		return c.fixed, true
	}
	env := &environment{doc: doc, visit: v}
	value, found := env.resolve(*c.path)
	if !found {
		v.crash(c.noResults(doc))
		return 0, false
	}
	n, ok := value.integer()
	if !ok || n < int64(c.minimum/time.Second) || n > int64(maxDuration/time.Second) {
		v.crash("The " + c.field + " parameter " + c.problem(n, ok) + ": " + c.path.text + " == " + string(value))
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}
