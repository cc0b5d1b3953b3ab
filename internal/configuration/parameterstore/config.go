package parameterstore

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// FromConfig returns a Store with a client of its own.
func FromConfig(cfg aws.Config) *Store { return New(ssm.NewFromConfig(cfg)) }
