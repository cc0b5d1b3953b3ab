package task

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

// A Target that settles needs nothing but time, so its error ends an event well. It must
// not take along what somebody has to hear of.
func TestATargetThatSettlesHidesNoOtherProblem(t *testing.T) {
	t.Parallel()
	settling, denied := fmt.Errorf("restore a: %w", shift.ErrRouteSettling), errors.New("restore b: denied")
	require.ErrorIs(t, joinProblems([]error{nil, settling, settling}), shift.ErrRouteSettling)
	for _, problems := range [][]error{{denied, settling}, {settling, nil, denied}} {
		err := joinProblems(problems)
		require.ErrorIs(t, err, denied)
		assert.NotErrorIs(t, err, shift.ErrRouteSettling)
	}
}
