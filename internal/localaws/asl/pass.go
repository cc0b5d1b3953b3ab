package asl

// pass is the work of a Pass state: its result is a literal or its input.
type pass struct {
	result Document // nil: the input
}

func readPass(o *object, s *state) {
	p := &pass{}
	s.work = p
	o.readTransition(s)
	o.readInputOutput(s)
	s.parameters = o.template("Parameters")
	s.result = o.resultPath()
	p.result, _ = o.field("Result")
}

func (p *pass) start(v *visit) {
	input, ok := v.taskInput()
	if !ok {
		return
	}
	if p.result != nil {
		input = p.result
	}
	v.succeed(input)
}

// succeed is the work of a Succeed state: it ends its scope with its input.
type succeed struct{}

func readSucceed(o *object, s *state) {
	s.work = succeed{}
	o.readInputOutput(s)
}

func (succeed) start(v *visit) {
	doc, ok := v.effectiveInput()
	if !ok {
		return
	}
	if output, ok := v.effectiveOutput(doc); ok {
		v.exit(output, "")
	}
}
