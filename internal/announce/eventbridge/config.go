package eventbridge

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// FromConfig returns an Announcer with a client of its own.
func FromConfig(cfg aws.Config) *Announcer {
	return New(eventbridge.NewFromConfig(cfg))
}
