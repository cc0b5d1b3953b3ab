package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
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
	assert.ErrorContains(t, err, "version 2 of lambda:orders:live: Creating; mend the function and publish it again")
}

// Lambda divides traffic only between versions of one execution role and one
// dead-letter configuration, or none (Lambda Developer Guide, weighted aliases).
func TestTrafficIsDividedOnlyBetweenVersionsThatLambdaAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name              string
		stable, candidate shift.Published
		is                error
		want              string
	}{
		{"alike", shift.Published{Role: "r", DeadLetter: "q"}, shift.Published{Role: "r", DeadLetter: "q"}, nil, ""},
		{
			"another role", shift.Published{Version: "1", Role: "r"}, shift.Published{Version: "2", Role: "s"},
			shift.ErrRoleDiffers, "version 1 has r and version 2 has s",
		},
		{
			"another dead-letter queue", shift.Published{Version: "1", DeadLetter: "q"}, shift.Published{Version: "2", DeadLetter: "p"},
			shift.ErrDeadLetterDiffers, "version 1 has q and version 2 has p",
		},
		{
			"a dead-letter queue for the first time", shift.Published{Version: "1"}, shift.Published{Version: "2", DeadLetter: "p"},
			shift.ErrDeadLetterDiffers, "version 1 has none and version 2 has p",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := shift.CheckCompatible(orders, test.stable, test.candidate)
			require.ErrorIs(t, err, test.is)
			if test.is != nil {
				require.ErrorContains(t, err, test.want)
				assert.ErrorContains(t, err, "or move the alias by hand once", "an error says the remedy")
			}
		})
	}
}
