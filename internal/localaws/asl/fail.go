package asl

// failState is the work of a Fail state: it fails its scope. A Fail state has an
// entered event, but no exited event.
type failState struct {
	error, cause         string
	errorPath, causePath *path
}

func readFail(o *object, s *state) {
	f := &failState{errorPath: o.path("ErrorPath"), causePath: o.path("CausePath")}
	s.work = f
	f.error, _ = o.string("Error")
	f.cause, _ = o.string("Cause")
	o.refuseBoth("Error", "ErrorPath")
	o.refuseBoth("Cause", "CausePath")
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

// textAt reads a string from the state's input. If there is none, the execution fails.
func (v *visit) textAt(field string, p path, into *string) bool {
	env := &environment{doc: v.input, visit: v}
	value, found := env.resolve(p)
	if !found {
		v.crash((&missingPathError{field: field, path: p.text, doc: v.input}).Error())
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
