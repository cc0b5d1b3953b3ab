package lambdaalias

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Tags reads the tags of a function, given by its ARN (ListTags, Resource); versions
// and aliases have none (Lambda Developer Guide, Using tags). It returns
// shift.ErrFunctionNotFound. GetFunction returns the tags too, and is not among the calls
// that share 15 requests a second. But it also returns a function's environment and a link
// to its code, and nobody should have to allow that for functions that do not concern
// Sluice.
func (r *Router) Tags(ctx context.Context, functionARN string) (flow.Tags, error) {
	out, err := r.api.ListTags(ctx, &lambda.ListTagsInput{Resource: &functionARN})
	if err != nil {
		return nil, fmt.Errorf("read the tags of %s: %w", functionARN, meaning(err, sentinels{notFound: shift.ErrFunctionNotFound}))
	}
	return out.Tags, nil
}
