package lambdahook

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

// FromConfig returns a Hook with clients of its own.
func FromConfig(cfg aws.Config) *Hook {
	return New(lambda.NewFromConfig(cfg), sfn.NewFromConfig(cfg))
}
