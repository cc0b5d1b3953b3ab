package route53

import (
	"crypto/rand"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// FromConfig returns a Router with a client of its own.
func FromConfig(cfg aws.Config) *Router { return New(route53.NewFromConfig(cfg), rand.Reader) }
