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
	"github.com/sluice-aws/sluice/internal/shift"
)

// hasPutBack is a ledger that has put every Deployment back.
type hasPutBack struct{ ShiftingLedger }

func (hasPutBack) Record(_ context.Context, id string) (shift.Record, error) {
	return shift.Record{ID: id, Status: shift.StatusClosed, Outcome: shift.RolledBack}, nil
}

// answering is a router that answers every write alike.
type answering struct {
	RouteWriter
	err error
}

func (a answering) SetRoute(context.Context, shift.Target, shift.Route) (shift.Route, error) {
	return shift.Route{}, a.err
}

func TestTheLogTellsALateWriteThatWasUndoneFromOneThatWasOverwritten(t *testing.T) {
	log := logged(t)
	for name, test := range map[string]struct {
		answer error
		says   string
		not    string
	}{
		"undone":      {nil, "late write undone", "left"},
		"overwritten": {fmt.Errorf("write: %w", shift.ErrRevisionMismatch), "late write left as it is", "undone"},
		"neither":     {shift.ErrThrottled, "", "late write"},
	} {
		log.Reset()
		m := move{
			SetWeight:  SetWeight{Ledger: hasPutBack{}, Router: answering{err: test.answer}},
			deployment: shift.Deployment{ID: "arn:first", Changes: []shift.Change{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}}},
			step:       1, own: map[shift.Target]shift.Revision{"lambda:orders:live": "r1"},
		}
		err := m.undo(t.Context(), shift.ErrDeploymentRestoring)
		require.ErrorIs(t, err, shift.ErrDeploymentRestoring, name)
		assert.Equal(t, name == "neither", errors.Is(err, shift.ErrThrottled), name)
		assert.Contains(t, log.String(), test.says, name)
		assert.NotContains(t, log.String(), test.not, name)
	}
}

// The last writes of a shift are recorded at its end anyway.
func TestAShiftOfManyTargetsRecordsItsWritesOncePerPart(t *testing.T) {
	t.Parallel()
	for targets, landings := range map[int]int{1: 1, landEvery: 1, landEvery + 1: 2, 2 * landEvery: 2, 2*landEvery + 1: 3} {
		var changes []shift.Change
		for i := range targets {
			changes = append(changes, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
		}
		s := newStage(t, changes...)
		none := &faults{}
		s.failing(none)
		progress := s.record.Deployment.Start()
		_, err := s.shift(t, &progress)
		require.NoError(t, err)
		assert.Equal(t, landings, none.counts["Land"], targets)
	}
}

func TestACreatedAliasThatIsGoneWasTakenBackBySomebodyElse(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	m := move{SetWeight: SetWeight{Router: s.platform}}
	kept := s.routes[orders].Revision
	require.ErrorIs(t, m.deleteCreated(t.Context(), ordersChange, "other"), shift.ErrRevisionMismatch)
	require.Contains(t, s.routes, orders)
	require.NoError(t, m.deleteCreated(t.Context(), ordersChange, kept))
	require.NotContains(t, s.routes, orders)
	err := m.deleteCreated(t.Context(), ordersChange, kept)
	require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	require.NotErrorIs(t, err, shift.ErrTargetNotFound)
}

func TestAShiftTellsWhereItStands(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	got, err := s.shift(t, nil)
	require.NoError(t, err)
	d := *s.record.Deployment
	want := d.AfterShift(d.Start(), map[shift.Target]shift.Revision{orders: s.routes[orders].Revision}, 0)
	assert.Equal(t, want, got)
	assert.Equal(t, shift.Route{Serving: "1", Additional: "2", Weight: 1000, Revision: "w2"}, s.routes[orders])
	assert.Equal(t, []shift.Announcement{explain.Announce(d, shift.ShiftedTo, want, noon)}, s.told.list)

	// The document of the next Step may be forged: what the ledger knows of the last one counts.
	forged := got
	forged.Revisions = map[shift.Target]shift.Revision{orders: "forged"}
	got, err = s.shift(t, &forged)
	require.NoError(t, err)
	assert.Equal(t, shift.Weight(5000), s.routes[orders].Weight)
	assert.Equal(t, 2, s.record.Intent)
	assert.Equal(t, 2, s.record.Landed.Step)
	assert.Equal(t, 2, got.Step)

	// Between two tries of a Step the ledger knows only those of this one.
	s.record.Landed = shift.Landed{Step: 3}
	assert.Equal(t, got.Revisions, revisionsBefore(s.record, got))
}

// receipted gives a receipt for each write.
type receipted struct{ *platform }

func (r receipted) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	written, err := r.platform.SetRoute(ctx, t, wanted)
	written.Receipt = "for " + string(written.Revision)
	return written, err
}

func TestAShiftKeepsTheReceiptsOfItsWrites(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	document := s.document(nil)
	h := SetWeight{Ledger: s.book, Router: receipted{s.platform}, Announcer: &s.told}
	got, err := h.Handle(t.Context(), document)
	require.NoError(t, err)
	assert.Equal(t, map[shift.Target]string{orders: "for w2"}, got.Receipts)
	document.Document.Progress = &got
	got, err = h.Handle(t.Context(), document)
	require.NoError(t, err)
	assert.Equal(t, map[shift.Target]string{orders: "for w3"}, got.Receipts)
}

func TestAShiftOfManyTargetsTakesItsTurns(t *testing.T) {
	t.Parallel()
	for targets, pauses := range map[int]int{maxUnpacedTargets: 0, maxUnpacedTargets + 1: maxUnpacedTargets} {
		var changes []shift.Change
		for i := range targets {
			changes = append(changes, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
		}
		s := newStage(t, changes...)
		got := 0
		pause := func(context.Context, time.Duration) { got++ }
		h := SetWeight{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: pause, Now: func() time.Time { return noon }}
		_, err := h.Handle(t.Context(), s.document(nil))
		require.NoError(t, err)
		assert.Equal(t, pauses, got)

		gate := RouteGate{Router: s.platform, Pause: pause, Now: func() time.Time { return noon }}
		got = 0
		_, err = gate.Observe(t.Context(), shift.Subject{Deployment: *s.record.Deployment, Progress: shift.Progress{Step: 1, Wait: 300}})
		require.NoError(t, err)
		assert.Equal(t, pauses > 0, got > 0)
	}
}

func TestARefusedWriteIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change shift.Change
		found  *shift.Route // what is there when the write arrives; nil is nothing
		want   error
		says   string
		pauses int
		weight shift.Weight
	}{
		"an earlier try has written it": {ordersChange, &shift.Route{Serving: "1", Additional: "2", Weight: 1000}, nil, "", 0, 1000},
		"somebody has edited it":        {ordersChange, &shift.Route{Serving: "1"}, nil, "", 0, 1000},
		"somebody has written it":       {ordersChange, &shift.Route{Serving: "7"}, shift.ErrRouteChanged, "100% on 7, which Sluice did not write", 3, 0},
		"an earlier try has created it": {newAlias, &shift.Route{Serving: "2", Maker: "first"}, nil, "", 0, 0},
		"somebody has created it":       {newAlias, &shift.Route{Serving: "2", Maker: "other"}, shift.ErrRouteChanged, "which Sluice did not write", 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, test.change)
			s.put(orders, *test.found)
			pauses := 0
			h := SetWeight{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: func(context.Context, time.Duration) { pauses++ }}
			next, err := h.Handle(t.Context(), s.document(nil))
			require.ErrorIs(t, err, test.want)
			assert.Equal(t, test.pauses, pauses)
			assert.Equal(t, test.weight, s.routes[orders].Weight)
			if test.want == nil {
				require.NoError(t, err)
				assert.Equal(t, s.routes[orders].Revision, next.Revisions[orders])
				assert.Equal(t, s.routes[orders].Revision, s.record.Landed.At(1)[orders])
				return
			}
			require.ErrorContains(t, err, "set weight of lambda:orders:live to 10%: ")
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, s.record.Landed.Revisions, "nothing of this call has landed")
		})
	}
}

func TestAWriteThatIsAlwaysTooLateIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.before = func(shift.Target) error { s.put(orders, shift.Route{Serving: "1"}); return nil }
	_, err := s.shift(t, nil)
	require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	require.ErrorContains(t, err, "it changed 3 times while it was being written")
}

// A Target that is missing after a refused write may be an outdated read.
func TestATargetThatIsMissingAfterARefusedWriteIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.put(orders, shift.Route{Serving: "1"})
	there := s.routes[orders]
	calls, pauses := 0, 0
	s.before = func(shift.Target) error {
		if calls++; calls == 2 {
			delete(s.routes, orders)
		}
		return nil
	}
	h := SetWeight{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: func(context.Context, time.Duration) {
		pauses++
		s.routes[orders] = there
	}}
	_, err := h.Handle(t.Context(), s.document(nil))
	require.NoError(t, err)
	assert.Equal(t, 1, pauses)

	gone := newStage(t, shift.Change{Target: orders, Stable: "1", Candidate: "2"})
	gone.put(orders, shift.Route{Serving: "1"})
	calls = 0
	gone.before = func(shift.Target) error {
		if calls++; calls == 2 {
			delete(gone.routes, orders)
		}
		return nil
	}
	_, err = gone.shift(t, nil)
	require.ErrorIs(t, err, shift.ErrRouteChanged)
}

func TestAnAnswerThatIsNotWhatWasAskedForStopsTheShift(t *testing.T) {
	t.Parallel()
	for settling, refused := range map[bool]bool{false: true, true: false} {
		s := newStage(t, ordersChange)
		router := replies{platform: s.platform, written: func(r shift.Route) shift.Route {
			r.Weight, r.Settling = 999, settling
			return r
		}}
		_, err := SetWeight{Ledger: s.book, Router: router, Announcer: &s.told, Pause: atOnce}.Handle(t.Context(), s.document(nil))
		assert.Equal(t, refused, errors.Is(err, shift.ErrRouteRefused))
		assert.Equal(t, s.routes[orders].Revision, s.record.Landed.At(1)[orders], "it is known as our own")
	}
}

// What was written before a failure is recorded, unless the Deployment is over.
func TestAShiftThatFailsRecordsWhatItHasWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fails shift.Target
		err   error
		lands int
	}{
		"after a write":                      {billing, errLost, 1},
		"before a write":                     {orders, errLost, 0},
		"after a write, and it is restoring": {billing, shift.ErrDeploymentRestoring, 0},
		"after a write, and it is closed":    {billing, shift.ErrDeploymentClosed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange, billingChange)
			all := &faults{}
			s.failing(all)
			s.before = func(target shift.Target) error {
				if target == test.fails {
					return test.err
				}
				return nil
			}
			_, err := s.shift(t, nil)
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.lands, all.counts["Land"])
		})
	}
}

// A record that fails after several writes ends the shift there.
func TestAShiftStopsWhenItCannotRecordAPart(t *testing.T) {
	t.Parallel()
	var changes []shift.Change
	for i := range 2 * landEvery {
		changes = append(changes, shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Stable: "1", Candidate: "2"})
	}
	s := newStage(t, changes...)
	s.failing(&faults{name: "Land", from: 1, once: true, err: errLost})
	_, err := s.shift(t, nil)
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "record the writes of step 1: ")
	assert.Equal(t, shift.None, s.routes[changes[landEvery].Target].Weight)
	assert.Len(t, s.record.Landed.At(1), landEvery)
}

func TestALateWriteOfAPromotedDeploymentStays(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	written := s.put(orders, shift.Route{Serving: "1", Additional: "2", Weight: 1000})
	m := move{
		SetWeight:  SetWeight{Ledger: s.book, Router: s.platform},
		deployment: *s.record.Deployment, step: 1, own: map[shift.Target]shift.Revision{orders: written.Revision},
	}
	s.end(shift.Promoted)
	require.ErrorIs(t, m.undoIfOver(t.Context(), s.record.CheckOpen()), shift.ErrDeploymentClosed)
	assert.Equal(t, written, s.routes[orders])

	s.end(shift.RolledBack)
	s.failing(&faults{name: "Record", from: 1, err: errLost})
	err := m.undoIfOver(t.Context(), s.record.CheckOpen())
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.Equal(t, written, s.routes[orders])

	untouched := s.routes[billing]
	all := &faults{}
	s.failing(all)
	require.ErrorIs(t, m.undoIfOver(t.Context(), errLost), errLost)
	assert.Zero(t, all.counts["Record"], "it is not over")
	require.ErrorIs(t, m.undoIfOver(t.Context(), s.record.CheckOpen()), shift.ErrDeploymentClosed)
	assert.Equal(t, shift.Version(""), s.routes[orders].Additional)
	assert.Equal(t, untouched, s.routes[billing], "it was not written by this call")
	assert.Equal(t, 1, all.counts["SetRoute"])
}

func TestACreationThatCannotBeTakenBackIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t, newAlias)
	created := s.put(orders, shift.Route{Serving: "2", Maker: "first"})
	m := move{
		SetWeight:  SetWeight{Ledger: s.book, Router: s.platform},
		deployment: *s.record.Deployment, step: 1, own: map[shift.Target]shift.Revision{orders: created.Revision},
	}
	s.end(shift.RolledBack)
	for _, name := range []string{"Route", "Delete"} {
		s.failing(&faults{name: name, from: 1, err: errLost})
		err := m.undo(t.Context(), s.record.CheckOpen())
		require.ErrorIs(t, err, errLost, name)
		require.ErrorContains(t, err, "undo the late write of lambda:orders:live: ")
		assert.Contains(t, s.routes, orders)
	}
}
