package cloudfront

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Buckets asks S3 whether releases were uploaded. It sends that one request without S3's client,
// which would make every Lambda a tenth larger.
type Buckets struct {
	config aws.Config
	now    func() time.Time
	signer *v4.Signer
}

// NewBuckets returns the Buckets of the account. A nil clock is time.Now.
func NewBuckets(cfg aws.Config, now func() time.Time) *Buckets {
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	if now == nil {
		now = time.Now
	}
	// S3 signs a path as it is sent.
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return &Buckets{config: cfg, now: now, signer: signer}
}

// index is the object that every release has.
const index = "index.html"

// emptyHash is the SHA-256 of nothing, as the signature of a request without a body needs it.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// CheckUploaded returns shift.ErrVersionNotFound for a release without an index.html.
func (b *Buckets) CheckUploaded(ctx context.Context, bucket, release string) error {
	path := flow.ReleasesPath + release + "/" + index
	answer, err := b.head(ctx, bucket, path, b.config.Region)
	if err == nil && answer.StatusCode == http.StatusMovedPermanently && answer.Header.Get(regionHeader) != "" {
		answer, err = b.head(ctx, bucket, path, answer.Header.Get(regionHeader))
	}
	if err != nil {
		return fmt.Errorf("look for %s in the bucket %s: %w", path, bucket, err)
	}
	return judge(answer.StatusCode, bucket, path)
}

// regionHeader names the region of a bucket that was looked for in another one (HeadBucket in
// S3's API reference).
const regionHeader = "X-Amz-Bucket-Region"

// judge says what S3's status means. Whoever may not list a bucket gets 403 for a missing
// object, and whoever may gets 404 (HeadObject, permissions).
func judge(status int, bucket, path string) error {
	switch status {
	case http.StatusOK:
		return nil
	case http.StatusForbidden, http.StatusNotFound:
		return fmt.Errorf("%w: the bucket %s has no %s, or Sluice may not read it (S3 answers with status %d to both): upload the release first, or add the bucket to the setting releaseBuckets and deploy the stack again",
			shift.ErrVersionNotFound, bucket, path, status)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return fmt.Errorf("look for %s in the bucket %s: %w: S3 answers with status %d", path, bucket, shift.ErrThrottled, status)
	}
	return fmt.Errorf("look for %s in the bucket %s: S3 answers with status %d", path, bucket, status)
}

// head sends HeadObject. The bucket is a part of the path: with a bucket whose name has dots,
// the certificate would not match a host that begins with it.
func (b *Buckets) head(ctx context.Context, bucket, path, region string) (*http.Response, error) {
	endpoint := cmp.Or(aws.ToString(b.config.BaseEndpoint), "https://s3."+region+".amazonaws.com")
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, endpoint+"/"+bucket+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	credentials, err := b.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Amz-Content-Sha256", emptyHash)
	if err := b.signer.SignHTTP(ctx, credentials, request, emptyHash, "s3", region, b.now()); err != nil {
		return nil, err
	}
	answer, err := b.config.HTTPClient.Do(request)
	if err != nil {
		return nil, err
	}
	return answer, answer.Body.Close()
}
