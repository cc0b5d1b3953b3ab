package cloudfront_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
)

// CloudFront's stores have one endpoint for each account, and signatures for all regions.
func TestTheStoreIsAskedAtTheEndpointOfItsAccount(t *testing.T) {
	t.Parallel()
	var r recorder
	router := cloudfront.FromConfig(localaws.ClientConfig("set-weight", &r), cloudfront.Settings{
		Store: "arn:aws:cloudfront::111122223333:key-value-store/8562a61f-0000-2845-9d99-b97d00000d3c",
	})
	_, err := router.Route(t.Context(), site)
	require.ErrorContains(t, err, "answered without its ETag")
	require.NotEmpty(t, r.requests)
	assert.Equal(t, "https://111122223333.cloudfront-kvs.global.api.aws/key-value-stores/arn%3Aaws%3Acloudfront%3A%3A111122223333%3Akey-value-store%2F8562a61f-0000-2845-9d99-b97d00000d3c",
		r.requests[0].URL.String())
	assert.Contains(t, r.requests[0].Header.Get("Authorization"), "AWS4-ECDSA-P256-SHA256 Credential=set-weight/")
	assert.Equal(t, "*", r.requests[0].Header.Get("X-Amz-Region-Set"))
}
