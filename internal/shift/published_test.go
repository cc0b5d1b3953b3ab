package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestACandidateMustBeReady(t *testing.T) {
	t.Parallel()
	version := shift.Published{Version: "2", Reason: "Creating"}
	version.Readiness = shift.Ready
	require.NoError(t, version.CheckReady(orders))
	version.Readiness = shift.Pending
	require.ErrorIs(t, version.CheckReady(orders), shift.ErrCandidatePending)
	version.Readiness = shift.Broken
	err := version.CheckReady(orders)
	require.ErrorIs(t, err, shift.ErrCandidateFailed)
	assert.ErrorContains(t, err, "version 2 of lambda:orders:live: Creating; fix it and publish it again")
}
