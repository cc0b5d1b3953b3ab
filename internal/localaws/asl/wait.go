package asl

import "time"

// wait is the work of a Wait: a time, and then its input as its output.
type wait struct {
	duration clock
}

func readWait(o *object, s *state) {
	o.transition(s)
	o.inputOutput(s)
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

// clock is a time that a definition fixes, or a path that finds it in the
// state's input, in whole seconds.
type clock struct {
	field string
	set   bool
	least time.Duration
	fixed time.Duration
	path  *path
}

// clock reads a field and its variant that ends in Path, of which a state has
// one at most.
func (o *object) clock(field string, least time.Duration) clock {
	c := clock{field: field + "Path", least: least}
	c.set = o.fields[field] != nil || o.fields[c.field] != nil
	c.fixed = o.seconds(field, least, longestTime, 0)
	c.path = o.path(c.field)
	o.onlyOne(field, c.field)
	return c
}

// read is the time for a visit. A path that finds no such number fails the
// execution.
func (c clock) read(v *visit, doc Document) (time.Duration, bool) {
	if c.path == nil {
		return c.fixed, true
	}
	env := &environment{doc: doc, visit: v}
	value, found := env.resolve(*c.path)
	if !found {
		v.crash((&missing{field: c.field, path: c.path.text, doc: doc}).Error())
		return 0, false
	}
	n, ok := value.whole()
	if !ok || n < int64(c.least/time.Second) || n > int64(longestTime/time.Second) {
		v.crash("The " + c.field + " parameter does not reference a valid value: " + c.path.text + " == " + string(value))
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}
