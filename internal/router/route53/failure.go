package route53

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// meaning wraps an error of Route 53 in its sentinel. It returns nil for nil.
func meaning(err error) error {
	var (
		noZone  *types.NoSuchHostedZone
		busy    *types.PriorRequestNotComplete
		batch   *types.InvalidChangeBatch
		invalid *types.InvalidInput
		means   error
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &busy), awserror.IsThrottled(err):
		means = shift.ErrThrottled
	case errors.As(err, &noZone):
		return fmt.Errorf("%w: %w; check the zone's id, and that it belongs to this account", shift.ErrTargetNotFound, awserror.Plain(err))
	case errors.As(err, &batch):
		return batchMeaning(batch)
	case errors.As(err, &invalid):
		means = shift.ErrRouteRefused
	case awserror.IsAccessDenied(err):
		return fmt.Errorf("%w; Sluice may only write the names in the stack's setting route53: add this one, and deploy the stack again", awserror.Plain(err))
	default:
		return awserror.Plain(err)
	}
	return fmt.Errorf("%w: %w", means, awserror.Plain(err))
}

// batchMeaning tells apart why a batch was refused. If a record is not what was read, somebody
// has written it since, and the other messages may be due to that too: a new read decides.
// Without such a message, Route 53 would refuse the batch again.
func batchMeaning(refused *types.InvalidChangeBatch) error {
	text := messages(refused)
	means := shift.ErrRouteRefused
	if stale.MatchString(text) {
		means = shift.ErrRevisionMismatch
	}
	return fmt.Errorf("%w: InvalidChangeBatch: %s", means, shift.BoundText(text, maxMessages))
}

// maxMessages bounds what a refusal says, in characters.
const maxMessages = 600

// messages are the messages of a refused batch. Route 53 has two forms: a list, and one text
// in brackets (external-dns issue 2426).
func messages(refused *types.InvalidChangeBatch) string {
	if len(refused.Messages) > 0 {
		return strings.Join(refused.Messages, ", ")
	}
	return strings.TrimSuffix(strings.TrimPrefix(aws.ToString(refused.Message), "["), "]")
}

// stale matches a message about a record that is not what was read (external-dns issue 732,
// cli53 issue 70). A message begins the text, or follows a comma. Set identifiers may have
// anything in them. Whoever makes one that looks like such a message only causes a new read.
var stale = regexp.MustCompile(`(?s)(^|, )Tried to (delete|create) resource record set \[.*?\] but (it was not found|it already exists|the values provided do not match the current values)`)
