package lambdaversions_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/prune"
	"github.com/sluice-aws/sluice/internal/prune/lambdaversions"
	"github.com/sluice-aws/sluice/internal/shift"
)

// account is an account with a function that has five versions.
func account(t *testing.T) (*localaws.Cloud, *lambdaversions.Versions) {
	t.Helper()
	c := localaws.New(localaws.Config{Region: "eu-west-1", Account: "123456789012", Now: time.Now})
	require.NoError(t, c.AddFunction(localaws.Function{Name: "orders", Content: "1"}))
	for _, content := range []string{"1", "2", "3", "4", "5"} {
		if content != "1" {
			require.NoError(t, c.UpdateCode("orders", content))
		}
		_, err := c.Publish("orders")
		require.NoError(t, err)
	}
	return c, lambdaversions.FromConfig(localaws.ClientConfig("somebody", c))
}

func TestTheInventorySaysWhatVersionsAreConfiguredFor(t *testing.T) {
	t.Parallel()
	c, versions := account(t)
	for name, alias := range map[string]localaws.Alias{"live": {FunctionVersion: "5", Weights: map[string]float64{"4": 0.1}}, "old": {FunctionVersion: "1"}} {
		alias.Function, alias.Name = "orders", name
		_, err := c.CreateAlias(alias)
		require.NoError(t, err)
	}
	require.NoError(t, c.ProvisionConcurrency("orders", "2", localaws.ProvisionedConcurrency{Executions: 1}))
	require.NoError(t, c.ProvisionConcurrency("orders", "old", localaws.ProvisionedConcurrency{Executions: 1}))
	found, err := versions.Inventory(t.Context(), "orders")
	require.NoError(t, err)
	assert.Equal(t, prune.Inventory{
		Versions:    []shift.Version{"$LATEST", "1", "2", "3", "4", "5"},
		Aliases:     map[string][]shift.Version{"live": {"5", "4"}, "old": {"1"}},
		Provisioned: []shift.Version{"2"},
	}, found)

	_, err = versions.Inventory(t.Context(), "payments")
	require.ErrorIs(t, err, shift.ErrFunctionNotFound)

	c.AddEventSource("orders:3")
	for version, want := range map[shift.Version]bool{"3": true, "2": false} {
		gets, err := versions.GetsEvents(t.Context(), "orders", version)
		require.NoError(t, err)
		assert.Equal(t, want, gets, version)
	}
}

func TestOnlyAVersionIsDeletedAndNeverOneThatServes(t *testing.T) {
	t.Parallel()
	c, versions := account(t)
	_, err := c.CreateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "5"})
	require.NoError(t, err)
	require.NoError(t, versions.DeleteVersion(t.Context(), "orders", "2"))
	require.NoError(t, versions.DeleteVersion(t.Context(), "orders", "2"), "it is gone already")
	for _, v := range []shift.Version{"5", "$LATEST", "", "live"} {
		require.ErrorIs(t, versions.DeleteVersion(t.Context(), "orders", v), prune.ErrRefused, v)
	}
	for version, stays := range map[string]bool{"1": true, "2": false, "5": true, "$LATEST": true} {
		_, exists := c.Version("orders", version)
		assert.Equal(t, stays, exists, version)
	}
}
