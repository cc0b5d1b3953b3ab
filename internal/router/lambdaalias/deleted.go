package lambdaalias

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// TellingDeleted returns a Router that tells an alias whose function was deleted from one that its
// caller may not access. Where tags permit the access, IAM denies it for both, because what does not
// exist has no tags. The caller needs lambda:ListTags on every function. machine is the ARN of a state
// machine in the account and region of the functions. A nil clock is time.Now.
func (r *Router) TellingDeleted(machine string, now func() time.Time) *Router {
	if now == nil {
		now = time.Now
	}
	before, _, _ := strings.Cut(strings.Replace(machine, ":states:", ":lambda:", 1), ":stateMachine:")
	return &Router{api: r.api, deleted: &deletedTeller{functions: before + ":function:", now: now, existed: map[string]time.Time{}}}
}

// deletedTeller knows which functions have existed lately. ListTags shares 15 requests a second with
// the calls that put traffic back, so it is not made again for each try of those.
type deletedTeller struct {
	functions string // what their ARNs begin with
	now       func() time.Time

	mu      sync.Mutex
	existed map[string]time.Time
}

// askAgainAfter is for how long a function is taken to exist.
const askAgainAfter = time.Minute

// orDeleted returns what the error of a call on a function's alias means: shift.ErrTargetNotFound if
// access was denied to a function that does not exist, or else what the sentinels say.
func (r *Router) orDeleted(ctx context.Context, function string, err error, s sentinels) error {
	if r.deleted == nil || !awserror.IsAccessDenied(err) || r.deleted.hasExisted(function) {
		return meaning(err, s)
	}
	_, unread := r.Tags(ctx, r.deleted.functions+function)
	switch {
	case unread == nil:
		r.deleted.exists(function)
	case errors.Is(unread, shift.ErrFunctionNotFound):
		return fmt.Errorf("%w: %w", shift.ErrTargetNotFound, unread)
	case errors.Is(unread, shift.ErrThrottled):
		return errors.Join(unread, meaning(err, s))
	}
	return meaning(err, s)
}

func (d *deletedTeller) hasExisted(function string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now().Before(d.existed[function].Add(askAgainAfter))
}

func (d *deletedTeller) exists(function string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.existed[function] = d.now()
}
