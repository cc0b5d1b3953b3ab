package cloudformation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// phase is what an operation on a stack does at the moment.
type phase string

const (
	transforming phase = "transform"
	forward      phase = "forward"
	restoring    phase = "restore" // the rollback of an update
	removing     phase = "remove"  // a delete, the rollback of a create, and cleanups
	halted       phase = "halted"  // a rollback that failed, waits for ContinueUpdateRollback
)

// kind is what a request wants of a stack or a resource.
type kind string

// The kinds of changes.
const (
	Create kind = "Create"
	Update kind = "Update"
	Delete kind = "Delete"
)

// operation is a create, an update or a delete of a stack in progress.
type operation struct {
	kind       kind
	actor      string
	phase      phase
	next       *template
	parameters map[string]string
	// before is the stack before the operation.
	before *snapshot
	jobs   map[string]*job
	// gone are resources that are removed in a cleanup, in the order in which they were left.
	gone []*resource
	// rolledBack is set in a cleanup after a rollback.
	rolledBack bool
	failing    bool
	failed     []string
	retain     []string // RetainResources of DeleteStack
}

// snapshot is a stack before an operation.
type snapshot struct {
	template   *template
	parameters map[string]string
	resources  map[string]*resource
}

// jobState is how far a job is.
type jobState int

const (
	waiting jobState = iota
	running
	done
	failedState
	cancelled
)

// job is the change of one resource.
type job struct {
	logical string
	state   jobState
	after   []string // the jobs that have to be done before
	change  change
	pending *pending
	tries   int
}

// change is what a job does with a resource.
type change struct {
	stack      *stack
	kind       kind
	logical    string
	definition definition
	physical   string   // empty for a Create
	name       string   // what CloudFormation names a resource that it creates
	properties document // the new ones; for a Delete the present ones
	old        document
	requestID  string
	answerTo   string // the ResponseURL of a custom resource
	actor      string
	rollback   bool // undoes something
}

// result is what came of a change. A pending one has no other field.
type result struct {
	pending    *pending
	failure    string
	physical   string
	attributes document
	noEcho     bool
	later      bool // nothing was done, and it is to be tried again
}

func failed(format string, args ...any) result { return result{failure: fmt.Sprintf(format, args...)} }

// pending is a change that is not finished.
type pending struct {
	// due is when the change is looked at, whatever happened until then.
	due time.Time
	// early reports whether there is something to see before. It is called under the lock.
	early func() bool
	// look is called without the lock.
	look func(context.Context) result
	// physical is what has been created already, if it has an id by now.
	physical string
}

func (p *pending) ready(now time.Time) bool {
	return !now.Before(p.due) || p.early != nil && p.early()
}

// begin starts an operation of a stack. The caller holds the lock.
func (s *Stacks) begin(of *stack, op *operation) {
	of.operation = op
	op.gone, of.left = of.left, nil
	if len(op.next.transforms) > 0 {
		op.phase = transforming
		return
	}
	s.beginForward(of)
}

// beginForward makes a job for each resource of the new template. The caller holds the lock.
func (s *Stacks) beginForward(of *stack) {
	op := of.operation
	op.phase, op.jobs = forward, map[string]*job{}
	e := s.forwardEnvironment(of)
	active, err := e.active()
	if err != nil {
		s.abandon(of, plainText(err))
		return
	}
	for _, logical := range active {
		op.jobs[logical] = &job{logical: logical, after: e.dependencies(logical, active)}
	}
	s.settle(of)
}

// forwardEnvironment is the environment of the new template. Its conditions were evaluated
// once without an error, when the template was checked.
func (s *Stacks) forwardEnvironment(of *stack) *environment {
	e := s.environment(of, of.operation.next, of.operation.parameters, func(logical string) *resource { return of.resources[logical] })
	_ = e.evaluateConditions()
	return e
}

// abandon ends an operation that failed before it touched a resource. The caller holds the
// lock.
func (s *Stacks) abandon(of *stack, reason string) {
	if of.operation.kind == Create {
		s.setStatus(of, rollbackInProgress, reason+". Rollback requested by user.")
		s.end(of, rollbackComplete, "")
		return
	}
	s.setStatus(of, updateRollbackInProgress, reason+". Rollback requested by user.")
	s.setStatus(of, updateRollbackCleanup, "")
	s.end(of, updateRollbackComplete, "")
}

// end ends an operation. The caller holds the lock.
func (s *Stacks) end(of *stack, status, reason string) {
	of.operation = nil
	s.setStatus(of, status, reason)
}

// settle takes the steps that need no choice and touch nothing outside: it passes over
// resources that do not change, and goes on to the next phase. The caller holds the lock.
func (s *Stacks) settle(of *stack) {
	for of.operation != nil && of.operation.phase != halted && of.operation.phase != transforming {
		op := of.operation
		switch {
		case s.passOverAll(of):
		case op.phase == restoring && s.addDependants(of):
		case op.isOver():
			s.turn(of)
		default:
			return
		}
	}
}

// passOverAll passes over the jobs that need nothing, and reports whether there was one.
func (s *Stacks) passOverAll(of *stack) bool {
	op, moved := of.operation, false
	for _, logical := range slices.Sorted(maps.Keys(op.jobs)) {
		if j := op.jobs[logical]; j.state == waiting && op.isFree(j) && s.passOver(of, j) {
			moved = true
		}
	}
	return moved
}

// isFree reports whether a waiting job may begin.
func (op *operation) isFree(j *job) bool {
	if op.failing {
		return false
	}
	for _, logical := range j.after {
		if other := op.jobs[logical]; other != nil && other.state != done {
			return false
		}
	}
	return true
}

// isOver reports whether no job can go on.
func (op *operation) isOver() bool {
	for _, j := range op.jobs {
		if j.state == running || j.state == waiting && op.isFree(j) {
			return false
		}
	}
	return true
}

// passOver prepares a job's change, and reports whether the job is done or failed by that
// alone. The caller holds the lock.
func (s *Stacks) passOver(of *stack, j *job) bool {
	op := of.operation
	switch op.phase {
	case forward:
		return s.prepareForward(of, j)
	case restoring:
		return s.prepareRestore(of, j)
	}
	return s.prepareRemoval(of, j)
}

// prepareForward resolves the properties of a resource and finds what to do with it.
func (s *Stacks) prepareForward(of *stack, j *job) bool {
	d := of.operation.next.resources[j.logical]
	properties, err := s.forwardEnvironment(of).resolve(d)
	current := of.resources[j.logical]
	if err != nil {
		s.failBefore(of, j, d, current, plainText(err))
		return true
	}
	j.change = change{stack: of, kind: Create, logical: j.logical, definition: d, properties: properties, actor: of.operation.actor}
	if current == nil {
		return false
	}
	if encode(properties) == encode(current.properties) && !current.failed {
		kept := current.copy()
		kept.definition = d
		of.resources[j.logical] = kept
		j.state = done
		return true
	}
	j.change.old, j.change.physical, j.change.kind = current.properties, current.physical, Update
	if replaces(d.kind, current.properties, properties) {
		j.change.kind = Create
	}
	return false
}

// failBefore fails a job whose properties cannot be resolved.
func (s *Stacks) failBefore(of *stack, j *job, d definition, current *resource, reason string) {
	r, status := current.copy(), updateFailed
	if r == nil {
		r, status = &resource{logical: j.logical, definition: d}, createFailed
	}
	j.state = failedState
	s.note(of, r, status, reason)
	of.operation.fail(j.logical)
}

// fail notes that a resource failed. No other change begins after that.
func (op *operation) fail(logical string) {
	op.failing = true
	op.failed = append(op.failed, logical)
}

// start begins a job. It is called without the lock.
func (s *Stacks) start(ctx context.Context, of *stack, j *job) {
	s.mu.Lock()
	j.state = running
	j.tries++
	j.change.requestID = s.requestID(of, j)
	if j.change.kind == Create {
		j.change.name = s.newPhysical(of, j.logical)
	}
	if isCustom(j.change.definition.kind) {
		// A retry has the id of before, and another place for its answer.
		j.change.answerTo = s.presign(s.responseHost(), of.id+"|"+j.change.logical+"|"+j.change.requestID+"|"+s.ids.Next(), responseTime)
	}
	s.note(of, s.subject(of, j), string(progressOf(j.change.kind))+"_IN_PROGRESS", beginReason(j.change))
	change := j.change
	s.mu.Unlock()
	s.finish(of, j, s.perform(ctx, change))
}

// requestID returns the id of a job's request. A retry of an operation that was not rolled back
// has the ids of before.
func (s *Stacks) requestID(of *stack, j *job) string {
	key := string(j.change.kind) + " " + j.logical
	if id, again := of.requestIDs[key]; again {
		return id
	}
	id := s.ids.Next()
	of.requestIDs[key] = id
	return id
}

// progressOf returns the prefix of the statuses of a resource.
func progressOf(k kind) string { return strings.ToUpper(string(k)) }

// beginReason says that an update replaces a resource.
func beginReason(c change) string {
	if c.kind == Create && c.physical != "" {
		return "Requested update requires the creation of a new physical resource; hence creating one."
	}
	return ""
}

// subject is the resource that events of a job are about.
func (s *Stacks) subject(of *stack, j *job) *resource {
	return &resource{logical: j.change.logical, physical: j.change.physical, definition: j.change.definition}
}

// finish takes the result of a job. It is called without the lock.
func (s *Stacks) finish(of *stack, j *job, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.state != running { // cancelled while it was looked at
		return
	}
	switch {
	case r.pending != nil:
		j.pending = r.pending
		return
	case r.failure != "":
		s.jobFailed(of, j, r)
	default:
		s.jobDone(of, j, r)
	}
	s.settle(of)
}

// jobDone records a change that succeeded. The caller holds the lock.
func (s *Stacks) jobDone(of *stack, j *job, r result) {
	j.state, j.pending = done, nil
	c := j.change
	subject := s.subject(of, j)
	if c.kind == Delete {
		s.note(of, subject, deleteComplete, "")
		s.forget(of, j)
		return
	}
	now := &resource{logical: c.logical, definition: c.definition, physical: r.physical, properties: c.properties, attributes: r.attributes, noEcho: r.noEcho}
	if before := of.resources[c.logical]; before != nil && before.physical != "" && before.physical != now.physical {
		of.operation.leave(before)
	}
	of.resources[c.logical] = now
	subject.physical = now.physical
	s.note(of, subject, progressOf(c.kind)+"_COMPLETE", "")
}

// leave adds a resource that the cleanup removes.
func (op *operation) leave(r *resource) { op.gone = append(op.gone, r.copy()) }

// jobFailed records a change that failed. The caller holds the lock.
func (s *Stacks) jobFailed(of *stack, j *job, r result) {
	op := of.operation
	c := j.change
	j.pending = nil
	subject := s.subject(of, j)
	if r.physical != "" {
		subject.physical = r.physical
	}
	s.note(of, subject, progressOf(c.kind)+"_FAILED", r.failure)
	if c.kind == Delete {
		s.deleteFailed(of, j)
		return
	}
	j.state = failedState
	s.keepFailed(of, j, r.physical)
	op.fail(j.logical)
}

// keepFailed records what a change that failed or was cancelled may have left: a resource with
// the new properties. If it has another physical id than before, the cleanup removes it.
func (s *Stacks) keepFailed(of *stack, j *job, physical string) {
	c, before := j.change, of.resources[j.logical]
	tried := &resource{logical: c.logical, definition: c.definition, physical: physical, properties: c.properties, failed: true}
	switch {
	case before == nil && physical != "":
		of.resources[j.logical] = tried
	case before == nil: // nothing was created
	case physical != "" && physical != before.physical:
		tried.failed = false
		of.operation.leave(tried)
		fallthrough
	default:
		if c.kind != Update { // a replacement has not touched the resource
			return
		}
		kept := before.copy()
		kept.properties, kept.failed = c.properties, true
		of.resources[j.logical] = kept
	}
}

// cancel gives up a change that is in progress, because the operation fails. What the change
// began goes on outside. The caller holds the lock.
func (s *Stacks) cancel(of *stack, j *job) {
	physical, reason := j.change.physical, resourceUpdateCancelled
	if j.change.kind == Create {
		physical, reason = cmp.Or(j.pending.physical, j.change.provisional()), resourceCreationCancelled
	}
	j.state, j.pending = cancelled, nil
	s.note(of, s.subject(of, j), progressOf(j.change.kind)+"_FAILED", reason)
	s.keepFailed(of, j, physical)
	of.operation.failed = append(of.operation.failed, j.logical)
	s.settle(of)
}
