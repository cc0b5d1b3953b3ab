// Package awserror interprets errors of the AWS SDK for any service: whether to retry, and a
// text for people.
package awserror

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sluice-aws/sluice/internal/shift"
)

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// IsThrottled says whether AWS asks the caller to slow down and retry.
func IsThrottled(err error) bool { return throttles.IsErrorThrottle(err) == aws.TrueTernary }

// IsAccessDenied says whether the caller lacks a permission. The services have two codes for that
// (CloudWatch and DynamoDB, Common Errors).
func IsAccessDenied(err error) bool {
	var coded smithy.APIError
	return errors.As(err, &coded) && (coded.ErrorCode() == "AccessDenied" || coded.ErrorCode() == "AccessDeniedException")
}

// transient matches the errors that the SDK's own clients retry by default.
var transient = retry.IsErrorRetryables(retry.DefaultRetryables)

// IsTransient says whether the same call may succeed a little later: it was throttled,
// the service had a fault, or the connection was lost.
func IsTransient(err error) bool { return transient.IsErrorRetryable(err) == aws.TrueTernary }

// Meaning makes an error of the SDK Plain, and wraps it in shift.ErrThrottled if
// IsThrottled. It returns nil for nil.
func Meaning(err error) error {
	if IsThrottled(err) {
		return fmt.Errorf("%w: %w", shift.ErrThrottled, Plain(err))
	}
	return Plain(err)
}

// plain is an error of the SDK with a text for people.
type plain struct {
	text string
	err  error
}

func (p *plain) Error() string { return p.text }
func (p *plain) Unwrap() error { return p.err }

// Plain reduces the text of an SDK error to the error's code and message. The SDK's own text
// also has the HTTP status, the request's id, which differs at each try, and the operation,
// which the caller's own message describes better. Plain returns other errors unchanged.
func Plain(err error) error {
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return err
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return &plain{text: api.ErrorCode() + ": " + api.ErrorMessage(), err: err}
	}
	inner := operation.Err
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		inner = response.Err
	}
	return &plain{text: inner.Error(), err: err}
}

// IsUnanswered says whether AWS has not answered a call at all: it could not be reached, or the
// caller could not get credentials for it.
func IsUnanswered(err error) bool {
	var operation *smithy.OperationError
	var api smithy.APIError
	return errors.As(err, &operation) && !errors.As(err, &api)
}

// expired are the codes that say that the caller's credentials have expired: those of the services
// and of STS, and that of IAM Identity Center for a session that has ended.
var expired = []string{"ExpiredTokenException", "ExpiredToken", "RequestExpired", "TokenRefreshRequired", "UnauthorizedException"}

// IsExpired says whether the caller's credentials have expired.
func IsExpired(err error) bool {
	var coded smithy.APIError
	return errors.As(err, &coded) && slices.Contains(expired, coded.ErrorCode())
}

// IsUntrusted says whether the caller does not trust the certificate of the server. That does not
// heal by itself: this machine lacks an authority, its clock is wrong, or somebody else has answered.
func IsUntrusted(err error) bool {
	var unverified *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var roots x509.SystemRootsError
	return errors.As(err, &unverified) || errors.As(err, &authority) || errors.As(err, &invalid) || errors.As(err, &host) || errors.As(err, &roots)
}

// IsUnknownHost says whether the server's name does not exist, as the name server says. A name
// server that cannot be reached says nothing of the kind.
func IsUnknownHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
