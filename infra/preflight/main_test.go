package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/local/cloud"
)

// account is a configuration whose clients talk to a local cloud.
func account(region string, here *cloud.Cloud, without error) aws.Config {
	return aws.Config{
		Region: region, HTTPClient: here, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "operator", SecretAccessKey: "local"}, without
		}),
	}
}

func TestWhatIsMissingIsNamedInOneLine(t *testing.T) {
	t.Parallel()
	here := cloud.New(cloud.Config{Now: time.Now})
	for name, test := range map[string]struct {
		cfg  aws.Config
		says string
	}{
		"a region":    {account("", here, nil), "no AWS region: set AWS_REGION"},
		"credentials": {account("us-east-1", here, errors.New("no EC2 IMDS role found\nfor long")), "no AWS credentials: set AWS_PROFILE"},
		"bootstrap":   {account("us-east-1", here, nil), "not bootstrapped for CDK in us-east-1: run make bootstrap once"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := check(t.Context(), test.cfg)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, 1, len(strings.Split(err.Error(), "\n")))
		})
	}
}

func TestNothingIsMissingFromABootstrappedAccount(t *testing.T) {
	t.Parallel()
	here := cloud.New(cloud.Config{Now: time.Now})
	here.PutParameter(cloud.Parameter{Name: bootstrapVersion, Value: "28"})
	assert.NoError(t, check(t.Context(), account("us-east-1", here, nil)))
}
