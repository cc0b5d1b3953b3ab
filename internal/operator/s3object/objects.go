// Package s3object reads small objects in S3. Start at FromConfig.
package s3object

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"github.com/sluice-aws/sluice/internal/operator"
)

// Objects reads objects with GetObject. It sends that one request without S3's client, which is
// larger than the rest of the command.
type Objects struct {
	config aws.Config
	signer *v4.Signer
}

// FromConfig returns the Objects that the caller's credentials can read.
func FromConfig(cfg aws.Config) *Objects {
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	// S3 signs a path as it is sent.
	return &Objects{config: cfg, signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
}

// emptyHash is the SHA-256 of nothing, as the signature of a request without a body needs it.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// regionHeader names the region of a bucket that was looked for in another one (HeadBucket in
// S3's API reference).
const regionHeader = "X-Amz-Bucket-Region"

// Read reads an object of at most so many bytes. It returns operator.ErrTooLarge for a larger one,
// operator.ErrNoObject, or operator.ErrUnavailable.
func (b *Objects) Read(ctx context.Context, o operator.Object, most int) ([]byte, error) {
	text, err := b.read(ctx, o, most)
	if err != nil {
		return nil, fmt.Errorf("read s3://%s/%s: %w", o.Bucket, o.Key, err)
	}
	return text, nil
}

func (b *Objects) read(ctx context.Context, o operator.Object, most int) ([]byte, error) {
	answer, err := b.get(ctx, o, b.config.Region)
	if err != nil {
		return nil, err
	}
	if there := answer.Header.Get(regionHeader); answer.StatusCode == http.StatusMovedPermanently && there != "" {
		_ = answer.Body.Close()
		if answer, err = b.get(ctx, o, there); err != nil {
			return nil, err
		}
	}
	defer answer.Body.Close()
	if err := judge(answer.StatusCode); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, int64(most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", operator.ErrUnavailable, err)
	case len(text) > most:
		return nil, operator.ErrTooLarge
	}
	return text, nil
}

// judge says what S3's status means. Whoever may not list a bucket gets 403 for a missing object
// (GetObject, permissions).
func judge(status int) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: it has another ETag", operator.ErrNoObject)
	case status == http.StatusForbidden, status == http.StatusNotFound:
		return fmt.Errorf("%w, or you may not read it: S3 answers with status %d to both", operator.ErrNoObject, status)
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: S3 answers with status %d", operator.ErrUnavailable, status)
	}
	return fmt.Errorf("%w: S3 answers with status %d", operator.ErrNoObject, status)
}

// get sends GetObject. The bucket is a part of the path: with a bucket whose name has dots, the
// certificate would not match a host that begins with it.
func (b *Objects) get(ctx context.Context, o operator.Object, region string) (*http.Response, error) {
	host := "https://s3." + region + ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") { // S3 endpoints, AWS General Reference
		host += ".cn"
	}
	address := cmp.Or(aws.ToString(b.config.BaseEndpoint), host) + "/" + httpbinding.EscapePath(o.Bucket, true) + "/" + httpbinding.EscapePath(o.Key, false)
	if o.Version != "" {
		address += "?versionId=" + url.QueryEscape(o.Version)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	if o.ETag != "" {
		request.Header.Set("If-Match", `"`+strings.Trim(o.ETag, `"`)+`"`)
	}
	credentials, err := b.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Amz-Content-Sha256", emptyHash)
	if err := b.signer.SignHTTP(ctx, credentials, request, emptyHash, "s3", region, time.Now()); err != nil {
		return nil, err
	}
	answer, err := b.config.HTTPClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", operator.ErrUnavailable, err)
	}
	return answer, nil
}
