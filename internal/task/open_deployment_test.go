package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// shelf is a Router that knows versions.
type shelf struct {
	Router
	readiness shift.Readiness
	unread    error
	asleep    error // is returned by Wake
	woken     int
}

func (s *shelf) DescribeVersion(_ context.Context, _ shift.Target, v shift.Version) (shift.Published, error) {
	return shift.Published{Version: v, Readiness: s.readiness}, s.unread
}

func (s *shelf) Wake(context.Context, shift.Target, shift.Version) error {
	s.woken++
	return s.asleep
}

func TestACandidateIsAwaitedUntilItIsReady(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for name, test := range map[string]struct {
		shelf shelf
		want  error
		woken int
	}{
		"ready":              {shelf{readiness: shift.Ready}, nil, 0},
		"pending":            {shelf{readiness: shift.Pending}, shift.ErrCandidatePending, 0},
		"failed":             {shelf{readiness: shift.Broken}, shift.ErrCandidateFailed, 0},
		"idle":               {shelf{readiness: shift.Idle}, shift.ErrCandidatePending, 1},
		"cannot be woken":    {shelf{readiness: shift.Idle, asleep: broken}, broken, 1},
		"cannot be read":     {shelf{unread: broken}, broken, 0},
		"idle and not known": {shelf{readiness: shift.Idle, unread: broken}, broken, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := opening{OpenDeployment: OpenDeployment{Router: &test.shelf}, release: shift.Release{Arrivals: []shift.Arrival{{Target: orders, Candidate: "2"}}}}
			candidates, err := o.awaitCandidates(t.Context())
			require.ErrorIs(t, err, test.want)
			assert.Equal(t, test.woken, test.shelf.woken)
			if test.want == nil {
				assert.Equal(t, []shift.Published{{Version: "2", Readiness: shift.Ready}}, candidates)
			}
		})
	}
}

// An event that comes late is not asked the ledger about: the version that serves says it.
func TestAnEventOfAnOlderVersionIsLate(t *testing.T) {
	t.Parallel()
	older := shift.Change{Target: orders, Stable: "3", Candidate: "2"}
	reason, err := opening{release: shift.Release{Trigger: shift.Event}}.findNewerDeployment(t.Context(), older)
	require.NoError(t, err)
	assert.Equal(t, shift.LateReason(older), *reason)
	reason, err = opening{}.findNewerDeployment(t.Context(), older)
	require.NoError(t, err)
	assert.Nil(t, reason, "a person may go back")
}

// What Open finds flows through the whole Deployment: a field that is lost here is missed by a
// rollback, hours later.
func TestOpenRecordsAllThatItHasFound(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	unopened(s)
	s.put(orders, shift.Route{Serving: "1", Detail: "weights of orders"})
	a := s.apps()
	a.alarms = []shift.Alarm{{Name: "orders-5xx", State: shift.AlarmFiring}}
	h, ledger := s.openDeployment(a)
	call := s.opening(orders, billing)
	call.Retry = 1
	got, err := h.Handle(t.Context(), call)
	require.NoError(t, err)

	changed := func(target shift.Target, routeDetail string) shift.Change {
		return shift.Change{
			Target: target, Stable: "1", Candidate: "2", Revision: s.routes[target].Revision, Detail: "candidate of " + string(target),
			Note: "note of 2", RouteDetail: routeDetail, Lag: 30, Judged: true,
		}
	}
	want, err := shift.Open(shift.Opening{
		ID: first, Release: *call.Document.Release, Changes: []shift.Change{changed(orders, "weights of orders"), changed(billing, "")},
		Firing: []string{"orders-5xx"}, Baselines: a.baselines, At: noon, Retries: 1,
	})
	require.NoError(t, err)
	require.NotEmpty(t, want.Baselines)
	assert.Equal(t, want, got)
	assert.Equal(t, shift.Record{
		ID: first, Arrivals: call.Document.Release.Arrivals, OpenedAt: noon, Status: shift.StatusOpen, Deployment: &want, UntilOK: []string{"orders-5xx"},
	}, s.record)
	assert.Equal(t, a.alarms, ledger.alarmsRead)
	assert.Equal(t, []shift.Announcement{explain.Announce(want, shift.Started, want.Start(), noon)}, s.told.list)
	assert.Equal(t, []string{
		"compatible: lambda:orders:live, 1 and 2", "compatible: lambda:billing:live, 1 and 2", "alarms: [orders-5xx]",
		"baseline: lambda:orders:live at 12:00:00", "baseline: lambda:billing:live at 12:00:00",
	}, a.asked)

	call.Retry = 3
	again, err := h.Handle(t.Context(), call)
	require.NoError(t, err, "the answer was lost")
	assert.Equal(t, want.WithRetries(*call.Document.Release, nil, 3), again)
	assert.Len(t, a.asked, 5, "nothing is read again")
}

func TestOpenLeavesOutWhatATargetNeedsNot(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, change func(*stage, *applications, *flow.Call[flow.Document])) (shift.Deployment, *applications) {
		t.Helper()
		s := newStage(t, ordersChange)
		unopened(s)
		a, call := s.apps(), s.opening(orders)
		s.put(orders, shift.Route{Serving: "1", Detail: "weights"})
		change(s, a, &call)
		h, _ := s.openDeployment(a)
		d, err := h.Handle(t.Context(), call)
		require.NoError(t, err)
		return d, a
	}
	d, _ := open(t, func(_ *stage, a *applications, _ *flow.Call[flow.Document]) { a.rules.KeepsDetail = false })
	assert.Empty(t, d.Changes[0].RouteDetail)

	d, a := open(t, func(_ *stage, a *applications, _ *flow.Call[flow.Document]) { a.rules.ComparesVersions = false })
	assert.False(t, d.Changes[0].Judged)
	assert.NotContains(t, a.asked, "baseline: lambda:orders:live at 12:00:00")
	assert.Empty(t, d.Baselines)

	d, _ = open(t, func(_ *stage, _ *applications, call *flow.Call[flow.Document]) {
		call.Document.Release.Judging = shift.Judging{}
	})
	assert.False(t, d.Changes[0].Judged)

	d, _ = open(t, func(s *stage, _ *applications, call *flow.Call[flow.Document]) {
		delete(s.routes, orders)
		call.Document.Release.Options.CreateTarget = true
	})
	assert.Equal(t, []shift.Change{{
		Target: orders, Candidate: "2", Detail: "candidate of lambda:orders:live", Note: "note of 2", Maker: "first", Lag: 30,
	}}, d.Changes)
}

func TestARouteMayTellALongerLagThanItsKind(t *testing.T) {
	t.Parallel()
	for told, want := range map[shift.Seconds]shift.Seconds{0: 30, 20: 30, 150: 150} {
		s := newStage(t, ordersChange)
		unopened(s)
		s.put(orders, shift.Route{Serving: "1", Lag: told})
		h, _ := s.openDeployment(s.apps())
		d, err := h.Handle(t.Context(), s.opening(orders))
		require.NoError(t, err)
		assert.Equal(t, want, d.Changes[0].Lag)
		assert.Equal(t, want, d.Plan.Step(d.Plan.Len()).Bake)
	}
}

// settlingVersions may go on moving traffic by themselves.
type settlingVersions struct{ *applications }

func (settlingVersions) Settles(context.Context, shift.Target) (bool, error) { return true, nil }

func TestOpenAsksWhetherATargetSettlesOnlyWhereOneMay(t *testing.T) {
	t.Parallel()
	for _, may := range []bool{true, false} {
		s := newStage(t, ordersChange)
		unopened(s)
		a := s.apps()
		a.rules.Settles = may
		h, _ := s.openDeployment(a)
		h.Router = settlingVersions{a}
		d, err := h.Handle(t.Context(), s.opening(orders))
		require.NoError(t, err)
		assert.Equal(t, may, d.Changes[0].Settles)
	}
}

func TestOpenRefusesWhatCannotStart(t *testing.T) {
	t.Parallel()
	refused := errors.New("not with these")
	for name, test := range map[string]struct {
		change func(*stage, *applications, *flow.Call[flow.Document])
		want   error
		says   string
	}{
		"a target that is gone": {func(s *stage, _ *applications, _ *flow.Call[flow.Document]) { delete(s.routes, orders) },
			shift.ErrTargetNotFound, "somebody has deleted it since the execution began"},
		"a target that is gone, of a kind that cannot be created": {func(s *stage, a *applications, call *flow.Call[flow.Document]) {
			delete(s.routes, orders)
			a.rules.Creates, call.Document.Release.Options.CreateTarget = false, true
		}, shift.ErrTargetNotFound, "somebody has deleted it"},
		"a target whose traffic is divided": {func(s *stage, _ *applications, _ *flow.Call[flow.Document]) {
			s.put(orders, shift.Route{Serving: "1", Additional: "7", Weight: 100})
		}, shift.ErrTargetWeighted, "start at lambda:orders:live"},
		"a target that serves another version than expected": {func(_ *stage, _ *applications, call *flow.Call[flow.Document]) {
			call.Document.Release.Arrivals[0].ExpectStable = "7"
		}, shift.ErrStableDiffers, "lambda:orders:live serves 1, and was expected to serve 7"},
		"a target that is to be created, and was expected to serve": {func(s *stage, _ *applications, call *flow.Call[flow.Document]) {
			delete(s.routes, orders)
			call.Document.Release.Options.CreateTarget, call.Document.Release.Arrivals[0].ExpectStable = true, "1"
		}, shift.ErrStableDiffers, "lambda:orders:live does not exist, and was expected to serve 1"},
		"a plan that the kind cannot take": {func(_ *stage, a *applications, _ *flow.Call[flow.Document]) { a.rules.AllAtOnce = true },
			shift.ErrInvalidPlan, "the traffic of lambda:orders:live cannot be divided"},
		"a plan that is too fast for what a target serves": {func(s *stage, a *applications, _ *flow.Call[flow.Document]) {
			s.put(orders, shift.Route{Serving: "1", Lag: 151})
		}, shift.ErrInvalidPlan, "viewers of lambda:orders:live may see the step before for 2m31s"},
		"more than can be kept": {func(s *stage, a *applications, _ *flow.Call[flow.Document]) {
			s.put(orders, shift.Route{Serving: "1", Detail: strings.Repeat("x", shift.MaxRouteDetail+1)})
		}, shift.ErrDocumentTooLarge, "to put lambda:orders:live back as it was"},
		"a plan that is too long": {func(_ *stage, _ *applications, call *flow.Call[flow.Document]) {
			call.Document.Release.Steps[0].Bake = shift.MaxDuration + 1
		}, shift.ErrPlanTooLong, "bakes for longer"},
		"versions that cannot be mixed": {func(_ *stage, a *applications, _ *flow.Call[flow.Document]) {
			a.platform.faults = &faults{name: "CheckCompatible", from: 1, err: refused, counts: map[string]int{}}
		}, refused, "not with these"},
		"an alarm that fires": {func(_ *stage, a *applications, call *flow.Call[flow.Document]) {
			a.alarms = []shift.Alarm{{Name: "orders-5xx", State: shift.AlarmFiring}}
			call.Document.Release.Options.AlarmsAtStart = shift.RejectFiring
		}, shift.ErrAlarmFiring, "orders-5xx"},
		"nothing to shift, where that is a failure": {func(s *stage, _ *applications, call *flow.Call[flow.Document]) {
			s.put(orders, shift.Route{Serving: "2"})
			call.Document.Release.Options.Unchanged = shift.FailUnchanged
		}, shift.ErrNothingToShift, "already points at 2"},
		"too large a document": {func(_ *stage, _ *applications, call *flow.Call[flow.Document]) {
			call.Document.Release.Alarms = []string{strings.Repeat("x", 60<<10)}
		}, shift.ErrDocumentTooLarge, ""},
		"a record that is restoring": {func(s *stage, _ *applications, call *flow.Call[flow.Document]) {
			s.record = shift.Record{ID: first, Status: shift.StatusRestoring}
		}, shift.ErrDeploymentRestoring, "open the deployment: "},
		"a record that was put back": {func(s *stage, _ *applications, call *flow.Call[flow.Document]) {
			s.record = shift.Record{ID: first, Status: shift.StatusClosed, Outcome: shift.RolledBack}
		}, shift.ErrDeploymentClosed, "it ended as RolledBack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			unopened(s)
			a, call := s.apps(), s.opening(orders)
			test.change(s, a, &call)
			h, _ := s.openDeployment(a)
			_, err := h.Handle(t.Context(), call)
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, s.record.Deployment)
			assert.Empty(t, s.told.list)
		})
	}
}

// A read of a Route may be older than the end of the Deployment that held the Target before.
func TestOpenReadsADividedRouteAgainBeforeItRefusesIt(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	unopened(s)
	whole := s.routes[orders]
	s.routes[orders] = shift.Route{Serving: "1", Additional: "7", Weight: 100, Revision: "older"}
	h, _ := s.openDeployment(s.apps())
	waited := time.Duration(0)
	h.Pause = func(_ context.Context, d time.Duration) {
		waited += d
		if waited > 2*time.Second {
			s.routes[orders] = whole
		}
	}
	d, err := h.Handle(t.Context(), s.opening(orders))
	require.NoError(t, err)
	assert.Equal(t, whole.Revision, d.Changes[0].Revision)
	assert.Equal(t, 3*time.Second, waited)
	assert.Equal(t, 3, s.calls[orders])

	s.routes[orders] = shift.Route{Serving: "1", Additional: "7", Weight: 100}
	unopened(s)
	s.failing(&faults{name: "Route", from: 2, err: errLost})
	_, err = h.Handle(t.Context(), s.opening(orders))
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "read again what lambda:orders:live serves: ")
}

// Nothing to shift may be an outdated read of a Target that was just rolled back.
func TestOpenLooksTwiceBeforeItSaysThatNothingIsToBeShifted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		retry, reads int
		since        time.Duration // the lock
		paused       time.Duration
	}{
		"at once":              {0, 2, 0, 7 * time.Second},
		"after a short turn":   {0, 2, 2 * time.Second, 5 * time.Second},
		"just long enough":     {0, 2, 7 * time.Second, 0},
		"long after":           {0, 2, time.Minute, 0},
		"waited for its turn":  {1, 1, time.Second, 6 * time.Second},
		"waited, and is quick": {1, 1, 0, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			unopened(s)
			s.put(orders, shift.Route{Serving: "2"})
			a := s.apps()
			h, _ := s.openDeployment(a)
			asks, paused, pauses := 0, time.Duration(0), 0
			h.Now = func() time.Time {
				if asks++; asks == 1 {
					return noon // of the lock
				}
				return noon.Add(test.since)
			}
			h.Pause = func(_ context.Context, d time.Duration) { paused, pauses = paused+d, pauses+1 }
			call := s.opening(orders)
			call.Retry = test.retry
			d, err := h.Handle(t.Context(), call)
			require.NoError(t, err)
			assert.Equal(t, test.paused, paused)
			assert.Equal(t, test.paused > 0, pauses > 0)
			assert.Empty(t, a.asked, "nothing is compared")
			assert.Equal(t, test.reads, s.calls[orders])

			cause := s.record.Cause
			assert.Contains(t, cause, "lambda:orders:live already points at 2")
			moves := []shift.Move{{Target: orders, Candidate: "2"}}
			assert.Equal(t, shift.Deployment{ID: first, Unchanged: &shift.Summary{Outcome: shift.Unchanged, Changes: moves, Reason: cause}}, d)
			assert.Equal(t, shift.Unchanged, s.record.Outcome)
			assert.Equal(t, noon.Add(test.since), s.record.ClosedAt)
			reason, _ := shift.NothingToShift([]shift.Change{{Target: orders, Stable: "2", Candidate: "2"}})
			assert.Equal(t, []shift.Reason{reason}, s.record.Reasons)
			require.Len(t, s.told.list, 1)
			assert.Equal(t, s.record.ClosedAt, s.told.list[0].At)
			assert.True(t, s.announced)

			again, err := h.Handle(t.Context(), call)
			require.NoError(t, err, "the answer was lost")
			assert.Equal(t, d, again)
			assert.Len(t, s.told.list, 1)
		})
	}
}

// A fresh read of one Target finds the version that an outdated one did not.
func TestOpenShiftsWhatItFindsAtTheSecondLook(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	unopened(s)
	s.put(orders, shift.Route{Serving: "2"})
	s.put(billing, shift.Route{Serving: "2"})
	h, _ := s.openDeployment(s.apps())
	h.Pause = func(context.Context, time.Duration) { s.put(billing, shift.Route{Serving: "1"}) }
	d, err := h.Handle(t.Context(), s.opening(orders, billing))
	require.NoError(t, err)
	assert.Equal(t, []shift.Move{{Target: billing, Stable: "1", Candidate: "2"}}, d.Moves(), "what serves it already is left out")
}

// The deployment that held the target before may have moved it a moment ago.
func TestOpenReadsAgainBeforeItSaysThatStableDiffers(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	unopened(s)
	s.put(orders, shift.Route{Serving: "0"})
	h, _ := s.openDeployment(s.apps())
	h.Pause = func(context.Context, time.Duration) { s.put(orders, shift.Route{Serving: "1"}) }
	call := s.opening(orders)
	call.Document.Release.Arrivals[0].ExpectStable = "1"
	d, err := h.Handle(t.Context(), call)
	require.NoError(t, err)
	assert.Equal(t, []shift.Move{{Target: orders, Stable: "1", Candidate: "2"}}, d.Moves())
}

// A warning refuses nothing. It is in the Deployment, where the execution shows it.
func TestOpenWarnsOfAnAlarmThatCannotFireAsMeant(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	unopened(s)
	apps := s.apps()
	apps.alarms = []shift.Alarm{{Name: "orders-5xx", State: shift.AlarmOK, Definition: shift.AlarmDefinition{Rule: "FALSE"}}}
	h, _ := s.openDeployment(apps)
	d, err := h.Handle(t.Context(), s.opening(orders))
	require.NoError(t, err)
	require.Len(t, d.Warnings, 1)
	assert.Equal(t, shift.AlarmOfNothing, d.Warnings[0].Name)
	assert.Equal(t, d.Warnings, s.record.Deployment.Warnings)
}

func TestAReleaseThatNobodyAskedForIsNotRecorded(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	unopened(s)
	release := shift.NotAsked("version 2 is not shifted")
	h, _ := s.openDeployment(s.apps())
	d, err := h.Handle(t.Context(), flow.Call[flow.Document]{ExecutionID: first, Document: flow.Document{Release: &release}})
	require.NoError(t, err)
	assert.Equal(t, shift.Deployment{
		ID: first, Unchanged: &shift.Summary{Outcome: shift.Unchanged, Changes: []shift.Move{}, Reason: "version 2 is not shifted"},
	}, d)
	assert.Equal(t, shift.Record{}, s.record)
	assert.Empty(t, s.told.list)
}

func TestOpenFindsWhatWasDeployedOrPromotedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*stage, *applications, *shift.Release)
		arrived shift.Arrived
		says    string // empty where it is shifted
	}{
		"an event of a version that was deployed": {func(_ *stage, _ *applications, r *shift.Release) { r.Trigger = shift.Event },
			shift.Arrived{DeploymentID: "other", Candidate: "2", Outcome: shift.RolledBack}, "version 2 of lambda:orders:live was already deployed (RolledBack) by other"},
		"an event, and its own entry": {func(_ *stage, _ *applications, r *shift.Release) { r.Trigger = shift.Event },
			shift.Arrived{DeploymentID: first, Candidate: "2"}, ""},
		"a person deploys it again": {func(*stage, *applications, *shift.Release) {},
			shift.Arrived{DeploymentID: "other", Candidate: "2", Outcome: shift.RolledBack}, ""},
		"an event of an older version": {func(s *stage, _ *applications, r *shift.Release) {
			r.Trigger = shift.Event
			s.put(orders, shift.Route{Serving: "10"})
		}, shift.Arrived{DeploymentID: first, Candidate: "2"}, "lambda:orders:live already serves version 10"},
		"a newer one was promoted while it waited": {func(s *stage, _ *applications, r *shift.Release) {
			r.Options.WhenHeld = shift.WaitWhenHeld
			s.put(orders, shift.Route{Serving: "10"})
		}, shift.Arrived{DeploymentID: "newer", Candidate: "10", Outcome: shift.Promoted, ClosedAt: noon}, "the newer version 10 of lambda:orders:live was promoted by newer"},
		"a newer one was promoted before": {func(s *stage, _ *applications, r *shift.Release) {
			r.Options.WhenHeld = shift.WaitWhenHeld
			s.put(orders, shift.Route{Serving: "10"})
		}, shift.Arrived{DeploymentID: "newer", Candidate: "10", Outcome: shift.Promoted, ClosedAt: noon.Add(-1)}, ""},
		"a newer one, and nobody waits": {func(s *stage, _ *applications, _ *shift.Release) { s.put(orders, shift.Route{Serving: "10"}) },
			shift.Arrived{DeploymentID: "newer", Candidate: "10", Outcome: shift.Promoted, ClosedAt: noon}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			unopened(s)
			a, call := s.apps(), s.opening(orders)
			test.change(s, a, call.Document.Release)
			a.arrived = map[shift.Version][]shift.Arrived{test.arrived.Candidate: {test.arrived}}
			h, _ := s.openDeployment(a)
			d, err := h.Handle(t.Context(), call)
			require.NoError(t, err)
			if test.says == "" {
				require.Nil(t, d.Unchanged)
				return
			}
			require.NotNil(t, d.Unchanged)
			assert.Contains(t, d.Unchanged.Reason, test.says)
			if call.Document.Release.Trigger == shift.Event {
				assert.NotContains(t, strings.Join(a.asked, "; "), "compatible", "an older version may not even be there any more")
			}
		})
	}
}

// Who waits for its turn has a Turn, and no error: the state machine waits as long as it says.
func TestADeploymentWaitsForItsTurnOnlyIfItIsToldTo(t *testing.T) {
	t.Parallel()
	held := fmt.Errorf("open: %w", &shift.HeldError{Target: orders, By: "another", Since: noon.Add(-time.Hour)})
	for _, test := range []struct {
		whenHeld shift.WhenHeld
		err      error
		want     error
		waits    bool
	}{
		{shift.WaitWhenHeld, held, nil, true},
		{shift.FailWhenHeld, held, shift.ErrTargetHeld, false},
		{shift.WaitWhenHeld, errLost, errLost, false},
	} {
		s := newStage(t, ordersChange)
		unopened(s)
		a, call := s.apps(), s.opening(orders)
		call.Document.Release.Options.WhenHeld = test.whenHeld
		s.failing(&faults{name: "Open", from: 1, err: test.err})
		h, _ := s.openDeployment(a)
		d, err := h.Handle(t.Context(), call)
		if test.want != nil {
			require.ErrorIs(t, err, test.want)
			assert.Empty(t, s.queue)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, &shift.Turn{Wait: 360, HeldBy: "another", Looks: 1}, d.Turn)
		assert.Equal(t, []shift.Waiting{{ID: first, Arrivals: call.Document.Release.Arrivals, Since: noon}}, s.queue)

		call.Document.Deployment = &d
		d, err = h.Handle(t.Context(), call)
		require.NoError(t, err)
		assert.Equal(t, shift.Seconds(360), d.Turn.Waited)
		assert.Len(t, s.queue, 1)
	}
}

// Where the comparison only observes, it keeps no Deployment from opening, unless CloudWatch
// only wants it to come again.
func TestAHistoryThatCannotBeReadStopsOnlyAComparisonThatDecides(t *testing.T) {
	t.Parallel()
	throttled := fmt.Errorf("read the history: %w", shift.ErrThrottled)
	for _, test := range []struct {
		mode judge.Mode
		err  error
		want error
	}{
		{judge.Enforce, errLost, errLost},
		{judge.Observe, errLost, nil},
		{judge.Observe, nil, nil},
		{judge.Observe, throttled, shift.ErrThrottled},
		{judge.Enforce, throttled, shift.ErrThrottled},
	} {
		s := newStage(t, ordersChange)
		unopened(s)
		a, call := s.apps(), s.opening(orders)
		call.Document.Release.Judging.Mode = test.mode
		s.failing(&faults{name: "Baselines", from: 1, err: test.err})
		h, _ := s.openDeployment(a)
		d, err := h.Handle(t.Context(), call)
		require.ErrorIs(t, err, test.want)
		if test.want == nil {
			assert.Equal(t, test.err == nil, len(d.Baselines) > 0)
			assert.NotNil(t, s.record.Deployment)
		}
	}
}

// closingLedger has been described by another try when this one closes it.
type closingLedger struct {
	*openingBook
	status shift.Status
}

func (l closingLedger) Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error) {
	if l.status == shift.StatusClosed {
		if _, err := l.openingBook.Close(ctx, r, e); err != nil {
			return shift.Record{}, err
		}
	} else {
		d, err := shift.Open(shift.Opening{ID: first, Release: shift.Release{Steps: []shift.Step{{Weight: shift.All}}}, Changes: []shift.Change{ordersChange}, At: noon})
		if err != nil {
			return shift.Record{}, err
		}
		l.record.Deployment = &d
	}
	return l.record, fmt.Errorf("it has changed: %w", cmp.Or(l.record.CheckOpen(), errLost))
}

func TestOpenGoesByWhatAnotherTryHasFound(t *testing.T) {
	t.Parallel()
	for status, outcome := range map[shift.Status]shift.Outcome{shift.StatusOpen: "", shift.StatusClosed: shift.Unchanged} {
		s := newStage(t, ordersChange)
		unopened(s)
		s.put(orders, shift.Route{Serving: "2"})
		h, ledger := s.openDeployment(s.apps())
		h.Ledger = closingLedger{ledger, status}
		d, err := h.Handle(t.Context(), s.opening(orders))
		require.NoError(t, err)
		assert.Equal(t, outcome == "", d.Unchanged == nil)
		require.Len(t, s.told.list, 1)
		assert.Equal(t, status == shift.StatusOpen, s.told.list[0].State == shift.Started)
	}
}

// The second of two Targets, so that the first one is not left out by mistake.
func TestAThrottledReadOfALaterTargetIsRepeated(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	unopened(s)
	h, _ := s.openDeployment(s.apps())
	refusals := 2
	s.before = func(target shift.Target) error {
		if target != billing || refusals == 0 {
			return nil
		}
		refusals--
		return shift.ErrThrottled
	}
	var waits []time.Duration
	h.Wait = func(_ context.Context, upTo time.Duration) { waits = append(waits, upTo) }
	_, err := h.Handle(t.Context(), s.opening(orders, billing))
	require.NoError(t, err)
	assert.Equal(t, throttleDelays[:2], waits)
}

func TestAnErrorOfAnEventNamesTheTagThatHoldsTheWrongValue(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	unopened(s)
	delete(s.routes, orders)
	call := s.opening(orders)
	call.Document.Release.Trigger = shift.Event
	h, _ := s.openDeployment(s.apps())
	_, err := h.Handle(t.Context(), call)
	require.ErrorContains(t, err, "it is named by the function's tag sluice:alias")
}

// described is a ledger that another try has written to when this one closes the record.
type described struct {
	*openingBook
	found shift.Record
}

func (l described) Close(context.Context, shift.Record, shift.Ending) (shift.Record, error) {
	return l.found, cmp.Or(l.found.CheckOpen(), errLost)
}

func (l described) Record(context.Context, string) (shift.Record, error) { return l.found, nil }

func TestOpenFailsWhereAnotherTryHasNotFoundSomethingToShift(t *testing.T) {
	t.Parallel()
	d := newStage(t, ordersChange).record.Deployment
	for _, test := range []struct {
		found shift.Record
		want  error
	}{
		{shift.Record{ID: first, Status: shift.StatusClosed, Outcome: shift.RolledBack, Deployment: d}, shift.ErrDeploymentClosed},
		{shift.Record{ID: first, Status: shift.StatusRestoring, Deployment: d}, shift.ErrDeploymentRestoring},
		{shift.Record{ID: first, Status: shift.StatusOpen}, errLost},
	} {
		s := newStage(t, ordersChange)
		unopened(s)
		s.put(orders, shift.Route{Serving: "2"})
		h, ledger := s.openDeployment(s.apps())
		h.Ledger = described{ledger, test.found}
		_, err := h.Handle(t.Context(), s.opening(orders))
		require.ErrorIs(t, err, test.want)
		require.ErrorContains(t, err, "close the deployment: ")
		assert.Empty(t, s.told.list)
	}
}

// partly returns a record that it could not read to its end.
type partly struct{ *openingBook }

func (l partly) Record(ctx context.Context, id string) (shift.Record, error) {
	record, _ := l.openingBook.Record(ctx, id)
	return record, errLost
}

func TestOnlyARecordThatIsClosedAsUnchangedIsAnswered(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.end(shift.Unchanged)
	h, ledger := s.openDeployment(s.apps())
	o := opening{OpenDeployment: h, id: first}
	_, err := o.answerClosed(t.Context(), errLost)
	require.ErrorIs(t, err, errLost)
	o.Ledger = partly{ledger}
	_, err = o.answerClosed(t.Context(), s.record.CheckOpen())
	require.ErrorIs(t, err, shift.ErrDeploymentClosed)
	assert.Empty(t, s.told.list)
}
