package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// call is one call of a function of a Deployment's, and how the stage is before it.
type call struct {
	changes []shift.Change
	before  func(*testing.T, *stage)
	do      func(context.Context, *stage) error
	// tolerates names the calls whose failure does not fail the function, and why. A number
	// names one of several.
	tolerates map[string]string
	// once says that the function repeats no call: a single failure fails it, too.
	once bool
}

func shifted(t *testing.T, s *stage) {
	t.Helper()
	_, err := s.shift(t, nil)
	require.NoError(t, err)
	s.told.list = nil
}

// edited gives the second Target another Revision, so that the write of it is refused.
func edited(t *testing.T, s *stage) {
	t.Helper()
	s.put(billing, shift.Route{Serving: "1"})
}

func rolledBack(t *testing.T, s *stage) {
	t.Helper()
	shifted(t, s)
	s.end(shift.RolledBack)
	s.suspects = []shift.Listed{{ID: first, Since: noon}}
	s.announced = true
}

func net(occasion request.Occasion, after time.Duration) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		n := s.net(noon.Add(after))
		n.Router = restoringRouter{RouteWriter: s.platform, pace: newPaces(s.platform, n.Now, atOnce), wait: atOnce}
		return n.act(ctx, occasion, &flow.Answer{})
	}
}

func unopenedYet(t *testing.T, s *stage) {
	t.Helper()
	unopened(s)
}

// What publish-version is called with.
const (
	twoTargets = `{"targets": [{"function": "orders", "alias": "live"}, {"function": "billing", "alias": "live", "version": "7"}],
		"alarms": ["orders-5xx"], "hooks": {"beforeTraffic": [{"function": "smoke"}]}, "judge": {"synthetic": {"function": "load"}}}`
	event = `{"function": "orders", "version": "2", "trigger": "event"}`
)

func order(o shift.Order, id string) request.Occasion {
	return request.Occasion{Command: &request.Commanded{Target: orders, DeploymentID: id, Command: shift.Command{Order: o, At: noon}}}
}

func closeDeployment(ctx context.Context, s *stage) error {
	_, err := CloseDeployment{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce, Wait: atOnce}.
		Handle(ctx, s.document(&shift.Progress{Step: 3, Steps: 3}))
	return err
}

func setWeight(ctx context.Context, s *stage) error {
	_, err := SetWeight{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce}.Handle(ctx, s.document(nil))
	return err
}

// No failure of a port may be taken for a success: a shift that was not written would bake, a
// Route that was not restored would be told as restored. Every call of every port fails in
// turn, for good, and the function says so.
func TestNoFailureOfAPortIsLost(t *testing.T) {
	t.Parallel()
	two := []shift.Change{ordersChange, billingChange}
	onlyProgress := map[string]string{"Announce Shifted": "only Outcomes must be announced"}
	onlyStart := map[string]string{"Announce Started": "only Outcomes must be announced"}
	namesLeft := map[string]string{
		"CheckSynthetic": "a poll finds it out",
		"CheckCandidate": "only an answer is known to be wrong",
		"CheckArrival":   "Open finds it out", "Alarms": "Open finds it out", "Check": "the hook's turn comes",
		"Rules 3": "the target is checked then", "Rules 4": "the target is checked then",
	}
	nameLeft := maps.Clone(namesLeft)
	nameLeft["Rules 2"] = "the target is checked then"
	rollback := func(ctx context.Context, s *stage) error {
		_, err := Rollback{Ledger: rejecting{s.book}, Router: s.platform, Announcer: &s.told, Together: oneByOne, Pause: atOnce, Now: func() time.Time { return noon }}.
			Handle(ctx, s.document(nil))
		return err
	}
	for name, test := range map[string]call{
		"set-weight":                      {two, nil, setWeight, onlyProgress, true},
		"set-weight, of a new alias":      {[]shift.Change{newAlias, billingChange}, nil, setWeight, onlyProgress, true},
		"set-weight, after an edit":       {two, edited, setWeight, onlyProgress, true},
		"rollback":                        {two, shifted, rollback, nil, true},
		"rollback, of a new alias":        {[]shift.Change{newAlias}, shifted, rollback, nil, true},
		"rollback, of what is edited":     {two, func(t *testing.T, s *stage) { shifted(t, s); edited(t, s) }, rollback, nil, true},
		"rollback, of what has ended":     {two, func(_ *testing.T, s *stage) { s.end(shift.RolledBack) }, rollback, nil, true},
		"the safety net, for a stop":      {two, shifted, net(request.Occasion{Ended: &request.ExecutionEnded{ID: first, Status: "ABORTED"}}, 0), nil, false},
		"the safety net, for an alarm":    {two, shifted, net(request.Occasion{Alarm: &request.AlarmFired{Name: "a", At: noon}}, 0), nil, false},
		"the safety net, for an alarm OK": {two, shifted, net(request.Occasion{Calmed: &request.AlarmCalmed{Name: "a", At: noon}}, 0), nil, false},
		"the safety net, for an abort":    {two, shifted, net(order(shift.Abort, ""), 0), nil, false},
		"the safety net, for a pause":     {two, shifted, net(order(shift.Pause, ""), 0), nil, false},
		"the safety net, for a named one": {two, shifted, net(order(shift.Promote, first), 0), nil, false},
		"the safety net, for a question":  {two, shifted, net(request.Occasion{Asked: &request.Asked{Target: orders}}, 0), nil, false},
		"close-deployment": {two, func(_ *testing.T, s *stage) {
			s.put(orders, shift.Route{Serving: "2"})
			s.put(billing, shift.Route{Serving: "2"})
		}, closeDeployment, nil, true},
		"close-deployment, of what has ended": {two, func(_ *testing.T, s *stage) { s.end(shift.Promoted) }, closeDeployment, nil, true},
		"a sweep":                             {two, shifted, net(request.Occasion{Sweep: true}, time.Hour), nil, false},
		"a sweep, of what is closed":          {two, func(_ *testing.T, s *stage) { s.end(shift.RolledBack) }, net(request.Occasion{Sweep: true}, time.Hour), nil, false},
		"a sweep, of what is restoring":       {two, marked, net(request.Occasion{Sweep: true}, time.Minute), nil, false},
		"a sweep, that sees a suspect":        {two, func(t *testing.T, s *stage) { rolledBack(t, s); s.suspects[0].Since = time.Time{} }, net(request.Occasion{Sweep: true}, time.Minute), nil, false},
		"the second look, for a day":          {two, rolledBack, net(request.Occasion{Sweep: true}, 25*time.Hour), nil, false},

		"open-deployment":              {two, unopenedYet, opens(nil), onlyStart, true},
		"open-deployment, of an event": {two, unopenedYet, opens(func(_ *applications, call *flow.Call[flow.Document]) { call.Document.Release.Trigger = shift.Event }), onlyStart, true},
		"open-deployment, after a wait": {two, func(t *testing.T, s *stage) {
			unopenedYet(t, s)
			s.put(orders, shift.Route{Serving: "3"})
		}, opens(func(_ *applications, call *flow.Call[flow.Document]) {
			call.Retry, call.Document.Release.Options.WhenHeld = 1, shift.WaitWhenHeld
		}), onlyStart, true},
		"open-deployment, of what is there": {two, func(t *testing.T, s *stage) {
			unopenedYet(t, s)
			s.put(orders, shift.Route{Serving: "2"})
			s.put(billing, shift.Route{Serving: "2"})
		}, opens(nil), map[string]string{"Announce Unchanged": "the safety net announces it", "Retire": "the safety net announces it"}, true},
		"open-deployment, of a new alias": {two, func(t *testing.T, s *stage) { unopenedYet(t, s); delete(s.routes, orders) },
			opens(func(_ *applications, call *flow.Call[flow.Document]) {
				call.Document.Release.Options.CreateTarget = true
			}), onlyStart, true},
		"publish-version":                       {two, nil, publishes(twoTargets, nil), namesLeft, true},
		"publish-version, by names":             {two, nil, publishes(twoTargets, func(_ *applications, h *PublishVersion) { h.Allowed = allowed("*") }), namesLeft, true},
		"publish-version, of an event":          {two, nil, publishes(event, nil), nameLeft, true},
		"publish-version, of an event by names": {two, nil, publishes(event, func(_ *applications, h *PublishVersion) { h.Allowed = allowed("*") }), nameLeft, true},
		"publish-version, of an event with a parameter": {two, nil, publishes(event, func(a *applications, _ *PublishVersion) {
			a.tags[flow.TagConfig], a.parameter = "/mine/orders", `{"alarms": ["orders-5xx"]}`
		}), nameLeft, true},
		"check-alarms": {two, shifted, checkAlarms, map[string]string{"KeepComparisons": "nothing is decided by it"}, true},
		"check-alarms, without evidence": {two, shifted, checkQuiet, map[string]string{
			"KeepComparisons": "nothing is decided by it", "DescribeChange": "nothing is decided by it", "Ask": "nothing is decided by it",
		}, true},
		"run-hooks":                         {two, nil, runHooks(shift.Sync), map[string]string{"Succeed": "it is answered again, and the error is not to be retried"}, true},
		"run-hooks, of one that calls back": {two, nil, runHooks(shift.Callback), nil, true},
		"run-hooks, of one of CodeDeploy's": {two, nil, runHooks(shift.CodeDeploy), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.try(t)
		})
	}
}

func marked(t *testing.T, s *stage) {
	t.Helper()
	shifted(t, s)
	_, err := s.MarkRestoring(t.Context(), first, []shift.Reason{{Name: shift.Aborted, Text: "no"}}, noon)
	require.NoError(t, err)
}

func (c call) stage(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, append([]shift.Change(nil), c.changes...)...)
	if c.before != nil {
		c.before(t, s)
	}
	return s
}

// try calls the function once to learn which calls it makes, and then once for each of them.
func (c call) try(t *testing.T) {
	t.Helper()
	s, counting := c.stage(t), &faults{}
	s.failing(counting)
	require.NoError(t, c.do(t.Context(), s))
	require.NotEmpty(t, counting.counts)
	lost := errors.New("the connection is gone")
	for name, calls := range counting.counts {
		for from := 1; from <= calls; from++ {
			if c.tolerates[name] != "" || c.tolerates[fmt.Sprintf("%s %d", name, from)] != "" {
				continue
			}
			s := c.stage(t)
			s.failing(&faults{name: name, from: from, err: fmt.Errorf("%s: %w", name, lost)})
			require.ErrorIs(t, c.do(t.Context(), s), lost, "%s %d", name, from)
			if c.once {
				s = c.stage(t)
				s.failing(&faults{name: name, from: from, once: true, err: fmt.Errorf("%s: %w", name, lost)})
				require.ErrorIs(t, c.do(t.Context(), s), lost, "%s %d, once", name, from)
			}
		}
	}
}

// A deletion that is refused for good, such as for a tag that is gone, is tried for a day, and
// then left to a person. Each try begins the quarantine anew, which must not make the day endless.
func TestAStrayThatCannotBeRemovedIsLeftToAPersonAfterADay(t *testing.T) {
	t.Parallel()
	s := newStage(t, newAlias)
	rolledBack(t, s)
	s.record.ClosedAt = noon
	denied := errors.New("denied")
	s.failing(&faults{name: "Delete", from: 1, err: denied})
	var told []time.Duration
	for after := 5 * time.Minute; after < 72*time.Hour; after += time.Minute {
		if err := net(request.Occasion{Sweep: true}, after)(t.Context(), s); err != nil {
			require.ErrorContains(t, err, "see what they serve")
			told = append(told, after)
		}
	}
	require.Len(t, told, 1, "people are told once")
	require.InDelta(t, 24*time.Hour, told[0], float64(10*time.Minute))
	require.Empty(t, s.suspects, "its lock is released")
}
