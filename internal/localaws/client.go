package localaws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// DefaultRegion is the region of a Cloud or a client whose configuration sets none.
const DefaultRegion = "us-east-1"

// ClientConfig returns a configuration for SDK clients that send their calls through
// transport, which may be a Cloud. Their region is DefaultRegion. Their access key id
// is the actor, because a Cloud does not check signatures. They do not retry.
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
