package eventbridge

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"
)

// entryError returns the error of an entry that EventBridge did not accept. PutEvents answers
// 200 in that case, and counts the entry (PutEvents, FailedEntryCount).
func entryError(out *eventbridge.PutEventsOutput) error {
	if out.FailedEntryCount == 0 {
		return nil
	}
	for _, e := range out.Entries {
		if e.ErrorCode != nil {
			return &smithy.GenericAPIError{Code: *e.ErrorCode, Message: aws.ToString(e.ErrorMessage)}
		}
	}
	return errors.New("EventBridge refused the announcement and gave no reason")
}
