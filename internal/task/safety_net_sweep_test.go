package task

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// machine is a Step Functions that lists what it is told to.
type machine struct {
	running map[string]bool
	unread  error // the list
	ended   bool
	unknown error
	failed  []string // the hooks that were answered for
	fails   error
	idle    bool // no execution waits for a hook
}

func (m *machine) Running(context.Context) (map[string]bool, error) { return m.running, m.unread }

func (m *machine) Ended(context.Context, string) (bool, error) { return m.ended, m.unknown }

func (m *machine) AwaitedHook(_ context.Context, id string) (string, error) {
	if m.idle {
		return "", nil
	}
	return "token of " + id, nil
}

func (m *machine) Fail(_ context.Context, token, name, cause string) error {
	m.failed = append(m.failed, fmt.Sprintf("%s: %s: %s", token, name, cause))
	return m.fails
}

func (s *stage) sweeps(m *machine, at time.Time) SafetyNet {
	n := s.net(at)
	n.Executions, n.States, n.Router = m, m, restoringRouter{RouteWriter: s.platform}
	return n
}

func TestASweepEndsTheWaitingOfWhatIsClosed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		listed bool // the Deployment, as not announced yet
		status shift.Status
		fails  error
		want   int
	}{
		"closed":                            {true, shift.StatusClosed, nil, 1},
		"closed and announced":              {false, shift.StatusClosed, nil, 1},
		"closed, and it cannot be answered": {true, shift.StatusClosed, errLost, 5},
		"closed and announced, and it cannot be answered": {false, shift.StatusClosed, errLost, 5},
		"open":                  {true, shift.StatusOpen, nil, 0},
		"open, and not listed":  {false, shift.StatusOpen, nil, 0},
		"restoring, not listed": {false, shift.StatusRestoring, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			s.end(shift.RolledBack)
			s.record.Status, s.announced = test.status, !test.listed
			m := &machine{running: map[string]bool{first: true}, fails: test.fails}
			err := s.sweeps(m, noon).sweep(t.Context(), noon)
			require.ErrorIs(t, err, test.fails)
			if test.fails == nil {
				require.NoError(t, err)
			}
			require.Len(t, m.failed, test.want)
			if test.want > 0 {
				why := flow.Wire(s.record.CheckOpen())
				assert.Equal(t, fmt.Sprintf("token of %s: %s: %s", first, why.Name, why.Message), m.failed[0])
			}
		})
	}
}

func TestAnExecutionThatWaitsForNoHookIsNotAnsweredFor(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.end(shift.RolledBack)
	m := &machine{running: map[string]bool{first: true}, idle: true}
	require.NoError(t, s.sweeps(m, noon).sweep(t.Context(), noon))
	assert.Empty(t, m.failed)

	m = &machine{running: map[string]bool{first: true}, fails: fmt.Errorf("x: %w", shift.ErrHookNotAwaited)}
	require.NoError(t, s.sweeps(m, noon).sweep(t.Context(), noon), "it has answered since")
	assert.NotEmpty(t, m.failed)
}

func TestASweepLeavesOutExecutionsThatHaveNotOpened(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	m := &machine{running: map[string]bool{"unopened": true}}
	require.NoError(t, s.sweeps(m, noon).endWaiting(t.Context(), m.running, &awaited{executions: m, states: m}))
	s.failing(&faults{name: "Record", from: 1, err: errLost})
	err := s.sweeps(m, noon).endWaiting(t.Context(), m.running, &awaited{executions: m, states: m})
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "unopened: read the record: ")
	assert.Empty(t, m.failed)
}

func TestASweepLooksAtAHundredExecutionsThatMayWait(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.end(shift.RolledBack)
	m := &machine{}
	waiting := awaited{executions: m, states: m}
	open := s.record
	open.Status = shift.StatusOpen
	for range maxWaitingLooks + 3 {
		require.NoError(t, waiting.end(t.Context(), open), "it takes no look")
		require.NoError(t, waiting.end(t.Context(), s.record))
	}
	assert.Len(t, m.failed, maxWaitingLooks)
}

func TestASweepKnowsWhichExecutionsHaveNoOpenDeployment(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	m := &machine{running: map[string]bool{first: true, "other": true}}
	var waiting awaited
	waiting.executions = m
	others, err := s.sweeps(m, noon).sweepOpen(t.Context(), noon, &waiting)
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"other": true}, others)
	assert.Equal(t, map[string]bool{first: true, "other": true}, m.running)
	assert.Equal(t, shift.StatusOpen, s.record.Status)
	s.failing(&faults{name: "Unannounced", from: 1, err: errLost})
	_, err = s.sweeps(m, noon).sweepOpen(t.Context(), noon, &waiting)
	require.ErrorIs(t, err, errLost)
}

// Whoever has marked a Deployment a moment ago restores it, unless it was the sweep itself.
func TestASweepRestoresWhatItHasMarkedOrWhatHasWaited(t *testing.T) {
	t.Parallel()
	for after, restores := range map[time.Duration]bool{0: true, 1: false, patience - 1: false, patience: true, time.Minute: true} {
		s := newStage(t, ordersChange)
		marked(t, s)
		all := &faults{}
		s.failing(all)
		at := noon.Add(after)
		require.NoError(t, s.sweeps(&machine{running: map[string]bool{first: true}}, at).sweep(t.Context(), at))
		assert.Equal(t, restores, all.counts["Lease"] > 0, after)
		assert.Equal(t, restores, s.record.Status == shift.StatusClosed, after)
	}
	s := newStage(t, ordersChange)
	all := &faults{}
	s.failing(all)
	require.NoError(t, s.sweeps(&machine{running: map[string]bool{first: true}}, noon).sweep(t.Context(), noon))
	assert.Zero(t, all.counts["Lease"], "nothing is on its way back")
	assert.Equal(t, shift.StatusOpen, s.record.Status)
}

func TestASweepSaysWhatIsOverdueAndWhatItCannotRead(t *testing.T) {
	t.Parallel()
	running := &machine{running: map[string]bool{first: true}}
	for after, overdue := range map[time.Duration]bool{15*time.Minute - 1: false, 15 * time.Minute: true} {
		s := newStage(t, ordersChange)
		marked(t, s)
		at := noon.Add(after)
		err := s.sweeps(running, at).sweep(t.Context(), at)
		assert.Equal(t, overdue, errors.Is(err, shift.ErrDeploymentRestoring), after)
		if overdue {
			require.ErrorContains(t, err, "it was to be put back at 2026-07-01T12:00:00Z")
		}
	}
	s := newStage(t, ordersChange)
	marked(t, s)
	s.failing(&faults{name: "Record", from: 1, err: errLost})
	at := noon.Add(time.Hour)
	err := s.sweeps(running, at).sweep(t.Context(), at)
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, first+": read the record of "+first+": ")
	assert.NotErrorIs(t, err, shift.ErrDeploymentRestoring)
}

func TestASweepMarksWhatHasEndedOrIsUnknownForLong(t *testing.T) {
	t.Parallel()
	unknown := fmt.Errorf("describe: %w", shift.ErrExecutionUnknown)
	for name, test := range map[string]struct {
		machine machine
		after   time.Duration
		marks   bool
		err     error
	}{
		"ended":                   {machine{ended: true}, 0, true, nil},
		"running, and not listed": {machine{}, time.Hour, false, nil},
		"listed":                  {machine{running: map[string]bool{first: true}, ended: true}, 0, false, nil},
		"the list cannot be read": {machine{unread: errLost, ended: true}, 0, true, nil},
		"unknown, and new":        {machine{unknown: unknown}, youngExecution, false, nil},
		"unknown":                 {machine{unknown: unknown}, youngExecution + 1, true, nil},
		"it cannot be known":      {machine{unknown: errLost, ended: true}, time.Hour, false, errLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			at := noon.Add(test.after)
			n := s.sweeps(&test.machine, at)
			found, err := n.findEnding(t.Context(), &shift.Listed{ID: first, Since: noon}, n.listRunning(t.Context()), at)
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.marks, s.record.Status == shift.StatusRestoring)
			if test.err == nil {
				assert.Equal(t, s.record, found)
			}
			if test.marks {
				assert.Equal(t, []shift.Reason{shift.ExecutionEndedReason("")}, s.record.Reasons)
				assert.Equal(t, at, s.record.MarkedAt)
			}
		})
	}
}

func TestASweepAnnouncesOnlyWhatIsClosed(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	_, err := s.net(noon.Add(time.Hour)).finishEnding(t.Context(), first, noon.Add(time.Hour))
	require.NoError(t, err)
	assert.Empty(t, s.told.list)
	s.end(shift.RolledBack)
	_, err = s.net(noon.Add(time.Hour)).finishEnding(t.Context(), first, noon.Add(time.Hour))
	require.NoError(t, err)
	assert.Len(t, s.told.list, 1)
}

func TestTheSecondLookComesLongAfterASweepSawTheDeployment(t *testing.T) {
	t.Parallel()
	for after, looks := range map[time.Duration]bool{0: false, lookAgainAfter - 1: false, lookAgainAfter: true} {
		s := newStage(t, newAlias)
		rolledBack(t, s)
		s.suspects[0].Since = time.Time{}
		require.NoError(t, s.net(noon).lookAgain(t.Context(), noon))
		require.Equal(t, []shift.Listed{{ID: first, Since: noon}}, s.suspects)
		delete(s.routes, orders)
		s.calls = map[shift.Target]int{}
		require.NoError(t, s.net(noon).lookAgain(t.Context(), noon.Add(after)))
		assert.Equal(t, looks, s.calls[orders] > 0, after)
		assert.Equal(t, looks, len(s.suspects) == 0, after)
	}
}

func TestTheSecondLookEndsWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	denied := errors.New("denied")
	for name, test := range map[string]struct {
		id      string
		after   time.Duration // the end
		fault   string
		err     error
		says    string
		acquits bool
	}{
		"nothing is there":                    {first, time.Hour, "", nil, "", true},
		"no record":                           {"other", time.Hour, "", nil, "", true},
		"the record cannot be read":           {first, time.Hour, "Record", denied, "read the record of " + first + ": ", false},
		"the target cannot be read":           {first, giveUpAfter - 1, "Route", nil, "", false},
		"the target cannot be read for a day": {first, giveUpAfter, "Route", denied, "could not be checked for a day", true},
		"it cannot be taken off the list":     {first, time.Hour, "Acquit", denied, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, newAlias)
			rolledBack(t, s)
			delete(s.routes, orders)
			d := shift.Listed{ID: test.id, Since: noon}
			s.suspects = []shift.Listed{d}
			if test.fault != "" {
				s.failing(&faults{name: test.fault, from: 1, err: denied})
			}
			err := s.net(noon).lookAgainAt(t.Context(), &d, noon.Add(test.after))
			require.ErrorIs(t, err, test.err)
			if test.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.says)
			}
			assert.Equal(t, test.acquits, len(s.suspects) == 0)
		})
	}
	s := newStage(t, newAlias)
	rolledBack(t, s)
	d := s.suspects[0]
	require.NoError(t, s.net(noon.Add(time.Hour)).lookAgainAt(t.Context(), &d, noon.Add(time.Hour)))
	assert.NotContains(t, s.routes, orders, "what came late was deleted")
	assert.Equal(t, []shift.Listed{{ID: first, Since: noon.Add(time.Hour)}}, s.suspects, "the deletion may be held up, so it is looked at again")

	s = newStage(t, newAlias)
	rolledBack(t, s)
	err := s.net(noon).lookAgainAt(t.Context(), &d, noon.Add(giveUpAfter))
	require.ErrorIs(t, err, errStrayRemains)
	assert.Contains(t, s.routes, orders)
	assert.Empty(t, s.suspects)
}

func TestANilClockIsTheRealOne(t *testing.T) {
	t.Parallel()
	assert.WithinDuration(t, time.Now(), Clock(nil).read(), time.Minute)
	assert.Equal(t, noon, Clock(func() time.Time { return noon }).read())
	var ran atomic.Bool
	Pause(func(context.Context, time.Duration) { ran.Store(true) }).wait(t.Context(), time.Hour)
	assert.True(t, ran.Load())
}
