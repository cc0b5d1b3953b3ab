package task

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestATargetThatSettlesIsAskedWhetherItDoesSoByItself(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	s.put(orders, shift.Route{Serving: "1", Settling: true})
	_, err := lookAt(t.Context(), s.platform, ordersChange)
	require.NoError(t, err)
	broken := errors.New("connection reset")
	s.failing(&faults{name: "Settles", from: 1, err: broken})
	_, err = lookAt(t.Context(), s.platform, ordersChange)
	require.ErrorIs(t, err, broken)
	settling := ordersChange
	settling.Settles = true
	_, err = lookAt(t.Context(), s.platform, settling)
	require.NoError(t, err, "it is known already")
}

func TestAPauseWithoutAClockOfItsOwnWaits(t *testing.T) {
	t.Parallel()
	began := time.Now()
	Pause(nil).wait(t.Context(), time.Millisecond)
	assert.GreaterOrEqual(t, time.Since(began), time.Millisecond)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	Pause(nil).wait(stopped, time.Hour)
}

func TestATargetThatDoesNotExistIsNoFailureOfALook(t *testing.T) {
	t.Parallel()
	p := newPlatform(map[shift.Target]shift.Route{})
	found, err := lookAt(t.Context(), p, ordersChange)
	require.NoError(t, err)
	require.ErrorIs(t, found.missing, shift.ErrTargetNotFound)
	assert.Equal(t, look{missing: found.missing, change: ordersChange}, found)
	assert.False(t, found.exists())
	p.put(orders, shift.Route{Serving: "1"})
	found, err = lookAt(t.Context(), p, ordersChange)
	require.NoError(t, err)
	assert.Equal(t, look{route: p.routes[orders], change: ordersChange}, found)
	assert.True(t, found.exists())
	p.before = func(shift.Target) error { return errLost }
	_, err = lookAt(t.Context(), p, ordersChange)
	require.ErrorIs(t, err, errLost)
	settles, err := lookAt(t.Context(), answersSettling{}, ordersChange)
	require.NoError(t, err)
	assert.True(t, settles.change.Settles)
}

// answersSettling says that a Target moves by itself.
type answersSettling struct{}

func (answersSettling) Route(context.Context, shift.Target) (shift.Route, error) {
	return shift.Route{Serving: "1", Settling: true}, nil
}

func (answersSettling) Settles(context.Context, shift.Target) (bool, error) { return true, nil }

func TestAReadIsRepeatedUntilItIsAsExpectedOrCannotBeOutdated(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 7*time.Second, maxReadLag())
	for expected := 1; expected <= 6; expected++ {
		for broken := 1; broken <= 6; broken++ {
			reads, waits := 0, []time.Duration(nil)
			pause := Pause(func(_ context.Context, d time.Duration) { waits = append(waits, d) })
			err := pause.untilFresh(t.Context(), func() (bool, error) {
				reads++
				if reads == broken {
					return false, errLost
				}
				return reads == expected, nil
			})
			last := min(expected, broken, 4)
			assert.Equal(t, last, reads)
			assert.Equal(t, rereadDelays[:last-1], append([]time.Duration{}, waits...))
			assert.Equal(t, broken == last, errors.Is(err, errLost), "%d %d", expected, broken)
		}
	}
}
