package lambdaalias

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"sluice/internal/shift"
)

// Publish publishes a function's $LATEST; what is unchanged since the last version
// gives that one again (PublishVersion). It returns shift.ErrFunctionNotFound or
// shift.ErrFunctionUpdating.
func (r *Router) Publish(ctx context.Context, t shift.Target) (shift.Published, error) {
	function, _, err := t.Lambda()
	if err != nil {
		return shift.Published{}, err
	}
	out, err := r.api.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &function})
	if err != nil {
		// PublishVersion: ResourceConflictException while an update is in progress.
		return shift.Published{}, fmt.Errorf("publish %s: %w", function,
			meaning(err, sentinels{notFound: shift.ErrFunctionNotFound, conflict: shift.ErrFunctionUpdating}))
	}
	return published(types.FunctionConfiguration{
		Version: out.Version, FunctionArn: out.FunctionArn, Role: out.Role, DeadLetterConfig: out.DeadLetterConfig,
		State: out.State, StateReason: out.StateReason, StateReasonCode: out.StateReasonCode,
	}), nil
}

// Published describes a version. It returns shift.ErrFunctionNotFound or
// shift.ErrVersionNotFound. Of the calls that would tell, GetFunction has the
// highest limit, 100 a second; the others share 15 (Lambda quotas).
func (r *Router) Published(ctx context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	function, _, err := t.Lambda()
	if err != nil {
		return shift.Published{}, err
	}
	out, err := r.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &function, Qualifier: aws.String(string(v))})
	err = meaning(err, sentinels{notFound: shift.ErrVersionNotFound})
	if errors.Is(err, shift.ErrVersionNotFound) {
		err = r.missing(ctx, function, v, err)
	}
	if err != nil {
		return shift.Published{}, fmt.Errorf("read version %s of %s: %w", v, function, err)
	}
	if out.Configuration == nil {
		return shift.Published{}, fmt.Errorf("read version %s of %s: Lambda answered without its configuration", v, function)
	}
	return published(*out.Configuration), nil
}

// missing tells a function that does not exist from a version that does not.
func (r *Router) missing(ctx context.Context, function string, v shift.Version, notFound error) error {
	_, err := r.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &function})
	err = meaning(err, sentinels{notFound: shift.ErrFunctionNotFound})
	switch {
	case err == nil:
		return fmt.Errorf("%w; the function %s exists, but its version %s does not: name one that was published, or leave the version out to publish $LATEST", notFound, function, v)
	case errors.Is(err, shift.ErrFunctionNotFound):
		return noFunction(function, err)
	}
	return err
}

func noFunction(function string, notFound error) error {
	return fmt.Errorf("%w; there is no function %s in this account and region: check its name", notFound, function)
}

// maxReason bounds what Lambda says about a state.
const maxReason = 256

func published(c types.FunctionConfiguration) shift.Published {
	version := aws.ToString(c.Version)
	p := shift.Published{
		Version:   shift.Version(version),
		Detail:    strings.TrimSuffix(aws.ToString(c.FunctionArn), ":"+version),
		Readiness: readiness(c.State),
		Reason:    shift.BoundText(reason(c), maxReason),
	}
	has := traits{Role: aws.ToString(c.Role)}
	if c.DeadLetterConfig != nil {
		has.DeadLetter = aws.ToString(c.DeadLetterConfig.TargetArn)
	}
	p.Traits = has.encode()
	return p
}

// readiness says what a state means for a version that is to receive traffic. An
// Inactive one has been idle, and only invoking it makes it Active again (Lambda
// Developer Guide, Lambda function states), so waiting for that would never end.
// Those that are on their way out, or not to be invoked, do not come back by
// themselves. A state that is not known yet is waited for, not trusted.
func readiness(s types.State) shift.Readiness {
	switch s {
	case types.StateActive, types.StateInactive:
		return shift.Ready
	case types.StateFailed, types.StateDeactivating, types.StateDeactivated, types.StateActiveNonInvocable, types.StateDeleting:
		return shift.Broken
	}
	return shift.Pending
}

func reason(c types.FunctionConfiguration) string {
	text := fmt.Sprintf("its state is %s", orUnknown(string(c.State)))
	if c.StateReasonCode != "" {
		text += fmt.Sprintf(" (%s)", c.StateReasonCode)
	}
	if detail := aws.ToString(c.StateReason); detail != "" {
		text += ": " + detail
	}
	return text
}

func orUnknown(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}
