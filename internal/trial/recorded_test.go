package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The figures that are quoted would be outdated if a deployment of the kept trial went otherwise
// now. make judge-night counts anew.
func TestTheKeptTrialIsWhatDeploymentsDoNow(t *testing.T) {
	t.Parallel()
	results, err := Recorded()
	require.NoError(t, err)
	kept := NewTrial(results)
	require.Len(t, kept.cells, len(Cells()), "each Cell was played, under the name that it has now")
	for _, c := range []Cell{
		kept.cell(Regressed, "all fail", 20, 1000), kept.cell(Regressed, "5% more fail", 200, 1000),
		kept.cell(Regressed, "5% more fail", 2_000, 1000), kept.cell(Regressed, "10 times as many fail", 2_000, 1000),
	} {
		now, err := c.play(0, kept.Runs(c), 0)
		require.NoError(t, err)
		assert.Equal(t, newLine(kept.byName[c.Name()]).Methods, newLine(now).Methods, "%s: make judge-night counts anew", c.Name())
	}
	all, whole, alike := kept.Deployments()
	assert.Greater(t, all, 10_000)
	assert.Greater(t, whole, 500)
	assert.Equal(t, whole, alike, "deployments with the handlers that ended as without")
}
