package lambdaalias

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"sluice/internal/shift"
)

// Tags reads the tags of a function, given by its ARN (ListTags, Resource); versions
// and aliases have none (Lambda Developer Guide, Using tags). It returns
// shift.ErrFunctionNotFound. GetFunction would tell them, too, and is not among the
// calls that share 15 requests a second, but it also tells a function's environment
// and where to fetch its code: nobody should have to allow that for functions that
// are none of Sluice's business.
func (r *Router) Tags(ctx context.Context, functionARN string) (shift.Tags, error) {
	out, err := r.api.ListTags(ctx, &lambda.ListTagsInput{Resource: &functionARN})
	if err != nil {
		return nil, fmt.Errorf("read the tags of %s: %w", functionARN, meaning(err, sentinels{notFound: shift.ErrFunctionNotFound}))
	}
	return out.Tags, nil
}
