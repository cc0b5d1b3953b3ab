package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// The API models count characters, and an é has two bytes.
func TestLengthsAreCountedInCharacters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	a.live(t, "1")
	a.PutMetricAlarm(localaws.MetricAlarm{Name: "a"})
	a.Database().CreateTable("t", "pk", "sk", "expires")
	for member, test := range map[string]struct {
		limit int
		send  func(text string) error
	}{
		"the description of an alias": {256, func(text string) error {
			_, err := update(a, lambda.UpdateAliasInput{Description: &text})
			return err
		}},
		"the reason of an alarm's state": {1023, func(text string) error {
			_, err := a.cloudwatch().SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: cloudwatchtypes.StateValueOk, StateReason: &text})
			return err
		}},
		"the token of a transaction": {36, func(text string) error {
			_, err := dynamodb.NewFromConfig(a.config).TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{ClientRequestToken: &text, TransactItems: []dynamodbtypes.TransactWriteItem{
				{Put: &dynamodbtypes.Put{TableName: aws.String("t"), Item: map[string]dynamodbtypes.AttributeValue{
					"pk": &dynamodbtypes.AttributeValueMemberS{Value: "p"}, "sk": &dynamodbtypes.AttributeValueMemberS{Value: "s"},
				}}},
			}})
			return err
		}},
	} {
		t.Run(member, func(t *testing.T) {
			require.NoError(t, test.send(strings.Repeat("é", test.limit)))
			assert.ErrorContains(t, test.send(strings.Repeat("é", test.limit+1)), "Member must have length less than or equal to")
		})
	}
}
