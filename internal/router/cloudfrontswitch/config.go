package cloudfrontswitch

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"

	"github.com/sluice-aws/sluice/internal/flow"
)

// FromConfig returns a Router with a client of its own.
func FromConfig(cfg aws.Config, pairs ...flow.SwitchPair) *Router {
	return New(cloudfront.NewFromConfig(cfg), pairs...)
}
