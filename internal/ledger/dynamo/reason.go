package dynamo

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// storedReason is one of a record's Reasons.
type storedReason struct {
	Name    string `dynamodbav:"name"`
	Subject string `dynamodbav:"subject,omitempty"`
	Text    string `dynamodbav:"text"`
}

type storedReasons []storedReason

// storeReasons bounds Reasons and converts them for a record.
func storeReasons(reasons []shift.Reason) storedReasons {
	bounded := shift.BoundReasons(reasons)
	stored := make(storedReasons, len(bounded))
	for i, r := range bounded {
		stored[i] = storedReason(r)
	}
	return stored
}

func (s storedReasons) reasons() []shift.Reason {
	if s == nil {
		return nil
	}
	reasons := make([]shift.Reason, len(s))
	for i, r := range s {
		reasons[i] = shift.Reason(r)
	}
	return reasons
}

// UnmarshalDynamoDBAttributeValue decodes a Reason. It also accepts a plain text, because
// records from before Reasons had names contain texts.
func (s *storedReason) UnmarshalDynamoDBAttributeValue(value types.AttributeValue) error {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		*s = storedReason(shift.ParseReason(v.Value))
		return nil
	case *types.AttributeValueMemberM:
		type plain storedReason
		return attributevalue.Unmarshal(v, (*plain)(s))
	}
	return fmt.Errorf("a reason must be a map or a text, not %T", value)
}
