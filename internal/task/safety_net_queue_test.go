package task

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// shelfOfBooks is a Ledger with several records, each in a book of its own. The first book
// has the lease.
type shelfOfBooks struct {
	SafetyLedger
	books  []*book
	leases int
	// lease answers each call in turn; nil always grants it.
	lease func(call int) (bool, error)
	holds []time.Duration
	late  int // how many of the last records are listed only after a release
	lists int
	err   error // of the list
}

func (l *shelfOfBooks) find(id string) *book {
	return l.books[slices.IndexFunc(l.books, func(b *book) bool { return b.record.ID == id })]
}

func (l *shelfOfBooks) Unannounced(context.Context) ([]shift.Listed, error) {
	l.lists++
	var list []shift.Listed
	for i, b := range l.books {
		if b.record.Status != shift.StatusClosed && (i < len(l.books)-l.late || l.lists > 1) {
			list = append(list, shift.Listed{ID: b.record.ID, Since: noon})
		}
	}
	return list, l.err
}

func (*shelfOfBooks) Queue(context.Context) ([]shift.Waiting, error) { return nil, nil }

func (l *shelfOfBooks) Record(ctx context.Context, id string) (shift.Record, error) {
	return l.find(id).Record(ctx, id)
}

func (l *shelfOfBooks) MarkRestoring(ctx context.Context, id string, why []shift.Reason, at time.Time) (shift.Record, error) {
	return l.find(id).MarkRestoring(ctx, id, why, at)
}

func (l *shelfOfBooks) Restore(ctx context.Context, id string, targets []shift.Target) error {
	return l.find(id).Restore(ctx, id, targets)
}

func (l *shelfOfBooks) Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error) {
	return l.find(r.ID).Close(ctx, r, e)
}

func (l *shelfOfBooks) Retire(ctx context.Context, id string) error {
	return l.find(id).Retire(ctx, id)
}

func (l *shelfOfBooks) Announced(ctx context.Context, id string) (bool, error) {
	return l.find(id).Announced(ctx, id)
}

func (l *shelfOfBooks) Lease(_ context.Context, _ string, now, until time.Time) (bool, error) {
	l.leases++
	l.holds = append(l.holds, until.Sub(now))
	if l.lease == nil {
		return true, nil
	}
	return l.lease(l.leases)
}

func (l *shelfOfBooks) Release(ctx context.Context, holder string) error {
	return l.books[0].Release(ctx, holder)
}

// queued are so many Deployments that are on their way back, each of one Target.
func queued(t *testing.T, n int) (*shelfOfBooks, *platform, SafetyNet) {
	t.Helper()
	p, ledger := newPlatform(map[shift.Target]shift.Route{}), &shelfOfBooks{}
	for i := range n {
		s := newStage(t, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
		s.record.ID, s.record.Deployment.ID = fmt.Sprintf("d%d", i), fmt.Sprintf("d%d", i)
		s.record.Status, s.record.Intent, s.record.MarkedAt = shift.StatusRestoring, 1, noon
		s.record.Reasons = []shift.Reason{{Name: shift.Aborted, Text: "no"}}
		p.put(s.record.Deployment.Changes[0].Target, shift.Route{Serving: "1", Additional: "2", Weight: 1000})
		ledger.books = append(ledger.books, s.book)
	}
	net := SafetyNet{
		Ledger: ledger, Router: restoringRouter{RouteWriter: p, wait: atOnce}, Executions: executions{}, Announcer: &told{},
		Together: oneByOne, Wait: atOnce, Pause: atOnce, Now: func() time.Time { return noon },
	}
	return ledger, p, net
}

func (l *shelfOfBooks) closed() (n int) {
	for _, b := range l.books {
		if b.record.Status == shift.StatusClosed {
			n++
		}
	}
	return n
}

func TestTheQueueRestoresAllThatIsOnItsWayBack(t *testing.T) {
	t.Parallel()
	ledger, p, net := queued(t, 3)
	ledger.books[1].record.Status = shift.StatusOpen
	require.NoError(t, net.workOffQueue(t.Context(), noon))
	assert.Equal(t, 2, ledger.closed(), "what is open goes on")
	assert.Equal(t, shift.StatusOpen, ledger.books[1].record.Status)
	assert.Equal(t, shift.Version("2"), p.routes["lambda:f1:live"].Additional)
	assert.Equal(t, shift.Route{Serving: "1", Revision: p.routes["lambda:f2:live"].Revision}, p.routes["lambda:f2:live"])
	assert.Equal(t, shift.RolledBack, ledger.books[2].record.Outcome)
	assert.Equal(t, []shift.Reason{{Name: shift.Aborted, Text: "no"}}, ledger.books[2].record.Reasons)
	assert.Equal(t, []time.Duration{queueLease, queueLease}, ledger.holds)
}

func TestOnlyWhoeverHasTheLeaseWorksOffTheQueue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		records int
		lease   func(int) (bool, error)
		closed  int
		err     error
	}{
		"another has it":           {2, func(int) (bool, error) { return false, nil }, 0, nil},
		"it cannot be known":       {2, func(int) (bool, error) { return true, errLost }, 0, errLost},
		"it is lost after a batch": {queueBatch + 1, func(call int) (bool, error) { return call == 1, nil }, queueBatch, nil},
		"it is not known afterwards": {queueBatch + 1, func(call int) (bool, error) {
			if call == 2 {
				return true, errLost
			}
			return true, nil
		}, queueBatch, errLost},
		"it is kept": {queueBatch + 1, nil, queueBatch + 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger, _, net := queued(t, test.records)
			ledger.lease = test.lease
			err := net.workOffQueue(t.Context(), noon)
			require.ErrorIs(t, err, test.err)
			if test.err == nil {
				require.NoError(t, err)
			}
			assert.Equal(t, test.closed, ledger.closed())
		})
	}
}

// Who found the lease taken relies on whoever has it.
func TestTheQueueIsLookedAtOnceMoreAfterTheLeaseIsReleased(t *testing.T) {
	t.Parallel()
	ledger, _, net := queued(t, 2)
	ledger.late = 1
	require.NoError(t, net.workOffQueue(t.Context(), noon))
	assert.Equal(t, 2, ledger.closed())
	assert.Equal(t, 4, ledger.leases, "for each of two rounds, and after each")
}

func TestAFailureInTheQueueDoesNotKeepTheOthers(t *testing.T) {
	t.Parallel()
	ledger, p, net := queued(t, 4)
	ledger.books[1].faults = &faults{name: "Record", from: 1, err: errLost, counts: map[string]int{}}
	p.before = func(target shift.Target) error {
		if target == "lambda:f2:live" {
			return fmt.Errorf("write: %w", shift.ErrRouteRefused)
		}
		return nil
	}
	err := net.workOffQueue(t.Context(), noon)
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	require.ErrorContains(t, err, "d1: the connection")
	require.ErrorContains(t, err, "d2: restore lambda:f2:live: ")
	assert.Equal(t, 2, ledger.closed())
	assert.Equal(t, 1, ledger.books[1].faults.counts["Record"], "it is told once")

	ledger, _, net = queued(t, 2)
	ledger.err = errLost
	require.ErrorIs(t, net.workOffQueue(t.Context(), noon), errLost)
	assert.Equal(t, 2, ledger.closed(), "what could be listed is restored")
	ledger, _, net = queued(t, 0)
	ledger.err = errLost
	ledger.books = []*book{{}}
	ledger.books[0].record.Status = shift.StatusClosed
	err = net.workOffQueue(t.Context(), noon)
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "list the open deployments: ")
}

// What is throttled for long stays in the queue until the invocation has to end.
func TestTheQueueInsistsUntilItsTimeIsOver(t *testing.T) {
	t.Parallel()
	ledger, p, net := queued(t, 2)
	now := noon
	net.Now = func() time.Time { return now }
	wait := Wait(func(_ context.Context, upTo time.Duration) { now = now.Add(upTo) })
	net.Wait, net.Router = wait, restoringRouter{RouteWriter: p, wait: wait}
	p.before = throttle("lambda:f0:live")
	require.NoError(t, net.workOffQueue(t.Context(), noon))
	assert.Equal(t, 1, ledger.closed())
	assert.Greater(t, now.Sub(noon), flow.SafetyNetTimeout-queueReserve)
	assert.Less(t, now.Sub(noon), flow.SafetyNetTimeout+queueReserve)
	assert.Positive(t, ledger.leases)

	err := (&queue{SafetyNet: net, began: noon, done: map[string]bool{}}).restoreOne(t.Context(), ledger.books[0].record)
	require.ErrorIs(t, err, shift.ErrThrottled)
	before := p.calls["lambda:f0:live"]
	_ = (&queue{SafetyNet: net, began: noon, done: map[string]bool{}}).restoreOne(t.Context(), ledger.books[0].record)
	assert.Equal(t, 1, p.calls["lambda:f0:live"]-before, "the router repeats it, and nobody else does")
}

func TestAnInvocationEndsInTime(t *testing.T) {
	t.Parallel()
	for after, ends := range map[time.Duration]bool{0: false, flow.SafetyNetTimeout - queueReserve: false, flow.SafetyNetTimeout - queueReserve + 1: true} {
		q := queue{SafetyNet: SafetyNet{Now: func() time.Time { return noon.Add(after) }}, began: noon}
		assert.Equal(t, ends, q.isEnding(t.Context()), after)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.True(t, (&queue{SafetyNet: SafetyNet{Now: func() time.Time { return noon }}, began: noon}).isEnding(ctx))
	ledger, _, net := queued(t, 1)
	require.NoError(t, net.workOffQueue(ctx, noon))
	assert.Zero(t, ledger.leases)
}

func TestTheQueuesRouterRepeatsAndLeavesTheBurst(t *testing.T) {
	t.Parallel()
	_, p, net := queued(t, 1)
	router := net.insistentRouter().(restoringRouter)
	assert.Equal(t, insistentDelays, router.delays)
	require.NotNil(t, router.pace)
	assert.True(t, router.pace.noBurst)
	assert.Equal(t, p, router.RouteWriter)
}

func TestOnlyARestorationThatIsMarkedWaitsInTheQueue(t *testing.T) {
	t.Parallel()
	throttled := fmt.Errorf("write: %w", shift.ErrThrottled)
	assert.True(t, isQueued(shift.Record{Status: shift.StatusRestoring}, throttled))
	assert.False(t, isQueued(shift.Record{Status: shift.StatusRestoring}, errLost))
	assert.False(t, isQueued(shift.Record{Status: shift.StatusRestoring}, nil))
	assert.False(t, isQueued(shift.Record{}, throttled), "the mark was throttled")

	ledger, _, net := queued(t, 1)
	require.ErrorIs(t, net.queueIfThrottled(t.Context(), errLost, ledger.books[0].record, noon), errLost)
	assert.Zero(t, ledger.leases)
	require.NoError(t, net.queueIfThrottled(t.Context(), throttled, ledger.books[0].record, noon))
	assert.Equal(t, 1, ledger.closed())
	ledger, _, net = queued(t, 1)
	ledger.lease = func(int) (bool, error) { return false, errLost }
	require.ErrorIs(t, net.queueIfThrottled(t.Context(), throttled, ledger.books[0].record, noon), errLost)
}

// watched is a ledger in which so many Deployments watch an alarm.
type watched struct {
	*book
	watchers int
	firedAt  []time.Time
	calmedAt []time.Time
	calmed   error
}

func (w *watched) Watchers(context.Context, string) ([]shift.Listed, error) {
	return slices.Repeat([]shift.Listed{{ID: first, Since: noon}}, w.watchers), w.faults.next("Watchers")
}

func (w *watched) MarkFired(ctx context.Context, id, alarm string, at time.Time, wasOK bool, reasons []shift.Reason) (shift.Record, error) {
	w.firedAt = append(w.firedAt, at)
	return w.book.MarkFired(ctx, id, alarm, at, wasOK, reasons)
}

func (w *watched) MarkCalmed(_ context.Context, _, _ string, at time.Time) error {
	w.calmedAt = append(w.calmedAt, at)
	return w.calmed
}

// None of many shifts further while the others are restored.
func TestManyDeploymentsAreMarkedBeforeOneIsRestored(t *testing.T) {
	t.Parallel()
	for watchers, queues := range map[int]bool{1: false, maxParallelTargets: false, maxParallelTargets + 1: true} {
		s := newStage(t, ordersChange)
		shifted(t, s)
		all := &faults{}
		s.failing(all)
		n := s.net(noon)
		n.Ledger, n.Router = &watched{book: s.book, watchers: watchers}, restoringRouter{RouteWriter: s.platform}
		require.NoError(t, n.act(t.Context(), request.Occasion{Alarm: &request.AlarmFired{Name: "a", At: noon}}, &flow.Answer{}))
		assert.Equal(t, shift.RolledBack, s.record.Outcome)
		assert.Equal(t, queues, all.counts["Lease"] > 0, watchers)
		marks := 0
		for _, call := range all.order {
			if call == "SetRoute" {
				break
			}
			if call == "MarkFired" {
				marks++
			}
		}
		assert.Equal(t, queues, marks == watchers && watchers > 1, watchers)
	}
}

func TestAnAlarmWhoseRestorationIsThrottledIsWorkedOffInTheQueue(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	shifted(t, s)
	all := &faults{name: "SetRoute", from: 1, once: true, err: shift.ErrThrottled}
	s.failing(all)
	n := s.net(noon)
	n.Router = restoringRouter{RouteWriter: s.platform}
	require.NoError(t, n.act(t.Context(), request.Occasion{Alarm: &request.AlarmFired{Name: "a", At: noon}}, &flow.Answer{}))
	assert.Equal(t, shift.RolledBack, s.record.Outcome)
	assert.Equal(t, 1, all.counts["MarkFired"], "it is not marked again")
	assert.Positive(t, all.counts["Lease"])
}

func TestAnAlarmWithoutATimeCountsAsNew(t *testing.T) {
	t.Parallel()
	now := noon.Add(time.Hour)
	for given, want := range map[time.Time]time.Time{{}: now, noon: noon} {
		s := newStage(t, ordersChange)
		ledger := &watched{book: s.book, watchers: 1}
		n := s.net(now)
		n.Ledger = ledger
		require.NoError(t, n.act(t.Context(), request.Occasion{Calmed: &request.AlarmCalmed{Name: "a", At: given}}, &flow.Answer{}))
		assert.Equal(t, []time.Time{want}, ledger.calmedAt)
		require.NoError(t, n.act(t.Context(), request.Occasion{Alarm: &request.AlarmFired{Name: "a", At: given}}, &flow.Answer{}))
		assert.Equal(t, []time.Time{want}, ledger.firedAt)
	}
}

func TestAnAlarmThatIsOKIsNoFailureForWhatIsGone(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]error{shift.ErrDeploymentUnknown: nil, errLost: errLost, nil: nil} {
		s := newStage(t, ordersChange)
		n := s.net(noon)
		n.Ledger = &watched{book: s.book, watchers: 1, calmed: err}
		got := n.act(t.Context(), request.Occasion{Calmed: &request.AlarmCalmed{Name: "a", At: noon}}, &flow.Answer{})
		require.ErrorIs(t, got, want)
		if want == nil {
			require.NoError(t, got)
		}
	}
	s := newStage(t, ordersChange)
	s.failing(&faults{name: "Watchers", from: 1, err: errLost})
	err := s.net(noon).act(t.Context(), request.Occasion{Calmed: &request.AlarmCalmed{Name: "a", At: noon}}, &flow.Answer{})
	require.ErrorContains(t, err, "find who watches the alarm a: ")
}

func TestOnlyADeploymentThatIsBeingOpenedLetsAnAlarmGo(t *testing.T) {
	t.Parallel()
	late := noon.Add(longestOpen + 1)
	opening := fmt.Errorf("mark: %w", shift.ErrDeploymentOpening)
	require.NoError(t, ignoreOpening(t.Context(), opening, shift.Listed{}, "a", noon, late))
	require.ErrorIs(t, ignoreOpening(t.Context(), opening, shift.Listed{}, "a", noon, late.Add(-1)), shift.ErrDeploymentOpening)
	require.ErrorIs(t, ignoreOpening(t.Context(), errLost, shift.Listed{}, "a", noon, late), errLost)
	require.NoError(t, ignoreOpening(t.Context(), nil, shift.Listed{}, "a", noon, late))
}
