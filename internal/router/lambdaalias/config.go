package lambdaalias

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// FromConfig returns a Router with a client of its own.
func FromConfig(cfg aws.Config) *Router { return New(lambda.NewFromConfig(cfg)) }
