package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/internal/explain"
	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	"sluice/internal/localaws/dynamodb"
	"sluice/internal/shift"
	"sluice/internal/world"
)

// invariants watches a run from outside. What must never happen is checked when
// it happens, what must always be so after every step of the world: for whatever
// the step can have changed, which it is told of.
type invariants struct {
	*view
	calls    []string
	violated error
	// touched are the Targets that the step has had to do with.
	touched map[shift.Target]bool
	// saw are the Revisions that each Lambda has last seen of a Target, "" for none.
	saw map[*world.Actor]map[shift.Target]string
	// fresh are the Targets that each Lambda has looked at since it last wrote them.
	fresh map[*world.Actor]map[shift.Target]bool
	// grace is until when a stray write of a Deployment that was put back may still
	// be there.
	grace map[shift.Target]*promise
	// told are the announcements, by their id.
	told map[string]shift.Announcement
	// strangers counts what somebody else has done to aliases.
	strangers int
	promises
}

func (r *run) observe() {
	r.invariants = invariants{
		view: newView(), touched: map[shift.Target]bool{}, saw: map[*world.Actor]map[shift.Target]string{},
		fresh: map[*world.Actor]map[shift.Target]bool{},
		grace: map[shift.Target]*promise{}, told: map[string]shift.Announcement{},
		promises: promises{baking: map[string]time.Time{}, firing: map[string]bool{}, read: map[*world.Actor]time.Time{}, since: map[string]time.Time{}, ignored: map[ignoring]bool{}, patient: r.patient},
	}
	for _, t := range r.w.Targets() {
		function, name, _ := t.Lambda()
		if alias, exists := r.w.Cloud().Alias(function, name); exists {
			s := r.target(t)
			s.alias, s.rest, s.settled = &alias, &alias, &alias
		}
	}
	r.w.Cloud().OnCall(r.called)
	r.w.Cloud().OnAliasChange(r.rerouted)
	r.w.Cloud().OnEvents(r.announced)
	r.w.Tables().OnWrite(r.written)
	r.w.OnHistory(r.history)
	r.w.OnStep(r.stepped)
}

// breaks notes the first violation.
func (r *run) breaks(format string, args ...any) {
	if r.violated == nil {
		r.violated = fmt.Errorf(format+" (at %.2fs)", append(args, r.w.Elapsed().Seconds())...)
	}
}

// stepped checks what must be so after every step.
func (r *run) stepped() {
	if len(r.touched) == 0 {
		return
	}
	for t := range r.touched {
		r.locked(t)
		r.traffic(t)
	}
	clear(r.touched)
}

func (r *run) called(c localaws.Call) {
	if c.Actor == flow.Open.Function && c.Action() == "cloudwatch:DescribeAlarms" && r.w.Current() != nil {
		r.read[r.w.Current()] = r.w.Now()
	}
	if c.Action() == "lambda:DeleteAlias" {
		r.refresh(liveOf(c.Resource), false)
	}
	if !r.w.IsSluice(c.Actor) {
		return
	}
	outcome := c.ErrorCode
	if c.StatusCode == 0 {
		outcome = "connection lost"
	}
	r.transcript.called(c, outcome)
	if r.patient { // a storm has too many calls to tell of
		return
	}
	r.calls = append(r.calls, fmt.Sprintf("%9.2fs  %-18s %-36s %s", r.w.Elapsed().Seconds(), c.Actor, c.Action(), outcome))
}

// looked notes what a Lambda reads of an alias.
func (r *run) looked(t shift.Target) {
	s, revision := r.target(t), ""
	if s.alias != nil {
		revision = s.alias.RevisionID
	}
	r.sees(t, revision)
	r.refresh(t, true)
	d := r.holder(t)
	if d == nil {
		return
	}
	switch c := d.change(t); {
	case slices.Contains(restorers, r.at.Actor):
		// Of an edit that was put back, Lambda may still be moving provisioned concurrency.
		if s.foreign || s.edited && c != nil && c.Settles {
			d.met[t] = true
		}
	case s.foreign && r.goesOnWith(d, t, s.alias):
		s.foreign, s.settled = false, s.alias // who goes on with it can but take it for Sluice's
	}
}

// goesOnWith says whether the Lambda that runs goes on with what it finds at a Target:
// set-weight with what its Deployment has intended, close-deployment with the whole of it.
func (r *run) goesOnWith(d *standing, t shift.Target, found *localaws.Alias) bool {
	switch c := d.change(t); r.at.Actor {
	case flow.SetWeight.Function:
		return explains(d, t, found)
	case flow.Close.Function:
		return c != nil && serves(found, c.At(shift.All))
	}
	return false
}

// refresh notes whether the Lambda that runs has looked at a Target since it wrote it.
func (r *run) refresh(t shift.Target, looked bool) {
	if r.w.Current() == nil {
		return
	}
	self := r.w.Current()
	if r.fresh[self] == nil {
		r.fresh[self] = map[shift.Target]bool{}
	}
	r.fresh[self][t] = looked
}

// hasLooked says whether the Lambda that runs has looked at a Target since it wrote it.
func (r *run) hasLooked(t shift.Target) bool {
	return r.w.Current() != nil && r.fresh[r.w.Current()][t]
}

func (r *run) sees(t shift.Target, revision string) {
	if r.w.Current() == nil {
		return
	}
	self := r.w.Current()
	if r.saw[self] == nil {
		r.saw[self] = map[shift.Target]string{}
	}
	r.saw[self][t] = revision
}

// knew says whether the Lambda that runs has seen a Target as it is now.
func (r *run) knew(t shift.Target, now *localaws.Alias) bool {
	if r.w.Current() == nil {
		return false
	}
	saw, looked := r.saw[r.w.Current()][t]
	return looked && now != nil && saw == now.RevisionID
}

// rerouted is told of every write of an alias.
func (r *run) rerouted(c localaws.AliasChange) {
	of := c.After
	if of == nil {
		of = c.Before
	}
	t := shift.LambdaTarget(of.Function, of.Name)
	s := r.target(t)
	r.touched[t] = true
	if c.Actor == "" {
		r.strange(s, c.After)
		r.transcript.add("somebody else", "writes %s", t)
		return
	}
	r.i6(t, s, c)
	r.refresh(t, false)
	s.alias = c.After
	r.returns(t)
	if c.Before == nil {
		s.created = r.w.Now()
	}
	if c.Actor == flow.SetWeight.Function && c.After != nil {
		r.late(t, *c.After)
	}
	if c.After != nil {
		r.sees(t, c.After.RevisionID)
	}
	if !s.foreign || !sameTraffic(c.Before, c.After) || explains(r.holder(t), t, c.After) {
		s.foreign, s.settled = false, c.After // who fences it off has taken it for Sluice's
	}
}

// strange notes what somebody else has made of an alias. Several edits in a row are
// one: what was put back is as if nobody had come.
func (r *run) strange(s *served, now *localaws.Alias) {
	s.alias = now
	r.strangers++
	s.foreign = !sameTraffic(now, s.settled)
	s.edited = true
	clear(s.highest)
}

// i6 : a Route that Sluice did not write is never overwritten, unless it cannot be
// told from one that Sluice did write.
func (r *run) i6(t shift.Target, s *served, c localaws.AliasChange) {
	switch d := r.holder(t); {
	case !s.foreign, sameTraffic(c.Before, c.After):
		// A write that only changes the RevisionId takes nothing from anybody.
	case c.After == nil && r.hasLooked(t) && !r.knew(t, c.Before):
		// DeleteAlias takes no RevisionId, so an alias that Sluice has made can be
		// edited between the last look of who deletes it and its going.
		s.mayGo = true
	case d != nil && (explains(d, t, c.Before) || settles(d, t, c.Before)):
	default:
		r.breaks("I6: %s overwrote what a stranger had made of %s: %v", c.Actor, t, show(c.Before))
	}
}

// explains says whether a Target may serve that because of what a Deployment has
// intended: Stable, or any Step up to the intended one.
func explains(d *standing, t shift.Target, now *localaws.Alias) bool {
	c := d.change(t)
	if c == nil {
		return false
	}
	if serves(now, c.Before()) {
		return true
	}
	for step := 1; step <= min(d.intent, d.deployment.Plan.Len()); step++ {
		if serves(now, c.At(d.deployment.Plan.Step(step).Weight)) {
			return true
		}
	}
	return false
}

// settles says whether a Target may look like that because Lambda is moving the
// provisioned concurrency of what a Deployment has intended: to the Candidate, or back
// from it. Until it has, the version that served before has all traffic, as a weight. A
// stranger who makes the alias look so cannot be told from Lambda.
func settles(d *standing, t shift.Target, now *localaws.Alias) bool {
	c := d.change(t)
	if c == nil || now == nil || !c.Settles || d.intent < d.deployment.Plan.Len() {
		return false
	}
	there := localaws.Alias{FunctionVersion: string(c.Candidate), Weights: map[string]float64{string(c.Stable): 1}}
	back := localaws.Alias{FunctionVersion: string(c.Stable), Weights: map[string]float64{string(c.Candidate): 1}}
	return sameTraffic(now, &there) || sameTraffic(now, &back)
}

// written is told of every write of the Ledger's table.
func (r *run) written(_ string, before, after dynamodb.Item) {
	switch kind, of, sk := whatOf(before, after); {
	case kind == "deployment" && sk == "record":
		r.recorded(of, after)
	case kind == "target" && sk == "lock":
		t := shift.Target(of)
		r.touched[t] = true
		if r.holders[t] = text(after, "holder"); r.holders[t] == "" {
			delete(r.holders, t)
		}
	case kind == "suspect" && before == nil:
		r.suspects++
	case kind == "suspect" && after == nil:
		r.suspects--
	case kind == "open":
		id := strings.TrimPrefix(sk, "deployment#")
		if after != nil {
			r.unannounced[id] = true
			return
		}
		delete(r.unannounced, id)
		if !r.heard(id) {
			r.breaks("I8: nobody was told how %s ended, and the safety net has forgotten it", nameOf(id))
		}
	}
}

// recorded is told of every write of a record.
func (r *run) recorded(id string, record dynamodb.Item) {
	was := standing{}
	if d := r.deployments[id]; d != nil {
		was = *d
	}
	d := r.keep(id, record)
	if d.finished() && !was.finished() {
		d.closed = r.w.Now()
	}
	for _, t := range d.targets {
		r.touched[t] = true
	}
	if was.deployment == nil && d.deployment != nil {
		r.accept(d)
		r.begins(d)
		r.opened(d)
	}
	if d.finished() && was.status != "" && was.outcome != d.outcome {
		for _, t := range d.targets {
			r.ends(d, t)
		}
		r.lasted(d, record)
	}
	if was.finished() && !d.finished() {
		r.breaks("%s was closed as %s, and is %s again", nameOf(id), was.outcome, d.status)
	}
	r.moved(was, d)
	r.obeys(was, d, record)
	r.tells(was, d)
}

// lasted : no Deployment ends before it begins, as the history tells it. One that was
// refused before it was opened is not in there.
func (r *run) lasted(d *standing, record dynamodb.Item) {
	opened, err := time.Parse(time.RFC3339, text(record, "openedAt"))
	closed, _ := time.Parse(time.RFC3339, text(record, "closedAt"))
	if err == nil && closed.Before(opened) {
		r.breaks("the history: %s was opened at %s, and closed at %s", nameOf(d.id), opened, closed)
	}
}

// accept : what a Deployment has found and begins from is its Stable, whoever wrote it:
// a stranger, or a straggler of an earlier one.
func (r *run) accept(d *standing) {
	for _, c := range d.deployment.Changes {
		s := r.target(c.Target)
		if stray := s.rest == nil && s.alias != nil; (s.foreign || stray) && serves(s.alias, c.Before()) {
			s.foreign, s.settled, s.rest = false, s.alias, s.alias
		}
	}
}

// ends : I2 and I3, and I6 where somebody else has come between. From here on the
// Target has to serve what it serves now.
func (r *run) ends(d *standing, t shift.Target) {
	c, s := d.change(t), r.target(t)
	if d.outcome == shift.Stranded && len(d.met) == 0 {
		r.breaks("I2: %s ended as Stranded, and nobody who restores it has met a stranger: %s", nameOf(d.id), d.cause)
	}
	told := d.outcome == shift.Unchanged && !strings.HasPrefix(d.cause, "DeployedBefore") // that one has not looked
	if told && serves(s.alias, shift.Route{Serving: d.candidates[t]}) {
		s.foreign, s.settled, s.rest = false, s.alias, s.alias // somebody was told that it is so
		return
	}
	if c == nil || !d.touched() {
		return
	}
	wanted := c.Before()
	if d.outcome == shift.Promoted {
		wanted = c.At(shift.All)
	} else {
		r.grace[t] = r.secondLook(d)
	}
	switch {
	case serves(s.alias, wanted):
		s.foreign, s.settled, s.rest, s.mayGo, s.edited = false, s.alias, aliasOf(wanted), false, false
		return
	case !s.foreign && c.Creates() && d.outcome != shift.Promoted && s.created.After(d.marked):
		// A CreateAlias that was on its way has no RevisionId to be refused for. Only one
		// that comes after the mark cannot be seen: every intent is older than the mark,
		// so what a restorer finds after it is all that it has to take away.
		s.rest = nil
		return
	case !s.foreign && d.outcome == shift.Stranded && s.edited && strings.Contains(d.cause, string(t)):
		// Stranded by one edit that was seen; another has put back what Sluice had written.
	case !s.foreign:
		r.breaks("%s: after %s, %s has %v and should have %s", kindOf(d.outcome), d.outcome, t, show(s.alias), wanted)
	case d.backBefore(t):
		// It was back, and the ledger says so; who edits it later might as well have come
		// after the end.
	case d.outcome != shift.Stranded && r.knew(t, s.alias):
		r.breaks("I6: %s is closed as %s by whom has seen that a stranger has %s at %v", nameOf(d.id), d.outcome, t, show(s.alias))
	case d.outcome == shift.Stranded && !strings.Contains(d.cause, string(t)):
		r.breaks("I6: %s ended as Stranded, and does not say so of %s: %s", nameOf(d.id), t, d.cause)
	}
	s.rest, s.settled, s.edited = s.alias, s.alias, false
}

func kindOf(o shift.Outcome) string {
	if o == shift.Promoted {
		return "I3"
	}
	return "I2"
}

// locked : I5, at most one Deployment of a Target is open or on its way back, and it
// is the one that holds the lock.
func (r *run) locked(t shift.Target) {
	switch open := r.unfinished[t]; {
	case len(open) > 1:
		r.breaks("I5: %s and %s are both open for %s", nameOf(open[0]), nameOf(open[1]), t)
	case len(open) == 1 && r.holders[t] != open[0]:
		r.breaks("I5: %s is open for %s, and the lock is with %q", nameOf(open[0]), t, nameOf(r.holders[t]))
	case len(open) == 0 && r.holders[t] != "":
		r.breaks("I5: %s holds %s and is not open", nameOf(r.holders[t]), t)
	}
}

// traffic : I1 to I4, at every moment. While nobody shifts a Target it serves what it
// was left with; while somebody does, nothing but Stable and what was intended.
func (r *run) traffic(t shift.Target) {
	s, d := r.target(t), r.holder(t)
	c := d.change(t)
	switch {
	case s.foreign:
	case c == nil || !d.touched():
		r.resting(t, s)
	case !explains(d, t, s.alias):
		r.breaks("I4: %s has %v, and %s has intended step %d of %v", t, show(s.alias), nameOf(d.id), d.intent, d.deployment.Plan.Steps)
	default:
		share := shareOf(s.alias, c.Candidate)
		if d.status == shift.StatusOpen && share < s.highest[d.id] {
			r.breaks("I4: %s has %v, which is less than the %s that its candidate had, and %s is open", t, show(s.alias), s.highest[d.id], nameOf(d.id))
		}
		s.highest[d.id] = max(share, s.highest[d.id])
	}
}

// resting : nobody shifts the Target. A straggler of the last Deployment may have
// left a weight of nothing, or an alias that it has created, until the second look.
func (r *run) resting(t shift.Target, s *served) {
	stray := s.rest == nil && s.alias != nil
	switch {
	case stray && r.inGrace(t), s.mayGo && s.alias == nil:
	case !sameTraffic(s.alias, s.rest):
		r.breaks("I1: %s has %v and should have %v, and nobody shifts it", t, show(s.alias), show(s.rest))
	case s.alias != nil && len(s.alias.Weights) > len(positive(s.alias.Weights)) && !r.inGrace(t):
		r.breaks("I2: %s has %v, which is a weight of nothing that nobody has taken away", t, show(s.alias))
	}
}

// announced : I8, an Outcome is told as it is, and repeats carry the same id.
func (r *run) announced(events []localaws.Event) {
	for _, e := range events {
		var a shift.Announcement
		if err := json.Unmarshal([]byte(e.Detail), &a); err != nil {
			r.breaks("I8: an announcement cannot be read: %v", err)
		}
		before, repeated := r.told[a.ID]
		if repeated && (before.DeploymentID != a.DeploymentID || before.State != a.State || before.Step != a.Step) {
			r.breaks("I8: %s is the id of %s and of %s", a.ID, before.State, a.State)
		}
		r.told[a.ID] = a
		r.transcript.add("announced", "%s of %s", a.State, nameOf(a.DeploymentID))
		if outcomes[shift.Outcome(a.State)] && r.deployments[a.DeploymentID].outcome != shift.Outcome(a.State) {
			r.breaks("I8: %s was announced of %s, which has ended as %q", a.State, nameOf(a.DeploymentID), r.deployments[a.DeploymentID].outcome)
		}
	}
}

var outcomes = map[shift.Outcome]bool{
	shift.Promoted: true, shift.Unchanged: true, shift.Rejected: true, shift.RolledBack: true, shift.Stranded: true,
}

// heard says whether the Outcome of a Deployment was announced, with the id that
// every repeat of it has.
func (r *run) heard(id string) bool {
	d := r.deployments[id]
	if d == nil {
		return false
	}
	_, told := r.told[explain.AnnounceOutcome(shift.Record{ID: id, Outcome: d.outcome}, world.Epoch).ID]
	return told
}

// history : I9. What the Progress says of the history is never less than what it
// has, but for the hooks' retries, for which room is kept; so the budget that it is
// held against keeps it below the limit.
func (r *run) history(x *asl.Execution, e asl.Event) {
	if e.ID > historyLimit {
		r.breaks("I9: the history of %s has come to its limit", x.Name())
	}
	r.transcript.history(x, e)
	if e.StateEntered == nil {
		return
	}
	r.boundary(x)
	r.entered(x, e.StateEntered)
	if e.StateEntered.Name != "Next?" {
		return
	}
	var doc flow.Document
	if err := json.Unmarshal(e.StateEntered.Input, &doc); err != nil || doc.Progress == nil {
		r.breaks("I9: %s has no progress: %v", x.Name(), err)
		return
	}
	counted := doc.Progress.Events + shift.EventsOfRetry*shift.HookRetries*doc.Release.Hooks.Count()
	if x.RedriveCount() == 0 && int(e.ID) > counted {
		r.breaks("I9: the history of %s has %d events, and its progress counts %d", x.Name(), e.ID, counted)
	}
	r.judged(x, *doc.Progress)
}

// historyLimit is what an execution's history may come to at most: 25,000 events end
// it (Step Functions quotas), and what is left is for putting the traffic back.
const historyLimit = 24_900

// final checks how everything stands when nothing happens any more.
func (r *run) final() error {
	r.grace = map[shift.Target]*promise{}
	for t := range r.served {
		r.touched[t] = true
	}
	r.stepped()
	for _, x := range r.w.Machine().Executions() {
		if x.Status() == asl.Running {
			return fmt.Errorf("the execution %s never ends", x.Name())
		}
		if d := r.deployments[x.ARN()]; d != nil {
			r.ended(x, d)
		}
	}
	for _, item := range r.w.Tables().Items(world.LedgerTable) {
		pk, sk := text(item, "pk"), text(item, "sk")
		if pk == "open" || pk == "suspect" || sk == "lock" || strings.HasPrefix(pk, "alarm#") {
			r.breaks("the ledger still has %s / %s", pk, sk)
		}
	}
	return r.violated
}

// ended : every Deployment has an Outcome, which was announced (I8), and is what
// the execution ended as.
func (r *run) ended(x *asl.Execution, d *standing) {
	failure := x.Failure().Error
	switch {
	case !d.finished():
		r.breaks("I7: the record of %s is still %s", x.Name(), d.status)
	case !r.heard(d.id):
		r.breaks("I8: nobody was told that %s ended as %s", x.Name(), d.outcome)
	case x.Status() == asl.Failed && failure != string(d.outcome) && (failure != flow.RollbackIncomplete || len(r.denials) == 0):
		// Only a permission that is lost for so long uses up the retries of Rollback.
		r.breaks("the execution %s ended as %s, and its record as %s", x.Name(), failure, d.outcome)
	case x.Status() == asl.Succeeded && d.outcome != shift.Promoted && d.outcome != shift.Unchanged:
		r.breaks("the execution %s succeeded, and its record ended as %s", x.Name(), d.outcome)
	}
}

// nameOf is the name of the execution that a Deployment's id is the ARN of.
func nameOf(id string) string { return id[strings.LastIndexByte(id, ':')+1:] }

func show(a *localaws.Alias) string {
	if a == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s %v (%s)", a.FunctionVersion, a.Weights, a.RevisionID)
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
	for _, x := range slices.Backward(r.w.Machine().Executions()) {
		executions += fmt.Sprintf("  %s: %s %s %s\n    %s\n", x.Name(), x.Status(), x.Failure().Error, x.Failure().Cause, strings.Join(x.Path(), " "))
	}
	return fmt.Errorf("%s, with %s\n%w\n%s%s", r.base.name, strings.Join(faults, " and "), violation, executions, strings.Join(r.calls, "\n"))
}
