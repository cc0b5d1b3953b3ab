package lambdahook

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// FromConfig returns a Hook with a client of its own.
func FromConfig(cfg aws.Config) *Hook {
	return New(lambda.NewFromConfig(cfg))
}
