package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// ArrivalChecker finds out whether a Target and its Candidate exist.
type ArrivalChecker interface {
	// CheckArrival returns shift.ErrTargetNotFound or shift.ErrFunctionNotFound, with what can be
	// done about it.
	CheckArrival(context.Context, shift.Arrival) error
	// CheckCandidate returns shift.ErrVersionNotFound for a Candidate that is not where the
	// Arrival's Detail says.
	CheckCandidate(context.Context, shift.Arrival) error
}

// FunctionChecker finds out whether a function of the user's exists and may be invoked, without
// running it. It returns shift.ErrHookNotFound for a hook, and shift.ErrSyntheticNotFound for a
// function for synthetic requests.
type FunctionChecker interface {
	Check(ctx context.Context, function string) error
}

// wrongNames are the errors for a name that a person has to correct.
var wrongNames = []error{shift.ErrTargetNotFound, shift.ErrFunctionNotFound, shift.ErrVersionNotFound, shift.ErrAlarmNotFound, shift.ErrHookNotFound, shift.ErrSyntheticNotFound}

// problems are what is wrong with a request, told together.
type problems []error

func (p problems) Error() string {
	texts := make([]string, len(p))
	for i, err := range p {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (p problems) Unwrap() []error { return p }

// checkNames checks that all Targets, alarms, hooks and the function for synthetic requests that a
// Release names exist. It returns all wrong names together, so that a person can correct them at
// once. What cannot be checked at the moment is left to Open, and to the functions' turn.
func (h PublishVersion) checkNames(ctx context.Context, release shift.Release) error {
	var wrong problems
	note := func(_ string, err error) {
		switch {
		case err == nil:
		case slices.ContainsFunc(wrongNames, func(sentinel error) bool { return errors.Is(err, sentinel) }):
			wrong = append(wrong, request.AttributeToTag(release, err))
		default:
			slog.WarnContext(ctx, "not checked", "error", err)
		}
	}
	h.checkTargets(ctx, release, note)
	h.checkAlarms(ctx, release, note)
	h.checkHooks(ctx, release, note)
	h.checkSynthetic(ctx, release, note)
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// noter takes what is wrong, or could not be checked, with the path in an input of what it is
// about. It ignores nil.
type noter func(path string, err error)

func (h PublishVersion) checkTargets(ctx context.Context, release shift.Release, note noter) {
	for i, a := range release.Arrivals {
		note(targetPath(i), h.checkTarget(ctx, release, a))
	}
}

// checkTarget checks that a Target exists, unless the Deployment may create it, and its Candidate.
func (h PublishVersion) checkTarget(ctx context.Context, release shift.Release, a shift.Arrival) error {
	if err := h.Versions.CheckCandidate(ctx, a); err != nil {
		return err
	}
	if rules, err := h.Versions.Rules(a.Target); err == nil && rules.Creates && release.Options.CreateTarget {
		return nil
	}
	return h.Versions.CheckArrival(ctx, a)
}

// checkAlarms leaves to Open what an alarm's state means.
func (h PublishVersion) checkAlarms(ctx context.Context, release shift.Release, note noter) {
	alarms, err := h.Alarms.Alarms(ctx, release.Alarms)
	note(alarmsField, err)
	for i, a := range alarms {
		note(alarmPath(i), a.CheckExists())
	}
}

func (h PublishVersion) checkHooks(ctx context.Context, release shift.Release, note noter) {
	for _, function := range release.Hooks.Functions() {
		if err := h.Hooks.Check(ctx, function); err != nil {
			note(hookPath(release.Hooks, function), fmt.Errorf("check the hook %s: %w", function, err))
		}
	}
}

func (h PublishVersion) checkSynthetic(ctx context.Context, release shift.Release, note noter) {
	if s := release.Judging.Synthetic; s.On() {
		if err := h.Synthetic.Check(ctx, s.Function); err != nil {
			note(syntheticPath, fmt.Errorf("check %s, which is to send synthetic requests: %w", s.Function, err))
		}
	}
}
