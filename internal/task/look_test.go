package task

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
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
