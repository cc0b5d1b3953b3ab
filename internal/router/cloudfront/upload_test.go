package cloudfront_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
	"github.com/sluice-aws/sluice/internal/shift"
)

func (s *stage) uploads() *cloudfront.Buckets {
	return cloudfront.NewBuckets(localaws.ClientConfig("open-deployment", s.Cloud), nil)
}

// S3 tells only those who may list the bucket that an object is missing.
func TestAReleaseIsUploadedIfItHasAnIndex(t *testing.T) {
	t.Parallel()
	for _, listable := range []bool{false, true} {
		for _, region := range []string{"", "eu-west-1"} {
			s := newStage(unlimited())
			s.AddBucket(localaws.Bucket{Name: "site.prod", Listable: listable, Region: region})
			s.PutObject("site.prod", "releases/2026-11-29.1_a/index.html")
			s.PutObject("site.prod", "releases/r43/style.css")
			require.NoError(t, s.uploads().CheckUploaded(t.Context(), "site.prod", "2026-11-29.1_a"))
			err := s.uploads().CheckUploaded(t.Context(), "site.prod", "r43")
			require.ErrorIs(t, err, shift.ErrVersionNotFound)
			require.ErrorContains(t, err, "the bucket site.prod has no /releases/r43/index.html")
			require.ErrorContains(t, err, "add the bucket to the setting releaseBuckets")
		}
	}
	s := newStage(unlimited())
	require.ErrorIs(t, s.uploads().CheckUploaded(t.Context(), "gone", "r43"), shift.ErrVersionNotFound)
}

func TestFailuresOfS3HaveTheirMeaning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail func(localaws.Call) error
		want error
		text string
	}{
		"throttled": {func(c localaws.Call) error { return localaws.Throttled(c.Service) }, shift.ErrThrottled, "503"},
		"denied":    {func(c localaws.Call) error { return localaws.AccessDenied(c) }, shift.ErrVersionNotFound, "403"},
		"broken":    {func(c localaws.Call) error { return localaws.ServiceFailure(c.Service) }, nil, "500"},
		"lost":      {func(localaws.Call) error { return errors.New("connection reset") }, nil, "connection reset"},
	} {
		s := newStage(unlimited())
		s.AddBucket(localaws.Bucket{Name: "site"})
		s.PutObject("site", "releases/r42/index.html")
		s.Fault(func(c localaws.Call) error {
			assert.Equal(t, "s3:GetObject", c.Action())
			assert.Equal(t, "arn:aws:s3:::site/releases/r42/index.html", c.Resource)
			return test.fail(c)
		})
		err := s.uploads().CheckUploaded(t.Context(), "site", "r42")
		require.ErrorContains(t, err, test.text, name)
		require.ErrorContains(t, err, "/releases/r42/index.html", name)
		for _, sentinel := range []error{shift.ErrThrottled, shift.ErrVersionNotFound} {
			assert.Equal(t, sentinel == test.want, errors.Is(err, sentinel), name)
		}
	}
}

// recorder is the HTTP client below Buckets.
type recorder struct{ requests []*http.Request }

func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	r.requests = append(r.requests, request)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestS3IsAskedByPathInTheRegion(t *testing.T) {
	t.Parallel()
	var r recorder
	config := localaws.ClientConfig("open-deployment", &r)
	config.Region = "eu-west-1"
	require.NoError(t, cloudfront.NewBuckets(config, nil).CheckUploaded(t.Context(), "site", "r42"))
	require.Len(t, r.requests, 1)
	assert.Equal(t, "HEAD https://s3.eu-west-1.amazonaws.com/site/releases/r42/index.html", r.requests[0].Method+" "+r.requests[0].URL.String())
	assert.Contains(t, r.requests[0].Header.Get("Authorization"), "/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date")
}

// On a port, the client of the store does not put the account before the host, which would be
// no name there.
func TestTheRouterWorksOnAPort(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.AddBucket(localaws.Bucket{Name: "site"})
	s.PutObject("site", "releases/r42/index.html")
	server := httptest.NewServer(s.Cloud)
	defer server.Close()
	require.True(t, strings.HasPrefix(server.URL, "http://127.0.0.1:"))
	config := localaws.ClientConfig("set-weight", nil)
	config.HTTPClient, config.BaseEndpoint = nil, aws.String(server.URL)
	settings := s.settings(1)
	settings.Uploads = cloudfront.NewBuckets(config, nil)
	r := cloudfront.FromConfig(config, settings)
	require.NoError(t, r.CheckCandidate(t.Context(), shift.Arrival{Target: site, Candidate: "r42", Detail: flow.Site{Bucket: "site"}.Detail()}))
	_, err := r.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
	require.NoError(t, err)
	assert.Contains(t, s.text(t), "r42")
}
