package eventbridge

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"
)

// rejected is the error of an entry that was not taken: PutEvents answers 200
// then, and counts it (PutEvents, FailedEntryCount).
func rejected(out *eventbridge.PutEventsOutput) error {
	if out.FailedEntryCount == 0 {
		return nil
	}
	for _, e := range out.Entries {
		if e.ErrorCode != nil {
			return &smithy.GenericAPIError{Code: *e.ErrorCode, Message: aws.ToString(e.ErrorMessage)}
		}
	}
	return fmt.Errorf("EventBridge took all but %d events, and does not say why", out.FailedEntryCount)
}
