package lambdaalias

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"sluice/internal/shift"
)

// Tags reads the tags of a Target's function; versions and aliases have none (Lambda
// Developer Guide, Using tags). It returns shift.ErrFunctionNotFound. ListTags would
// tell them, too, but counts among the 15 requests a second that all of an account's
// shifts share, and GetFunction does not (Lambda quotas).
func (r *Router) Tags(ctx context.Context, t shift.Target) (shift.Tags, error) {
	function, _, err := t.Lambda()
	if err != nil {
		return nil, err
	}
	out, err := r.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &function})
	err = meaning(err, sentinels{notFound: shift.ErrFunctionNotFound})
	if errors.Is(err, shift.ErrFunctionNotFound) {
		err = noFunction(function, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the tags of %s: %w", function, err)
	}
	// A caller without lambda:ListTags is answered without tags (GetFunction, Tags and
	// TagsError), and must not take the function for an untagged one.
	if e := out.TagsError; e != nil {
		return nil, fmt.Errorf("read the tags of %s: %s: %s; the role of publish-version needs lambda:GetFunction and lambda:ListTags on it",
			function, shift.BoundText(aws.ToString(e.ErrorCode), 80), shift.BoundText(aws.ToString(e.Message), maxReason))
	}
	return out.Tags, nil
}
