package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func (a account) parameter(name string, decrypted bool) (*types.Parameter, error) {
	output, err := ssm.NewFromConfig(a.config).GetParameter(context.Background(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(decrypted)})
	if err != nil {
		return nil, err
	}
	return output.Parameter, nil
}

func TestGetParameterReturnsTheLatestValue(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.PutParameter(localaws.Parameter{Name: "plain", Value: "1"})
	a.PutParameter(localaws.Parameter{Name: "plain", Value: "2"})
	found, err := a.parameter(" plain ", true)
	require.NoError(t, err)
	assert.Equal(t, &types.Parameter{
		ARN: aws.String("arn:aws:ssm:us-east-1:123456789012:parameter/plain"), DataType: aws.String("text"),
		LastModifiedDate: aws.Time(a.clock.Now()), Name: aws.String("plain"), Type: types.ParameterTypeString,
		Value: aws.String("2"), Version: 2,
	}, found)
}

func TestASecureStringIsReturnedEncrypted(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.PutParameter(localaws.Parameter{Name: "/secret", Type: localaws.SecureParameter, Value: "hunter2"})
	found, err := a.parameter("/secret", false)
	require.NoError(t, err)
	assert.Equal(t, types.ParameterTypeSecureString, found.Type)
	assert.NotContains(t, *found.Value, "hunter2")
	_, err = a.parameter("/secret", true)
	requireRefused(t, err, 501, "NotImplemented", "decryption")
}

func TestUnreadableParametersAreRefusedAsInAWS(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	_, err := a.parameter("/gone", false)
	requireRefused(t, err, 400, "ParameterNotFound", "")
	var notFound *types.ParameterNotFound
	require.ErrorAs(t, err, &notFound)
	_, err = a.parameter("/gone:3", false)
	requireRefused(t, err, 501, "NotImplemented", "a version or a label")

	a = newAccount(t, localaws.Config{ParameterReadRate: 1})
	a.PutParameter(localaws.Parameter{Name: "plain", Value: "1"})
	_, err = a.parameter("plain", false)
	require.NoError(t, err)
	_, err = a.parameter("plain", false)
	requireRefused(t, err, 400, "ThrottlingException", "Rate exceeded")
}

func TestTheNameOfAParameterHasALengthAndAForm(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	for name, refused := range map[string]string{
		"a":                       "",
		"aws-like.but_ours":       "",
		"/a/b.c/d-e_f":            "",
		" /spaces/around ":        "",
		strings.Repeat("a", 2048): "",
		strings.Repeat("a", 2049): "Value at 'name' failed to satisfy constraint",
		"":                        "Value at 'name' failed to satisfy constraint",
		" ":                       "Value at 'name' failed to satisfy constraint",
		"a b":                     "each sub-path can be formed as a mix of letters",
		"/a/{b}":                  "each sub-path can be formed as a mix of letters",
		"/a/b@c":                  "each sub-path can be formed as a mix of letters",
		"/à":                      "each sub-path can be formed as a mix of letters",
		"a/b":                     "each sub-path can be formed as a mix of letters",
		"/a/":                     "each sub-path can be formed as a mix of letters",
		"//a":                     "each sub-path can be formed as a mix of letters",
		"/":                       "each sub-path can be formed as a mix of letters",
		"ssm-a":                   `can't be prefixed with "ssm" (case-insensitive)`,
		"/SSM/a":                  `can't be prefixed with "ssm" (case-insensitive)`,
		"/a/ssm":                  "",
		"a:1":                     "NotImplemented",
	} {
		_, err := a.parameter(name, false)
		switch refused {
		case "": // and so it is looked up
			requireRefused(t, err, 400, "ParameterNotFound", "")
		case "NotImplemented":
			requireRefused(t, err, 501, refused, "a version or a label")
		default:
			requireRefused(t, err, 400, "ValidationException", refused)
		}
	}
}
