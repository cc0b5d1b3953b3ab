package task

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// notebook is a ledger for check-alarms. It keeps comparisons unless it fails.
type notebook struct {
	record shift.Record
	kept   []shift.Comparison
	err    error
}

func (n *notebook) Record(context.Context, string) (shift.Record, error) { return n.record, nil }

func (n *notebook) Freeze(context.Context) (shift.Freeze, error) { return shift.Freeze{}, nil }

func (n *notebook) Ask(context.Context, string, int, time.Time) (shift.Record, error) {
	return n.record, nil
}

func (n *notebook) StopIgnoring(context.Context, string, []string) error { return nil }

func (n *notebook) KeepComparisons(_ context.Context, _ string, list []shift.Comparison) error {
	n.kept = list
	return n.err
}

// comparer is a Gate that always says the same.
type comparer []shift.Observation

func (c comparer) Observe(context.Context, shift.Subject) ([]shift.Observation, error) { return c, nil }

func TestAComparisonIsRecordedAndDecidesEvenIfThatFails(t *testing.T) {
	t.Parallel()
	worse := shift.Observation{
		Verdict: shift.Fail, Reason: shift.Reason{Name: shift.CandidateWorse, Text: "20%"},
		Judged: &shift.Judged{Target: orders, Conclusion: judge.Worse},
	}
	for name, test := range map[string]struct {
		found comparer
		fails error
		kept  int
		want  shift.Verdict
	}{
		"recorded":              {comparer{worse}, nil, 1, shift.Fail},
		"not recorded":          {comparer{worse}, shift.ErrThrottled, 1, shift.Fail},
		"nothing was compared":  {comparer{{Verdict: shift.Pass}}, nil, 0, shift.Pass},
		"restored in meanwhile": {comparer{worse}, shift.ErrDeploymentRestoring, 1, shift.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			ledger := &notebook{record: s.record, err: test.fails}
			call := s.document(&shift.Progress{Step: 1, Steps: 3, NextStep: 2})
			call.Now = noon
			got, err := CheckAlarms{Ledger: ledger, Gates: []Gate{test.found}}.Handle(t.Context(), call)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.Verdict)
			assert.Len(t, ledger.kept, test.kept)
			for _, c := range ledger.kept {
				assert.Equal(t, shift.Comparison{Judged: *worse.Judged, At: noon, Reason: worse.Reason}, c)
			}
		})
	}
}

// watchingBook is a Ledger for check-alarms.
type watchingBook struct {
	*book
	stopped []string
	kept    [][]shift.Comparison
}

func (b *watchingBook) StopIgnoring(_ context.Context, id string, alarms []string) error {
	b.stopped = append(b.stopped, id+" "+strings.Join(alarms, " "))
	return b.faults.next("StopIgnoring")
}

func (b *watchingBook) KeepComparisons(_ context.Context, _ string, list []shift.Comparison) error {
	b.kept = append(b.kept, list)
	return b.faults.next("KeepComparisons")
}

// gate is a Gate that says the same at every poll.
type gate struct {
	says   []shift.Observation
	asked  []shift.Subject
	faults *faults
}

func (g *gate) Observe(_ context.Context, s shift.Subject) ([]shift.Observation, error) {
	g.asked = append(g.asked, s)
	return g.says, g.faults.next("Observe")
}

// poll is a poll of the first Step. Its gates say that an alarm has become OK, and how the
// versions compare.
func (s *stage) poll() (CheckAlarms, *watchingBook, []*gate, flow.Call[flow.Document]) {
	s.record.UntilOK = []string{"old", "older"}
	ledger := &watchingBook{book: s.book}
	gates := []*gate{
		{faults: s.book.faults, says: []shift.Observation{{Verdict: shift.Pass, Reason: shift.Reason{Name: shift.AlarmIsOK, Subject: "old"}}}},
		{faults: s.book.faults, says: []shift.Observation{{Verdict: shift.Pass, Judged: &shift.Judged{Target: orders}}}},
	}
	progress := shift.Progress{Step: 1, Steps: 3, NextStep: 2, Wait: 30, Events: 50}
	call := s.document(&progress)
	call.Retry = 2
	return CheckAlarms{Ledger: ledger, Gates: []Gate{gates[0], gates[1]}}, ledger, gates, call
}

func checkAlarms(ctx context.Context, s *stage) error {
	h, _, _, call := s.poll()
	_, err := h.Handle(ctx, call)
	return err
}

func TestAPollJudgesByAllGatesUntilOneFails(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	h, ledger, gates, call := s.poll()
	s.record.Deployment.PauseLimit = 600
	command := shift.Command{Order: shift.Pause, Reason: "lunch", At: noon}
	s.record.Command = &command
	got, err := h.Handle(t.Context(), call)
	require.NoError(t, err)
	subject := shift.Subject{Deployment: *s.record.Deployment, Progress: *call.Document.Progress, UntilOK: []string{"old", "older"}, Now: noon}
	assert.Equal(t, []shift.Subject{subject}, gates[0].asked)
	assert.Equal(t, []shift.Subject{subject}, gates[1].asked)
	assert.Equal(t, []string{first + " old"}, ledger.stopped)
	want := s.record.Deployment.AfterPoll(*call.Document.Progress, shift.Poll{
		Observations: append(gates[0].says, gates[1].says...), Command: &command, Now: noon, Retries: 2,
	})
	assert.Equal(t, want, got)
	require.True(t, got.Waiting, "it pauses")
	assert.Equal(t, [][]shift.Comparison{{{Judged: shift.Judged{Target: orders}, At: noon}}}, ledger.kept)

	gates[0].says[0].Verdict = shift.Fail
	got, err = h.Handle(t.Context(), call)
	require.NoError(t, err)
	assert.Equal(t, shift.NextRollback, got.Next)
	assert.Len(t, gates[1].asked, 1, "the rollback begins at once")
	assert.Len(t, ledger.kept, 1, "nothing was compared")

	gates[0].says, ledger.stopped = nil, nil
	_, err = h.Handle(t.Context(), call)
	require.NoError(t, err)
	assert.Empty(t, ledger.stopped)
}

func TestAPollOfWhatIsNotOpenAsksNoGate(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	h, _, gates, call := s.poll()
	reason := shift.Reason{Name: shift.Aborted, Text: "no"}
	s.record.Status, s.record.Reasons = shift.StatusRestoring, []shift.Reason{reason}
	got, err := h.Handle(t.Context(), call)
	require.NoError(t, err)
	assert.Equal(t, shift.NextRollback, got.Next)
	assert.Equal(t, []shift.Reason{reason}, got.Reasons)
	s.end(shift.RolledBack)
	_, err = h.Handle(t.Context(), call)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.Empty(t, gates[0].asked)
}

// A payload may be forged, or older than the record.
func TestADocumentThatSpeaksOfAnotherPlanIsRefused(t *testing.T) {
	t.Parallel()
	beyond := &shift.Progress{Step: 4, Steps: 4, NextStep: 4}
	for name, do := range map[string]func(*stage) error{
		"check-alarms": func(s *stage) error {
			h, _, _, call := s.poll()
			call.Document.Progress = beyond
			_, err := h.Handle(t.Context(), call)
			return err
		},
		"set-weight": func(s *stage) error { _, err := s.shift(t, beyond); return err },
		"close-deployment": func(s *stage) error {
			_, err := CloseDeployment{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce}.Handle(t.Context(), s.document(beyond))
			return err
		},
	} {
		s := newStage(t, ordersChange)
		require.ErrorIs(t, do(s), shift.ErrInvalidPlan, name)
		assert.Empty(t, s.calls, name)
	}
}

func TestOnlyTheNumberOfEventsIsBelieved(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	doc := flow.Document{Deployment: &shift.Deployment{ID: "forged", EventsAtStart: 77, EventsReserved: 5}}
	got, err := recordedDeployment(s.record, doc, 1)
	require.NoError(t, err)
	want := *s.record.Deployment
	want.EventsAtStart = 77
	assert.Equal(t, want, got)
	assert.Zero(t, s.record.Deployment.EventsAtStart)
}

// loader is a function for synthetic requests, and describes what is shifted.
type loader struct {
	asked    []string
	requests []shift.LoadRequest
	faults   *faults
	// hangs says that Lambda never answers.
	hangs bool
}

func (l *loader) Ask(ctx context.Context, function string, r shift.LoadRequest) error {
	l.asked, l.requests = append(l.asked, function), append(l.requests, r)
	if l.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.faults.next("Ask")
}

func (l *loader) DescribeChange(c shift.Change) (any, error) {
	return "what is shifted at " + string(c.Target), l.faults.next("DescribeChange")
}

// quiet is a poll of the first Step, after which the Deployment bakes on. Its gate cannot tell
// for one of two Targets.
func (s *stage) quiet() (CheckAlarms, *loader, flow.Call[flow.Document]) {
	d := *s.record.Deployment
	d.Plan = shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 600, Poll: 90}, {Weight: shift.All}}}
	d.Judging = shift.DefaultJudging()
	d.Judging.Synthetic = shift.Synthetic{Function: "load", PerMinute: 60}
	s.record.Deployment = &d
	found := func(t shift.Target, c judge.Conclusion) shift.Observation {
		return shift.Observation{Judged: &shift.Judged{Target: t, Conclusion: c, Signals: []shift.JudgedSignal{{Signal: judge.Errors, Conclusion: c}}}}
	}
	gate := &gate{faults: s.book.faults, says: []shift.Observation{found(orders, judge.NothingFound), found(billing, judge.CannotTell)}}
	gate.says[1].Reason = shift.Reason{Name: shift.CannotTell, Text: "cannot tell"}
	l := &loader{faults: s.book.faults}
	call := s.document(&shift.Progress{Step: 1, Steps: 2, NextStep: 2, Wait: 90})
	return CheckAlarms{Ledger: &watchingBook{book: s.book}, Gates: []Gate{gate}, Synthetic: l, Router: l}, l, call
}

func checkQuiet(ctx context.Context, s *stage) error {
	h, _, call := s.quiet()
	_, err := h.Handle(ctx, call)
	return err
}

func TestAPollAsksForRequestsToTheTargetsThatLackEvidence(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	h, l, call := s.quiet()
	got, err := h.Handle(t.Context(), call)
	require.NoError(t, err)
	assert.Equal(t, []string{"load"}, l.asked)
	assert.Equal(t, []shift.LoadRequest{{
		DeploymentID: first, Seconds: 90, Targets: []shift.LoadTarget{{Described: "what is shifted at lambda:billing:live", Requests: 90}},
	}}, l.requests)
	assert.Equal(t, shift.NextBake, got.Next)
	assert.Equal(t, []string{"cannot tell", "load was asked for 90 requests"}, shift.Texts(got.Reasons))
}

// Whatever becomes of asking, the poll is judged as it would have been.
func TestNothingIsDecidedByAskingForRequests(t *testing.T) {
	t.Parallel()
	for name, sentinel := range map[string]error{"Ask": shift.ErrSyntheticNotFound, "DescribeChange": shift.ErrUnknownTarget} {
		s := newStage(t, ordersChange, billingChange)
		h, _, call := s.quiet()
		asked, err := h.Handle(t.Context(), call)
		require.NoError(t, err)
		s.failing(&faults{name: name, from: 1, err: sentinel})
		h, _, call = s.quiet()
		got, err := h.Handle(t.Context(), call)
		require.NoError(t, err)
		require.Len(t, got.Reasons, 2)
		assert.Equal(t, "load", got.Reasons[1].Subject)
		assert.Contains(t, got.Reasons[1].String(), "SyntheticNotAsked: load could not be asked for requests: ")
		assert.Contains(t, got.Reasons[1].Text, sentinel.Error())
		got.Reasons = asked.Reasons
		assert.Equal(t, asked, got)
	}
}

// Lambda ends check-alarms after 30 seconds, and the deployment rolls back if that happens at
// every try.
func TestAPollDoesNotWaitLongForAskingForRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, ordersChange, billingChange)
		h, l, call := s.quiet()
		l.hangs = true
		began := time.Now()
		got, err := h.Handle(t.Context(), call)
		require.NoError(t, err)
		assert.Equal(t, askWithin, time.Since(began))
		assert.Contains(t, got.Reasons[1].Text, "no answer within 3s")
		assert.Equal(t, shift.NextBake, got.Next)
	})
}

func TestNobodyAsksForRequestsWhenTheDeploymentGoesBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	h, l, call := s.quiet()
	s.record.Status, s.record.Reasons = shift.StatusRestoring, []shift.Reason{{Name: shift.Aborted, Text: "no"}}
	got, err := h.Handle(t.Context(), call)
	require.NoError(t, err)
	assert.Equal(t, shift.NextRollback, got.Next)
	assert.Empty(t, l.asked)
}
