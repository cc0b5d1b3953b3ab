package cloudfront

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
)

// FromConfig returns a Router with a client of its own.
func FromConfig(cfg aws.Config, settings Settings) *Router {
	return New(kvs.NewFromConfig(cfg), settings)
}
