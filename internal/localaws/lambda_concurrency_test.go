package localaws_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestProvisionedConcurrencyGivesAMovedAliasTransientWeights(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		a := newAccount(t, unlimited())
		a.orders(t, 2)
		a.live(t, "1")
		require.NoError(t, a.ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 5, Settle: time.Minute, KeepsRevision: keeps}))

		output, err := update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("2"), RoutingConfig: weights(nil)})
		require.NoError(t, err)
		assert.Nil(t, output.RoutingConfig, "the response has the requested version and weights")

		moving, _ := a.Alias("orders", "live")
		assert.Equal(t, "2", moving.FunctionVersion)
		assert.Equal(t, map[string]float64{"1": 1}, moving.Weights, "Lambda keeps the traffic where it was")
		assert.Equal(t, keeps, moving.RevisionID == *output.RevisionId)
		version, err := a.ResolveVersion("orders", "live", 0.99)
		require.NoError(t, err)
		assert.Equal(t, "1", version)

		a.clock.advance(time.Minute)
		settled, _ := a.Alias("orders", "live")
		assert.Empty(t, settled.Weights)
		assert.Equal(t, keeps, settled.RevisionID == moving.RevisionID)
		read, err := a.lambda().GetAlias(context.Background(), &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
		require.NoError(t, err)
		assert.Equal(t, settled.RevisionID, *read.RevisionId)
	}
}

func TestProvisionedConcurrencyDoesNotTouchAShiftOfWeights(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	require.NoError(t, a.ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 5, Settle: time.Minute}))
	output, err := update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(map[string]float64{"2": 0.1})})
	require.NoError(t, err)
	after, _ := a.Alias("orders", "live")
	assert.Equal(t, map[string]float64{"2": 0.1}, after.Weights)
	assert.Equal(t, *output.RevisionId, after.RevisionID)
}

func TestProvisionedConcurrencyIsReadByItsOwnQualifier(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	read := func(qualifier string) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
		return a.lambda().GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("orders"), Qualifier: aws.String(qualifier)})
	}
	const none = "No Provisioned Concurrency Config found for this function"
	_, err := read("live")
	requireRefused(t, err, 404, "ProvisionedConcurrencyConfigNotFoundException", none)
	_, err = read("gone")
	requireRefused(t, err, 404, "ResourceNotFoundException", "Cannot find alias arn: "+ordersARN+":gone")
	_, err = read("7")
	requireRefused(t, err, 404, "ResourceNotFoundException", "Function not found: "+ordersARN+":7")
	_, err = read("$LATEST")
	requireRefused(t, err, 400, "InvalidParameterValueException", "The function resource provided must be an alias or a published version.")

	require.NoError(t, a.ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 5, Settle: time.Minute}))
	output, err := read("live")
	require.NoError(t, err)
	assert.Equal(t, types.ProvisionedConcurrencyStatusEnumReady, output.Status)
	assert.EqualValues(t, 5, *output.AvailableProvisionedConcurrentExecutions)
	_, err = read("1")
	requireRefused(t, err, 404, "ProvisionedConcurrencyConfigNotFoundException", none)

	_, err = update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("2")})
	require.NoError(t, err)
	output, err = read("live")
	require.NoError(t, err)
	assert.Equal(t, types.ProvisionedConcurrencyStatusEnumInProgress, output.Status)
	alias, _ := a.Alias("orders", "live")
	require.Equal(t, map[string]float64{"1": 1}, alias.Weights)

	a.RemoveProvisionedConcurrency("orders", "live")
	_, err = read("live")
	requireRefused(t, err, 404, "ProvisionedConcurrencyConfigNotFoundException", none)
	now, _ := a.Alias("orders", "live")
	assert.Empty(t, now.Weights, "nothing is left to be moved")
	assert.NotEqual(t, alias.RevisionID, now.RevisionID)
}

func TestProvisionedConcurrencyIsRefused(t *testing.T) {
	t.Parallel()
	five := localaws.ProvisionedConcurrency{Executions: 5}
	type testcase struct {
		name string
		do   func(account) error
		text string
	}
	for _, test := range []testcase{
		{"to an alias with weights", func(a account) error {
			_, err := a.UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1", Weights: map[string]float64{"2": 0.1}})
			if err != nil {
				return err
			}
			return a.ProvisionConcurrency("orders", "live", five)
		}, "Alias with weights can not be used with Provisioned Concurrency"},
		{"to an alias of a provisioned version", func(a account) error {
			if err := a.ProvisionConcurrency("orders", "1", five); err != nil {
				return err
			}
			return a.ProvisionConcurrency("orders", "live", five)
		}, "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"},
		{"to a version of a provisioned alias", func(a account) error {
			if err := a.ProvisionConcurrency("orders", "live", five); err != nil {
				return err
			}
			return a.ProvisionConcurrency("orders", "1", five)
		}, "Version is pointed by a Provisioned Concurrency alias"},
		{"to $LATEST", func(a account) error { return a.ProvisionConcurrency("orders", "$LATEST", five) },
			"Provisioned Concurrency Configs cannot be applied to unpublished function versions."},
		{"when a provisioned alias moves to a provisioned version", func(a account) error {
			if err := a.ProvisionConcurrency("orders", "live", five); err != nil {
				return err
			}
			if err := a.ProvisionConcurrency("orders", "2", five); err != nil {
				return err
			}
			_, err := update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("2")})
			return err
		}, "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 2)
			a.live(t, "1")
			require.ErrorContains(t, test.do(a), test.text)
		})
	}
}
