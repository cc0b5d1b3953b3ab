package cloudfront

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// FromConfig returns a Router with a client of its own.
func FromConfig(cfg aws.Config, settings Settings) *Router {
	return New(kvs.NewFromConfig(cfg, func(o *kvs.Options) {
		if cfg.BaseEndpoint != nil {
			o.EndpointResolverV2 = fixedEndpoint(*cfg.BaseEndpoint)
		}
	}), settings)
}

// fixedEndpoint is an endpoint that is not AWS's. Without it, the client would put the account
// before the endpoint's host, and 123456789012.127.0.0.1 is no host.
type fixedEndpoint string

// ResolveEndpoint implements kvs.EndpointResolverV2.
func (f fixedEndpoint) ResolveEndpoint(context.Context, kvs.EndpointParameters) (smithyendpoints.Endpoint, error) {
	address, err := url.Parse(string(f))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *address}, nil
}
