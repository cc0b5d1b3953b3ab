package metric

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
)

// FromConfig returns a Gate with a client of its own.
func FromConfig(cfg aws.Config) *Gate { return New(cloudwatch.NewFromConfig(cfg)) }
