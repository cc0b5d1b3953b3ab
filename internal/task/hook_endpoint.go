package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// HookAnswers records the answers of hooks that were written for CodeDeploy.
type HookAnswers interface {
	// Answer records an answer, unless the hook has answered before. It returns the hook as it
	// was before. It returns shift.ErrHookUnknown, or shift.ErrHookAnswered if the hook has given
	// the other answer.
	Answer(ctx context.Context, a shift.HookAnswer, now time.Time) (shift.AwaitedHook, error)
}

// HookStates ends the states that wait for hooks. Both methods return shift.ErrHookNotAwaited if
// the state has ended already. No error quotes the token.
type HookStates interface {
	HookSucceeder
	Fail(ctx context.Context, token, name, cause string) error
}

// HookEndpoint answers PutLifecycleEventHookExecutionStatus as CodeDeploy does. Anybody can call
// it, and only the id of a hook that is awaited leads anywhere. It logs and keeps nothing of a
// request but the answer: the headers have the caller's credentials, and the body has the id.
type HookEndpoint struct {
	Ledger HookAnswers
	States HookStates
	Now    Clock
}

// Handle is the handler of flow.HookEndpoint: of a request to its URL. It returns no error.
// Lambda would turn one into an answer that no SDK understands.
func (h HookEndpoint) Handle(ctx context.Context, payload []byte) ([]byte, error) {
	answer, requestID, err := request.DecodeLifecycleAnswer(payload)
	if err == nil {
		err = h.answer(ctx, answer)
	}
	var refused *request.LifecycleError
	switch {
	case err == nil:
		return urlResponse(http.StatusOK, requestID, struct {
			ID string `json:"lifecycleEventHookExecutionId"`
		}{string(answer.ID)})
	case errors.As(err, &refused):
		slog.WarnContext(ctx, "answer refused", "reason", refused.Type)
		return urlResponse(http.StatusBadRequest, requestID, wireError{refused.Type, refused.Message})
	}
	slog.ErrorContext(ctx, "answer not taken", "error", shift.BoundText(err.Error(), flow.MaxMessage))
	return urlResponse(http.StatusInternalServerError, requestID, wireError{"InternalFailure", "try again"})
}

// answer records an answer, and then ends the state that waits for it. If a try fails between the
// two, the SDK of the hook repeats it.
func (h HookEndpoint) answer(ctx context.Context, a request.LifecycleAnswer) error {
	hook, err := h.Ledger.Answer(ctx, shift.HookAnswer{Lookup: a.ID.Lookup(), CodeDeployID: a.DeploymentID, Status: a.Status}, h.Now.read())
	switch {
	case errors.Is(err, shift.ErrHookUnknown):
		return request.ErrLifecycleID
	case errors.Is(err, shift.ErrHookAnswered):
		return request.ErrLifecycleCompleted
	case err != nil:
		return err
	}
	token, err := a.ID.Open(hook.Sealed)
	if err != nil {
		return fmt.Errorf("%w: the hook %s: %w", shift.ErrLedgerDamaged, hook.Function, err)
	}
	if a.Status == shift.LifecycleSucceeded {
		err = h.States.Succeed(ctx, token)
	} else {
		err = h.States.Fail(ctx, token, flow.HookFailed, "it answered "+string(a.Status))
	}
	isFirst := hook.Status == ""
	if errors.Is(err, shift.ErrHookNotAwaited) {
		if isFirst { // it timed out, or its execution has ended
			return request.ErrLifecycleID
		}
		err = nil // an earlier try has ended the state
	}
	if err == nil {
		slog.InfoContext(ctx, "hook answered", "deployment", hook.Execution, "point", hook.Point, "hook", hook.Function, "status", a.Status, "first", isFirst)
	}
	return err
}

// wireError is an error in the protocol AWS JSON 1.1.
type wireError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// urlResponse encodes a response of the function's URL (Lambda Developer Guide, Invoking Lambda
// function URLs, response payload format).
func urlResponse(status int, requestID string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{"Content-Type": "application/x-amz-json-1.1"}
	if requestID != "" {
		headers["x-amzn-RequestId"] = requestID
	}
	return json.Marshal(struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers"`
		Body       string            `json:"body"`
	}{status, headers, string(text)})
}
