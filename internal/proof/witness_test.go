package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	"sluice/internal/localaws/dynamodb"
	"sluice/internal/shift"
	"sluice/internal/world"
)

// witness watches a World from outside, through the aliases, the Ledger's table
// and the event bus, and knows nothing of how Sluice works: it holds the
// invariants of the design against what it sees.
type witness struct {
	t     testing.TB
	world *world.World
	// began are the aliases as they stood before anything ran, meddled those that
	// somebody else wrote, settling those with provisioned concurrency.
	began    map[shift.Target]localaws.Alias
	meddled  map[shift.Target]bool
	settling map[shift.Target]bool
	// highest is the Weight that each deployment last gave a Target.
	highest map[string]map[shift.Target]shift.Weight
	largest int // document that entered a state
	// unasked names the executions that nobody has asked for.
	unasked []string
	broken  []string
}

// largestDocument is what a document may have grown to at the end of a
// deployment: what is checked at its start is 96 KiB, and a state takes 256.
const largestDocument = 128 << 10

// observe makes a World whose whole life is witnessed.
func observe(t testing.TB, s world.Scenario, inputs ...json.RawMessage) (*world.World, *witness) {
	t.Helper()
	w, err := world.New(s, inputs...)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	seen := &witness{
		t: t, world: w, began: map[shift.Target]localaws.Alias{}, meddled: map[shift.Target]bool{},
		settling: map[shift.Target]bool{}, highest: map[string]map[shift.Target]shift.Weight{},
	}
	for _, target := range w.Targets() {
		function, name, err := target.Lambda()
		require.NoError(t, err)
		if alias, exists := w.Cloud().Alias(function, name); exists {
			seen.began[target] = alias
		}
		_, seen.settling[target] = s.Functions[function].Provisioned[name]
	}
	w.Cloud().OnAliasChange(seen.aliasChanged)
	w.Cloud().OnEvents(seen.announced)
	w.OnHistory(func(_ *asl.Execution, e asl.Event) {
		if e.StateEntered != nil {
			seen.largest = max(seen.largest, len(e.StateEntered.Input))
		}
	})
	return w, seen
}

// play starts an execution, and lets the World run out.
func (s *witness) play(input json.RawMessage) *asl.Execution {
	s.t.Helper()
	x, err := s.world.Start(world.Simulated, input)
	require.NoError(s.t, err)
	require.NoError(s.t, s.world.Run())
	return x
}

// breaks notes what is not as it must be.
func (s *witness) breaks(format string, args ...any) {
	s.broken = append(s.broken, fmt.Sprintf("at %s: ", s.world.Elapsed())+fmt.Sprintf(format, args...))
}

// aliasChanged holds I1, I4 and I5 at every write of an alias.
func (s *witness) aliasChanged(c localaws.AliasChange) {
	of := c.After
	if of == nil {
		of = c.Before
	}
	target := shift.LambdaTarget(of.Function, of.Name)
	if !s.world.IsSluice(c.Actor) {
		s.meddled[target] = true
		return
	}
	holder := s.ledger(targetKey(target), "lock").text("holder")
	record := s.ledger("deployment#"+holder, "record")
	change := record.change(target)
	switch {
	case change == nil:
		s.breaks("I1: %s wrote %s, which no deployment holds", c.Actor, target)
	case c.After == nil && !change.Creates():
		s.breaks("I2: %s deleted %s, which was there before", c.Actor, target)
	case c.After == nil:
	case c.Actor == flow.SetWeight.Function:
		s.shifted(record, *change, shareOf(c.After, change.Candidate))
	case shareOf(c.After, change.Candidate) > 0 && !s.settling[target]:
		s.breaks("I4: %s gave traffic of %s to the candidate: %v", c.Actor, target, *c.After)
	}
}

// shifted holds I1 and I4 when traffic was given to a Candidate.
func (s *witness) shifted(record ledgerItem, c shift.Change, share shift.Weight) {
	if status := record.text("status"); status != "open" {
		s.breaks("I1: %s of %s went to the candidate of a deployment that is %s", share, c.Target, status)
	}
	steps, intent, id := record.deployment().Plan.Steps, record.number("intent"), record.text("id")
	if intent < 1 || intent > len(steps) {
		s.breaks("I4: %s was written with the intent %d of %d", c.Target, intent, len(steps))
		return
	}
	wanted := steps[intent-1].Weight
	if c.Creates() { // there is nothing else that it could serve
		wanted = shift.All
	}
	if s.highest[id] == nil {
		s.highest[id] = map[shift.Target]shift.Weight{}
	}
	if share != wanted || share <= s.highest[id][c.Target] {
		s.breaks("I4: in step %d, %s went from %s to %s, and not to %s", intent, c.Target, s.highest[id][c.Target], share, wanted)
	}
	s.highest[id][c.Target] = share
}

// announced holds I2 and I3 when an Outcome is told.
func (s *witness) announced(events []localaws.Event) {
	for _, e := range events {
		var a shift.Announcement
		if err := json.Unmarshal([]byte(e.Detail), &a); err != nil {
			s.breaks("an announcement cannot be read: %v", err)
		}
		switch shift.Outcome(a.State) {
		case shift.Promoted, shift.RolledBack, shift.Rejected, shift.Unchanged:
			s.restful(a)
		}
	}
}

// restful checks where the traffic of a deployment goes that has just ended.
// Nobody may have taken its place: the announcement may come late.
func (s *witness) restful(a shift.Announcement) {
	record := s.ledger("deployment#"+a.DeploymentID, "record")
	if outcome := record.text("outcome"); outcome != string(a.State) {
		s.breaks("I8: %s was announced, and the ledger says %q", a.State, outcome)
	}
	for _, c := range record.deployment().Changes {
		if s.ledger(targetKey(c.Target), "lock") != nil || s.meddled[c.Target] {
			continue
		}
		s.serves(c, shift.Outcome(a.State))
	}
}

func (s *witness) serves(c shift.Change, o shift.Outcome) {
	function, name, err := c.Target.Lambda()
	require.NoError(s.t, err)
	alias, exists := s.world.Cloud().Alias(function, name)
	wanted := c.Stable
	if o == shift.Promoted {
		wanted = c.Candidate
	}
	if exists != (wanted != "") || alias.FunctionVersion != string(wanted) || len(alias.Weights) > 0 {
		s.breaks("I2, I3: after %s, %s has %v", o, c.Target, alias)
	}
}

// verify says what is not as it must be, also now that the World has run out.
// unfinished names the deployments that are known to be left over, by the names of
// their executions.
func (s *witness) verify(unfinished ...string) []string {
	for _, x := range s.world.Executions() {
		switch {
		case slices.Contains(s.unasked, x.Name()):
			s.verifyUntouched(x)
		case !slices.Contains(unfinished, x.Name()):
			s.verifyClosed(x)
		case s.ledger("open", "deployment#"+x.ARN()) == nil:
			s.breaks("%s is left over, and the safety net cannot find it", x.Name())
		}
	}
	s.verifyRoutes()
	s.verifyAnnouncements()
	if s.largest > largestDocument {
		s.breaks("a document of %d bytes entered a state", s.largest)
	}
	return s.broken
}

// verifyUntouched holds that an execution which nobody has asked for left nothing in
// the Ledger, and that nobody was told of it.
func (s *witness) verifyUntouched(x *asl.Execution) {
	for _, i := range s.items() {
		if strings.Contains(i.text("pk")+i.text("sk")+i.text("id")+i.text("holder"), x.ARN()) {
			s.breaks("%s has left %s / %s", x.Name(), i.text("pk"), i.text("sk"))
		}
	}
	for _, a := range s.world.Announcements() {
		if a.DeploymentID == x.ARN() {
			s.breaks("%s of %s was announced", a.State, x.Name())
		}
	}
}

// verifyClosed holds I5 and I8: the deployment left no lock and no item that
// leads to it, its Outcome stands in the Ledger and was announced.
func (s *witness) verifyClosed(x *asl.Execution) {
	record := s.ledger("deployment#"+x.ARN(), "record")
	outcome := record.text("outcome")
	if record.text("status") != "closed" || outcome == "" || record.number("expiresAt") == 0 {
		s.breaks("the record of %s is not closed for good: %v", x.Name(), record)
	}
	for _, i := range s.items() {
		pk, sk := i.text("pk"), i.text("sk")
		switch {
		case (pk == "open" || strings.HasPrefix(pk, "alarm#")) && i.text("id") == x.ARN(),
			sk == "lock" && i.text("holder") == x.ARN():
			s.breaks("I5: %s has left %s / %s", x.Name(), pk, sk)
		case strings.HasPrefix(sk, "candidate#") && i.text("id") == x.ARN() && i.text("outcome") != outcome:
			s.breaks("the history of %s says %q of %s, which ended as %q", pk, i.text("outcome"), x.Name(), outcome)
		}
	}
	if !slices.ContainsFunc(s.world.Announcements(), func(a shift.Announcement) bool {
		return a.DeploymentID == x.ARN() && string(a.State) == outcome
	}) {
		s.breaks("I8: nobody was told that %s ended as %q", x.Name(), outcome)
	}
}

// verifyRoutes holds I2 and I3 in the end: a Target serves what it was last
// promoted to, or what it served before anything ran.
func (s *witness) verifyRoutes() {
	for target, wanted := range s.began {
		if s.meddled[target] || s.ledger(targetKey(target), "lock") != nil {
			continue
		}
		if version, shifted := s.promoted(target); shifted {
			wanted = localaws.Alias{FunctionVersion: string(version)}
		}
		function, name, err := target.Lambda()
		require.NoError(s.t, err)
		if alias, exists := s.world.Cloud().Alias(function, name); !exists || !sameTraffic(&alias, &wanted) {
			s.breaks("I2, I3: in the end, %s has %v and should have %v", target, alias, wanted)
		}
	}
}

// promoted is what a Target was last promoted to.
func (s *witness) promoted(target shift.Target) (shift.Version, bool) {
	for _, a := range slices.Backward(s.world.Announcements()) {
		if a.State != shift.Announced(shift.Promoted) {
			continue
		}
		for _, c := range a.Changes {
			if c.Target == target {
				return c.Candidate, true
			}
		}
	}
	return "", false
}

// verifyAnnouncements holds I8: repeats, and only they, carry the same id.
func (s *witness) verifyAnnouncements() {
	said, ids := map[string]string{}, map[string]string{}
	for _, a := range s.world.Announcements() {
		what := fmt.Sprintf("%s of step %d of %s", a.State, a.Step, a.DeploymentID)
		if id, repeated := said[what]; repeated && id != a.ID {
			s.breaks("I8: %s was told as %s and as %s", what, id, a.ID)
		}
		if other, known := ids[a.ID]; known && other != what {
			s.breaks("I8: %s is the id of %s and of %s", a.ID, other, what)
		}
		said[what], ids[a.ID] = a.ID, what
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

func (i ledgerItem) change(t shift.Target) *shift.Change {
	for _, c := range i.deployment().Changes {
		if c.Target == t {
			return &c
		}
	}
	return nil
}

func targetKey(t shift.Target) string { return "target#" + string(t) }

func (s *witness) items() []ledgerItem {
	var items []ledgerItem
	for _, i := range s.world.Tables().Items(world.LedgerTable) {
		items = append(items, ledgerItem(i))
	}
	return items
}

// ledger is one item of the Ledger, or nil.
func (s *witness) ledger(pk, sk string) ledgerItem {
	for _, i := range s.items() {
		if i.text("pk") == pk && i.text("sk") == sk {
			return i
		}
	}
	return nil
}
