package world

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/local/asl"
	"sluice/internal/local/cloud"
	"sluice/internal/shift"
)

// invariants watches a run from outside.
type invariants struct {
	ledger    *dynamo.Ledger
	calls     []string
	violated  error
	strangers map[shift.Target]strangersEdit
	restored  map[shift.Target]time.Time // when traffic last changed
}

// strangersEdit is what somebody else made of an alias.
type strangersEdit struct {
	before, after cloud.Alias
}

func (r *run) observe() {
	r.ledger = dynamo.FromConfig(r.w.config("observer"), ledgerTable)
	r.strangers, r.restored = map[shift.Target]strangersEdit{}, map[shift.Target]time.Time{}
	r.w.cloud.OnCall(func(c cloud.Call) {
		if c.Actor != "observer" {
			outcome := c.ErrorCode
			if c.StatusCode == 0 {
				outcome = "connection lost"
			}
			r.calls = append(r.calls, fmt.Sprintf("%9.2fs  %-18s %-36s %s", r.w.elapsed().Seconds(), c.Actor, c.Action(), outcome))
		}
	})
	r.w.cloud.OnAliasChange(func(c cloud.AliasChange) {
		if err := r.changed(c); err != nil && r.violated == nil {
			r.violated = err
		}
	})
}

// changed is told of every write of an alias.
func (r *run) changed(c cloud.AliasChange) error {
	of := c.After
	if of == nil {
		of = c.Before
	}
	target := shift.LambdaTarget(of.Function, of.Name)
	if c.Before != nil && c.After != nil && !sameTraffic(*c.Before, *c.After) || c.Before == nil || c.After == nil {
		r.restored[target] = r.w.clock.now
	}
	if c.Actor == "" {
		if c.After == nil || c.Before == nil {
			return nil
		}
		edit := strangersEdit{before: *c.Before, after: *c.After}
		if earlier, edited := r.strangers[target]; edited && earlier.after.RevisionID == c.Before.RevisionID {
			edit.before = earlier.before // several edits in a row are one
		}
		r.strangers[target] = edit
		return nil
	}
	if err := r.i6(target, c); err != nil {
		return err
	}
	if err := r.i5(target); err != nil {
		return err
	}
	return r.i1i4(target, c)
}

// few is how many executions are looked through at every write of an alias.
const few = 20

// i5 : at most one Deployment of a Target is open, or on its way back.
func (r *run) i5(t shift.Target) error {
	var unfinished []string
	if len(r.w.executed) > few {
		return nil // in a storm every Target has one Deployment, and this would take for ever
	}
	for _, x := range r.w.machine.Executions() {
		record, err := r.ledger.Record(context.Background(), x.ARN())
		if err != nil || record.Status == shift.StatusClosed {
			continue
		}
		if slices.ContainsFunc(record.Arrivals, func(a shift.Arrival) bool { return a.Target == t }) {
			unfinished = append(unfinished, x.Name())
		}
	}
	if len(unfinished) > 1 {
		return fmt.Errorf("I5: %s are all open for %s", strings.Join(unfinished, " and "), t)
	}
	return nil
}

// i6 : a Route that Sluice did not write is never overwritten.
func (r *run) i6(t shift.Target, c cloud.AliasChange) error {
	edit, edited := r.strangers[t]
	if !edited || c.Before == nil || c.Before.RevisionID != edit.after.RevisionID || sameTraffic(edit.before, edit.after) {
		return nil
	}
	if c.After == nil || sameTraffic(*c.Before, *c.After) {
		// DeleteAlias takes no RevisionId, so an alias that Sluice has made can be
		// edited in the one call between its last look and its going. And a write
		// that only changes the RevisionId takes nothing from anybody.
		return nil
	}
	if r.openedAfter(t, edit) {
		return nil // another deployment has found it so, and begun from there
	}
	return fmt.Errorf("I6: %s overwrote what a stranger had made of %s: %v", c.Actor, t, edit.after)
}

// openedAfter says whether the Deployment that holds a Target took what the
// stranger made for its Stable.
func (r *run) openedAfter(t shift.Target, edit strangersEdit) bool {
	record, err := r.holder(t)
	if err != nil || record == nil || record.Deployment == nil {
		return false
	}
	return slices.ContainsFunc(record.Deployment.Changes, func(c shift.Change) bool {
		return c.Target == t && c.Revision == shift.Revision(edit.after.RevisionID)
	})
}

// i1i4 : traffic goes to a Candidate only while a Deployment for the Target is
// open or restoring (a write that was intended before may still land then, and is
// restored, too), and never above the intended Step.
func (r *run) i1i4(t shift.Target, c cloud.AliasChange) error {
	if c.After == nil {
		return nil
	}
	record, err := r.holder(t)
	if err != nil {
		return err
	}
	if record == nil || record.Deployment == nil {
		if c.Before == nil {
			return nil // a stray CreateAlias: final sees that it goes again
		}
		if sameTraffic(*c.Before, *c.After) {
			return nil
		}
		return fmt.Errorf("I1: %s moved the traffic of %s to %v, which nobody holds", c.Actor, t, *c.After)
	}
	for _, change := range record.Deployment.Changes {
		if change.Target != t || change.Creates() {
			continue
		}
		had, has := shareOf(*c.Before, change.Candidate), shareOf(*c.After, change.Candidate)
		switch {
		case has > had && (record.Intent == 0 || has > record.Deployment.Plan.Step(record.Intent).Weight):
			return fmt.Errorf("I4: %s set %s to %v, and the intended step is %d", c.Actor, t, *c.After, record.Intent)
		case record.Status == shift.StatusOpen && has < had:
			return fmt.Errorf("I4: %s took traffic from the candidate of %s while the deployment was open: %v", c.Actor, t, *c.After)
		}
	}
	return nil
}

func (r *run) holder(t shift.Target) (*shift.Record, error) {
	id, err := r.ledger.Holder(context.Background(), t)
	if err != nil || id == "" {
		return nil, err
	}
	record, err := r.ledger.Record(context.Background(), id)
	return &record, err
}

func sameTraffic(a, b cloud.Alias) bool {
	return a.FunctionVersion == b.FunctionVersion && maps.Equal(positive(a.Weights), positive(b.Weights))
}

func positive(weights map[string]float64) map[string]float64 {
	sending := maps.Clone(weights)
	maps.DeleteFunc(sending, func(_ string, w float64) bool { return w == 0 })
	return sending
}

func shareOf(a cloud.Alias, v shift.Version) shift.Weight {
	if a.FunctionVersion == string(v) {
		left := shift.All
		for _, w := range a.Weights {
			left -= toWeight(w)
		}
		return left
	}
	return toWeight(a.Weights[string(v)])
}

// final checks how everything stands when nothing happens any more.
func (r *run) final() error {
	ctx := context.Background()
	latest := map[shift.Target]shift.Record{}
	for _, x := range r.w.machine.Executions() { // the newest first
		if x.Status() == asl.Running {
			return fmt.Errorf("the execution %s never ends", x.Name())
		}
		record, err := r.ledger.Record(ctx, x.ARN())
		if errors.Is(err, shift.ErrDeploymentUnknown) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.finalRecord(x, record); err != nil {
			return err
		}
		for _, a := range record.Arrivals {
			if before, known := latest[a.Target]; !known || before.ClosedAt.Before(record.ClosedAt) && record.Touched() {
				latest[a.Target] = record
			}
		}
	}
	for t, record := range latest {
		if err := r.finalRoute(t, record); err != nil {
			return err
		}
	}
	for _, item := range r.w.tables.Items(ledgerTable) {
		pk, _ := item.Text("pk")
		sk, _ := item.Text("sk")
		if pk == "open" || sk == "lock" || strings.HasPrefix(pk, "alarm#") {
			return fmt.Errorf("the ledger still has %s / %s", pk, sk)
		}
	}
	return nil
}

// finalRecord : every Deployment has an Outcome, which was announced (I8), and is
// what the execution ended as.
func (r *run) finalRecord(x *asl.Execution, record shift.Record) error {
	if record.Status != shift.StatusClosed {
		return fmt.Errorf("I7: the record of %s is still %s", x.Name(), record.Status)
	}
	heard := false
	for _, a := range r.w.announcements {
		if a.DeploymentID == x.ARN() && a.State == shift.Announced(record.Outcome) {
			heard = heard || a.ID == record.AnnounceOutcome(a.At).ID
		}
	}
	if !heard {
		return fmt.Errorf("I8: nobody was told that %s ended as %s", x.Name(), record.Outcome)
	}
	if ended := x.Failure().Error; x.Status() == asl.Failed && ended != string(record.Outcome) {
		return fmt.Errorf("the execution %s ended as %s, and its record as %s", x.Name(), ended, record.Outcome)
	}
	if x.Status() == asl.Succeeded && record.Outcome != shift.Promoted && record.Outcome != shift.Unchanged {
		return fmt.Errorf("the execution %s succeeded, and its record ended as %s", x.Name(), record.Outcome)
	}
	return nil
}

// finalRoute : I2, I3 and, for how long it took, I7.
func (r *run) finalRoute(t shift.Target, record shift.Record) error {
	function, name, _ := t.Lambda()
	alias, exists := r.w.cloud.Alias(function, name)
	edit, edited := r.strangers[t]
	if edited && !sameTraffic(edit.before, edit.after) && alias.RevisionID == edit.after.RevisionID {
		if record.Outcome == shift.Stranded || !record.Touched() || record.ClosedAt.Before(r.restored[t]) || record.ClosedAt.Equal(r.restored[t]) {
			return nil
		}
		if record.Outcome != shift.RolledBack && record.Outcome != shift.Promoted {
			return nil
		}
		return fmt.Errorf("I6: a stranger has %s at %v, and the deployment ended as %s", t, alias, record.Outcome)
	}
	if record.Deployment == nil {
		return nil
	}
	for _, c := range record.Deployment.Changes {
		if c.Target != t {
			continue
		}
		wanted := c.Before()
		if record.Outcome == shift.Promoted {
			wanted = c.At(shift.All)
		}
		if wanted.Serving == "" {
			if exists {
				return fmt.Errorf("I2: %s did not exist before %s, and is %v", t, record.Outcome, alias)
			}
			continue
		}
		if alias.FunctionVersion != string(wanted.Serving) || len(alias.Weights) > 0 {
			return fmt.Errorf("I2/I3: after %s, %s is %v and should have %s", record.Outcome, t, alias, wanted)
		}
	}
	return r.i7(t, record)
}

// longest is how long a Lambda that hangs keeps others waiting.
const longest = flow.SafetyNetTimeout + inFlight

// i7 : traffic is back soon after the execution has ended, however it ended.
func (r *run) i7(t shift.Target, record shift.Record) error {
	x, known := r.w.machine.Execution(record.ID)
	if !known || record.Outcome != shift.RolledBack || x.Status() == asl.Succeeded {
		return nil
	}
	bound := 2*sweepEvery + 10*time.Second
	if slices.Contains(r.hit, "safety-net") {
		bound += longest + asyncRetries[0]
	}
	if record.Deployment.Changes[0].Creates() {
		bound += 2 * sweepEvery // until the second look: nobody was served before
	}
	if len(r.strikes) > 1 {
		bound += longest + asyncRetries[0] + asyncRetries[1]
	}
	if late := r.restored[t].Sub(x.Stopped()); late > bound {
		return fmt.Errorf("I7: the traffic of %s came back %s after the execution had ended, and %s are allowed", t, late, bound)
	}
	return nil
}

// story tells a violation: the faults, the timeline of calls, and what broke.
func (r *run) story(violation error) error {
	if violation == nil {
		return nil
	}
	var faults []string
	for _, s := range r.strikes {
		faults = append(faults, s.String())
	}
	executions := ""
	for _, x := range r.w.machine.Executions() {
		executions += fmt.Sprintf("  %s: %s %s %s\n    %s\n", x.Name(), x.Status(), x.Failure().Error, x.Failure().Cause, strings.Join(x.Path(), " "))
	}
	return fmt.Errorf("%s, with %s\n%w\n%s%s", r.base.name, strings.Join(faults, " and "), violation, executions, strings.Join(r.calls, "\n"))
}
