package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestOnlyWhatIsNewerThanTheCodeIsRefused(t *testing.T) {
	t.Parallel()
	for schema := range shift.Schema + 1 {
		require.NoError(t, shift.CheckSchema("the document", schema))
	}
	err := shift.CheckSchema("the document", shift.Schema+1)
	require.ErrorIs(t, err, shift.ErrSchemaTooNew)
	assert.ErrorContains(t, err, "deploy the newer version of Sluice again")
}
