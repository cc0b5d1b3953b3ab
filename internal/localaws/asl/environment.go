package asl

import (
	"fmt"
	"strconv"
	"time"
)

// environment holds what paths are applied to: a state's document and the context
// object. The context object is built only when a path needs it.
type environment struct {
	doc     Document
	visit   *visit
	context Document // without the execution's input
}

// resolve returns the node that a path names.
func (e *environment) resolve(p path) (Document, bool) {
	switch {
	case !p.context:
		return p.find(e.doc)
	case len(p.steps) < 2:
		return p.find(e.visit.contextObject(true))
	case p.steps[0].field == "Execution" && p.steps[1].field == "Input":
		return path{steps: p.steps[2:]}.find(e.visit.walk.execution.input)
	}
	if e.context == nil {
		e.context = e.visit.contextObject(false)
	}
	return p.find(e.context)
}

// contextObject returns the context object, which "$$" names (Step Functions developer
// guide, Context object). It has the execution's input only if input is true, because
// the input may be large.
func (v *visit) contextObject(input bool) Document {
	ex, text := v.walk.execution, Document(`{"Execution":{"Id":`)
	text = append(text, quote(ex.arn)...)
	if input {
		text = append(append(text, `,"Input":`...), ex.input...)
	}
	text = append(append(text, `,"Name":`...), quote(ex.name)...)
	text = append(append(text, `,"RoleArn":`...), quote(ex.machine.options.RoleARN)...)
	text = append(append(text, `,"StartTime":`...), timestamp(ex.started)...)
	text = append(strconv.AppendInt(append(text, `,"RedriveCount":`...), int64(ex.redrives), 10), '}')
	text = append(append(text, `,"State":{"EnteredTime":`...), timestamp(v.entered)...)
	text = append(append(text, `,"Name":`...), quote(v.state.name)...)
	if v.state.kind == kindTask {
		// Only Tasks have it (LocalStack's snapshots of the context object).
		text = strconv.AppendInt(append(text, `,"RetryCount":`...), int64(v.retries), 10)
	}
	text = append(text, '}')
	text = append(append(text, `,"StateMachine":{"Id":`...), quote(ex.machine.options.ARN)...)
	text = append(append(append(text, `,"Name":`...), quote(ex.machine.name)...), '}')
	if v.attempt.callback != nil {
		text = append(append(append(text, `,"Task":{"Token":`...), quote(v.attempt.token)...), '}')
	}
	if item := v.item; item != nil {
		text = append(text, fmt.Sprintf(`,"Map":{"Item":{"Index":%d,"Value":%s}}`, item.index, item.value)...)
	}
	return append(text, '}')
}

// timestamp formats a time as in the context object: ISO 8601, in UTC, with
// milliseconds.
func timestamp(t time.Time) Document {
	return quote(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}
