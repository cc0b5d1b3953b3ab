package localaws_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// lock returns an item with the table's two keys.
func lock(target string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: target}, "sk": &types.AttributeValueMemberS{Value: "lock"}}
}

const ledgerARN = "arn:aws:dynamodb:us-east-1:123456789012:table/ledger"

func TestDynamoDBIsOneOfTheServices(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, unlimited())
	a.Database().CreateTable("ledger", "pk", "sk", "expiry")
	client := dynamodb.NewFromConfig(a.config)
	var calls []localaws.Call
	a.OnCall(func(call localaws.Call) { calls = append(calls, call) })
	put := dynamodb.PutItemInput{TableName: aws.String("ledger"), Item: lock("target#a"), ConditionExpression: aws.String("attribute_not_exists(pk)")}

	_, err := client.PutItem(ctx, &put)
	require.NoError(t, err)
	_, err = client.PutItem(ctx, &put)
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)
	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("ledger"), Item: lock("target#b")}},
		{Put: &types.Put{TableName: aws.String("ledger"), Item: lock("target#c")}},
		{ConditionCheck: &types.ConditionCheck{TableName: aws.String("ledger"), Key: lock("target#a"), ConditionExpression: aws.String("attribute_exists(pk)")}},
	}})
	require.NoError(t, err)

	require.Len(t, calls, 3)
	assert.Equal(t, "dynamodb:PutItem", calls[0].Action())
	assert.Equal(t, ledgerARN, calls[0].Resource)
	assert.Equal(t, 200, calls[0].StatusCode)
	assert.Equal(t, "set-weight", calls[0].Actor)
	assert.Equal(t, "ConditionalCheckFailedException", calls[1].ErrorCode)
	assert.Equal(t, 400, calls[1].StatusCode)
	assert.Equal(t, "dynamodb:TransactWriteItems", calls[2].Action(), "one call is counted once")
	assert.Equal(t, []string{"dynamodb:PutItem map[dynamodb:LeadingKeys:[target#b]]", "dynamodb:PutItem map[dynamodb:LeadingKeys:[target#c]]",
		"dynamodb:ConditionCheckItem map[dynamodb:LeadingKeys:[target#a]]"}, permissionsOn(t, calls[2], ledgerARN))
	assert.Equal(t, []string{"dynamodb:PutItem map[dynamodb:LeadingKeys:[target#a]]"}, permissionsOn(t, calls[0], ledgerARN))
	assert.Len(t, a.Database().Items("ledger"), 3)
}

// permissionsOn lists the permissions that a call needs on one resource, with their condition keys.
func permissionsOn(t *testing.T, call localaws.Call, resource string) []string {
	t.Helper()
	var all []string
	for _, p := range call.Permissions() {
		assert.Equal(t, resource, p.Resource)
		all = append(all, strings.TrimSpace(p.Action+" "+p.Context.String()))
	}
	return all
}

func TestEveryRequestForAnItemNamesItsPartition(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, unlimited())
	a.Database().CreateTable("ledger", "pk", "sk", "expiry")
	client := dynamodb.NewFromConfig(a.config)
	var calls []localaws.Call
	a.OnCall(func(call localaws.Call) { calls = append(calls, call) })
	table := "ledger"
	_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: lock("hook#1")})
	require.NoError(t, err)
	_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &table, Key: lock("hook#2")})
	require.NoError(t, err)
	_, err = client.Query(ctx, &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "hook#3"}}})
	require.NoError(t, err)
	_, err = client.Scan(ctx, &dynamodb.ScanInput{TableName: &table})
	require.NoError(t, err)
	for i, want := range []string{
		"dynamodb:GetItem map[dynamodb:LeadingKeys:[hook#1]]", "dynamodb:UpdateItem map[dynamodb:LeadingKeys:[hook#2]]",
		"dynamodb:Query map[dynamodb:LeadingKeys:[hook#3]]", "dynamodb:Scan",
	} {
		assert.Equal(t, []string{want}, permissionsOn(t, calls[i], ledgerARN))
	}
}

func TestFaultsApplyToDynamoDB(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.Database().CreateTable("ledger", "pk", "sk", "")
	client := dynamodb.NewFromConfig(a.config)
	put := func() error {
		_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("ledger"), Item: lock("target#a")})
		return err
	}
	a.Fault(func(call localaws.Call) error { return localaws.Throttled(call.Service) })
	requireRefused(t, put(), 400, "ThrottlingException", "Rate exceeded")
	assert.Empty(t, a.Database().Items("ledger"))
	a.Fault(nil)
	lost := errors.New("connection reset")
	a.FaultAfter(func(localaws.Call) error { return lost })
	require.ErrorIs(t, put(), lost)
	assert.Len(t, a.Database().Items("ledger"), 1)
}
