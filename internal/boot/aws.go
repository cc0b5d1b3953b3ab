package boot

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The variables that Lambda sets in the environment of every function (Lambda Developer Guide,
// Defined runtime environment variables). The credentials are those of the function's role. They
// are read once, as the SDK reads them from the environment.
const (
	regionVariable       = "AWS_REGION"
	accessKeyVariable    = "AWS_ACCESS_KEY_ID"
	secretKeyVariable    = "AWS_SECRET_ACCESS_KEY"
	sessionTokenVariable = "AWS_SESSION_TOKEN"
	// endpointVariable is the SDKs' own. Lambda does not set it; tests do.
	endpointVariable = "AWS_ENDPOINT_URL"
)

// loadAWS returns the configuration of the clients. The SDK's package config reads more places,
// none of which a Lambda has, and brings the clients for their kinds of credentials: without it
// each binary is a seventh smaller, and starts sooner. The clients attempt each call once. Step
// Functions retries, so that retries are visible and counted. Only package task repeats some
// throttled calls itself.
func loadAWS(getenv func(string) string) (aws.Config, error) {
	for _, name := range []string{regionVariable, accessKeyVariable, secretKeyVariable} {
		if getenv(name) == "" {
			return aws.Config{}, fmt.Errorf("%s is not set: Lambda sets it in every function", name)
		}
	}
	credentials := aws.Credentials{
		AccessKeyID: getenv(accessKeyVariable), SecretAccessKey: getenv(secretKeyVariable), SessionToken: getenv(sessionTokenVariable),
		Source: "the environment",
	}
	cfg := aws.Config{
		Region:      getenv(regionVariable),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
	if endpoint := getenv(endpointVariable); endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return cfg, nil
}
