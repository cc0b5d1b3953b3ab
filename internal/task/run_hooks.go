package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

// HookCaller invokes a user's Lambda.
type HookCaller interface {
	// Ask invokes the hook with an event and waits until it returns. It returns
	// shift.ErrHookFailed when the hook's Lambda fails, and context.DeadlineExceeded when the
	// context ends first. No error quotes the secret, which the event contains.
	Ask(ctx context.Context, function string, event any, secret string) error
}

// HookSucceeder ends the state that waits for a hook.
type HookSucceeder interface {
	// Succeed answers for a hook that succeeds by returning. It returns
	// shift.ErrHookNotAwaited if the answer comes too late.
	Succeed(ctx context.Context, token string) error
}

// HookAwaiter records that the answer of a hook is awaited.
type HookAwaiter interface {
	Await(ctx context.Context, h shift.AwaitedHook, now time.Time) error
}

// ChangeDescriber describes a Change to the users' functions, in the words of its Target's kind.
type ChangeDescriber interface {
	DescribeChange(shift.Change) (any, error)
}

// RunHooks invokes one hook of a Point, and says which one has failed.
type RunHooks struct {
	Hooks  HookCaller
	States HookSucceeder
	Router ChangeDescriber
	// Ledger keeps the hooks that answer to the endpoint.
	Ledger HookAwaiter
	// Wait waits before an answer is repeated; nil is Sleep.
	Wait Wait
	// Timeout bounds how long a hook is waited for; nil is context.WithTimeout.
	Timeout Timeout
	Now     Clock
	// Random is the source of the hooks' ids; nil is crypto/rand.
	Random io.Reader
}

// Handle is the handler of flow.BeforeHook and flow.AfterHook, and of flow.NoteBeforeHook and
// flow.NoteAfterHook, whose Document has the failure of the hook. It fails as soon as the
// hook's Lambda fails. Success ends the state only by the task token. A callback hook returns
// the token by itself, and the endpoint returns it for a CodeDeploy hook.
func (h RunHooks) Handle(ctx context.Context, call flow.Call[flow.Document]) (*flow.Failure, error) {
	hook := *call.Document.Hook
	point := shift.BeforeTraffic
	if call.State == flow.AfterHook.State || call.State == flow.NoteAfterHook.State {
		point = shift.AfterTraffic
	}
	if call.Document.Failure != nil {
		return hookFailure(point, hook, *call.Document.Failure), nil
	}
	ask := h.ask
	if hook.Mode == shift.CodeDeploy {
		ask = h.askAsCodeDeploy
	}
	if err := ask(ctx, call, hook, point); err != nil {
		return nil, err
	}
	if hook.Mode.AnswersLater() {
		return nil, nil
	}
	if err := h.succeed(ctx, call.Token); err != nil {
		// Not wrapped: a throttled error would be retried, and the hook invoked again.
		return nil, fmt.Errorf("%s: answer for it: %v", hookName(point, hook.Function), err)
	}
	return nil, nil
}

// ask asks a hook of Sluice's own protocol.
func (h RunHooks) ask(ctx context.Context, call flow.Call[flow.Document], hook shift.Hook, point shift.Point) error {
	progress := call.Document.Deployment.Start()
	if call.Document.Progress != nil {
		progress = *call.Document.Progress
	}
	targets, err := describeTargets(h.Router, call.Document.Deployment.Changes)
	if err != nil {
		return err
	}
	question := call.Document.Deployment.Question(hook, point, progress, call.Token, targets)
	if err := h.Hooks.Ask(ctx, hook.Function, question, question.TaskToken); err != nil {
		return &hookError{point: point, function: hook.Function, err: err}
	}
	slog.InfoContext(ctx, "hook returned", "deployment", question.DeploymentID, "point", point, "hook", hook.Function, "mode", hook.Mode)
	return nil
}

// askAsCodeDeploy asks a hook as CodeDeploy does. The endpoint finds the task token by the id
// that the hook answers with, so the Ledger must know the hook before it is asked. A failure to
// record it is retried: nothing of the hook has run.
func (h RunHooks) askAsCodeDeploy(ctx context.Context, call flow.Call[flow.Document], hook shift.Hook, point shift.Point) error {
	id, err := hookid.New(h.Random)
	if err != nil {
		return err
	}
	sealed, err := id.Seal(call.Token)
	if err != nil {
		return fmt.Errorf("seal the task token: %w", err)
	}
	now, deployment := h.Now.read(), call.Document.Deployment.ID
	awaited := shift.AwaitedHook{
		Lookup: id.Lookup(), CodeDeployID: flow.CodeDeployID(deployment), Execution: deployment,
		Function: hook.Function, Point: point, Sealed: sealed, Expires: now.Add(hook.Timeout.Duration()),
	}
	if err := h.Ledger.Await(ctx, awaited, now); err != nil {
		return &hookError{point: point, function: hook.Function, err: fmt.Errorf("%w: %w", shift.ErrHookNotStarted, err)}
	}
	log := slog.With("deployment", deployment, "point", point, "hook", hook.Function, "mode", hook.Mode)
	within, cancel := h.Timeout.bound(ctx, shift.MaxReturn.Duration())
	defer cancel()
	err = h.Hooks.Ask(within, hook.Function, shift.LifecycleEvent{DeploymentID: awaited.CodeDeployID, HookID: string(id)}, string(id))
	switch {
	case err != nil && errors.Is(err, context.DeadlineExceeded):
		log.InfoContext(ctx, "hook has not returned, and its answer is awaited", "after", shift.MaxReturn)
	case err != nil:
		return &hookError{point: point, function: hook.Function, err: err}
	default:
		log.InfoContext(ctx, "hook returned")
	}
	return nil
}

// hookFailure says which hook has failed, and why. A hook that answers by task token chooses
// the name of its error itself. That name may be any text, so it becomes a part of the cause.
func hookFailure(point shift.Point, hook shift.Hook, f flow.Failure) *flow.Failure {
	named := hookName(point, hook.Function)
	switch f.Error {
	case flow.DeploymentClosed: // the safety net has answered for the hook
		return &f
	case "States.Timeout":
		return &flow.Failure{Error: flow.HookTimedOut, Cause: fmt.Sprintf("%s did not answer within %s", named, hook.Timeout)}
	}
	name, why := flow.HookFailed, f.Cause
	if report := readReport(f.Cause); report.ErrorType != "" && report.ErrorType == f.Error { // of run-hooks
		name, why = f.Error, strings.TrimPrefix(report.ErrorMessage, named+": ")
	} else if f.Error != "" && f.Error != flow.HookFailed {
		why = strings.TrimSuffix(f.Error+": "+f.Cause, ": ")
	}
	return &flow.Failure{Error: name, Cause: shift.BoundText(named+": "+cmp.Or(why, "it gave no cause"), flow.MaxMessage)}
}

func hookName(point shift.Point, function string) string {
	return fmt.Sprintf("the %s hook %s", point, function)
}

// hookError is why a hook did not pass. Its wire name, HookFailed, says already that the
// hook failed.
type hookError struct {
	point    shift.Point
	function string
	err      error
}

func (e *hookError) Error() string {
	why := strings.TrimPrefix(e.err.Error(), shift.ErrHookFailed.Error()+": ")
	return hookName(e.point, e.function) + ": " + why
}

func (e *hookError) Unwrap() error { return e.err }

// succeed answers for the hook until the answer arrives. The hook has passed: it must not be
// asked again, and one lost answer must not roll the Deployment back.
func (h RunHooks) succeed(ctx context.Context, token string) error {
	err := h.States.Succeed(ctx, token)
	for _, upTo := range insistentDelays {
		if err == nil || ctx.Err() != nil || errors.Is(err, shift.ErrHookNotAwaited) {
			return err
		}
		slog.WarnContext(ctx, "answering again", "error", err)
		h.Wait.pass(ctx, upTo)
		err = h.States.Succeed(ctx, token)
	}
	return err
}

// describeTargets describes Changes to a function of the user's.
func describeTargets(router ChangeDescriber, changes []shift.Change) ([]any, error) {
	targets := make([]any, len(changes))
	for i, c := range changes {
		told, err := router.DescribeChange(c)
		if err != nil {
			return nil, fmt.Errorf("say what is shifted at %s: %w", c.Target, err)
		}
		targets[i] = told
	}
	return targets, nil
}
