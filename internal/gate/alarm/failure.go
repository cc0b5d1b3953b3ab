package alarm

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"sluice/internal/shift"
)

var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// meaning makes an error of CloudWatch a shift.ErrThrottled when it asks to come
// again.
func meaning(err error) error {
	if throttles.IsErrorThrottle(err) == aws.TrueTernary {
		return fmt.Errorf("%w: %w", shift.ErrThrottled, err)
	}
	return err
}
