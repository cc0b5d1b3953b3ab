package task

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
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
	h := SetWeight{Ledger: unrecorded{s.book, lost}, Router: s.platform, Announcer: &s.told, Pause: atOnce}
	_, err := h.Handle(t.Context(), s.document(nil))
	require.ErrorIs(t, err, lost)
	assert.Empty(t, s.told, "nobody is told that it has shifted")
}

// unrecorded is a ledger that cannot record writes.
type unrecorded struct {
	*book
	err error
}

func (u unrecorded) Land(context.Context, string, shift.Landed) error { return u.err }

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
