package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// replies is a platform whose answers and reads may differ from what was written.
type replies struct {
	*platform
	settles bool
	written func(shift.Route) shift.Route // the answer of a write
	read    func(shift.Route) shift.Route // the Route that a read finds
	rotated func(found, now shift.Route) shift.Route
}

func (r replies) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	found, err := r.platform.Route(ctx, t)
	if err == nil && r.read != nil {
		found = r.read(found)
	}
	return found, err
}

func (r replies) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	now, err := r.platform.SetRoute(ctx, t, wanted)
	if err == nil && r.written != nil {
		now = r.written(now)
	}
	return now, err
}

func (r replies) Rotate(ctx context.Context, t shift.Target, found shift.Route, beside shift.Version) (shift.Route, error) {
	now, err := r.platform.Rotate(ctx, t, found, beside)
	if err == nil && r.rotated != nil {
		now = r.rotated(found, now)
	}
	return now, err
}

func (r replies) Settles(ctx context.Context, t shift.Target) (bool, error) {
	_, err := r.platform.Settles(ctx, t)
	return r.settles, err
}

func TestAfterAMovementOnlyAReadThatShowsItCounts(t *testing.T) {
	t.Parallel()
	settles := ordersChange
	settles.Settles = true
	before, back := shift.Route{Serving: "2", Revision: "r0"}, shift.Route{Serving: "1", Revision: "r1"}
	moving := shift.Route{Serving: "1", Additional: "2", Weight: shift.All, Revision: "r1", Settling: true}
	for name, test := range map[string]struct {
		change shift.Change
		now    *shift.Route
		want   error
	}{
		"it is back":                               {ordersChange, &back, nil},
		"it does not show the write":               {ordersChange, &before, nil},
		"it does not show the write, and settles":  {settles, &before, shift.ErrRouteChanged},
		"it is missing":                            {ordersChange, nil, nil},
		"it is missing, and settles":               {settles, nil, shift.ErrRouteChanged},
		"it moves":                                 {settles, &moving, shift.ErrRouteSettling},
		"it moves since somebody has provisioned":  {ordersChange, &moving, shift.ErrRouteSettling},
		"somebody has written it since":            {ordersChange, &shift.Route{Serving: "7", Revision: "r2"}, shift.ErrRouteChanged},
		"somebody has written it since, and moves": {settles, &shift.Route{Serving: "7", Revision: "r2"}, shift.ErrRouteChanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			routes := map[shift.Target]shift.Route{}
			if test.now != nil {
				routes[orders] = *test.now
			}
			r := Restorer{Router: replies{platform: newPlatform(routes), settles: true}, Pause: atOnce}
			err := r.checkHasMoved(t.Context(), movement{test.change, before, back})
			if test.want == nil {
				require.NoError(t, err)
			}
			require.ErrorIs(t, err, test.want)
		})
	}
	broken := newPlatform(nil)
	broken.before = func(shift.Target) error { return errLost }
	require.ErrorIs(t, Restorer{Router: broken}.checkHasMoved(t.Context(), movement{ordersChange, before, back}), errLost)
}

func TestARestorationIsCarriedOutAsPlanned(t *testing.T) {
	t.Parallel()
	stable := ordersChange.Before()
	settles := ordersChange
	settles.Settles = true
	siteChange := ordersChange
	siteChange.Target = "cloudfront:E1SITE"
	divided := shift.Route{Serving: "1", Additional: "2", Weight: 1000}
	settling := func(r shift.Route) shift.Route { r.Settling = true; return r }
	for name, test := range map[string]struct {
		change  shift.Change
		found   shift.Route
		way     shift.Restoration
		written func(shift.Route) shift.Route
		left    shift.Route // what is there afterwards; zero is nothing
		writes  int
		moves   bool
		err     error
	}{
		"nothing to do":               {ordersChange, stable, shift.Restoration{Ours: true}, nil, stable, 0, false, nil},
		"a deletion":                  {newAlias, shift.Route{Serving: "2"}, shift.Restoration{Ours: true, Delete: true}, nil, shift.Route{}, 0, false, nil},
		"weights":                     {ordersChange, divided, shift.Restoration{Ours: true, Write: &stable}, nil, stable, 1, false, nil},
		"weights, and it settles":     {settles, divided, shift.Restoration{Ours: true, Write: &stable}, nil, stable, 1, true, nil},
		"weights, and it is moving":   {ordersChange, divided, shift.Restoration{Ours: true, Write: &stable}, settling, stable, 1, true, nil},
		"the serving version":         {ordersChange, shift.Route{Serving: "2"}, shift.Restoration{Ours: true, Write: &stable}, nil, stable, 1, true, nil},
		"a kind that does not settle": {siteChange, shift.Route{Serving: "2"}, shift.Restoration{Ours: true, Write: &stable}, nil, stable, 1, false, nil},
		"another revision":            {ordersChange, stable, shift.Restoration{Ours: true, Rotate: true}, nil, stable, 1, false, nil},
		"a platform that makes something else of it": {ordersChange, divided, shift.Restoration{Ours: true, Write: &stable},
			func(shift.Route) shift.Route { return shift.Route{Serving: "1", Additional: "2", Weight: 1} }, stable, 1, false, shift.ErrRouteChanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(map[shift.Target]shift.Route{})
			found := p.put(test.change.Target, test.found)
			router := replies{platform: p, written: test.written}
			if test.written != nil {
				router.rotated = func(_, now shift.Route) shift.Route { return test.written(now) }
			}
			r := Restorer{Router: router, Pause: atOnce}
			moved, err := r.apply(t.Context(), test.change, found, test.way)
			require.ErrorIs(t, err, test.err)
			now := p.routes[test.change.Target]
			assert.Equal(t, test.writes, p.writes-1)
			if test.moves {
				written := now
				written.Settling = test.written != nil
				assert.Equal(t, &movement{test.change, found, written}, moved)
			} else {
				assert.Nil(t, moved)
			}
			now.Revision = ""
			assert.Equal(t, test.left, now)
		})
	}
}

// A revision that stays the same fences nothing off.
func TestARotationThatKeepsTheRevisionIsAFailure(t *testing.T) {
	t.Parallel()
	p := newPlatform(map[shift.Target]shift.Route{})
	found := p.put(orders, shift.Route{Serving: "1"})
	r := Restorer{Router: replies{platform: p, rotated: func(found, _ shift.Route) shift.Route { return found }}, Pause: atOnce}
	_, err := r.rotate(t.Context(), ordersChange, found)
	require.ErrorContains(t, err, "give lambda:orders:live another revision: it has kept the one it had")
	p.faults = &faults{name: "Rotate", from: 1, err: errLost, counts: map[string]int{}}
	_, err = r.rotate(t.Context(), ordersChange, found)
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "give lambda:orders:live another revision: ")
}

func TestATargetIsRestoredFromWhateverIsFoundThere(t *testing.T) {
	t.Parallel()
	settles := ordersChange
	settles.Settles = true
	moving := shift.Route{Serving: "1", Additional: "2", Weight: shift.All, Settling: true}
	for name, test := range map[string]struct {
		change shift.Change
		before func(*stage, *Restorer)
		want   shift.Undone
		err    error
		pauses int
		looks  int
	}{
		"as the ledger knows it":                 {ordersChange, nil, shift.Undone{Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}, nil, 0, 1},
		"as the ledger knows it, and it settles": {settles, nil, shift.Undone{Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}, nil, 0, 2},
		"written, and not recorded": {ordersChange, func(s *stage, _ *Restorer) { s.record.Landed = shift.Landed{} },
			shift.Undone{Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}, nil, 0, 2},
		"put back by hand": {ordersChange, func(s *stage, _ *Restorer) { s.put(orders, shift.Route{Serving: "1"}) },
			shift.Undone{Fate: shift.WasBack, Stable: "1", Found: "100% on 1"}, nil, 0, 3},
		"written by somebody else": {ordersChange, func(s *stage, _ *Restorer) { s.put(orders, shift.Route{Serving: "7"}) },
			shift.Undone{Fate: shift.LeftAlone, Found: "100% on 7"}, nil, 3, 5},
		"deleted": {ordersChange, func(s *stage, _ *Restorer) { delete(s.routes, orders) },
			shift.Undone{Fate: shift.LeftAlone, Found: "nothing"}, nil, 3, 5},
		"deleted with its versions": {ordersChange, func(s *stage, _ *Restorer) {
			delete(s.routes, orders)
			writes := 0
			s.before = func(shift.Target) error {
				if writes++; writes == 1 {
					return shift.ErrVersionNotFound
				}
				return nil
			}
		}, shift.Undone{Fate: shift.LeftAlone, Found: "nothing"}, nil, 3, 5},
		"its stable version is deleted": {ordersChange, func(s *stage, _ *Restorer) {
			calls := 0
			s.before = func(shift.Target) error {
				if calls++; calls != 2 { // the second one reads
					return shift.ErrVersionNotFound
				}
				return nil
			}
		}, shift.Undone{}, shift.ErrVersionNotFound, 0, 3},
		"created":           {newAlias, nil, shift.Undone{Fate: shift.Gone}, nil, 0, 2},
		"created, and gone": {newAlias, func(s *stage, _ *Restorer) { delete(s.routes, orders) }, shift.Undone{Fate: shift.Gone}, nil, 3, 4},
		"it settles by itself, and nobody nudges": {settles, func(s *stage, r *Restorer) {
			s.record.Intent, r.Nudges = 3, false
			s.put(orders, moving)
		}, shift.Undone{}, shift.ErrRouteSettling, 0, 1},
		"it settles by itself, and is nudged": {settles, func(s *stage, _ *Restorer) {
			s.record.Intent = 3
			s.put(orders, moving)
		}, shift.Undone{Fate: shift.Back, Stable: "1", Found: "100% on 2, the rest on 1"}, nil, 0, 2},
		"it does not settle, and nobody nudges": {settles, func(_ *stage, r *Restorer) { r.Nudges = false },
			shift.Undone{Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}, nil, 0, 2},
		"closed by another": {settles, func(s *stage, _ *Restorer) { s.record.Status, s.record.Outcome = shift.StatusClosed, shift.RolledBack },
			shift.Undone{}, shift.ErrDeploymentClosed, 0, 1},
		"it changes each time": {ordersChange, func(s *stage, _ *Restorer) {
			s.before = func(shift.Target) error { s.put(orders, shift.Route{Serving: "1"}); return nil }
		}, shift.Undone{}, shift.ErrRevisionMismatch, 0, 5},
		"it is gone when it is to be written": {settles, func(s *stage, _ *Restorer) {
			looks := 0
			s.before = func(shift.Target) error {
				if looks++; looks == 2 {
					delete(s.routes, orders)
				}
				return nil
			}
		}, shift.Undone{}, shift.ErrTargetNotFound, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, test.change)
			_, err := s.shift(t, nil)
			require.NoError(t, err)
			s.record.Status = shift.StatusRestoring
			pauses := 0
			r := s.restorer()
			r.Router, r.Pause = replies{platform: s.platform, settles: true}, func(context.Context, time.Duration) { pauses++ }
			record := s.record
			if test.before != nil {
				test.before(s, &r)
				record.Landed, record.Intent = s.record.Landed, s.record.Intent
			}
			s.calls = map[shift.Target]int{}
			undone, _, err := r.restoreTarget(t.Context(), test.change, record)
			require.ErrorIs(t, err, test.err)
			if test.err == nil {
				test.want.Target = orders
			}
			assert.Equal(t, test.want, undone)
			assert.Equal(t, test.pauses, pauses)
			assert.Equal(t, test.looks, s.calls[orders])
		})
	}
}

func TestARestorationThatFailsSaysWhereAndRecordsTheRest(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	marked(t, s)
	s.before = throttle(billing)
	_, err := s.restorer().restoreTargets(t.Context(), s.record)
	require.ErrorContains(t, err, "restore lambda:billing:live: write lambda:billing:live")
	assert.NotContains(t, err.Error(), "restore lambda:orders:live")
	assert.Equal(t, []shift.Target{orders}, s.record.Restored)

	counting := &faults{}
	s.failing(counting)
	s.platform.faults = nil
	_, err = s.restorer().restoreTargets(t.Context(), s.record)
	require.ErrorIs(t, err, shift.ErrThrottled)
	assert.Zero(t, counting.counts["Restore"], "nothing more is back")

	s.record.Restored = nil
	s.book.faults = &faults{name: "Restore", from: 1, err: errLost, counts: map[string]int{}}
	_, err = s.restorer().restoreTargets(t.Context(), s.record)
	require.ErrorIs(t, err, shift.ErrThrottled)
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "remember what is restored: ")
}

// What a write of another serving version has begun is looked at after all writes.
func TestATargetThatHasNotMovedIsNotBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.put(orders, shift.Route{Serving: "2"})
	s.record.Status, s.record.Intent = shift.StatusRestoring, 3
	r := s.restorer()
	moving := func(found shift.Route) shift.Route {
		if found.Serving == "1" {
			found.Additional, found.Weight, found.Settling = "2", shift.All, true
		}
		return found
	}
	r.Router = replies{platform: s.platform, settles: true, read: moving}
	_, err := r.restoreTargets(t.Context(), s.record)
	require.ErrorIs(t, err, shift.ErrRouteSettling)
	assert.Empty(t, s.record.Restored)
	r.Router = s.platform
	results, err := r.restoreTargets(t.Context(), s.record)
	require.NoError(t, err)
	assert.Equal(t, []shift.Undone{{Target: orders, Fate: shift.WasBack, Stable: "1", Found: "100% on 1"}}, results)
}

// The record keeps reasons that are cut. Whoever gave them still knows the whole.
func TestACauseIsToldWholeByWhoeverGaveIt(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	shifted(t, s)
	why := []shift.Reason{{Name: shift.Aborted, Text: strings.Repeat("long ", 100)}}
	mark := func(ctx context.Context) (shift.Record, error) {
		return s.MarkRestoring(ctx, first, shift.BoundReasons(why), noon)
	}
	closed, undone, err := s.restorer().MarkAndRestore(t.Context(), why, mark, noon.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, explain.Cause(shift.RolledBack, why, undone), closed.Cause)
	assert.Equal(t, shift.BoundReasons(why), closed.Reasons)
	assert.Equal(t, noon.Add(time.Hour), closed.ClosedAt)
	assert.Equal(t, []shift.Announcement{explain.AnnounceOutcome(closed, noon.Add(time.Hour))}, s.told.list)
}

func TestALateWriteIsTakenBackAtTheSecondLook(t *testing.T) {
	t.Parallel()
	zero := shift.Route{Serving: "1", Additional: "2", Weight: shift.None}
	own := shift.Route{Serving: "2", Maker: "first"}
	stable := shift.Route{Serving: "1"}
	yes := func(context.Context) (bool, error) { return true, nil }
	for name, test := range map[string]struct {
		change  shift.Change
		found   shift.Route // zero is nothing
		outcome shift.Outcome
		extend  func(context.Context) (bool, error) // nil must not be called
		before  func(*stage)
		again   bool
		err     error
		left    shift.Route
	}{
		"nothing is there":                   {newAlias, shift.Route{}, shift.RolledBack, nil, nil, false, nil, shift.Route{}},
		"all is well":                        {ordersChange, stable, shift.RolledBack, nil, nil, false, nil, stable},
		"somebody else's":                    {newAlias, shift.Route{Serving: "2", Maker: "other"}, shift.RolledBack, nil, nil, false, nil, shift.Route{Serving: "2", Maker: "other"}},
		"a zero weight":                      {ordersChange, zero, shift.RolledBack, nil, nil, false, nil, stable},
		"a zero weight, and stranded":        {ordersChange, zero, shift.Stranded, nil, nil, false, nil, stable},
		"a creation":                         {newAlias, own, shift.RolledBack, yes, nil, true, nil, shift.Route{}},
		"a creation, left to a person":       {newAlias, own, shift.Stranded, nil, nil, false, nil, own},
		"a creation, and it is not its turn": {newAlias, own, shift.RolledBack, func(context.Context) (bool, error) { return false, nil }, nil, true, nil, own},
		"a creation, and it cannot be known": {newAlias, own, shift.RolledBack, func(context.Context) (bool, error) { return true, errLost }, nil, true, errLost, own},
		"it cannot be read":                  {ordersChange, zero, shift.RolledBack, nil, func(s *stage) { s.before = func(shift.Target) error { return errLost } }, false, errLost, zero},
		"somebody writes it meanwhile": {ordersChange, zero, shift.RolledBack, nil, func(s *stage) {
			s.failing(&faults{name: "SetRoute", from: 1, err: shift.ErrRevisionMismatch})
		}, false, nil, zero},
		"it cannot be written": {ordersChange, zero, shift.RolledBack, nil, func(s *stage) {
			s.failing(&faults{name: "SetRoute", from: 1, err: errLost})
		}, false, errLost, zero},
		"somebody writes a creation meanwhile": {newAlias, own, shift.RolledBack, yes, func(s *stage) {
			s.failing(&faults{name: "Delete", from: 1, err: shift.ErrRevisionMismatch})
		}, true, nil, own},
		"it cannot be deleted": {newAlias, own, shift.RolledBack, yes, func(s *stage) {
			s.failing(&faults{name: "Delete", from: 1, err: errLost})
		}, true, errLost, own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, test.change)
			delete(s.routes, orders)
			if test.found != (shift.Route{}) {
				s.put(orders, test.found)
			}
			if test.before != nil {
				test.before(s)
			}
			extended := 0
			extend := func(ctx context.Context) (bool, error) {
				extended++
				return test.extend(ctx)
			}
			record := s.record
			record.Status, record.Intent, record.Outcome = shift.StatusClosed, 1, test.outcome
			again, err := s.restorer().takeBack(t.Context(), test.change, record, extend)
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.again, again)
			assert.Equal(t, test.extend != nil, extended > 0)
			left := s.routes[orders]
			left.Revision = ""
			assert.Equal(t, test.left, left)
		})
	}
}

// Provisioned concurrency may have been added since: then the platform goes on moving traffic.
func TestALateWriteOfWhatSettlesIsCheckedAsSuch(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	found := s.put(orders, shift.Route{Serving: "1", Additional: "2", Weight: shift.None, Settling: true})
	r := s.restorer()
	r.Router = replies{platform: s.platform, settles: true, read: func(shift.Route) shift.Route { return found }}
	record := s.record
	record.Intent, record.Outcome = 1, shift.RolledBack
	_, err := r.takeBack(t.Context(), ordersChange, record, nil)
	require.ErrorIs(t, err, shift.ErrRouteSettling, "what settles is believed by a read alone")
}

func TestTheSecondLookIsOverWhenNothingWasDeleted(t *testing.T) {
	t.Parallel()
	yes := func(context.Context) (bool, error) { return true, nil }
	s := newStage(t, newAlias, billingChange)
	s.put(orders, shift.Route{Serving: "2", Maker: "first"})
	record := s.record
	record.Intent, record.Outcome = 1, shift.RolledBack
	last, err := s.restorer().takeBackStrays(t.Context(), record, yes)
	require.NoError(t, err)
	assert.False(t, last)
	last, err = s.restorer().takeBackStrays(t.Context(), record, yes)
	require.NoError(t, err)
	assert.True(t, last)

	s.before = throttle(billing)
	_, err = s.restorer().takeBackStrays(t.Context(), record, yes)
	require.ErrorIs(t, err, shift.ErrThrottled)
	require.ErrorContains(t, err, "take back a stray write of lambda:billing:live: ")

	record.Intent, s.calls = 0, map[shift.Target]int{}
	last, err = s.restorer().takeBackStrays(t.Context(), record, nil)
	require.NoError(t, err)
	assert.True(t, last)
	assert.Empty(t, s.calls, "nothing was ever written")
}

// neverRecorded is a ledger that has no record of a Deployment, until it is rejected.
type neverRecorded struct {
	*book
	arrivals []shift.Arrival
}

func (neverRecorded) MarkRestoring(context.Context, string, []shift.Reason, time.Time) (shift.Record, error) {
	return shift.Record{}, fmt.Errorf("mark: %w", shift.ErrDeploymentUnknown)
}

func (l *neverRecorded) Reject(_ context.Context, id string, arrivals []shift.Arrival, e shift.Ending) (shift.Record, error) {
	if err := l.faults.next("Reject"); err != nil {
		return shift.Record{}, err
	}
	l.arrivals = arrivals
	l.record = shift.Record{ID: id, Arrivals: arrivals, Status: shift.StatusClosed, Outcome: e.Outcome, Cause: e.Cause, Reasons: e.Reasons, ClosedAt: e.At}
	return l.record, nil
}

func (s *stage) rollback(ledger RejectingLedger, at time.Time) Rollback {
	return Rollback{Ledger: ledger, Router: s.platform, Announcer: &s.told, Together: oneByOne, Pause: atOnce, Now: func() time.Time { return at }}
}

func TestWhatNeverOpenedIsRejected(t *testing.T) {
	t.Parallel()
	why := []shift.Reason{{Name: "HookFailed", Text: strings.Repeat("no ", 200)}}
	for _, released := range []bool{true, false} {
		s := newStage(t, ordersChange)
		arrivals := s.record.Arrivals
		unopened(s)
		ledger := &neverRecorded{book: s.book}
		call := s.document(nil)
		call.Document.Release, call.Document.Deployment = nil, nil
		if released {
			call.Document.Release = &shift.Release{Arrivals: arrivals}
		}
		call.Document.Failure = failure("HookFailed", why[0].Text)
		undoing, err := s.rollback(ledger, noon).Handle(t.Context(), call)
		require.NoError(t, err)
		cause := explain.Cause(shift.Rejected, why, nil)
		assert.Equal(t, undoingOf(shift.Rejected, shift.BoundReasons(why), cause), undoing)
		want := shift.Record{ID: first, Status: shift.StatusClosed, Outcome: shift.Rejected, Cause: cause, Reasons: shift.BoundReasons(why), ClosedAt: noon}
		if released {
			want.Arrivals = arrivals
		}
		assert.Equal(t, want, s.record)
		assert.Equal(t, []shift.Announcement{explain.AnnounceOutcome(want, noon)}, s.told.list)

		for _, name := range []string{"Reject", "Announce Rejected", "Retire"} {
			s.failing(&faults{name: name, from: 1, err: errLost})
			undoing, err = s.rollback(ledger, noon).Handle(t.Context(), call)
			require.ErrorIs(t, err, errLost, name)
			assert.Zero(t, undoing, name)
		}
	}
}

func TestARollbackTellsWhatItHasUndone(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	shifted(t, s)
	call := s.document(&shift.Progress{Reasons: []shift.Reason{shift.AlarmFiredReason("a", "no")}})
	undoing, err := s.rollback(rejecting{s.book}, noon).Handle(t.Context(), call)
	require.NoError(t, err)
	undone := []shift.Undone{{Target: orders, Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}}
	want := undoingOf(shift.RolledBack, call.Document.Progress.Reasons, explain.Cause(shift.RolledBack, call.Document.Progress.Reasons, undone))
	want.Undone = undone
	assert.Equal(t, want, undoing)
}

// The state may have been entered long before: it is retried for an hour.
func TestARollbackTellsUntilWhenViewersMaySeeTheCandidate(t *testing.T) {
	t.Parallel()
	lagging := ordersChange
	lagging.Lag = 60
	s := newStage(t, lagging)
	shifted(t, s)
	undoing, err := s.rollback(rejecting{s.book}, noon.Add(10*time.Minute)).Handle(t.Context(), s.document(&shift.Progress{}))
	require.NoError(t, err)
	assert.Equal(t, noon.Add(11*time.Minute), undoing.Undone[0].Until)
	assert.Contains(t, undoing.Cause, "is back on 1 (it had 10% on 2, the rest on 1), and viewers may still see 2 until 12:11:00 UTC")
}

// Two that restore the same Targets take each other's requests.
func TestARollbackLeavesAMomentToTheSafetyNet(t *testing.T) {
	t.Parallel()
	for since, waits := range map[time.Duration]bool{-time.Second: true, 0: false, time.Second: true} {
		for after, patient := range map[time.Duration]bool{time.Second: true, patience - 1: true, patience: false, time.Hour: false} {
			s := newStage(t, ordersChange)
			shifted(t, s)
			at := noon.Add(since)
			_, err := s.MarkRestoring(t.Context(), first, nil, at)
			require.NoError(t, err)
			_, err = s.rollback(rejecting{s.book}, at.Add(after)).Handle(t.Context(), s.document(nil))
			if waits && patient {
				require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
				require.ErrorContains(t, err, "by somebody else, since "+at.Format(time.RFC3339))
				continue
			}
			require.NoError(t, err, "%s, %s", since, after)
		}
	}
}

// The one that replaces it restores nothing itself.
func TestARollbackOfAReplacedDeploymentDoesNotWait(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	shifted(t, s)
	_, err := s.MarkRestoring(t.Context(), first, []shift.Reason{shift.SupersededBy("another")}, noon.Add(-time.Second))
	require.NoError(t, err)
	undoing, err := s.rollback(rejecting{s.book}, noon).Handle(t.Context(), s.document(nil))
	require.NoError(t, err)
	assert.Equal(t, shift.RolledBack, undoing.Outcome)
}

func TestARollbackOfWhatHasEndedTellsTheEndOrWhatHasFailedSince(t *testing.T) {
	t.Parallel()
	reasons := []shift.Reason{{Name: shift.Aborted, Text: "no"}}
	stopped := []shift.Reason{shift.ExecutionEndedReason("ABORTED")}
	broken := shift.Reason{Name: "Broken", Text: "since"}
	for name, test := range map[string]struct {
		outcome     shift.Outcome
		reasons     []shift.Reason
		cause       string
		failure     string
		retry       int
		outcomeTold shift.Outcome
		adds        bool
	}{
		"put back by the net":                {shift.RolledBack, reasons, "Aborted: no", "DeploymentClosed", 0, shift.RolledBack, false},
		"being put back by the net":          {shift.RolledBack, reasons, "Aborted: no", "DeploymentRestoring", 0, shift.RolledBack, false},
		"put back, and something else broke": {shift.RolledBack, reasons, "Aborted: no", "Broken", 0, shift.RolledBack, true},
		"the same, and it is told already":   {shift.RolledBack, reasons, "Aborted: no", "Broken", 1, shift.RolledBack, false},
		"a record of an earlier version":     {shift.RolledBack, reasons, "", "DeploymentClosed", 0, shift.RolledBack, true},
		"redriven":                           {shift.RolledBack, stopped, "ExecutionEnded: it ended", "DeploymentClosed", 0, shift.RolledBack, true},
		"nothing to shift, and then":         {shift.Unchanged, reasons, "Aborted: no", "Broken", 0, shift.Rejected, true},
		"no failure":                         {shift.Promoted, reasons, "Aborted: no", "", 0, shift.Promoted, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			s.end(test.outcome)
			s.record.Reasons, s.record.Cause, s.announced = test.reasons, test.cause, true
			call := s.document(nil)
			call.Retry = test.retry
			if test.failure != "" {
				call.Document.Failure = failure(test.failure, broken.Text)
			}
			undoing, err := s.rollback(rejecting{s.book}, noon).Handle(t.Context(), call)
			require.NoError(t, err)
			want := undoingOf(test.outcomeTold, test.reasons, test.cause)
			if test.adds {
				want.Reasons = append(append([]shift.Reason{}, test.reasons...), shift.Reason{Name: test.failure, Text: broken.Text})
				want.Cause = explain.Cause(test.outcomeTold, want.Reasons, nil)
			}
			assert.Equal(t, want, undoing)
		})
	}
}

// The execution ends as what the record says and people were told, unless it had been opened.
func TestARollbackOfOneTryOfOpenTellsThatAnotherHasFoundNothingToShift(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deployment *shift.Deployment
		tells      bool
	}{
		"the first time":              {nil, true},
		"when its turn had not come":  {&shift.Deployment{ID: first, Turn: &shift.Turn{}}, true},
		"when it was open, as broken": {newStage(t, ordersChange).record.Deployment, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			s.end(shift.Unchanged)
			s.record.Cause, s.announced = "nothing to shift", true
			call := s.document(nil)
			call.Document.Deployment, call.Document.Failure = test.deployment, failure("TargetWeighted", "by somebody")
			undoing, err := s.rollback(rejecting{s.book}, noon).Handle(t.Context(), call)
			require.NoError(t, err)
			assert.Equal(t, shift.Rejected, undoing.Outcome, "for executions of earlier versions")
			if !test.tells {
				assert.Nil(t, undoing.Unchanged)
				return
			}
			assert.Equal(t, &shift.Summary{Outcome: shift.Unchanged, Changes: s.record.Moves(), Reason: "nothing to shift"}, undoing.Unchanged)
		})
	}
}

// closedMeanwhile says that a Deployment is closed, with a record that is not.
type closedMeanwhile struct{ rejecting }

func (closedMeanwhile) MarkRestoring(context.Context, string, []shift.Reason, time.Time) (shift.Record, error) {
	return shift.Record{Status: shift.StatusOpen}, fmt.Errorf("mark: %w", shift.ErrDeploymentClosed)
}

func TestARollbackAnswersOnlyForARecordThatIsClosed(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	_, err := s.rollback(closedMeanwhile{rejecting{s.book}}, noon).Handle(t.Context(), s.document(nil))
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
}

func TestTheReasonsOfARollbackAreTheFailureOrTheLastJudgement(t *testing.T) {
	t.Parallel()
	judged := []shift.Reason{shift.AlarmFiredReason("a", "no")}
	s := newStage(t, ordersChange)
	for _, test := range []struct {
		failure  string
		progress *shift.Progress
		want     []shift.Reason
	}{
		{"Broken", &shift.Progress{Reasons: judged}, []shift.Reason{{Name: "Broken", Text: "it broke"}}},
		{"", &shift.Progress{Reasons: judged}, judged},
		{"", &shift.Progress{Reasons: []shift.Reason{}}, []shift.Reason{{Name: "Unexpected", Text: "the state machine came here without saying why"}}},
		{"", nil, []shift.Reason{{Name: "Unexpected", Text: "the state machine came here without saying why"}}},
	} {
		doc := s.document(test.progress).Document
		if test.failure != "" {
			doc.Failure = failure(test.failure, `{"errorMessage": "it broke", "errorType": "Broken"}`)
		}
		assert.Equal(t, test.want, rollbackReasons(doc))
	}
	assert.Equal(t, "Step Functions gave no cause; see the execution's history", errorMessage(""))
}

// Only the first try nudges what settles: further ones follow within seconds.
func TestARollbackNudgesOnce(t *testing.T) {
	t.Parallel()
	settles := ordersChange
	settles.Settles = true
	for retry, writes := range map[int]int{0: 1, 1: 0} {
		s := newStage(t, settles)
		s.put(orders, shift.Route{Serving: "1", Additional: "2", Weight: shift.All, Settling: true})
		s.record.Intent, s.record.Status, s.record.MarkedAt = 3, shift.StatusRestoring, noon
		before := s.writes
		call := s.document(nil)
		call.Retry = retry
		h := s.rollback(rejecting{s.book}, noon)
		h.Router = replies{platform: s.platform, settles: true}
		_, err := h.Handle(t.Context(), call)
		assert.Equal(t, retry > 0, errors.Is(err, shift.ErrRouteSettling))
		assert.Equal(t, writes, s.writes-before)
	}
}
