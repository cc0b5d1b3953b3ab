package proof

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// observer watches a run from outside. It checks each event that could be forbidden when it
// happens. After every step of the world it checks the conditions that must always hold, for
// everything that the step may have changed.
type observer struct {
	*view
	calls    []string
	violated error
	// touched are the Targets that the current step concerns.
	touched map[shift.Target]bool
	// saw are the Revisions of each Target that each Lambda has last seen, "" for none.
	saw map[*world.Actor]map[shift.Target]string
	// sawFor are the Deployments that held the Targets then.
	sawFor map[*world.Actor]map[shift.Target]*standing
	// fresh are the Targets that each Lambda has read since it last wrote them.
	fresh map[*world.Actor]map[shift.Target]bool
	// grace is the time until which a stray write of a rolled-back Deployment is allowed.
	grace map[shift.Target]*promise
	// told are the announcements, by id.
	told map[string]shift.Announcement
	// ids are the ids of the announcements, by content.
	ids map[string]string
	// strict is for a world without faults. Nothing that a straggler may otherwise leave for a
	// while is allowed.
	strict bool
	// strangers counts the changes of aliases by somebody else.
	strangers int
	// writes counts the writes of each front end.
	writes map[shift.Target]int
	// frozen are the freezes of the account, in order.
	frozen []froze
	// forms are the forms in which the records of names were found.
	forms map[shift.Target]string
	queueing
	promises
}

// watch observes a World with unknown delays, so it checks no time bounds.
func watch(w *world.World, strict bool) *run {
	r := &run{w: w, made: map[string]int{}, commands: newCommands(), answering: newAnswering()}
	r.patient, r.strict = true, strict
	r.observe()
	return r
}

func (r *run) observe() {
	r.observer = observer{
		view: newView(), touched: map[shift.Target]bool{}, writes: map[shift.Target]int{}, forms: map[shift.Target]string{}, saw: map[*world.Actor]map[shift.Target]string{}, sawFor: map[*world.Actor]map[shift.Target]*standing{},
		fresh: map[*world.Actor]map[shift.Target]bool{},
		grace: map[shift.Target]*promise{}, told: map[string]shift.Announcement{}, ids: map[string]string{}, strict: r.strict,
		promises: promises{baking: map[string]time.Time{}, firing: map[string]bool{}, read: map[*world.Actor]time.Time{}, since: map[string]time.Time{}, ignored: map[ignoring]bool{}, awaits: map[string]time.Time{}, patient: r.patient},
	}
	for _, t := range r.w.Targets() {
		r.forms[t] = r.formOf(t)
		if alias := r.aliasOf(t); alias != nil {
			s := r.target(t)
			s.alias, s.rest, s.settled = alias, alias, alias
			s.initial = alias.RevisionID
		}
	}
	r.w.Cloud().OnCall(r.called)
	r.w.Cloud().OnAliasChange(r.rerouted)
	r.watchFrontEnds()
	r.w.Cloud().OnEvents(r.announced)
	r.w.Tables().OnWrite(r.written)
	r.w.OnHistory(r.history)
	r.w.OnStep(r.stepped)
}

// breaks records the first violation.
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
	switch c.Action() {
	case "lambda:DeleteAlias":
		r.refresh(liveOf(c.Resource), false)
	case "cloudfront-keyvaluestore:DeleteKey":
		r.refresh(shopSite, false)
	}
	if !r.w.IsSluice(c.Actor) {
		return
	}
	r.refusedName(c)
	r.pruned(c)
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

// rerouted is called for every write of an alias.
func (r *run) rerouted(c localaws.AliasChange) {
	of := c.After
	if of == nil {
		of = c.Before
	}
	r.reroutedTo(flow.LambdaTarget(of.Function, of.Name), c)
}

// aliasOf returns what a Target has now; nil if it does not exist.
func (r *run) aliasOf(t shift.Target) *localaws.Alias {
	if t.Kind() != shift.KindLambda {
		return r.facing(t)
	}
	function, name, _ := flow.SplitLambdaTarget(t)
	if alias, exists := r.w.Cloud().Alias(function, name); exists {
		return &alias
	}
	return nil
}

// reroutedTo is called for every write of a Target.
func (r *run) reroutedTo(t shift.Target, c localaws.AliasChange) {
	s := r.target(t)
	r.touched[t] = true
	if !r.w.IsSluice(c.Actor) {
		r.strange(s, c.After)
		r.transcript.add("somebody else", "writes %s", t)
		return
	}
	r.i6(t, s, c)
	if r.strict {
		r.strictly(t, c)
	}
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

// lasted : no Deployment ends before it begins, as the history tells it. One that was
// refused before it was opened is not in there.
func (r *run) lasted(d *standing, record dynamodb.Item) {
	opened, err := time.Parse(time.RFC3339, text(record, "openedAt"))
	closed, _ := time.Parse(time.RFC3339, text(record, "closedAt"))
	if err == nil && closed.Before(opened.Truncate(time.Millisecond)) { // a state tells the time in milliseconds
		r.breaks("the history: %s was opened at %s, and closed at %s", nameOf(d.id), opened, closed)
	}
}

// final checks the state after the last event.
func (r *run) final() error {
	r.grace = map[shift.Target]*promise{}
	r.rests()
	for _, item := range r.w.Tables().Items(world.LedgerTable) {
		if pk, sk := text(item, flow.LedgerPartitionKey), text(item, flow.LedgerSortKey); isTemporary(pk, sk) || pk == "suspect" {
			r.breaks("the ledger still has %s / %s", pk, sk)
		}
	}
	return r.violated
}

// isTemporary reports whether an item of the Ledger is deleted when its Deployment has ended.
func isTemporary(pk, sk string) bool {
	return pk == "open" || pk == "waiting" || sk == "lock" || strings.HasPrefix(pk, "alarm#")
}

// rests checks the conditions that must hold when no execution runs.
func (r *run) rests(excused ...string) {
	for t := range r.served {
		r.touched[t] = true
	}
	r.stepped()
	for _, x := range r.w.Machine().Executions() {
		if x.Status() == asl.Running {
			r.breaks("the execution %s never ends", x.Name())
		}
		if d := r.deployments[x.ARN()]; d != nil && !slices.Contains(excused, x.Name()) {
			r.ended(x, d)
		}
	}
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
	case x.Status() == asl.Failed && failure != string(d.outcome) && (failure != flow.RollbackIncomplete || len(r.denials) == 0 && !r.strict):
		// Only a permission that is lost for so long uses up the retries of Rollback.
		r.breaks("the execution %s ended as %s, and its record as %s", x.Name(), failure, d.outcome)
	case x.Status() == asl.Succeeded && d.outcome != shift.Promoted && d.outcome != shift.Unchanged:
		r.breaks("the execution %s succeeded, and its record ended as %s", x.Name(), d.outcome)
	}
}

// nameOf returns the name of a Deployment's execution. The Deployment's id is the execution's ARN.
func nameOf(id string) string { return id[strings.LastIndexByte(id, ':')+1:] }

func show(a *localaws.Alias) string {
	if a == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s %v (%s)", a.FunctionVersion, a.Weights, a.RevisionID)
}

// story describes a violation: the faults, the timeline of calls, and the violation itself.
func (r *run) story(violation error) error {
	if violation == nil || r == nil { // a world that cannot be made has no story
		return violation
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

// recorded is called for every write of a record.
func (r *run) recorded(id string, record dynamodb.Item) {
	was := standing{}
	if d := r.deployments[id]; d != nil {
		was = *d
	}
	d := r.keep(id, record)
	if d.finished() && !was.finished() {
		d.closed = r.w.Now()
		defer r.endsWaiting(id)
	}
	for _, t := range d.targets {
		r.touched[t] = true
	}
	r.describes(was, d)
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
	r.enters(was, d, record)
	r.tells(was, d)
}

// describes is told of every write of a record: the first that says what is shifted begins
// the Deployment.
func (r *run) describes(was standing, d *standing) {
	if was.deployment == nil && d.deployment != nil {
		r.accept(d)
		r.misreads(d)
		r.begins(d)
		r.opened(d)
	}
}

// changesHands notes who holds a Target.
func (r *run) changesHands(t shift.Target, holder string) {
	if !isWatched(t) {
		return
	}
	r.touched[t] = true
	before := r.holders[t]
	if r.holders[t] = holder; holder == "" {
		delete(r.holders, t)
	} else if before != holder {
		r.takes(t, holder)
	}
}

func (r *run) suspected(id string, is bool) {
	if is {
		r.suspects[id] = true
	} else {
		delete(r.suspects, id)
	}
}

// written is called for every write of the Ledger's table. It reads the items as they are
// stored, and not by the ledger's adapter, whose mistakes it would share.
func (r *run) written(table string, before, after dynamodb.Item) {
	if table != world.LedgerTable {
		r.stored(before, after)
		return
	}
	r.hookWritten(before, after)
	switch kind, of, sk := whatOf(before, after); {
	case kind == "deployment" && sk == "record":
		r.recorded(of, after)
	case kind == "target" && sk == "lock":
		r.changesHands(shift.Target(of), text(after, "holder"))
	case kind == "suspect":
		r.suspected(strings.TrimPrefix(sk, "deployment#"), after != nil)
	case kind == flow.FreezePartition:
		r.freezes(after)
	case kind == "waiting":
		r.queued(strings.TrimPrefix(sk, "deployment#"), after)
	case kind == "open":
		r.listed(strings.TrimPrefix(sk, "deployment#"), after != nil)
	}
}
