package eventbridge

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// FromConfig returns an Announcer for a bus, with a client of its own.
func FromConfig(cfg aws.Config, bus string) *Announcer {
	return New(eventbridge.NewFromConfig(cfg), bus)
}
