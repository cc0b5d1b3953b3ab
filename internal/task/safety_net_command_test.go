package task

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTheSafetyNetSaysWhoHoldsATargetAndWhatTimeItIs(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	at := noon.Add(time.Minute)
	var answer flow.Answer
	require.NoError(t, s.net(at).act(t.Context(), request.Occasion{Asked: &request.Asked{Target: orders}}, &answer))
	assert.Equal(t, flow.Answer{DeploymentID: first, At: at}, answer)
	answer = flow.Answer{}
	err := s.net(at).act(t.Context(), request.Occasion{Asked: &request.Asked{Target: billing}}, &answer)
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
	assert.Equal(t, flow.Answer{}, answer)
	s.failing(&faults{name: "Holder", from: 1, err: errLost})
	err = s.net(at).act(t.Context(), request.Occasion{Asked: &request.Asked{Target: orders}}, &answer)
	require.ErrorContains(t, err, "find who holds lambda:orders:live: ")
}

func TestAnOrderIsStoredForTheNextPoll(t *testing.T) {
	t.Parallel()
	now := noon.Add(time.Minute)
	earlier, later := shift.Command{Order: shift.Resume, At: noon}, shift.Command{Order: shift.Promote, At: now.Add(-time.Second)}
	for name, test := range map[string]struct {
		stored  *shift.Command
		given   time.Time
		stands  shift.Command
		instead shift.Order
	}{
		"the first":                    {nil, noon.Add(10 * time.Second), shift.Command{Order: shift.Pause, Reason: "lunch", At: noon.Add(10 * time.Second)}, ""},
		"a later one than that before": {&earlier, noon.Add(10 * time.Second), shift.Command{Order: shift.Pause, Reason: "lunch", At: noon.Add(10 * time.Second)}, ""},
		"an earlier one":               {&later, noon.Add(10 * time.Second), later, shift.Promote},
		"by a fast clock":              {nil, now.Add(time.Hour), shift.Command{Order: shift.Pause, Reason: "lunch", At: now}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			shifted(t, s)
			s.record.Command = test.stored
			before := s.routes[orders]
			var answer flow.Answer
			c := request.Commanded{Target: orders, Command: shift.Command{Order: shift.Pause, Reason: "lunch", At: test.given}}
			require.NoError(t, s.net(now).act(t.Context(), request.Occasion{Command: &c}, &answer))
			assert.Equal(t, flow.Answer{DeploymentID: first, Instead: test.instead}, answer)
			assert.Equal(t, &test.stands, s.record.Command)
			assert.Equal(t, before, s.routes[orders])
			assert.Equal(t, shift.StatusOpen, s.record.Status)
		})
	}
}

func TestAnOrderThatWasGivenBeforeTheDeploymentIsForAnother(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	c := request.Commanded{Target: orders, Command: shift.Command{Order: shift.Abort, At: noon.Add(-time.Second)}}
	err := s.net(noon).act(t.Context(), request.Occasion{Command: &c}, &flow.Answer{})
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
	assert.Equal(t, shift.StatusOpen, s.record.Status)
}

// If a try closes the Deployment and then fails, nobody holds the Target any more.
func TestOnlyTheFirstTryOfAnOrderLooksUpItsDeployment(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	shifted(t, s)
	once := &faults{name: "Announce RolledBack", from: 1, once: true, err: errLost}
	s.failing(once)
	var answer flow.Answer
	n := s.net(noon)
	n.Router = restoringRouter{RouteWriter: s.platform}
	require.NoError(t, n.act(t.Context(), order(shift.Abort, ""), &answer))
	assert.Equal(t, 1, once.counts["Holder"])
	assert.True(t, s.announced)
}

func TestAnAbortTellsHowTheDeploymentEnded(t *testing.T) {
	t.Parallel()
	why := []shift.Reason{{Name: shift.Aborted, Text: "too slow"}}
	s := newStage(t, ordersChange)
	shifted(t, s)
	var answer flow.Answer
	c := request.Commanded{Target: orders, Command: shift.Command{Order: shift.Abort, Reason: "too slow", At: noon}}
	require.NoError(t, s.net(noon).act(t.Context(), request.Occasion{Command: &c}, &answer))
	undone := []shift.Undone{{Target: orders, Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}}
	want := flow.Answer{DeploymentID: first, Outcome: shift.RolledBack, Reasons: why, Cause: explain.Cause(shift.RolledBack, why, undone)}
	assert.Equal(t, want, answer)
	answer = flow.Answer{}
	require.NoError(t, s.net(noon).act(t.Context(), request.Occasion{Command: &c}, &answer), "it was delivered twice")
	assert.Equal(t, want, answer)

	for _, outcome := range []shift.Outcome{shift.Promoted, shift.Unchanged} {
		s = newStage(t, ordersChange)
		s.end(outcome)
		err := s.net(noon).act(t.Context(), request.Occasion{Command: &c}, &answer)
		require.ErrorIs(t, err, shift.ErrDeploymentClosed)
		require.ErrorContains(t, err, "abort "+first+": ")
		require.ErrorContains(t, err, string(outcome))
	}
	s = newStage(t, ordersChange)
	s.failing(&faults{name: "MarkRestoring", from: 1, err: errLost})
	err := s.net(noon).act(t.Context(), request.Occasion{Command: &c}, &answer)
	require.ErrorIs(t, err, errLost)
}

func TestWhatMayHealIsTriedAgainInShortIntervals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err      error
		failures int
		waits    int
	}{
		"it works":                     {errLost, 0, 0},
		"it works the third time":      {errLost, 2, 2},
		"it works the last time":       {errLost, 4, 4},
		"it does not work":             {errLost, 9, 4},
		"nothing is there":             {shift.ErrDeploymentUnknown, 9, 0},
		"a command that has no sense":  {flow.ErrInvalidCommand, 9, 0},
		"a platform that takes longer": {shift.ErrRouteSettling, 9, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries, waits := 0, []time.Duration{}
			n := SafetyNet{Wait: func(_ context.Context, upTo time.Duration) { waits = append(waits, upTo) }}
			err := n.retry(t.Context(), func() error {
				if tries++; tries <= test.failures {
					return fmt.Errorf("try %d: %w", tries, test.err)
				}
				return nil
			})
			assert.Equal(t, safetyNetDelays[:test.waits], waits)
			assert.Equal(t, test.waits+1, tries)
			if test.failures > test.waits {
				require.ErrorIs(t, err, test.err)
			} else {
				require.NoError(t, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tries := 0
	err := SafetyNet{Wait: atOnce}.retry(ctx, func() error { tries++; return errLost })
	require.ErrorIs(t, err, errLost)
	assert.Equal(t, 1, tries, "the time is over")
}

func TestATargetThatSettlesIsNoFailureForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	settling := fmt.Errorf("restore: %w", shift.ErrRouteSettling)
	record := shift.Record{Status: shift.StatusRestoring, MarkedAt: noon}
	require.NoError(t, ignoreSettling(t.Context(), settling, record, noon.Add(15*time.Minute-1)))
	require.ErrorIs(t, ignoreSettling(t.Context(), settling, record, noon.Add(15*time.Minute)), shift.ErrRouteSettling)
	require.ErrorIs(t, ignoreSettling(t.Context(), errLost, record, noon), errLost)
	require.NoError(t, ignoreSettling(t.Context(), nil, record, noon))
}

func TestTheSafetyNetAnswersAnInvocation(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	question, err := request.EncodeQuestion(request.Asked{Target: orders})
	require.NoError(t, err)
	n := s.net(noon)
	answer, err := n.Handle(t.Context(), question)
	require.NoError(t, err)
	assert.JSONEq(t, `{"deploymentId": "`+first+`", "at": "2026-07-01T12:00:00Z"}`, string(answer))

	answer, err = n.Handle(t.Context(), []byte(`{"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}}`))
	require.NoError(t, err)
	assert.Equal(t, "{}", string(answer))

	question, err = request.EncodeQuestion(request.Asked{Target: billing})
	require.NoError(t, err)
	answer, err = n.Handle(t.Context(), question)
	assert.Equal(t, flow.Wire(shift.ErrDeploymentUnknown).Name, flow.Wire(err).Name)
	assert.Nil(t, answer)
	_, err = n.Handle(t.Context(), []byte(`{"source": "sluice", "detail-type": "Sluice Command", "detail": {"target": 7}}`))
	if err != nil {
		assert.Equal(t, flow.Wire(flow.ErrInvalidCommand).Name, flow.Wire(err).Name)
	}
}

// The calls of one invocation take turns, and what is throttled waits in the queue.
func TestAnAbortOfManyTargetsTakesItsTurns(t *testing.T) {
	t.Parallel()
	var changes []shift.Change
	for i := range 20 {
		changes = append(changes, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
	}
	s := newStage(t, changes...)
	shifted(t, s)
	s.record.Landed = shift.Landed{}
	pauses, waits, refusals := 0, 0, 40
	n := s.net(noon)
	n.Pause, n.Wait = func(context.Context, time.Duration) { pauses++ }, func(context.Context, time.Duration) { waits++ }
	s.before = func(target shift.Target) error {
		if target != changes[3].Target || refusals == 0 {
			return nil
		}
		refusals--
		return shift.ErrThrottled
	}
	refusals = 1
	command, err := request.EncodeCommand(request.Commanded{Target: changes[0].Target, Command: shift.Command{Order: shift.Abort, Reason: "no", At: noon}})
	require.NoError(t, err)
	_, err = n.Handle(t.Context(), command)
	require.NoError(t, err)
	assert.Equal(t, shift.StatusClosed, s.record.Status)
	assert.GreaterOrEqual(t, pauses, 20, "15 calls at once, and then one after the other")
	assert.Zero(t, waits)

	s = newStage(t, ordersChange)
	shifted(t, s)
	refusals = 3
	s.before = func(shift.Target) error {
		if refusals == 0 {
			return nil
		}
		refusals--
		return shift.ErrThrottled
	}
	n = s.net(noon)
	n.Wait = func(context.Context, time.Duration) { waits++ }
	command, err = request.EncodeCommand(request.Commanded{Target: orders, Command: shift.Command{Order: shift.Abort, Reason: "no", At: noon}})
	require.NoError(t, err)
	_, err = n.Handle(t.Context(), command)
	require.NoError(t, err)
	assert.Equal(t, 2, waits, "the queue insists")
	assert.Equal(t, shift.RolledBack, s.record.Outcome)
}

func TestTheNetLooksAndRestoresAsItIsToldTo(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	shifted(t, s)
	s.put(orders, shift.Route{Serving: "7"})
	pauses, together := 0, 0
	n := s.net(noon)
	n.Pause = func(context.Context, time.Duration) { pauses++ }
	n.Together = func(ctx context.Context, count int, do func(context.Context, int)) {
		together++
		oneByOne(ctx, count, do)
	}
	require.NoError(t, n.act(t.Context(), order(shift.Abort, ""), &flow.Answer{}))
	assert.Equal(t, 3, pauses)
	assert.Equal(t, 2, together)
	assert.Equal(t, shift.Stranded, s.record.Outcome)

	s = newStage(t, ordersChange, billingChange)
	shifted(t, s)
	s.put(orders, shift.Route{Serving: "7"})
	h := s.rollback(rejecting{s.book}, noon)
	h.Pause, h.Together = n.Pause, n.Together
	_, err := h.Handle(t.Context(), s.document(nil))
	require.NoError(t, err)
	assert.Equal(t, 6, pauses)
	assert.Equal(t, 4, together)
}

func TestARollbackTakesItsTurns(t *testing.T) {
	t.Parallel()
	var changes []shift.Change
	for i := range 20 {
		changes = append(changes, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
	}
	s := newStage(t, changes...)
	shifted(t, s)
	pauses := 0
	h := s.rollback(rejecting{s.book}, noon)
	h.Pause = func(context.Context, time.Duration) { pauses++ }
	_, err := h.Handle(t.Context(), s.document(nil))
	require.NoError(t, err)
	assert.Equal(t, 5, pauses)
}

func TestAnErrorOfAClosedRecordIsNotLost(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.end(shift.RolledBack)
	_, err := s.net(noon).ignoreEnded(t.Context(), s.record, errLost, noon)
	require.ErrorIs(t, err, errLost)
	assert.Empty(t, s.told.list)
	_, err = s.net(noon).ignoreEnded(t.Context(), s.record, shift.ErrDeploymentClosed, noon)
	require.NoError(t, err)
	assert.Len(t, s.told.list, 1)
	assert.True(t, errors.Is(s.record.CheckOpen(), shift.ErrDeploymentClosed))
}
