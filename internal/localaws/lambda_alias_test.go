package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

const ordersARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"

// weights returns a RoutingConfig with these weights. An empty map clears the alias's
// weights.
func weights(pairs map[string]float64) *types.AliasRoutingConfiguration {
	if pairs == nil {
		pairs = map[string]float64{}
	}
	return &types.AliasRoutingConfiguration{AdditionalVersionWeights: pairs}
}

// update calls UpdateAlias for the alias live of orders.
func update(a account, input lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
	input.FunctionName = aws.String("orders")
	if input.Name == nil {
		input.Name = aws.String("live")
	}
	return a.lambda().UpdateAlias(context.Background(), &input)
}

func TestUpdateAliasIsRefusedWithoutEffect(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		world  func(*testing.T, account)
		input  lambda.UpdateAliasInput
		status int
		code   string
		text   string
	}
	one := map[string]float64{"2": 0.1}
	const bounds = "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
	for _, test := range []testcase{
		{
			name: "two additional versions", input: lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"2": 0.1, "3": 0.1})},
			status: 400, code: "InvalidParameterValueException", text: "Number of items in AdditionalVersionWeights cannot be greater than 1",
		}, {
			name: "weight above 1", input: lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"2": 2})},
			status: 400, code: "ValidationException", text: "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' " + bounds,
		}, {
			name: "weight below 0", input: lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"2": -0.5})},
			status: 400, code: "ValidationException", text: "1 validation error detected: Value '{2=-0.5}' at 'routingConfig.additionalVersionWeights' " + bounds,
		}, {
			name: "$LATEST as additional version", input: lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"$LATEST": 0.5})},
			status: 400, code: "ValidationException", text: "Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint",
		}, {
			name: "the same version twice", input: lambda.UpdateAliasInput{FunctionVersion: aws.String("2"), RoutingConfig: weights(one)},
			status: 400, code: "InvalidParameterValueException", text: "Invalid function version 2. Function version 2 is already included in routing configuration.",
		}, {
			name: "$LATEST with an additional version", input: lambda.UpdateAliasInput{FunctionVersion: aws.String("$LATEST"), RoutingConfig: weights(one)},
			status: 400, code: "InvalidParameterValueException", text: "$LATEST is not supported for an alias pointing to more than 1 version",
		}, {
			name: "unknown version", input: lambda.UpdateAliasInput{FunctionVersion: aws.String("10")},
			status: 404, code: "ResourceNotFoundException", text: "Function not found: " + ordersARN + ":10",
		}, {
			name: "unknown additional version", input: lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"10": 0.5})},
			status: 404, code: "ResourceNotFoundException", text: "Function not found: " + ordersARN + ":10",
		}, {
			name: "unknown alias", input: lambda.UpdateAliasInput{Name: aws.String("test")},
			status: 404, code: "ResourceNotFoundException", text: "Alias not found: " + ordersARN + ":test",
		}, {
			name: "stale revision", input: lambda.UpdateAliasInput{FunctionVersion: aws.String("2"), RevisionId: aws.String("00000000-0000-4000-8000-000000000000")},
			status: 412, code: "PreconditionFailedException", text: "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
		}, {
			name: "other execution role",
			world: func(t *testing.T, a account) {
				require.NoError(t, a.UpdateConfiguration("orders", "arn:aws:iam::123456789012:role/other", ""))
				a.release(t)
			},
			input:  lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"4": 0.1})},
			status: 400, code: "InvalidParameterValueException", text: "Specified versions must be associated with the same execution role",
		}, {
			name: "other dead-letter configuration",
			world: func(t *testing.T, a account) {
				current, _ := a.Version("orders", "$LATEST")
				require.NoError(t, a.UpdateConfiguration("orders", current.Role, "arn:aws:sqs:us-east-1:123456789012:dead"))
				a.release(t)
			},
			input:  lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"4": 0.1})},
			status: 400, code: "InvalidParameterValueException", text: "dead-letter",
		}, {
			name: "failed version",
			world: func(t *testing.T, a account) {
				require.NoError(t, a.SetVersionState("orders", "2", localaws.VersionState{State: localaws.StateFailed, ReasonCode: "FunctionError"}))
			},
			input:  lambda.UpdateAliasInput{FunctionVersion: aws.String("2")},
			status: 409, code: "ResourceConflictException", text: "state: 'Failed', StateReasonCode: 'FunctionError'",
		}, {
			name: "failed additional version",
			world: func(t *testing.T, a account) {
				require.NoError(t, a.SetVersionState("orders", "2", localaws.VersionState{State: localaws.StateFailed, ReasonCode: "FunctionError"}))
			},
			input:  lambda.UpdateAliasInput{RoutingConfig: weights(one)},
			status: 409, code: "ResourceConflictException", text: "state: 'Failed', StateReasonCode: 'FunctionError'",
		}, {
			name: "pending version",
			world: func(t *testing.T, a account) {
				require.NoError(t, a.PendingFor("orders", 1<<40, localaws.VersionState{}))
				a.release(t)
			},
			input:  lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"4": 0.1})},
			status: 409, code: "ResourceConflictException", text: "The function is currently in the following state: Pending",
		}, {
			name: "long description", input: lambda.UpdateAliasInput{Description: aws.String(strings.Repeat("d", 257))},
			status: 400, code: "ValidationException", text: "Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 256",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 3)
			before := a.live(t, "1")
			if test.world != nil {
				test.world(t, a)
			}
			a.OnAliasChange(func(change localaws.AliasChange) { t.Errorf("told of a change: %+v", change) })

			_, err := update(a, test.input)

			requireRefused(t, err, test.status, test.code, test.text)
			after, _ := a.Alias("orders", "live")
			assert.Equal(t, before, after)
		})
	}
}

func TestUpdateAliasChangesOnlyTheGivenMembers(t *testing.T) {
	t.Parallel()
	tenth := map[string]float64{"2": 0.1}
	type testcase struct {
		name        string
		before      localaws.Alias
		input       lambda.UpdateAliasInput
		version     string
		weights     map[string]float64
		description string
	}
	for _, test := range []testcase{
		{"weights", localaws.Alias{FunctionVersion: "1"}, lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(tenth)}, "1", tenth, ""},
		{"weight 1", localaws.Alias{FunctionVersion: "1"}, lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"2": 1})}, "1", map[string]float64{"2": 1}, ""},
		{"weight 0", localaws.Alias{FunctionVersion: "1"}, lambda.UpdateAliasInput{RoutingConfig: weights(map[string]float64{"2": 0})}, "1", map[string]float64{"2": 0}, ""},
		{"an empty map clears", localaws.Alias{FunctionVersion: "1", Weights: tenth}, lambda.UpdateAliasInput{FunctionVersion: aws.String("2"), RoutingConfig: weights(nil)}, "2", nil, ""},
		{"weights left out stay", localaws.Alias{FunctionVersion: "1", Weights: tenth}, lambda.UpdateAliasInput{FunctionVersion: aws.String("3")}, "3", tenth, ""},
		{"a version left out stays", localaws.Alias{FunctionVersion: "3"}, lambda.UpdateAliasInput{RoutingConfig: weights(tenth)}, "3", tenth, ""},
		{"description", localaws.Alias{FunctionVersion: "1", Weights: tenth}, lambda.UpdateAliasInput{Description: aws.String("ours")}, "1", tenth, "ours"},
		{"$LATEST alone", localaws.Alias{FunctionVersion: "1"}, lambda.UpdateAliasInput{FunctionVersion: aws.String("$LATEST")}, "$LATEST", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 3)
			test.before.Function, test.before.Name = "orders", "live"
			before, err := a.CreateAlias(test.before)
			require.NoError(t, err)
			var changes []localaws.AliasChange
			a.OnAliasChange(func(change localaws.AliasChange) { changes = append(changes, change) })
			test.input.RevisionId = aws.String(before.RevisionID)

			output, err := update(a, test.input)

			require.NoError(t, err)
			after, _ := a.Alias("orders", "live")
			assert.Equal(t, test.version, after.FunctionVersion)
			assert.Equal(t, test.weights, after.Weights)
			assert.Equal(t, test.description, after.Description)
			assert.NotEqual(t, before.RevisionID, after.RevisionID)
			assert.Equal(t, after.RevisionID, *output.RevisionId)
			assert.Equal(t, ordersARN+":live", *output.AliasArn)
			if test.weights == nil {
				assert.Nil(t, output.RoutingConfig, "without weights there is no RoutingConfig")
			} else {
				assert.Equal(t, test.weights, output.RoutingConfig.AdditionalVersionWeights)
			}
			assert.Equal(t, []localaws.AliasChange{{Time: a.clock.Now(), Actor: "set-weight", Before: &before, After: &after}}, changes)
		})
	}
}

func TestAnUnchangedUpdateGivesANewRevisionByDefault(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		config := unlimited()
		config.KeepUnchanged = keep
		a := newAccount(t, config)
		a.orders(t, 1)
		before := a.live(t, "1")

		output, err := update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(nil)})

		require.NoError(t, err)
		assert.Equal(t, keep, before.RevisionID == *output.RevisionId)
	}
}

func TestOfTwoWritesWithTheSameRevisionOneFails(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	read := a.live(t, "1")

	_, err := a.UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1", Weights: map[string]float64{"2": 0.5}, RevisionID: read.RevisionID})
	require.NoError(t, err)
	_, err = update(a, lambda.UpdateAliasInput{FunctionVersion: aws.String("2"), RevisionId: aws.String(read.RevisionID)})

	requireRefused(t, err, 412, "PreconditionFailedException", "")
	after, _ := a.Alias("orders", "live")
	assert.Equal(t, map[string]float64{"2": 0.5}, after.Weights)
}

func TestAliasLifecycle(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	function, _ := a.Version("orders", "$LATEST")
	version, _ := a.Version("orders", "1")
	var changes []localaws.AliasChange
	a.OnAliasChange(func(change localaws.AliasChange) { changes = append(changes, change) })

	created, err := a.lambda().CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: aws.String("orders"), Name: aws.String("live"), FunctionVersion: aws.String("1"), RoutingConfig: weights(map[string]float64{"2": 0.2}),
	})
	require.NoError(t, err)
	read, err := a.lambda().GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String("123456789012:function:orders"), Name: aws.String("live")})
	require.NoError(t, err)
	assert.Equal(t, created.RevisionId, read.RevisionId)
	assert.Equal(t, created.RoutingConfig, read.RoutingConfig)

	functionAfter, _ := a.Version("orders", "$LATEST")
	versionAfter, _ := a.Version("orders", "1")
	assert.Equal(t, function, functionAfter, "an alias does not change the function's RevisionId")
	assert.Equal(t, version, versionAfter, "nor the version's")

	for range 2 {
		_, err = a.lambda().DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
		require.NoError(t, err, "deleting a missing alias is not an error")
	}
	_, exists := a.Alias("orders", "live")
	assert.False(t, exists)
	require.Len(t, changes, 2)
	assert.Nil(t, changes[0].Before)
	assert.Equal(t, "1", changes[0].After.FunctionVersion)
	assert.Equal(t, changes[0].After, changes[1].Before)
	assert.Nil(t, changes[1].After)
}

func TestAnAliasCanBeDeletedFromGo(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	before := a.live(t, "1")
	var changes []localaws.AliasChange
	a.OnAliasChange(func(change localaws.AliasChange) { changes = append(changes, change) })
	a.DeleteAlias("orders", "live")
	a.DeleteAlias("orders", "live")
	assert.Equal(t, []localaws.AliasChange{{Time: a.clock.Now(), Before: &before}}, changes)
	_, err := a.UpdateAlias(before)
	require.ErrorContains(t, err, "update alias live of orders: ResourceNotFoundException: Alias not found: "+ordersARN+":live")
}

func TestCreateAliasIsRefused(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		input  lambda.CreateAliasInput
		status int
		code   string
		text   string
	}
	for _, test := range []testcase{
		{"there is one", lambda.CreateAliasInput{Name: aws.String("live")}, 409, "ResourceConflictException", "Alias already exists: " + ordersARN + ":live"},
		{"unknown function", lambda.CreateAliasInput{FunctionName: aws.String("unknown"), Name: aws.String("live")}, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:unknown:1"},
		{"unknown version", lambda.CreateAliasInput{Name: aws.String("test"), FunctionVersion: aws.String("10")}, 404, "ResourceNotFoundException", "Function not found: " + ordersARN + ":10"},
		{"a number for a name", lambda.CreateAliasInput{Name: aws.String("1")}, 400, "ValidationException", "Value '1' at 'name' failed to satisfy constraint"},
		{"two versions", lambda.CreateAliasInput{Name: aws.String("test"), RoutingConfig: weights(map[string]float64{"2": 0.1, "3": 0.1})}, 400, "InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 3)
			a.live(t, "1")
			if test.input.FunctionName == nil {
				test.input.FunctionName = aws.String("orders")
			}
			if test.input.FunctionVersion == nil {
				test.input.FunctionVersion = aws.String("1")
			}
			_, err := a.lambda().CreateAlias(context.Background(), &test.input)
			requireRefused(t, err, test.status, test.code, test.text)
		})
	}
}

func TestAliasesAreListedInPagesAndByVersion(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name  string
		input lambda.ListAliasesInput
		pages [][]string
	}
	for _, test := range []testcase{
		{"all", lambda.ListAliasesInput{}, [][]string{{"a", "b", "c", "d", "e"}}},
		{"by two", lambda.ListAliasesInput{MaxItems: aws.Int32(2)}, [][]string{{"a", "b"}, {"c", "d"}, {"e"}}},
		{"of a version", lambda.ListAliasesInput{FunctionVersion: aws.String("2")}, [][]string{{"b", "d"}}},
		{"of a version without one", lambda.ListAliasesInput{FunctionVersion: aws.String("3")}, [][]string{nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 3)
			for i, name := range []string{"e", "d", "c", "b", "a"} {
				_, err := a.CreateAlias(localaws.Alias{Function: "orders", Name: name, FunctionVersion: []string{"1", "2"}[i%2]})
				require.NoError(t, err)
			}
			test.input.FunctionName = aws.String("orders")
			pages := lambda.NewListAliasesPaginator(a.lambda(), &test.input)
			var seen [][]string
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				require.NoError(t, err)
				var names []string
				for _, alias := range page.Aliases {
					names = append(names, *alias.Name)
				}
				seen = append(seen, names)
			}
			assert.Equal(t, test.pages, seen)
		})
	}
}

func TestAVersionCanBeReadByAnAliasName(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	a.live(t, "1")
	output, err := a.lambda().GetFunction(context.Background(), &lambda.GetFunctionInput{FunctionName: aws.String(ordersARN + ":live")})
	require.NoError(t, err)
	assert.Equal(t, ordersARN+":live", *output.Configuration.FunctionArn)
	assert.Equal(t, "1", *output.Configuration.Version)
}
