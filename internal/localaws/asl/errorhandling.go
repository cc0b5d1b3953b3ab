package asl

import (
	"slices"
	"strings"
	"time"
)

// reservedErrors are AWS's error names with the prefix "States.".
var reservedErrors = []string{
	errorAll, errorTaskFailed, errorTimeout, errorHeartbeatTimeout, errorRuntime, errorDataLimit,
	errorNoChoice, errorResultPath, "States.ParameterPathFailure", "States.Permissions",
	"States.BranchFailed", "States.IntrinsicFailure", "States.ExceedToleratedFailureThreshold",
	"States.ItemReaderFailed", "States.ResultWriterFailed", "States.Http.Socket", "States.QueryEvaluationError",
}

// readErrorHandling reads Retry and Catch.
func (o *object) readErrorHandling(s *state) {
	var lists [][]string
	o.entries("Retry", func(at string, doc Document) {
		if r, ok := o.parser.retrier(at, doc); ok {
			s.retry, lists = append(s.retry, r), append(lists, r.errorEquals)
		}
	})
	o.checkAllIsLast("Retry", lists)
	lists = nil
	o.entries("Catch", func(at string, doc Document) {
		if c, ok := o.parser.catcher(at, doc); ok {
			s.catch, lists = append(s.catch, c), append(lists, c.errorEquals)
		}
	})
	o.checkAllIsLast("Catch", lists)
}

// checkAllIsLast checks that States.ALL is only in the last entry.
func (o *object) checkAllIsLast(field string, lists [][]string) {
	for i, errorEquals := range lists {
		if i < len(lists)-1 && slices.Contains(errorEquals, errorAll) {
			o.parser.problem(fieldPath(entryPath(fieldPath(o.at, field), i), "ErrorEquals"), "%s must be in the last entry", errorAll)
		}
	}
}

func (p *parser) retrier(at string, doc Document) (retrier, bool) {
	o, ok := p.object(at, doc)
	if !ok {
		return retrier{}, false
	}
	defer o.close()
	o.readComment()
	// "less than 31622401" (Step Functions developer guide, Handling errors).
	const maxDelay = 31_622_400 * time.Second
	r := retrier{
		errorEquals: o.errorEquals(),
		interval:    o.seconds("IntervalSeconds", time.Second, maxDuration, time.Second),
		maxAttempts: o.integer("MaxAttempts", 0, 99_999_999, 3),
		maxDelay:    o.seconds("MaxDelaySeconds", time.Second, maxDelay, 0),
		backoff:     2,
	}
	if doc, found := o.field("BackoffRate"); found {
		rate, ok := doc.float()
		if !ok || rate < 1 {
			o.problem("BackoffRate", "must be a number from 1.0")
		}
		r.backoff = rate
	}
	strategy, found := o.string("JitterStrategy")
	if found && strategy != "FULL" && strategy != "NONE" {
		o.problem("JitterStrategy", "must be FULL or NONE")
	}
	r.jitter = strategy == "FULL"
	return r, true
}

func (p *parser) catcher(at string, doc Document) (catcher, bool) {
	o, ok := p.object(at, doc)
	if !ok {
		return catcher{}, false
	}
	defer o.close()
	o.readComment()
	return catcher{errorEquals: o.errorEquals(), result: o.resultPath(), next: o.requiredString("Next")}, true
}

// errorEquals reads a list of error names. States.ALL must be the only name in its
// list.
func (o *object) errorEquals() []string {
	if o.fields["ErrorEquals"] == nil {
		o.parser.problem(o.at, "needs ErrorEquals")
	}
	var names []string
	o.entries("ErrorEquals", func(at string, doc Document) {
		name, ok := doc.text()
		switch {
		case !ok:
			o.parser.problem(at, "must be a string")
		case strings.HasPrefix(name, "States.") && !slices.Contains(reservedErrors, name):
			o.parser.problem(at, "%q is not an error that AWS reports: names of your own cannot begin with States.", name)
		}
		names = append(names, name)
	})
	if len(names) > 1 && slices.Contains(names, errorAll) {
		o.problem("ErrorEquals", "%s must be the only name", errorAll)
	}
	return names
}
