package task

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// call is one call of a function of a Deployment's, and how the stage is before it.
type call struct {
	changes []shift.Change
	before  func(*testing.T, *stage)
	do      func(context.Context, *stage) error
	// tolerates names the calls whose failure does not fail the function, and why.
	tolerates map[string]string
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
	rollback := func(ctx context.Context, s *stage) error {
		_, err := Rollback{Ledger: rejecting{s.book}, Router: s.platform, Announcer: &s.told, Together: oneByOne, Pause: atOnce, Now: func() time.Time { return noon }}.
			Handle(ctx, s.document(nil))
		return err
	}
	for name, test := range map[string]call{
		"set-weight":                      {two, nil, setWeight, onlyProgress},
		"set-weight, of a new alias":      {[]shift.Change{newAlias, billingChange}, nil, setWeight, onlyProgress},
		"set-weight, after an edit":       {two, edited, setWeight, onlyProgress},
		"rollback":                        {two, shifted, rollback, nil},
		"rollback, of a new alias":        {[]shift.Change{newAlias}, shifted, rollback, nil},
		"rollback, of what is edited":     {two, func(t *testing.T, s *stage) { shifted(t, s); edited(t, s) }, rollback, nil},
		"rollback, of what has ended":     {two, func(_ *testing.T, s *stage) { s.end(shift.RolledBack) }, rollback, nil},
		"the safety net, for a stop":      {two, shifted, net(request.Occasion{Ended: &request.ExecutionEnded{ID: first, Status: "ABORTED"}}, 0), nil},
		"the safety net, for an alarm":    {two, shifted, net(request.Occasion{Alarm: &request.AlarmFired{Name: "a", At: noon}}, 0), nil},
		"the safety net, for an alarm OK": {two, shifted, net(request.Occasion{Calmed: &request.AlarmCalmed{Name: "a", At: noon}}, 0), nil},
		"the safety net, for an abort":    {two, shifted, net(order(shift.Abort, ""), 0), nil},
		"the safety net, for a pause":     {two, shifted, net(order(shift.Pause, ""), 0), nil},
		"the safety net, for a named one": {two, shifted, net(order(shift.Promote, first), 0), nil},
		"the safety net, for a question":  {two, shifted, net(request.Occasion{Asked: &request.Asked{Target: orders}}, 0), nil},
		"close-deployment": {two, func(_ *testing.T, s *stage) {
			s.put(orders, shift.Route{Serving: "2"})
			s.put(billing, shift.Route{Serving: "2"})
		}, closeDeployment, nil},
		"close-deployment, of what has ended": {two, func(_ *testing.T, s *stage) { s.end(shift.Promoted) }, closeDeployment, nil},
		"a sweep":                             {two, shifted, net(request.Occasion{Sweep: true}, time.Hour), nil},
		"a sweep, of what is closed":          {two, func(_ *testing.T, s *stage) { s.end(shift.RolledBack) }, net(request.Occasion{Sweep: true}, time.Hour), nil},
		"a sweep, of what is restoring":       {two, marked, net(request.Occasion{Sweep: true}, time.Minute), nil},
		"a sweep, that sees a suspect":        {two, func(t *testing.T, s *stage) { rolledBack(t, s); s.suspects[0].Since = time.Time{} }, net(request.Occasion{Sweep: true}, time.Minute), nil},
		"the second look, for a day":          {two, rolledBack, net(request.Occasion{Sweep: true}, 25*time.Hour), nil},
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
		for from := 1; from <= calls && c.tolerates[name] == ""; from++ {
			s := c.stage(t)
			s.failing(&faults{name: name, from: from, err: fmt.Errorf("%s: %w", name, lost)})
			require.ErrorIs(t, c.do(t.Context(), s), lost, "%s %d", name, from)
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
