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

	"sluice/internal/localaws"
)

// of returns a configuration whose clients call a local cloud.
func of(region string, here aws.HTTPClient, without error) aws.Config {
	c := localaws.ClientConfig("operator", here)
	c.Region = region
	if without != nil {
		c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, without
		})
	}
	return c
}

func TestAMissingPrerequisiteIsReportedInOneLine(t *testing.T) {
	t.Parallel()
	here := localaws.New(localaws.Config{Now: time.Now})
	for name, test := range map[string]struct {
		cfg  aws.Config
		args []string
		says string
	}{
		"a region":                   {of("", here, nil), nil, "no AWS region: set AWS_REGION"},
		"a region to bootstrap":      {of("", here, nil), []string{"account"}, "no AWS region: set AWS_REGION"},
		"credentials":                {of("us-east-1", here, errors.New("no EC2 IMDS role found\nfor long")), nil, "no AWS credentials: set AWS_PROFILE"},
		"credentials to bootstrap":   {of("us-east-1", here, errors.New("none")), []string{"account"}, "no AWS credentials: set AWS_PROFILE"},
		"bootstrap":                  {of("us-east-1", here, nil), nil, "not bootstrapped for CDK in us-east-1 (qualifier hnb659fds): run make bootstrap once"},
		"bootstrap of one's own":     {of("us-east-1", here, nil), []string{"-c", "@aws-cdk/core:bootstrapQualifier=team"}, "(qualifier team)"},
		"an answer that is no error": {of("us-east-1", answers(500, "InternalServerError"), nil), nil, "check whether this account is bootstrapped for CDK in us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warnings bytes.Buffer
			err := run(t.Context(), test.cfg, test.args, &warnings)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, 1, len(strings.Split(err.Error(), "\n")))
			assert.Empty(t, warnings.String())
		})
	}
}

func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	bare, bootstrapped := localaws.New(localaws.Config{Now: time.Now}), localaws.New(localaws.Config{Now: time.Now})
	bootstrapped.PutParameter(localaws.Parameter{Name: "/cdk-bootstrap/hnb659fds/version", Value: "28"})
	bootstrapped.PutParameter(localaws.Parameter{Name: "/cdk-bootstrap/team/version", Value: "28"})
	for name, test := range map[string]struct {
		here  aws.HTTPClient
		args  []string
		warns string
	}{
		"for the bootstrap itself":      {bare, []string{"account"}, ""},
		"with CDK's bootstrap":          {bootstrapped, []string{"-c", "alias=prod"}, ""},
		"with a bootstrap of one's own": {bootstrapped, []string{"-c", "@aws-cdk/core:bootstrapQualifier=team"}, ""},
		"as far as the user may read":   {answers(400, "AccessDeniedException"), nil, "because you may not read it (ssm:GetParameter); continuing\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warnings bytes.Buffer
			require.NoError(t, run(t.Context(), of("us-east-1", test.here, nil), test.args, &warnings))
			assert.True(t, strings.HasSuffix(warnings.String(), test.warns), warnings.String())
			assert.Equal(t, test.warns == "", warnings.Len() == 0, warnings.String())
		})
	}
}

func TestQualifierIsTheOneThatCDKUses(t *testing.T) {
	t.Parallel()
	const file = `{"context": {"@aws-cdk/core:bootstrapQualifier": "file"}}`
	for _, test := range []struct {
		args       []string
		file, want string
	}{
		{nil, "", "hnb659fds"},
		{nil, `{"app": "x"}`, "hnb659fds"},
		{nil, "no JSON", "hnb659fds"},
		{nil, file, "file"},
		{[]string{"-c", "@aws-cdk/core:bootstrapQualifier=a"}, file, "a"},
		{[]string{"--context=@aws-cdk/core:bootstrapQualifier=a"}, file, "a"},
		{[]string{"-c", "@aws-cdk/core:bootstrapQualifier=a", "--context", "@aws-cdk/core:bootstrapQualifier=b"}, "", "b"},
		{[]string{"-c", "alias=@aws-cdk/core:bootstrapQualifier=a"}, "", "hnb659fds"},
	} {
		assert.Equal(t, test.want, qualifier(test.args, []byte(test.file)), "%v %s", test.args, test.file)
	}
}

// answering plays AWS with the same answer to every request.
type answering func(*http.Request) (*http.Response, error)

func (a answering) Do(r *http.Request) (*http.Response, error) { return a(r) }

func answers(status int, code string) answering {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
			Body: io.NopCloser(strings.NewReader(`{"__type": "` + code + `", "message": "no"}`)),
		}, nil
	}
}
