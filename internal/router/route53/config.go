package route53

import (
	"crypto/rand"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// FromConfig returns a Router with a client of its own. random gives the tokens; nil is
// crypto/rand.
func FromConfig(cfg aws.Config, random io.Reader) *Router {
	if random == nil {
		random = rand.Reader
	}
	return New(route53.NewFromConfig(cfg), random)
}
