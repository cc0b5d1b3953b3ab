package task

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
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
