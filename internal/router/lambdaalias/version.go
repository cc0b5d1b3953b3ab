package lambdaalias

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Publish publishes a function's $LATEST. If nothing has changed since the last version,
// Lambda returns that version again (PublishVersion). It returns shift.ErrFunctionNotFound
// or shift.ErrFunctionUpdating.
func (r *Router) Publish(ctx context.Context, t shift.Target) (shift.Published, error) {
	function, _, err := flow.SplitLambdaTarget(t)
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

// DescribeVersion reads a version. It returns shift.ErrFunctionNotFound or
// shift.ErrVersionNotFound. It calls GetFunction because that call has the highest limit,
// 100 a second; the alternatives share 15 (Lambda quotas).
func (r *Router) DescribeVersion(ctx context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	function, _, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return shift.Published{}, err
	}
	out, err := r.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &function, Qualifier: aws.String(string(v))})
	err = meaning(err, sentinels{notFound: shift.ErrVersionNotFound})
	if errors.Is(err, shift.ErrVersionNotFound) {
		err = r.explainMissing(ctx, function, v, err)
	}
	if err != nil {
		return shift.Published{}, fmt.Errorf("read version %s of %s: %w", v, function, err)
	}
	if out.Configuration == nil {
		return shift.Published{}, fmt.Errorf("read version %s of %s: Lambda answered without its configuration", v, function)
	}
	return published(*out.Configuration), nil
}

// explainMissing finds out whether the function is missing or only its version.
func (r *Router) explainMissing(ctx context.Context, function string, v shift.Version, notFound error) error {
	_, err := r.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &function})
	err = meaning(err, sentinels{notFound: shift.ErrFunctionNotFound})
	switch {
	case err == nil:
		return fmt.Errorf("%w; the function %s exists, but its version %s does not: name a published version, or leave the version out to publish $LATEST", notFound, function, v)
	case errors.Is(err, shift.ErrFunctionNotFound):
		return missingFunction(function, err)
	}
	return err
}

func missingFunction(function string, notFound error) error {
	return fmt.Errorf("%w; there is no function %s in this account and region: check its name", notFound, function)
}

// maxReason bounds Lambda's reason for a state, in characters.
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
	if c.DurableConfig != nil {
		p.Note = durable
	}
	return p
}

// wakingTime bounds an invocation that wakes a version. It fails at once if the version is idle.
const wakingTime = 5 * time.Second

// Wake invokes an idle version, so that Lambda makes it ready. This invocation fails, and runs
// nothing, unless somebody else has woken the version a moment ago.
func (r *Router) Wake(ctx context.Context, t shift.Target, v shift.Version) error {
	function, _, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wakingTime)
	defer cancel()
	_, err = r.api.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &function, Qualifier: aws.String(string(v)), InvocationType: types.InvocationTypeRequestResponse, Payload: []byte(`{"sluice": "wake"}`),
	})
	var coded smithy.APIError
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &coded) && slices.Contains(flow.NotStarted, coded.ErrorCode()):
		return nil
	}
	return fmt.Errorf("wake version %s of %s: %w", v, function, meaning(err, sentinels{notFound: shift.ErrVersionNotFound}))
}

// durable is the note of a durable function. Its executions stay on the version on which they
// began, and Lambda keeps no version that is deleted (Lambda Developer Guide, durable functions,
// best practices).
const durable = "a durable function: its executions stay on the version on which they began, so keep that until they have ended"

// readiness says whether a version in this state can receive traffic. An Inactive version
// has been idle and becomes Active again only when it is invoked (Lambda Developer Guide,
// Lambda function states). A version
// that is being removed, or that cannot be invoked, does not recover by itself. An unknown
// state counts as pending.
func readiness(s types.State) shift.Readiness {
	switch s {
	case types.StateActive:
		return shift.Ready
	case types.StateInactive:
		return shift.Idle
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

// CheckCandidate does nothing: a version is read with DescribeVersion.
func (r *Router) CheckCandidate(context.Context, shift.Arrival) error { return nil }

// Arrived returns true: an alias serves what it says at once, and what Lambda moves by itself is Settling.
func (r *Router) Arrived(context.Context, shift.Target, string) (bool, error) { return true, nil }
