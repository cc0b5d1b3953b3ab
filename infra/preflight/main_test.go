package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
)

// of returns an account whose clients call a local cloud.
func of(region string, here aws.HTTPClient, without error) load {
	return func(context.Context) (aws.Config, error) {
		c := localaws.ClientConfig("operator", here)
		c.Region = region
		if without != nil {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, without
			})
		}
		return c, nil
	}
}

// misconfigured is an account whose profile does not exist.
func misconfigured(context.Context) (aws.Config, error) {
	return aws.Config{}, errors.New("failed to get shared config profile, prod")
}

func TestAMissingPrerequisiteIsReportedInOneLine(t *testing.T) {
	t.Parallel()
	here := localaws.New(localaws.Config{Now: time.Now})
	for name, test := range map[string]struct {
		account load
		args    []string
		says    string
	}{
		"a region":                   {of("", here, nil), []string{"deploy"}, "no AWS region: set AWS_REGION"},
		"a region to bootstrap":      {of("", here, nil), []string{"account"}, "no AWS region: set AWS_REGION"},
		"a region to destroy":        {of("", here, nil), []string{"destroy"}, "no AWS region: set AWS_REGION"},
		"credentials":                {of("us-east-1", here, errors.New("no EC2 IMDS role found\nfor long")), []string{"deploy"}, "no AWS credentials: set AWS_PROFILE"},
		"credentials to bootstrap":   {of("us-east-1", here, errors.New("none")), []string{"account"}, "no AWS credentials: set AWS_PROFILE"},
		"credentials to destroy":     {of("us-east-1", here, errors.New("none")), []string{"destroy", abandonOpen}, "no AWS credentials: set AWS_PROFILE"},
		"bootstrap":                  {of("us-east-1", here, nil), []string{"deploy"}, "not bootstrapped for CDK in us-east-1 (qualifier hnb659fds): run make bootstrap once"},
		"bootstrap of one's own":     {of("us-east-1", here, nil), []string{"deploy", "-c", "@aws-cdk/core:bootstrapQualifier=team"}, "(qualifier team)"},
		"an answer that is no error": {of("us-east-1", answers(500, "InternalServerError", ""), nil), []string{"deploy"}, "check whether this account is bootstrapped for CDK in us-east-1"},
		"a profile":                  {misconfigured, []string{"deploy"}, "read the AWS configuration: failed to get shared config profile, prod"},
		"a check":                    {of("us-east-1", here, nil), nil, "and not []"},
		"a check that exists":        {of("us-east-1", here, nil), []string{"-c", "alias=prod"}, "preflight checks account, deploy, destroy or definition, and not [\"-c\" \"alias=prod\"]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var notes bytes.Buffer
			err := run(t.Context(), test.account, test.args, &notes)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, 1, len(strings.Split(err.Error(), "\n")))
			assert.Empty(t, notes.String())
		})
	}
}

func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	bare, bootstrapped := localaws.New(localaws.Config{Now: time.Now}), localaws.New(localaws.Config{Now: time.Now})
	bootstrapped.PutParameter(localaws.Parameter{Name: "/cdk-bootstrap/hnb659fds/version", Value: "28"})
	bootstrapped.PutParameter(localaws.Parameter{Name: "/cdk-bootstrap/team/version", Value: "28"})
	bootstrapped.Database().CreateTable("team-a", flow.LedgerPartitionKey, flow.LedgerSortKey, flow.LedgerExpiry)
	for name, test := range map[string]struct {
		here aws.HTTPClient
		args []string
		says []string
	}{
		"for the bootstrap itself":          {bare, []string{"account"}, nil},
		"with CDK's bootstrap":              {bootstrapped, []string{"deploy", "-c", "alias=prod"}, nil},
		"with a bootstrap of one's own":     {bootstrapped, []string{"deploy", "-c", "@aws-cdk/core:bootstrapQualifier=team"}, nil},
		"with the ledger of a lost stack":   {bootstrapped, []string{"deploy", "-c", "namePrefix=team-a"}, nil},
		"to destroy a stack without ledger": {bare, []string{"destroy"}, nil},
		"as far as the user may read": {answers(400, "AccessDeniedException", ""), []string{"deploy"}, []string{
			"because you may not read it (ssm:GetParameter); continuing", "because you may not read it (dynamodb:DescribeTable); continuing",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var notes bytes.Buffer
			require.NoError(t, run(t.Context(), of("us-east-1", test.here, nil), test.args, &notes))
			said := strings.Split(strings.TrimSuffix(notes.String(), "\n"), "\n")
			if test.says == nil {
				assert.Empty(t, notes.String())
				return
			}
			require.Len(t, said, len(test.says))
			for i, want := range test.says {
				assert.Contains(t, said[i], want)
			}
		})
	}
}

// The deployment would take in a table that exists under the ledger's name, whatever it is.
func TestAForeignTableIsNotTakenIn(t *testing.T) {
	t.Parallel()
	here := localaws.New(localaws.Config{Now: time.Now})
	here.PutParameter(localaws.Parameter{Name: "/cdk-bootstrap/hnb659fds/version", Value: "28"})
	here.Database().CreateTable("sluice", "gate", "", "")
	err := run(t.Context(), of("us-east-1", here, nil), []string{"deploy"}, io.Discard)
	assert.ErrorContains(t, err, `there is a table sluice in us-east-1 that is no ledger of Sluice (its key is [gate]): choose another name with SETTINGS="-c namePrefix=…"`)
	assert.NoError(t, run(t.Context(), of("us-east-1", here, nil), []string{"deploy", "-c", "namePrefix=team-a"}, io.Discard))
}

// answering plays AWS with the same answer to every request.
type answering func(*http.Request) (*http.Response, error)

func (a answering) Do(r *http.Request) (*http.Response, error) { return a(r) }

// answers returns an AWS that answers with a body, or with an error if there is none.
func answers(status int, code, body string) answering {
	if body == "" {
		body = `{"__type": "` + code + `", "message": "no"}`
	}
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}
