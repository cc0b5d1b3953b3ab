package asl

// failState is the work of a Fail: it fails its scope. It has an entered event,
// but no exited one.
type failState struct {
	error, cause         string
	errorPath, causePath *path
}

func readFail(o *object, s *state) {
	f := &failState{errorPath: o.path("ErrorPath"), causePath: o.path("CausePath")}
	s.work = f
	f.error, _ = o.string("Error")
	f.cause, _ = o.string("Cause")
	o.onlyOne("Error", "ErrorPath")
	o.onlyOne("Cause", "CausePath")
}

func (f *failState) start(v *visit) {
	failure := Failure{Error: f.error, Cause: f.cause}
	if f.errorPath != nil && !v.textAt("ErrorPath", *f.errorPath, &failure.Error) {
		return
	}
	if f.causePath != nil && !v.textAt("CausePath", *f.causePath, &failure.Cause) {
		return
	}
	v.fail(fault{Failure: failure})
}

// textAt reads a string of the state's input; without one the execution fails.
func (v *visit) textAt(field string, p path, into *string) bool {
	env := &environment{doc: v.input, visit: v}
	value, found := env.resolve(p)
	if !found {
		v.crash((&missing{field: field, path: p.text, doc: v.input}).Error())
		return false
	}
	text, ok := value.text()
	if !ok {
		v.crash("The " + field + " parameter does not reference a string: " + p.text)
		return false
	}
	*into = text
	return true
}
