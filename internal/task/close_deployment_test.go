package task

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// answers are what a router says, one after the other; the last one stays.
type answers []shift.Route

func (a *answers) Route(context.Context, shift.Target) (shift.Route, error) {
	route := (*a)[0]
	if len(*a) > 1 {
		*a = (*a)[1:]
	}
	return route, nil
}

func (*answers) Settles(context.Context, shift.Target) (bool, error) { return true, nil }

// Lambda's reads may lag behind its writes.
func TestClosingIsNotMisledByARouteThatTheDeploymentLeftBehind(t *testing.T) {
	t.Parallel()
	canary, whole, before := shift.Route{Serving: "1", Additional: "2", Weight: 1000}, shift.Route{Serving: "2"}, shift.Route{Serving: "1"}
	tests := map[string]struct {
		said  answers
		waits int
		err   error
	}{
		"as it should be":                                 {answers{whole}, 0, nil},
		"the step before, a time":                         {answers{canary, canary, whole}, 3, nil},
		"the start, a time":                               {answers{before, whole}, 3, nil},
		"the step before, for good: somebody wrote it":    {answers{canary}, 3, shift.ErrRouteChanged},
		"what was there before the deployment, a time":    {answers{{Serving: "7"}, whole}, 3, nil},
		"what nobody of us wrote, for good":               {answers{{Serving: "7"}}, 3, shift.ErrRouteChanged},
		"somebody's edit, and then what was there before": {answers{before, whole, whole, before}, 3, shift.ErrRouteChanged},
		"settling since somebody provisioned it":          {answers{{Serving: "2", Additional: "1", Weight: shift.All, Settling: true}}, 0, shift.ErrRouteSettling},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 300}, {Weight: shift.All}}, shift.Hooks{}, shift.Judging{})
			require.NoError(t, err)
			waits := 0
			h := CloseDeployment{Router: &test.said, Pause: func(context.Context, time.Duration) { waits++ }}
			err = h.verify(t.Context(), shift.Deployment{Plan: plan, Changes: []shift.Change{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}}})
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.waits, waits)
		})
	}
}

// Once a Deployment has ended, the next one may be shifting its Targets. What Close finds
// there must not be told as somebody else's edit.
func TestCloseAsksTheRecordBeforeItLooksAtTheTargets(t *testing.T) {
	t.Parallel()
	for status, want := range map[shift.Status]error{
		shift.StatusRestoring: shift.ErrDeploymentRestoring, shift.StatusClosed: shift.ErrDeploymentClosed,
	} {
		s := newStage(t, ordersChange)
		s.end(shift.RolledBack)
		s.record.Status = status
		s.put(orders, shift.Route{Serving: "1", Additional: "3", Weight: 1000})
		_, err := CloseDeployment{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce}.
			Handle(t.Context(), s.document(&shift.Progress{Step: 3, Steps: 3}))
		require.ErrorIs(t, err, want)
		assert.NotErrorIs(t, err, shift.ErrRouteChanged)
		assert.Zero(t, s.calls[orders])
	}
}

func TestCloseTellsWhatWasDone(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.put(orders, shift.Route{Serving: "2"})
	at := noon.Add(time.Hour)
	h := CloseDeployment{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce, Now: func() time.Time { return at }}
	progress := &shift.Progress{Step: 3, Steps: 3, Total: 600, Checks: 10}
	want := shift.Summary{
		Outcome: shift.Promoted, Changes: []shift.Move{{Target: orders, Stable: "1", Candidate: "2"}}, Seconds: 600, Steps: 3, Checks: 10,
	}
	for range 2 { // the answer was lost
		got, err := h.Handle(t.Context(), s.document(progress))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, at, s.record.ClosedAt)
		assert.Equal(t, []shift.Announcement{explain.AnnounceOutcome(s.record, at)}, s.told.list)
	}
}

func TestATargetThatIsGoneIsNotPromoted(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	delete(s.routes, orders)
	pauses := 0
	h := CloseDeployment{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: func(context.Context, time.Duration) { pauses++ }}
	_, err := h.Handle(t.Context(), s.document(&shift.Progress{Step: 3, Steps: 3}))
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	require.ErrorContains(t, err, "verify lambda:orders:live: ")
	assert.Equal(t, 3, pauses)
	assert.Equal(t, shift.StatusOpen, s.record.Status)
}
