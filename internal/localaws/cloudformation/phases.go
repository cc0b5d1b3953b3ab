package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxDeletes is how often a cleanup tries to delete a resource ("CloudFormation tries to delete
// a resource three times", AWS Knowledge Center, cloudformation-stack-cleanup-stuck).
const maxDeletes = 3

// turn goes to the next phase, or ends the operation. The caller holds the lock.
func (s *Stacks) turn(of *stack) {
	op := of.operation
	switch {
	case op.phase == forward && !op.failing:
		s.succeed(of)
	case op.phase == forward:
		s.failForward(of)
	case op.phase == restoring && op.failing:
		op.phase = halted
		s.setStatus(of, updateRollbackFailed, op.failureText())
	case op.phase == restoring:
		s.beginRollbackCleanup(of)
	case op.phase == removing:
		s.endRemoval(of)
	}
}

// failForward goes on after a create or an update has failed.
func (s *Stacks) failForward(of *stack) {
	op := of.operation
	switch {
	case of.disabled:
		s.stop(of)
	case op.kind == Create:
		s.setStatus(of, rollbackInProgress, op.failureText()+" Rollback requested by user.")
		s.beginRemoval(of, slices.Collect(maps.Values(of.resources)), op.next)
		op.rolledBack = true
	default:
		s.beginRollback(of)
	}
}

// failureText names the resources that failed.
func (op *operation) failureText() string {
	var created, updated []string
	for _, logical := range op.failed {
		if j := op.jobs[logical]; op.before == nil || op.before.resources[logical] == nil || j != nil && j.change.kind == Create {
			created = append(created, logical)
		} else {
			updated = append(updated, logical)
		}
	}
	var parts []string
	if len(created) > 0 {
		parts = append(parts, fmt.Sprintf("The following resource(s) failed to create: [%s].", strings.Join(created, ", ")))
	}
	if len(updated) > 0 {
		parts = append(parts, fmt.Sprintf("The following resource(s) failed to update: [%s].", strings.Join(updated, ", ")))
	}
	return strings.Join(parts, " ")
}

// stop ends an operation that failed and must not be rolled back.
func (s *Stacks) stop(of *stack) {
	op := of.operation
	status := createFailed
	if op.kind == Update {
		status = updateFailed
	}
	// The resources that a failed update has replaced stay for the next operation to remove,
	// which goes back to the last state without a failure if it fails, too.
	of.template, of.parameters, of.left, of.stable = op.next, op.parameters, op.gone, op.before
	reason := op.failureText()
	s.end(of, status, reason)
}

// succeed ends the forward phase.
func (s *Stacks) succeed(of *stack) {
	op := of.operation
	old, oldParameters := of.template, of.parameters
	of.template, of.parameters = op.next, op.parameters
	of.requestIDs = map[string]string{}
	outputs, err := s.outputsOf(of)
	if err != nil {
		of.template, of.parameters = old, oldParameters
		op.failing, of.disabled = true, false
		return
	}
	of.stable = nil
	of.outputs = outputs
	if op.kind == Create {
		s.end(of, createComplete, "")
		return
	}
	leftovers := op.gone
	for _, logical := range slices.Sorted(maps.Keys(of.resources)) {
		if op.jobs[logical] == nil {
			leftovers = append(leftovers, of.resources[logical])
		}
	}
	s.setStatus(of, updateCleanup, "")
	s.beginRemoval(of, leftovers, old)
}

// beginRemoval makes a job for each resource to remove: in the reverse order of the
// dependencies in a template. The caller holds the lock.
func (s *Stacks) beginRemoval(of *stack, leftovers []*resource, order *template) {
	op := of.operation
	op.phase, op.failing, op.failed = removing, false, nil
	op.jobs = map[string]*job{}
	for _, r := range leftovers {
		key := r.logical
		for op.jobs[key] != nil { // several physical resources of one logical id
			key += "'"
		}
		op.jobs[key] = &job{logical: key, change: change{
			stack: of, kind: Delete, logical: r.logical, definition: r.definition, physical: r.physical, properties: r.properties,
			actor: op.actor, rollback: op.kind != Delete,
		}}
	}
	for _, j := range op.jobs {
		for key, other := range op.jobs {
			if other != j && dependsOn(order, other.change.logical, j.change.logical) {
				j.after = append(j.after, key)
			}
		}
		slices.Sort(j.after)
	}
}

// dependsOn reports whether a resource of a template refers to another one.
func dependsOn(t *template, logical, other string) bool {
	if t == nil {
		return false
	}
	d := t.resources[logical]
	return slices.Contains(references(d.properties, nil), other) || slices.Contains(d.dependsOn, other)
}

// prepareRemoval passes over a resource that is kept, or that was never created.
func (s *Stacks) prepareRemoval(of *stack, j *job) bool {
	if j.change.physical == "" {
		s.forget(of, j)
		j.state = done
		return true
	}
	if !s.keeps(of, j) {
		return false
	}
	s.note(of, s.subject(of, j), deleteSkipped, "")
	s.forget(of, j)
	j.state = done
	return true
}

// keeps reports whether a policy keeps a resource that is removed. A resource that the
// operation has created is deleted by RetainExceptOnCreate. One that an update has replaced is
// kept only if both its old and its new policy say so, since AWS does not document which counts.
func (s *Stacks) keeps(of *stack, j *job) bool {
	op, d := of.operation, j.change.definition
	current := of.resources[j.change.logical]
	switch {
	case op.kind == Delete && slices.Contains(op.retain, j.change.logical):
		return true
	case op.rolledBack:
		return d.deletion == policyRetain
	case op.kind == Update && current != nil && current.physical != j.change.physical:
		return d.updateReplace == policyRetain && current.definition.updateReplace == policyRetain
	}
	return d.deletion != policyDelete
}

// forget removes a resource from the stack, if it is still that resource. The caller holds the
// lock.
func (s *Stacks) forget(of *stack, j *job) {
	if r := of.resources[j.change.logical]; r != nil && r.physical == j.change.physical {
		delete(of.resources, j.change.logical)
	}
}

// deleteFailed tries again, or gives up. A cleanup passes over a resource that cannot be
// deleted. The caller holds the lock.
func (s *Stacks) deleteFailed(of *stack, j *job) {
	op := of.operation
	if op.kind == Update && j.tries < maxDeletes {
		j.state = waiting
		delete(of.requestIDs, string(Delete)+" "+j.logical)
		return
	}
	if op.kind == Update {
		s.forget(of, j)
		j.state = done
		return
	}
	j.state = failedState
	op.failed = append(op.failed, j.change.logical)
}

// endRemoval ends an operation after its last phase.
func (s *Stacks) endRemoval(of *stack) {
	op := of.operation
	status, reason := updateComplete, ""
	switch {
	case op.kind == Update && op.rolledBack:
		status = updateRollbackComplete
	case op.kind == Create:
		status = rollbackComplete
	case op.kind == Delete:
		status = deleteComplete
	}
	if len(op.failed) > 0 {
		slices.Sort(op.failed)
		reason = fmt.Sprintf("The following resource(s) failed to delete: [%s].", strings.Join(op.failed, ", "))
		status = deleteFailed
		if op.kind == Create {
			status = rollbackFailed
		}
	}
	of.requestIDs = map[string]string{}
	if status == deleteComplete {
		of.deleted = s.account.Now()
	}
	s.end(of, status, reason)
}

// beginRollback makes a job for each resource that the update has touched. The caller holds
// the lock.
func (s *Stacks) beginRollback(of *stack) {
	op := of.operation
	if of.status != updateRollbackInProgress { // a cancellation has said so already
		s.setStatus(of, updateRollbackInProgress, op.failureText())
	}
	tried := op.jobs
	op.phase, op.failing, op.failed, op.jobs = restoring, false, nil, map[string]*job{}
	of.requestIDs = map[string]string{}
	for logical, j := range tried {
		before := op.before.resources[logical]
		if before != nil && s.isTouched(of, tried, logical) {
			op.jobs[logical] = &job{logical: logical}
		}
		if before != nil && j.state != failedState && op.jobs[logical] == nil {
			of.resources[logical] = before.copy()
		}
	}
	if s.config.RollbackInOrder {
		op.order(op.before.template)
	}
}

// order makes each job wait for those that its resource depends on in a template.
func (op *operation) order(t *template) {
	for logical, j := range op.jobs {
		for other := range op.jobs {
			if other != logical && dependsOn(t, logical, other) {
				j.after = append(j.after, other)
			}
		}
	}
}

// isTouched reports whether the update has changed a resource, or tried to. With
// RewriteDependants it has, too, if the resource depends on one that it has touched.
func (s *Stacks) isTouched(of *stack, tried map[string]*job, logical string) bool {
	before, now := of.operation.before.resources[logical], of.resources[logical]
	if now.failed || now.physical != before.physical || encode(now.properties) != encode(before.properties) {
		return true
	}
	if !s.config.RewriteDependants {
		return false
	}
	for other := range tried {
		if other != logical && of.operation.before.resources[other] != nil && dependsOn(of.operation.before.template, logical, other) && s.isTouched(of, tried, other) {
			return true
		}
	}
	return false
}

// prepareRestore finds how to restore a resource. One that was replaced exists still: the stack
// goes back to it, and the cleanup removes the new one.
func (s *Stacks) prepareRestore(of *stack, j *job) bool {
	op := of.operation
	before, now := op.before.resources[j.logical], of.resources[j.logical]
	if now.physical != before.physical {
		op.leave(now)
		of.resources[j.logical] = before.copy()
		j.state = done
		return true
	}
	properties, err := s.oldProperties(of, j.logical)
	if err != nil {
		s.failBefore(of, j, before.definition, before, plainText(err))
		return true
	}
	if encode(properties) == encode(now.properties) && !now.failed && !s.config.RewriteDependants {
		of.resources[j.logical] = before.copy()
		j.state = done
		return true
	}
	j.change = change{
		stack: of, kind: Update, logical: j.logical, definition: before.definition, physical: before.physical,
		properties: properties, old: now.properties, actor: op.actor, rollback: true,
	}
	return false
}

// oldProperties returns the properties that a rollback writes.
func (s *Stacks) oldProperties(of *stack, logical string) (document, error) {
	before := of.operation.before
	if s.config.StaleAttributes {
		return before.resources[logical].properties, nil
	}
	e := s.environment(of, before.template, before.parameters, s.restored(of))
	if err := e.evaluateConditions(); err != nil {
		return nil, err
	}
	return e.resolve(before.template.resources[logical])
}

// restored looks a resource up during a rollback: one that was restored as it is now, any other
// as it was before the update.
func (s *Stacks) restored(of *stack) func(string) *resource {
	op := of.operation
	return func(logical string) *resource {
		if j := op.jobs[logical]; j != nil && j.state == done {
			return of.resources[logical]
		}
		return op.before.resources[logical]
	}
}

// addDependants adds the resources whose old properties have another value by now, because a
// restored resource has other attributes than before the update. The caller holds the lock.
func (s *Stacks) addDependants(of *stack) bool {
	op := of.operation
	if op.failing || s.config.StaleAttributes {
		return false
	}
	added := false
	for _, logical := range slices.Sorted(maps.Keys(op.before.resources)) {
		if op.jobs[logical] != nil || of.resources[logical] == nil {
			continue
		}
		properties, err := s.oldProperties(of, logical)
		if err == nil && encode(properties) == encode(of.resources[logical].properties) {
			continue
		}
		op.jobs[logical] = &job{logical: logical}
		added = true
	}
	return added
}

// beginRollbackCleanup removes what the update has created. The caller holds the lock.
func (s *Stacks) beginRollbackCleanup(of *stack) {
	op := of.operation
	for _, logical := range slices.Sorted(maps.Keys(of.resources)) {
		if op.before.resources[logical] == nil {
			op.leave(of.resources[logical])
		}
	}
	leftovers := slices.DeleteFunc(op.gone, func(r *resource) bool {
		before := op.before.resources[r.logical]
		return before != nil && before.physical == r.physical
	})
	of.template, of.parameters, of.stable = op.before.template, op.before.parameters, nil
	s.setStatus(of, updateRollbackCleanup, "")
	s.beginRemoval(of, leftovers, op.next)
	op.rolledBack = true
}

// continueRollback goes on with a rollback that failed. Resources to skip count as restored.
// The caller holds the lock.
func (s *Stacks) continueRollback(of *stack, skip []string) error {
	op := of.operation
	for _, logical := range skip {
		if j := op.jobs[logical]; j == nil || j.state != failedState && j.state != cancelled {
			return validationError("The following resource(s) cannot be skipped: [%s]", logical)
		}
	}
	s.setStatus(of, updateRollbackInProgress, userInitiated)
	op.phase, op.failing, op.failed = restoring, false, nil
	for _, j := range op.jobs {
		switch {
		case slices.Contains(skip, j.logical):
			j.state = done
			of.resources[j.logical] = op.before.resources[j.logical].copy()
			s.note(of, of.resources[j.logical], updateComplete, "Resource was skipped during rollback")
		case j.state != done:
			j.state = waiting
		}
	}
	s.settle(of)
	return nil
}

// cancelUpdate makes an update fail. The caller holds the lock.
func (s *Stacks) cancelUpdate(of *stack) {
	s.setStatus(of, updateRollbackInProgress, userInitiated)
	if of.operation.phase == transforming {
		s.setStatus(of, updateRollbackCleanup, "")
		s.end(of, updateRollbackComplete, "")
		return
	}
	of.operation.failing = true
	of.disabled = false
	s.settle(of)
}
