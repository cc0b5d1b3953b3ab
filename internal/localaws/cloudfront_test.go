package localaws_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

const (
	blue  = "E1BLUE"
	green = "E2GREEN"
	cert  = "arn:aws:acm:us-east-1:123456789012:certificate/1"
)

// sites is the account with two distributions: blue has www.example.com, and green the
// wildcard.
func sites(t *testing.T) account {
	t.Helper()
	a := newAccount(t, localaws.Config{Distributions: localaws.CloudFrontConfig{Rate: -1, DeployTime: 4 * time.Minute, Edges: 4}})
	a.AddCertificate(cert, "example.com", "*.example.com")
	require.NoError(t, a.AddDistribution(localaws.CloudFrontDistribution{ID: blue, Names: []string{"www.example.com", "old.example.com"}, Certificate: cert, Comment: "blue "}))
	require.NoError(t, a.AddDistribution(localaws.CloudFrontDistribution{ID: green, Names: []string{"*.example.com"}, Certificate: cert}))
	return a
}

func (a account) cdn() *cloudfront.Client { return cloudfront.NewFromConfig(a.config) }

func (a account) distribution(t *testing.T, id string) *cloudfront.GetDistributionOutput {
	t.Helper()
	out, err := a.cdn().GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String(id)})
	require.NoError(t, err)
	return out
}

// edit updates a distribution as it is now.
func (a account) edit(t *testing.T, id string, edit func(*types.DistributionConfig)) (etag string, err error) {
	t.Helper()
	found, err := a.cdn().GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: aws.String(id)})
	require.NoError(t, err)
	edit(found.DistributionConfig)
	out, err := a.cdn().UpdateDistribution(context.Background(), &cloudfront.UpdateDistributionInput{Id: aws.String(id), IfMatch: found.ETag, DistributionConfig: found.DistributionConfig})
	if err != nil {
		return "", err
	}
	return *out.ETag, nil
}

func named(names ...string) func(*types.DistributionConfig) {
	return func(c *types.DistributionConfig) {
		c.Aliases = &types.Aliases{Quantity: aws.Int32(int32(len(names))), Items: names}
	}
}

func TestAnUpdateReachesTheEdgesOneByOne(t *testing.T) {
	t.Parallel()
	a := sites(t)
	seen := func(host string) (list []string) {
		for edge := range a.DistributionEdges() {
			list = append(list, a.EdgeDistribution(edge, host))
		}
		return list
	}
	assert.Equal(t, []string{blue, blue, blue, blue}, seen("WWW.example.com"))
	before := a.distribution(t, blue)
	assert.Equal(t, "Deployed", *before.Distribution.Status)
	assert.Equal(t, "arn:aws:cloudfront::123456789012:distribution/"+blue, *before.Distribution.ARN)

	etag, err := a.edit(t, blue, named("old.example.com"))
	require.NoError(t, err)
	after := a.distribution(t, blue)
	assert.Equal(t, etag, *after.ETag)
	assert.NotEqual(t, *before.ETag, etag)
	for minute, want := range [][]string{{blue, blue, blue, blue}, {green, blue, blue, blue}, {green, green, blue, blue}, {green, green, green, blue}, {green, green, green, green}} {
		assert.Equal(t, want, seen("www.example.com"))
		status := "InProgress"
		if minute == 4 {
			status = "Deployed"
		}
		assert.Equal(t, status, *a.distribution(t, blue).Distribution.Status)
		a.clock.advance(time.Minute)
	}
	assert.Equal(t, []string{green, green, green, green}, seen("a.b.example.com"))
	assert.Equal(t, []string{"", "", "", ""}, seen("example.com"))
	assert.Equal(t, []string{blue, blue, blue, blue}, seen(*after.Distribution.DomainName))
}

func TestADisabledDistributionKeepsItsNames(t *testing.T) {
	t.Parallel()
	a := sites(t)
	_, err := a.edit(t, blue, func(c *types.DistributionConfig) { c.Enabled = aws.Bool(false) })
	require.NoError(t, err)
	a.clock.advance(time.Hour)
	assert.Empty(t, a.EdgeDistribution(0, "www.example.com"))
	assert.Equal(t, green, a.EdgeDistribution(0, "shop.example.com"))
}

func TestAConfigurationComesBackAsItWasSent(t *testing.T) {
	t.Parallel()
	a := sites(t)
	assert.Equal(t, "blue ", *a.distribution(t, blue).Distribution.DistributionConfig.Comment)
	var sent *types.DistributionConfig
	_, err := a.edit(t, blue, func(c *types.DistributionConfig) {
		c.Comment = aws.String(" <a> & b\n ")
		c.PriceClass, c.HttpVersion, c.DefaultRootObject = types.PriceClassPriceClass100, types.HttpVersionHttp2and3, aws.String("index.html")
		c.CacheBehaviors = &types.CacheBehaviors{Quantity: aws.Int32(1), Items: []types.CacheBehavior{{
			PathPattern: aws.String("/api/*"), TargetOriginId: aws.String("site"), ViewerProtocolPolicy: types.ViewerProtocolPolicyHttpsOnly,
			FunctionAssociations: &types.FunctionAssociations{Quantity: aws.Int32(1), Items: []types.FunctionAssociation{{EventType: types.EventTypeViewerRequest, FunctionARN: aws.String("arn")}}},
		}}}
		sent = c
	})
	require.NoError(t, err)
	assert.Equal(t, sent, a.distribution(t, blue).Distribution.DistributionConfig)
}

func TestAnUpdateNeedsTheETag(t *testing.T) {
	t.Parallel()
	a := sites(t)
	first := a.distribution(t, blue)
	same := first.Distribution.DistributionConfig
	put := func(etag *string) error {
		_, err := a.cdn().UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: aws.String(blue), IfMatch: etag, DistributionConfig: same})
		return err
	}
	requireRefused(t, put(nil), 400, "InvalidIfMatchVersion", "missing or not valid")
	requireRefused(t, put(aws.String("EXXXXXXXXXXXXX")), 400, "InvalidIfMatchVersion", "missing or not valid")
	require.NoError(t, put(first.ETag))
	require.NoError(t, put(first.ETag), "an update that changes nothing keeps the ETag")
	assert.Equal(t, *first.ETag, *a.distribution(t, green).ETag, "two distributions can have the same ETag")

	last, err := a.edit(t, blue, named("old.example.com"))
	require.NoError(t, err)
	back, err := a.edit(t, blue, named("www.example.com", "old.example.com"))
	require.NoError(t, err)
	assert.NotEqual(t, *first.ETag, back, "no ETag comes back")
	requireRefused(t, put(first.ETag), 412, "PreconditionFailed", "preconditions")
	requireRefused(t, put(&last), 412, "PreconditionFailed", "preconditions")
}

func TestWhatCloudFrontRefuses(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		edit   func(*types.DistributionConfig)
		status int
		code   string
	}
	for _, test := range []testcase{
		{"a name of another distribution", named("*.Example.com"), 409, "CNAMEAlreadyExists"},
		{"a name that the certificate does not cover", named("a.b.example.com"), 400, "InvalidViewerCertificate"},
		{"a name without a certificate", func(c *types.DistributionConfig) {
			c.ViewerCertificate = &types.ViewerCertificate{CloudFrontDefaultCertificate: aws.Bool(true)}
		}, 400, "InvalidViewerCertificate"},
		{"a wrong quantity", func(c *types.DistributionConfig) { c.Aliases.Quantity = aws.Int32(3) }, 400, "InconsistentQuantities"},
		{"a long comment", func(c *types.DistributionConfig) { c.Comment = aws.String(strings.Repeat("x", 129)) }, 400, "InvalidArgument"},
		{"another reference", func(c *types.DistributionConfig) { c.CallerReference = aws.String("mine") }, 400, "IllegalUpdate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := sites(t)
			before := a.distribution(t, blue)
			_, err := a.edit(t, blue, test.edit)
			requireRefused(t, err, test.status, test.code, "")
			assert.Equal(t, before.Distribution, a.distribution(t, blue).Distribution)
		})
	}
	a := sites(t)
	_, err := a.cdn().GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String("E9")})
	requireRefused(t, err, 404, "NoSuchDistribution", "does not exist")
	_, err = a.cdn().ListDistributions(t.Context(), &cloudfront.ListDistributionsInput{})
	requireRefused(t, err, 501, "NotImplemented", "")
	require.Error(t, a.AddDistribution(localaws.CloudFrontDistribution{ID: "E3", Names: []string{"www.example.com"}, Certificate: cert}))
}

func TestCloudFrontIsThrottled(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{Distributions: localaws.CloudFrontConfig{Rate: 1}})
	require.NoError(t, a.AddDistribution(localaws.CloudFrontDistribution{ID: blue}))
	a.distribution(t, blue)
	_, err := a.cdn().GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String(blue)})
	requireRefused(t, err, 400, "Throttling", "Rate exceeded")
	a.clock.advance(time.Second)
	a.distribution(t, blue)
}
