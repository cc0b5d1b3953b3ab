package localaws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// DefaultRegion is the region of a Cloud and of a client that name none.
const DefaultRegion = "us-east-1"

// ClientConfig returns the configuration of SDK clients whose calls transport
// carries, such as a Cloud. Their region is DefaultRegion, and their access key
// id is the actor: a Cloud does not check signatures. They make one attempt for
// each call.
func ClientConfig(actor string, transport aws.HTTPClient) aws.Config {
	return aws.Config{
		Region:     DefaultRegion,
		HTTPClient: transport,
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: actor, SecretAccessKey: "local"}, nil
		}),
	}
}
