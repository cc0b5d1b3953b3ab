package world

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/local/asl"
	"sluice/internal/local/cloud"
	"sluice/internal/local/cloud/dynamodb"
	"sluice/internal/shift"
)

// witness watches a World from outside, through the aliases, the Ledger's table
// and the event bus, and knows nothing of how Sluice works: it holds the
// invariants of the design against what it sees.
type witness struct {
	t     testing.TB
	world *World
	// began are the aliases as they stood before anything ran, meddled those that
	// somebody else wrote, settling those with provisioned concurrency.
	began    map[shift.Target]cloud.Alias
	meddled  map[shift.Target]bool
	settling map[shift.Target]bool
	// highest is the Weight that each deployment last gave a Target.
	highest map[string]map[shift.Target]shift.Weight
	largest int // document that entered a state
}

// largestDocument is what a document may have grown to at the end of a
// deployment: what is checked at its start is 96 KiB, and a state takes 256.
const largestDocument = 128 << 10

// observe makes a World whose whole life is witnessed.
func observe(t testing.TB, s Scenario, inputs ...json.RawMessage) (*World, *witness) {
	t.Helper()
	w, err := New(s, inputs...)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	seen := &witness{
		t: t, world: w, began: map[shift.Target]cloud.Alias{}, meddled: map[shift.Target]bool{},
		settling: map[shift.Target]bool{}, highest: map[string]map[shift.Target]shift.Weight{},
	}
	for target := range w.traffic.byTarget {
		function, name, err := target.Lambda()
		require.NoError(t, err)
		if alias, exists := w.cloud.Alias(function, name); exists {
			seen.began[target] = alias
		}
		_, seen.settling[target] = s.Functions[function].Provisioned[name]
	}
	w.cloud.OnAliasChange(seen.aliasChanged)
	w.cloud.OnEvents(seen.announced)
	w.watch = func(_ time.Duration, _ *asl.Execution, e asl.Event) {
		if e.StateEntered != nil {
			seen.largest = max(seen.largest, len(e.StateEntered.Input))
		}
	}
	return w, seen
}

// play starts an execution, and lets the World run out.
func (s *witness) play(input json.RawMessage) *asl.Execution {
	s.t.Helper()
	x, err := s.world.Start(simulated, input)
	require.NoError(s.t, err)
	require.NoError(s.t, s.world.Run())
	return x
}

// aliasChanged holds I1, I4 and I5 at every write of an alias.
func (s *witness) aliasChanged(c cloud.AliasChange) {
	of := c.After
	if of == nil {
		of = c.Before
	}
	target := shift.LambdaTarget(of.Function, of.Name)
	if _, ours := s.world.functions[c.Actor]; !ours {
		s.meddled[target] = true
		return
	}
	holder := s.ledger(targetKey(target), "lock").text("holder")
	record := s.ledger("deployment#"+holder, "record")
	change := record.change(target)
	if !assert.NotNil(s.t, change, "I1: %s wrote %s, which no deployment holds", c.Actor, target) {
		return
	}
	if c.After == nil {
		assert.True(s.t, change.Creates(), "I2: %s deleted %s, which was there before", c.Actor, target)
		return
	}
	share := shareOf(*c.After, change.Candidate)
	if c.Actor != flow.SetWeight.Function {
		assert.Zero(s.t, share, "I4: %s gave traffic of %s to the candidate", c.Actor, target)
		return
	}
	s.shifted(record, target, share)
}

// shifted holds I1 and I4 when traffic was given to a Candidate.
func (s *witness) shifted(record ledgerItem, target shift.Target, share shift.Weight) {
	at := s.world.elapsed()
	assert.Equal(s.t, "open", record.text("status"), "I1: at %s, %s of %s went to the candidate of a deployment that is not open", at, share, target)
	steps := record.deployment().Plan.Steps
	intent := record.number("intent")
	if !assert.True(s.t, 0 < intent && intent <= len(steps), "I4: at %s, %s was written without an intent", at, target) {
		return
	}
	assert.Equal(s.t, steps[intent-1].Weight, share, "I4: at %s, step %d of %s", at, intent, target)
	id := record.text("id")
	if s.highest[id] == nil {
		s.highest[id] = map[shift.Target]shift.Weight{}
	}
	assert.Greater(s.t, share, s.highest[id][target], "I4: at %s, the weight of %s did not grow", at, target)
	s.highest[id][target] = share
}

// announced holds I2 and I3 when an Outcome is told.
func (s *witness) announced(events []cloud.Event) {
	for _, e := range events {
		var a shift.Announcement
		if !assert.NoError(s.t, json.Unmarshal([]byte(e.Detail), &a)) {
			continue
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
	assert.Equal(s.t, string(a.State), record.text("outcome"), "the announced outcome is not the ledger's")
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
	alias, exists := s.world.cloud.Alias(function, name)
	switch {
	case o == shift.Promoted:
		assert.Equal(s.t, string(c.Candidate), alias.FunctionVersion, "I3: %s after %s", c.Target, o)
	case c.Creates():
		assert.False(s.t, exists, "I2: %s was created and is still there after %s", c.Target, o)
		return
	default:
		assert.Equal(s.t, string(c.Stable), alias.FunctionVersion, "I2: %s after %s", c.Target, o)
	}
	assert.Empty(s.t, alias.Weights, "I2, I3: %s after %s", c.Target, o)
}

// verify holds what must be true when a World has run out. unfinished names the
// deployments that are known to be left over, by the names of their executions.
func (s *witness) verify(unfinished ...string) {
	s.t.Helper()
	for _, x := range s.world.executed {
		if slices.Contains(unfinished, x.Name()) {
			assert.NotNil(s.t, s.ledger("open", "deployment#"+x.ARN()), "%s is left over, and the safety net cannot find it", x.Name())
			continue
		}
		s.verifyClosed(x)
	}
	s.verifyUntouched()
	s.verifyAnnouncements()
	assert.LessOrEqual(s.t, s.largest, largestDocument, "the largest document that entered a state")
}

// verifyClosed holds I5 and I8: the deployment left no lock and no item that
// leads to it, its Outcome stands in the Ledger and was announced.
func (s *witness) verifyClosed(x *asl.Execution) {
	s.t.Helper()
	record := s.ledger("deployment#"+x.ARN(), "record")
	if !assert.NotNil(s.t, record, "%s has no record", x.Name()) {
		return
	}
	assert.Equal(s.t, "closed", record.text("status"), "the record of %s", x.Name())
	assert.NotEmpty(s.t, record.text("outcome"), "the record of %s", x.Name())
	assert.NotEmpty(s.t, record["expiresAt"], "the record of %s is kept for ever", x.Name())
	for _, i := range s.items() {
		pk, sk := i.text("pk"), i.text("sk")
		switch {
		case pk == "open", strings.HasPrefix(pk, "alarm#"):
			assert.NotEqual(s.t, x.ARN(), i.text("id"), "%s %s is left over", pk, sk)
		case sk == "lock":
			assert.NotEqual(s.t, x.ARN(), i.text("holder"), "I5: the lock of %s is left over", pk)
		case strings.HasPrefix(sk, "candidate#") && i.text("id") == x.ARN():
			assert.Equal(s.t, record.text("outcome"), i.text("outcome"), "the history of %s", pk)
		}
	}
	told := slices.ContainsFunc(s.world.announcements, func(a shift.Announcement) bool {
		return a.DeploymentID == x.ARN() && string(a.State) == record.text("outcome")
	})
	assert.True(s.t, told, "I8: that %s ended as %s was never announced", x.Name(), record.text("outcome"))
}

// verifyUntouched holds I2 for a Target that was never shifted, and what stays so
// after the end for one that was.
func (s *witness) verifyUntouched() {
	s.t.Helper()
	for target, before := range s.began {
		function, name, err := target.Lambda()
		require.NoError(s.t, err)
		if s.meddled[target] || s.settling[target] || s.leftOver(target) {
			continue
		}
		alias, _ := s.world.cloud.Alias(function, name)
		last, shifted := s.promoted(target)
		if !shifted {
			assert.Equal(s.t, before.FunctionVersion, alias.FunctionVersion, "I2: %s in the end", target)
			assert.Equal(s.t, before.Weights, alias.Weights, "I2: %s in the end", target)
			continue
		}
		assert.Equal(s.t, string(last), alias.FunctionVersion, "I3: %s in the end", target)
		assert.Empty(s.t, alias.Weights, "I3: %s in the end", target)
	}
}

func (s *witness) leftOver(target shift.Target) bool {
	return s.ledger(targetKey(target), "lock") != nil
}

// promoted is what a Target was last promoted to.
func (s *witness) promoted(target shift.Target) (shift.Version, bool) {
	for _, a := range slices.Backward(s.world.announcements) {
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
	s.t.Helper()
	said := map[string]string{}
	ids := map[string]string{}
	for _, a := range s.world.announcements {
		what := fmt.Sprintf("%s %s %d", a.DeploymentID, a.State, a.Step)
		if id, repeated := said[what]; repeated {
			assert.Equal(s.t, id, a.ID, "I8: a repeat of %s has another id", what)
		}
		if other, known := ids[a.ID]; known {
			assert.Equal(s.t, other, what, "I8: the id %s is not unique", a.ID)
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
	for _, i := range s.world.tables.Items(ledgerTable) {
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
