package task

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

var (
	ordersChange  = shift.Change{Target: orders, Stable: "1", Candidate: "2"}
	billingChange = shift.Change{Target: billing, Stable: "1", Candidate: "2"}
	newAlias      = shift.Change{Target: orders, Candidate: "2", Maker: "first"}
)

// throttle lets every request about a Target be refused.
func throttle(refused shift.Target) func(shift.Target) error {
	return func(t shift.Target) error {
		if t != refused {
			return nil
		}
		return fmt.Errorf("write %s: %w", t, shift.ErrThrottled)
	}
}

// A shift that is throttled at its second Target is tried again as a whole. What the first
// try has written stays as it is: writing it again would take the requests that the rest needs.
func TestARetryOfAShiftDoesNotRepeatTheWritesThatHaveLanded(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	s.before = throttle(billing)
	_, err := s.shift(t, nil)
	require.ErrorIs(t, err, shift.ErrThrottled)
	landed := s.routes[orders]
	require.Equal(t, shift.Weight(1000), landed.Weight)
	require.Equal(t, map[shift.Target]shift.Revision{orders: landed.Revision}, s.record.Landed.At(1), "the ledger knows it")

	s.before, s.calls = nil, map[shift.Target]int{}
	next, err := s.shift(t, nil)
	require.NoError(t, err)
	assert.Equal(t, landed, s.routes[orders])
	assert.Zero(t, s.calls[orders])
	assert.Equal(t, shift.Weight(1000), s.routes[billing].Weight)
	assert.Equal(t, map[shift.Target]shift.Revision{orders: landed.Revision, billing: s.routes[billing].Revision}, next.Revisions)
}

// The restorer has looked already when a late CreateAlias arrives. Whoever has sent it takes
// it back: before the second look, nobody else would.
func TestAShiftThatIsCutShortTakesBackWhatItHasCreatedSinceTheMark(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]shift.Status{"restoring": shift.StatusRestoring, "closed": shift.StatusClosed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, newAlias, billingChange)
			s.before = func(target shift.Target) error {
				s.record.Status, s.record.Outcome = status, shift.RolledBack
				return throttle(billing)(target)
			}
			_, err := s.shift(t, nil)
			require.ErrorIs(t, err, shift.ErrThrottled)
			assert.NotContains(t, s.routes, orders)
		})
	}
}

// The platform rounds a weight. The write is refused for that, and yet it is the
// Deployment's own: the ledger has to know its Revision, or a rollback takes the Route for
// somebody else's.
func TestAWriteThatThePlatformHasChangedIsRecordedAllTheSame(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	h := SetWeight{Ledger: s.book, Router: rounding{s.platform}, Announcer: &s.told, Pause: atOnce}
	_, err := h.Handle(t.Context(), s.document(nil))
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	assert.Equal(t, s.routes[orders].Revision, s.record.Landed.At(1)[orders])
}

// rounding is a platform that makes something else of a weight.
type rounding struct{ *platform }

func (r rounding) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	if wanted.Weight != 0 {
		wanted.Weight--
	}
	return r.platform.SetRoute(ctx, t, wanted)
}

func TestAShiftThatCouldNotRecordItsWritesIsNotDone(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	lost := errors.New("the table does not answer")
	s.failing(&faults{name: "Land", from: 1, err: lost})
	_, err := s.shift(t, nil)
	require.ErrorIs(t, err, lost)
	assert.Empty(t, s.told.list, "nobody is told that it has shifted")
}

// A Target that the Deployment created serves the Candidate at every Step. The account's few
// requests are for the others.
func TestATargetThatWasCreatedCostsNoRequestAtLaterSteps(t *testing.T) {
	t.Parallel()
	s := newStage(t, newAlias, billingChange)
	progress, err := s.shift(t, nil)
	require.NoError(t, err)
	created := s.routes[orders]
	require.Equal(t, shift.Version("2"), created.Serving)

	s.calls = map[shift.Target]int{}
	next, err := s.shift(t, &progress)
	require.NoError(t, err)
	assert.Equal(t, map[shift.Target]int{billing: 1}, s.calls)
	assert.Equal(t, created, s.routes[orders])
	assert.Equal(t, created.Revision, next.Revisions[orders])
	assert.Equal(t, shift.Weight(5000), s.routes[billing].Weight)
}

// The write was held up, and the Deployment was put back and closed meanwhile.
func TestALateWriteIsUndoneUnlessSomebodyHasWrittenSince(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status shift.Status
		since  bool
		weight shift.Weight
	}{
		"closed":                                 {shift.StatusClosed, false, shift.None},
		"closed, and somebody has written since": {shift.StatusClosed, true, 7000},
		"restoring: whoever restores undoes it":  {shift.StatusRestoring, false, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange, billingChange)
			s.before = func(target shift.Target) error {
				s.record.Status, s.record.Outcome = test.status, shift.RolledBack
				if test.since && target == billing {
					s.put(orders, shift.Route{Serving: "1", Additional: "3", Weight: 7000})
				}
				return nil
			}
			_, err := s.shift(t, nil)
			require.Error(t, err)
			assert.Equal(t, test.weight, s.routes[orders].Weight)
		})
	}
}

func TestOnlyAStepOfTheRecordedPlanIsBelieved(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	for step, believed := range map[int]bool{-1: false, 0: false, 1: true, 3: true, 4: false} {
		_, err := recordedDeployment(s.record, s.document(nil).Document, step)
		if believed {
			require.NoError(t, err, step)
			continue
		}
		require.ErrorIs(t, err, shift.ErrInvalidPlan, step)
	}
	s.record.Deployment = nil
	_, err := recordedDeployment(s.record, flow.Document{Deployment: &shift.Deployment{}}, 1)
	require.ErrorIs(t, err, shift.ErrDeploymentOpening)
}

// The second Target has another Revision, so set-weight asks for its intent again, and learns
// that the Deployment is over. What it has created before goes at once, as when the writes
// cannot be recorded.
func TestAShiftWhoseSecondIntentIsRefusedTakesBackWhatItHasCreated(t *testing.T) {
	t.Parallel()
	for status, refusal := range map[shift.Status]error{
		shift.StatusRestoring: shift.ErrDeploymentRestoring, shift.StatusClosed: shift.ErrDeploymentClosed,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, newAlias, billingChange)
			s.put(billing, shift.Route{Serving: "1"}) // as a restorer leaves it
			s.before = func(shift.Target) error {
				s.record.Status, s.record.Outcome = status, shift.RolledBack
				return nil
			}
			_, err := s.shift(t, nil)
			require.ErrorIs(t, err, refusal)
			assert.NotContains(t, s.routes, orders)
			assert.Equal(t, shift.Version("1"), s.routes[billing].Serving)
		})
	}
}
