// Package taskstate ends the states of the state machine that wait for a hook, by their task
// tokens. Anybody who has a task token can end the hook's state, so no error of this package
// contains one.
package taskstate

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the Step Functions calls that States makes.
type API interface {
	SendTaskFailure(context.Context, *sfn.SendTaskFailureInput, ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error)
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
}

// States are the states that wait for hooks.
type States struct{ api API }

// New returns the States of the client's account and region.
func New(api API) *States { return &States{api} }

// FromConfig is New, with a client of its own.
func FromConfig(cfg aws.Config) *States { return New(sfn.NewFromConfig(cfg)) }

// Succeed tells Step Functions that the hook of a task token has succeeded. It returns
// shift.ErrThrottled, or shift.ErrHookNotAwaited.
func (s *States) Succeed(ctx context.Context, token string) error {
	_, err := s.api.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String("{}")})
	if err != nil {
		return fmt.Errorf("report the hook's success to Step Functions: %w", meaning(err, token))
	}
	return nil
}

// Fail tells Step Functions that the hook of a task token has failed. It returns
// shift.ErrThrottled, or shift.ErrHookNotAwaited.
func (s *States) Fail(ctx context.Context, token, name, cause string) error {
	_, err := s.api.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{TaskToken: &token, Error: &name, Cause: &cause})
	if err != nil {
		return fmt.Errorf("report the hook's failure to Step Functions: %w", meaning(err, token))
	}
	return nil
}

// meaning wraps an error of Step Functions in its sentinel. It removes the task token from the
// text.
func meaning(err error, token string) error {
	var (
		timedOut *types.TaskTimedOut
		gone     *types.TaskDoesNotExist
		invalid  *types.InvalidToken
	)
	redacted := awserror.Redact(awserror.Plain(err), token)
	switch {
	case awserror.IsThrottled(err):
		return fmt.Errorf("%w: %w", shift.ErrThrottled, redacted)
	case errors.As(err, &timedOut), errors.As(err, &gone), errors.As(err, &invalid):
		return fmt.Errorf("%w: it timed out or was stopped: %w", shift.ErrHookNotAwaited, redacted)
	}
	return redacted
}
