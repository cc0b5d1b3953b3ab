package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// FromConfig returns the Ledger in a table, with a client of its own.
func FromConfig(cfg aws.Config, table string) *Ledger {
	return New(dynamodb.NewFromConfig(cfg), table)
}
