package proof

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// witness is a World that nobody attacks, but for what its scenario says: the observer
// watches it as it watches a run, and is strict. It holds no bounds of time, as it does not
// know what the scenario's faults cost.
type witness struct {
	*run
	t testing.TB
	// unasked names the executions that nobody has asked for.
	unasked []string
}

// observe makes a World whose whole life is witnessed.
func observe(t testing.TB, s world.Scenario, inputs ...json.RawMessage) (*world.World, *witness) {
	t.Helper()
	w, err := world.New(s, inputs...)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	r := watch(w, true)
	w.OnMoment(r.moment)
	w.OnParcel(func(p world.Parcel) bool { r.provoked(p); r.commanded(p); return false })
	return w, &witness{run: r, t: t}
}

// play starts an execution, and lets the World run out.
func (s *witness) play(input json.RawMessage) *asl.Execution {
	s.t.Helper()
	x, err := s.w.Start(world.Simulated, input)
	require.NoError(s.t, err)
	require.NoError(s.t, s.w.Run())
	return x
}

// verify says what is not as it must be, also now that the World has run out.
// unfinished names the deployments that are known to be left over, by the names of
// their executions.
func (s *witness) verify(unfinished ...string) []string {
	s.rests(slices.Concat(unfinished, s.unasked)...)
	for _, x := range s.w.Executions() {
		switch {
		case slices.Contains(s.unasked, x.Name()):
			s.verifyUntouched(x)
		case !slices.Contains(unfinished, x.Name()):
			s.verifyClosed(x)
		case !s.unannounced[x.ARN()]:
			s.breaks("%s is left over, and the safety net cannot find it", x.Name())
		}
	}
	if s.violated != nil {
		return []string{s.violated.Error()}
	}
	return nil
}

// verifyUntouched holds that an execution which nobody has asked for left nothing in
// the Ledger, and that nobody was told of it.
func (s *witness) verifyUntouched(x *asl.Execution) {
	for _, i := range s.items() {
		if strings.Contains(i.text(flow.LedgerPartitionKey)+i.text(flow.LedgerSortKey)+i.text("id")+i.text("holder"), x.ARN()) {
			s.breaks("%s has left %s / %s", x.Name(), i.text(flow.LedgerPartitionKey), i.text(flow.LedgerSortKey))
		}
	}
	for _, a := range s.told {
		if a.DeploymentID == x.ARN() {
			s.breaks("%s of %s was announced", a.State, x.Name())
		}
	}
}

// verifyClosed holds that a deployment has a record that expires, that it has left nothing
// that leads to it, and that the history of its Targets tells its end.
func (s *witness) verifyClosed(x *asl.Execution) {
	record := s.ledger("deployment#"+x.ARN(), "record")
	if record.text("status") != "closed" || record.text("outcome") == "" || record.number(flow.LedgerExpiry) == 0 {
		s.breaks("the record of %s is not closed for good: %v", x.Name(), record)
	}
	for _, i := range s.items() {
		if i.text("id") == x.ARN() || i.text("holder") == x.ARN() {
			s.verifyLeft(x, record, i)
		}
	}
}

// verifyLeft checks an item that a closed deployment has left.
func (s *witness) verifyLeft(x *asl.Execution, record, i ledgerItem) {
	switch pk, sk := i.text(flow.LedgerPartitionKey), i.text(flow.LedgerSortKey); {
	case sk == "lock" && s.quarantines(record, pk):
	case isTemporary(pk, sk):
		s.breaks("I5: %s has left %s / %s", x.Name(), pk, sk)
	case strings.HasPrefix(sk, "candidate#") && i.text("outcome") != record.text("outcome"):
		s.breaks("the history of %s says %q of %s, which ended as %q", pk, i.text("outcome"), x.Name(), record.text("outcome"))
	}
}

// quarantines says whether a closed deployment keeps the lock of a Target for a while: if it
// has created the Target, and was not promoted.
func (s *witness) quarantines(record ledgerItem, pk string) bool {
	return record.text("outcome") != string(shift.Promoted) && record.number("intent") > 0 &&
		slices.ContainsFunc(record.deployment().Changes, func(c shift.Change) bool { return c.Creates() && targetKey(c.Target) == pk })
}

// strictly is told of every write of an alias by Sluice in a world that nobody attacks: what
// it writes is what its Deployment has intended, and no restorer gives traffic to a
// Candidate.
func (r *run) strictly(t shift.Target, c localaws.AliasChange) {
	d := r.holder(t)
	change := d.change(t)
	switch {
	case change == nil:
		r.breaks("I1: %s wrote %s, which no deployment holds", c.Actor, t)
	case c.After == nil && !change.Creates():
		r.breaks("I2: %s deleted %s, which was there before", c.Actor, t)
	case c.After == nil:
	case c.Actor == flow.SetWeight.Function:
		r.shifted(d, *change, shareOf(c.After, change.Candidate))
	case shareOf(c.After, change.Candidate) > 0 && !change.Settles:
		r.breaks("I4: %s gave traffic of %s to the candidate: %s", c.Actor, t, show(c.After))
	}
}

// shifted holds I1 and I4 when traffic was given to a Candidate.
func (r *run) shifted(d *standing, c shift.Change, share shift.Weight) {
	if d.status != shift.StatusOpen {
		r.breaks("I1: %s of %s went to the candidate of a deployment that is %s", share, c.Target, d.status)
	}
	if d.intent < 1 || d.intent > d.deployment.Plan.Len() {
		r.breaks("I4: %s was written with the intent %d of %d", c.Target, d.intent, d.deployment.Plan.Len())
		return
	}
	wanted := d.deployment.Plan.Step(d.intent).Weight
	if c.Creates() { // there is nothing else that it could serve
		wanted = shift.All
	}
	if before := r.target(c.Target).highest[d.id]; share != wanted || share <= before {
		r.breaks("I4: in step %d, %s went from %s to %s, and not to %s", d.intent, c.Target, before, share, wanted)
	}
}

// ledgerItem is an item of the Ledger's table as it lies there.
type ledgerItem dynamodb.Item

func (i ledgerItem) text(name string) string {
	text, _ := dynamodb.Item(i).Text(name)
	return text
}

func (i ledgerItem) number(name string) int {
	text, _ := dynamodb.Item(i).Number(name)
	n, _ := strconv.Atoi(text)
	return n
}

// deployment is what the record describes; nothing while it does not.
func (i ledgerItem) deployment() shift.Deployment {
	var d shift.Deployment
	_ = json.Unmarshal([]byte(i.text("deployment")), &d)
	return d
}

func targetKey(t shift.Target) string { return "target#" + string(t) }

// items are all items of the Ledger's table, which no adapter lists.
func (r *run) items() []ledgerItem {
	var items []ledgerItem
	for _, i := range r.w.Tables().Items(world.LedgerTable) {
		items = append(items, ledgerItem(i))
	}
	return items
}

// ledger is one item of the Ledger, or nil.
func (r *run) ledger(pk, sk string) ledgerItem {
	for _, i := range r.items() {
		if i.text(flow.LedgerPartitionKey) == pk && i.text(flow.LedgerSortKey) == sk {
			return i
		}
	}
	return nil
}
