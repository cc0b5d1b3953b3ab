package lambdaalias

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// TellingDeleted returns a Router that tells an alias whose function was deleted from one that its
// caller may not access. Where tags permit the access, IAM denies it for both, because what does not
// exist has no tags. The caller needs lambda:ListTags on every function. machine is the ARN of a state
// machine in the account and region of the functions.
func (r *Router) TellingDeleted(machine string) *Router {
	before, _, _ := strings.Cut(strings.Replace(machine, ":states:", ":lambda:", 1), ":stateMachine:")
	return &Router{api: r.api, functions: before + ":function:"}
}

// orDeleted returns what the error of a call on a function's alias means: shift.ErrTargetNotFound if
// access was denied to a function that does not exist, or else what the sentinels say.
func (r *Router) orDeleted(ctx context.Context, function string, err error, s sentinels) error {
	if r.functions != "" && awserror.IsAccessDenied(err) {
		if _, unread := r.Tags(ctx, r.functions+function); errors.Is(unread, shift.ErrFunctionNotFound) {
			return fmt.Errorf("%w: %w", shift.ErrTargetNotFound, unread)
		}
	}
	return meaning(err, s)
}
