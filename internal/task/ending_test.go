package task

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// end closes the record of a stage, as by somebody who then died.
func (s *stage) end(outcome shift.Outcome) {
	s.record.Status, s.record.Outcome, s.record.ClosedAt = shift.StatusClosed, outcome, noon
	s.record.Reasons = []shift.Reason{{Name: shift.Aborted, Text: "no"}}
	s.record.Cause = "Aborted: no"
}

func (s *stage) net(at time.Time) SafetyNet {
	return SafetyNet{
		Ledger: s.book, Router: s.platform, Executions: executions{faults: s.book.faults}, Announcer: &s.told,
		Together: oneByOne, Wait: atOnce, Pause: atOnce, Now: func() time.Time { return at },
	}
}

// executions are of a Step Functions that lists none, though all are running: its lists may
// be outdated.
type executions struct {
	faults *faults
	ended  bool
}

func (e executions) Running(context.Context) (map[string]bool, error) { return nil, nil }

func (e executions) AwaitedHook(context.Context, string) (string, error) { return "", nil }

func (e executions) Ended(context.Context, string) (bool, error) {
	return e.ended, e.faults.next("Ended")
}

// I8: whoever closes a Deployment may die before it has announced the Outcome. Everybody who
// finds the record closed makes up for that, and nobody announces it again.
func TestWhoeverFindsADeploymentClosedAnnouncesWhatNobodyHas(t *testing.T) {
	t.Parallel()
	done := &shift.Progress{Step: 3, Steps: 3, NextStep: 4}
	for name, test := range map[string]struct {
		outcome shift.Outcome
		act     func(context.Context, *stage) error
	}{
		"rollback": {shift.RolledBack, func(ctx context.Context, s *stage) error {
			_, err := Rollback{Ledger: rejecting{s.book}, Router: s.platform, Announcer: &s.told}.Handle(ctx, s.document(nil))
			return err
		}},
		"close-deployment": {shift.Promoted, func(ctx context.Context, s *stage) error {
			_, err := CloseDeployment{Ledger: s.book, Router: s.platform, Announcer: &s.told}.Handle(ctx, s.document(done))
			return err
		}},
		"open-deployment": {shift.Unchanged, func(ctx context.Context, s *stage) error {
			o := opening{OpenDeployment: OpenDeployment{Ledger: opened{s.book}, Announcer: &s.told}, id: first}
			_, err := o.answerClosed(ctx, s.record.CheckOpen())
			return err
		}},
		"the safety net, for a stop": {shift.RolledBack, func(ctx context.Context, s *stage) error {
			return s.net(noon).act(ctx, request.Occasion{Ended: &request.ExecutionEnded{ID: first, Status: "ABORTED"}}, &flow.Answer{})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			s.end(test.outcome)
			require.NoError(t, test.act(t.Context(), s))
			require.Len(t, s.told.list, 1)
			assert.Equal(t, shift.Announced(test.outcome), s.told.list[0].State)
			assert.True(t, s.announced)
			require.NoError(t, test.act(t.Context(), s))
			assert.Len(t, s.told.list, 1, "it was announced")
		})
	}
}

// rejecting is a ledger for rollback, and opened one for open-deployment.
type (
	rejecting struct{ *book }
	opened    struct{ *book }
)

func (rejecting) Reject(context.Context, string, []shift.Arrival, shift.Ending) (shift.Record, error) {
	panic("there is a record")
}

func (opened) Open(context.Context, string, shift.Release, time.Time) (shift.Record, error) {
	panic("it was opened")
}

func (opened) Describe(context.Context, shift.Deployment, []string, []shift.Alarm) (shift.Record, error) {
	panic("it was described")
}

func (opened) History(context.Context, shift.Target) ([]shift.Arrived, error) {
	panic("it reverts nothing")
}

func (opened) Arrivals(context.Context, shift.Target, shift.Version) ([]shift.Arrived, error) {
	panic("it has its history")
}

// A sweep leaves an announcement for a minute to whoever has closed the Deployment. It looks
// after a Deployment that the list of running executions leaves out, too: the list may be
// outdated, and the execution may wait for days.
func TestASweepAnnouncesWhatIsClosedForAMinute(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]map[string]bool{"listed as running": {first: true}, "running, and not in the list": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			s.end(shift.RolledBack)
			for _, sweep := range []struct {
				after time.Duration
				told  int
			}{{0, 0}, {time.Minute - time.Millisecond, 0}, {time.Minute, 1}, {2 * time.Minute, 1}} {
				at := noon.Add(sweep.after)
				_, err := s.net(at).findEnding(t.Context(), &shift.Listed{ID: first, Since: noon}, running, at)
				require.NoError(t, err)
				assert.Len(t, s.told.list, sweep.told, sweep.after)
			}
		})
	}
}

// One that is on its way back belongs to the queue of restorations, whether its execution is
// listed or not.
func TestASweepFindsWhatIsRestoringThoughItsExecutionGoesOn(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]map[string]bool{"listed as running": {first: true}, "running, and not in the list": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			_, err := s.MarkRestoring(t.Context(), first, nil, noon)
			require.NoError(t, err)
			found, err := s.net(noon).findEnding(t.Context(), &shift.Listed{ID: first, Since: noon}, running, noon)
			require.NoError(t, err)
			assert.Equal(t, shift.StatusRestoring, found.Status)
		})
	}
}

// A command names a Target and a Deployment. If the Deployment has nothing to do with the
// Target, one of the two is a mistake, and nobody knows which.
func TestACommandForADeploymentThatDoesNotShiftItsTargetIsRefused(t *testing.T) {
	t.Parallel()
	for _, order := range []shift.Order{shift.Abort, shift.Promote, shift.Pause, shift.Resume} {
		s := newStage(t, ordersChange)
		_, err := s.shift(t, nil)
		require.NoError(t, err)
		before := s.routes[orders]
		command := request.Commanded{Target: billing, DeploymentID: first, Command: shift.Command{Order: order, At: noon}}
		err = s.net(noon).act(t.Context(), request.Occasion{Command: &command}, &flow.Answer{})
		require.ErrorIs(t, err, flow.ErrInvalidCommand, order)
		require.ErrorContains(t, err, string(billing))
		assert.Equal(t, before, s.routes[orders], order)
		assert.Equal(t, shift.StatusOpen, s.record.Status, order)
	}
}

// The record is closed. A permission that is missing for its announcement is no reason to end
// the execution as Rejected: the sweep announces what is left.
func TestOpenAnswersUnchangedThoughNobodyCouldBeTold(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.end(shift.Unchanged)
	o := opening{OpenDeployment: OpenDeployment{Ledger: opened{s.book}, Announcer: denied{}}, id: first}
	d, err := o.answerClosed(t.Context(), s.record.CheckOpen())
	require.NoError(t, err)
	require.NotNil(t, d.Unchanged)
	assert.Equal(t, shift.Unchanged, d.Unchanged.Outcome)
	assert.False(t, s.announced, "it is still the sweep's to announce")
}

type denied struct{}

func (denied) Announce(context.Context, shift.Announcement) error {
	return errors.New("AccessDeniedException: not authorized to perform events:PutEvents")
}

func (opened) Enqueue(context.Context, shift.Waiting) error { panic("it has opened") }
