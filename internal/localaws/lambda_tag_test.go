package localaws_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func (a account) tag(tags map[string]string) error {
	_, err := a.lambda().TagResource(context.Background(), &lambda.TagResourceInput{Resource: aws.String(ordersARN), Tags: tags})
	return err
}

func (a account) tags(t *testing.T) map[string]string {
	t.Helper()
	output, err := a.lambda().GetFunction(context.Background(), &lambda.GetFunctionInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	return output.Tags
}

func TestTagsAreAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	require.NoError(t, a.tag(map[string]string{"sluice:alias": "prod", "team": "büro: x/y+z=@_.-"}))
	assert.Equal(t, map[string]string{"sluice:alias": "prod", "team": "büro: x/y+z=@_.-"}, a.tags(t))
	_, err := a.lambda().UntagResource(context.Background(), &lambda.UntagResourceInput{Resource: aws.String(ordersARN), TagKeys: []string{"team", "gone"}})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"sluice:alias": "prod"}, a.tags(t))
}

func TestTagsThatLambdaDoesNotStoreAreRefused(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	for name, tags := range map[string]map[string]string{
		"a long value":   {"a": strings.Repeat("x", 257)},
		"a long key":     {strings.Repeat("x", 129): ""},
		"AWS's own":      {"AWS:x": ""},
		"a line break":   {"a": "b\nc"},
		"a comma":        {"a": "b,c"},
		"one over fifty": many, // "Number of tags exceeds resource tag limit."
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 1)
			requireRefused(t, a.tag(tags), 400, "InvalidParameterValueException", "")
			assert.Equal(t, map[string]string{"sluice:alias": "live"}, a.tags(t))
		})
	}
}

// As recorded by LocalStack against AWS, in test_tag_lifecycle, test_tag_exceptions and
// test_tag_versions.
func TestTagsBelongToTheFunctionAndChangeItsRevision(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	revision := func() string { latest, _ := a.Version("orders", "$LATEST"); return latest.RevisionID }
	untag := func(keys ...string) error {
		_, err := a.lambda().UntagResource(ctx, &lambda.UntagResourceInput{Resource: aws.String(ordersARN), TagKeys: keys})
		return err
	}
	for name, change := range map[string]func() error{
		"TagResource":   func() error { return a.tag(map[string]string{"a": "b"}) },
		"UntagResource": func() error { return untag("gone") },
		"SetTags":       func() error { return a.SetTags("orders", map[string]string{"sluice:alias": "live"}) },
	} {
		before := revision()
		require.NoError(t, change(), name)
		assert.NotEqual(t, before, revision(), name)
	}
	before := revision()
	requireRefused(t, a.tag(map[string]string{}), 400, "InvalidParameterValueException", "An error occurred and the request cannot be processed.")
	requireRefused(t, untag([]string{}...), 400, "ValidationException", "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null")
	for resource, text := range map[string]string{
		ordersARN + ":1":       "Tags on function aliases and versions are not supported. Please specify a function ARN.",
		ordersARN + ":$LATEST": "Tags on function aliases and versions are not supported. Please specify a function ARN.",
		"orders":               "Value 'orders' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern",
	} {
		_, err := a.lambda().TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(resource), Tags: map[string]string{"a": "b"}})
		require.ErrorContains(t, err, text)
	}
	assert.Equal(t, before, revision())
}

func TestTagsAreHiddenFromWhoeverMayNotListThem(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.orders(t, 1)
	var request []localaws.Permission
	a.HideTags(func(actor string, needed localaws.Permission) bool {
		request = append(request, needed)
		return actor == "set-weight"
	})
	output, err := a.lambda().GetFunction(context.Background(), &lambda.GetFunctionInput{FunctionName: aws.String("orders"), Qualifier: aws.String("1")})
	require.NoError(t, err)
	assert.Nil(t, output.Tags)
	assert.Equal(t, "AccessDeniedException", *output.TagsError.ErrorCode)
	assert.Equal(t, []localaws.Permission{{Action: "lambda:ListTags", Resource: ordersARN}}, request)
	a.config = localaws.ClientConfig("publish-version", a.Cloud)
	assert.Equal(t, map[string]string{"sluice:alias": "live"}, a.tags(t))
}
