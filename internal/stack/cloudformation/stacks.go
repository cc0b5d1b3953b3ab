package cloudformation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
)

// API lists the CloudFormation calls that Stacks makes.
type API interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
}

// HTTP sends the answers.
type HTTP interface {
	Do(*http.Request) (*http.Response, error)
}

// Stacks are the stacks of an account in a region.
type Stacks struct {
	api  API
	http HTTP
}

// New returns the Stacks that use these clients.
func New(api API, answers HTTP) *Stacks { return &Stacks{api: api, http: answers} }

// FromConfig returns Stacks with clients of their own.
func FromConfig(cfg aws.Config) *Stacks {
	return New(cloudformation.NewFromConfig(cfg), cfg.HTTPClient)
}

// Status returns the status of a stack, such as UPDATE_IN_PROGRESS.
func (s *Stacks) Status(ctx context.Context, stackID string) (string, error) {
	out, err := s.api.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stackID})
	switch {
	case err != nil:
		return "", fmt.Errorf("describe the stack %s: %w", stackID, awserror.Meaning(err))
	case len(out.Stacks) != 1:
		return "", fmt.Errorf("describe the stack %s: CloudFormation has described %d stacks", stackID, len(out.Stacks))
	}
	return string(out.Stacks[0].StackStatus), nil
}

// hasExpired says whether S3 refuses a presigned URL because its time is over, or that of the session
// in which it was signed (Amazon S3 API Reference, Error responses: ExpiredToken).
func hasExpired(status int, said []byte) bool {
	switch status {
	case http.StatusForbidden:
		return bytes.Contains(said, []byte("Request has expired")) || bytes.Contains(said, []byte("<Code>ExpiredToken</Code>"))
	case http.StatusBadRequest:
		return bytes.Contains(said, []byte("<Code>ExpiredToken</Code>"))
	}
	return false
}

// maxRead is how much of a refusal is read, and maxShown how much of it an error repeats.
const maxRead, maxShown = 2000, 200

// Answer puts an answer to a presigned URL of S3. It returns stackshift.ErrNotAwaited for one that
// has expired. The URL was signed for an empty content type
// (CloudFormation User Guide, Creating wait conditions), so none is sent. Whoever has the URL can
// answer, so no error has it.
func (s *Stacks) Answer(ctx context.Context, to string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL to answer at cannot be read")
	}
	request.Header["Content-Type"] = nil
	response, err := s.http.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return fmt.Errorf("send the answer to %s: %w", request.URL.Host, err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, maxRead))
	switch {
	case hasExpired(response.StatusCode, said):
		return fmt.Errorf("%w: the URL at %s has expired", stackshift.ErrNotAwaited, request.URL.Host)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("send the answer to %s: it says %d: %s", request.URL.Host, response.StatusCode, shift.BoundText(string(said), maxShown))
	}
	return nil
}
