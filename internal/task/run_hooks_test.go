package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

// passingHook is a hook that passes. Its answers fail with the given errors, one after the
// other, and then arrive.
type passingHook struct {
	failures []error
}

func (p *passingHook) Succeed(context.Context, string) error {
	if len(p.failures) == 0 {
		return nil
	}
	err := p.failures[0]
	p.failures = p.failures[1:]
	return err
}

func TestAnAnswerIsRepeatedUntilItArrivesOrNobodyWaits(t *testing.T) {
	t.Parallel()
	throttled, late := fmt.Errorf("report: %w", shift.ErrThrottled), fmt.Errorf("report: %w", shift.ErrHookNotAwaited)
	var always []error
	for range 100 {
		always = append(always, throttled)
	}
	for name, test := range map[string]struct {
		failures []error
		waits    int
		err      error
	}{
		"it arrives":                 {nil, 0, nil},
		"throttled, then it arrives": {[]error{throttled, errors.New("connection reset"), throttled}, 3, nil},
		"nobody waits any more":      {[]error{throttled, late}, 1, shift.ErrHookNotAwaited},
		"throttled for good":         {always, len(insistentDelays), shift.ErrThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waits := 0
			h := RunHooks{States: &passingHook{failures: test.failures}, Wait: func(context.Context, time.Duration) { waits++ }}
			assert.ErrorIs(t, h.succeed(t.Context(), "token"), test.err)
			assert.Equal(t, test.waits, waits)
		})
	}
}

// describing describes every Change alike.
type describing struct{}

func (describing) DescribeChange(shift.Change) (any, error) { return nil, nil }

func (*passingHook) Ask(context.Context, string, any, string) error { return nil }

// The state machine retries what is throttled: it would ask the hook again, which has passed.
func TestAnAnswerThatDoesNotArriveIsNoReasonToAskTheHookAgain(t *testing.T) {
	t.Parallel()
	var always []error
	for range 100 {
		always = append(always, fmt.Errorf("report: %w", shift.ErrThrottled))
	}
	passing := &passingHook{failures: always}
	h := RunHooks{Hooks: passing, States: passing, Router: describing{}, Wait: atOnce}
	call := newStage(t, ordersChange).document(nil)
	call.State, call.Document.Hook = flow.BeforeHook.State, &shift.Hook{Function: "smoke"}
	_, err := h.Handle(t.Context(), call)
	require.ErrorContains(t, err, "throttled")
	assert.NotErrorIs(t, err, shift.ErrThrottled)
}

// A hook that answers by task token chooses the error and the cause of its failure. Step Functions
// passes on only these two.
func TestAFailureOfAHookSaysWhichHookItWas(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40_000)
	for name, test := range map[string]struct {
		state   string
		failure flow.Failure
		want    flow.Failure
	}{
		"a callback that says no": {flow.NoteBeforeHook.State, flow.Failure{Error: "TestsFailed", Cause: "3 of 9"},
			flow.Failure{Error: flow.HookFailed, Cause: "the BeforeTraffic hook smoke: TestsFailed: 3 of 9"}},
		"after the traffic": {flow.NoteAfterHook.State, flow.Failure{Error: flow.HookFailed, Cause: "3 of 9"},
			flow.Failure{Error: flow.HookFailed, Cause: "the AfterTraffic hook smoke: 3 of 9"}},
		"a callback without a cause": {flow.NoteAfterHook.State, flow.Failure{Error: "TestsFailed"},
			flow.Failure{Error: flow.HookFailed, Cause: "the AfterTraffic hook smoke: TestsFailed"}},
		"a callback without an error": {flow.NoteAfterHook.State, flow.Failure{Cause: "3 of 9"},
			flow.Failure{Error: flow.HookFailed, Cause: "the AfterTraffic hook smoke: 3 of 9"}},
		"a callback with neither": {flow.NoteBeforeHook.State, flow.Failure{},
			flow.Failure{Error: flow.HookFailed, Cause: "the BeforeTraffic hook smoke: it gave no cause"}},
		"a callback that takes a name of ours": {flow.NoteBeforeHook.State, flow.Failure{Error: flow.DeploymentRestoring, Cause: "no"},
			flow.Failure{Error: flow.HookFailed, Cause: "the BeforeTraffic hook smoke: DeploymentRestoring: no"}},
		"the safety net answers for the hook": {flow.NoteBeforeHook.State, flow.Failure{Error: flow.DeploymentClosed, Cause: "it ended as Rejected"},
			flow.Failure{Error: flow.DeploymentClosed, Cause: "it ended as Rejected"}},
		"a callback whose cause is JSON": {flow.NoteBeforeHook.State, flow.Failure{Error: "TestsFailed", Cause: `{"failed": 3}`},
			flow.Failure{Error: flow.HookFailed, Cause: `the BeforeTraffic hook smoke: TestsFailed: {"failed": 3}`}},
		"a callback whose cause is the report of another error": {flow.NoteBeforeHook.State, flow.Failure{Error: "TestsFailed", Cause: `{"errorMessage": "no", "errorType": "Other"}`},
			flow.Failure{Error: flow.HookFailed, Cause: `the BeforeTraffic hook smoke: TestsFailed: {"errorMessage": "no", "errorType": "Other"}`}},
		"a long cause": {flow.NoteBeforeHook.State, flow.Failure{Error: flow.HookFailed, Cause: long},
			flow.Failure{Error: flow.HookFailed, Cause: shift.BoundText("the BeforeTraffic hook smoke: "+long, flow.MaxMessage)}},
		"no answer in time": {flow.NoteBeforeHook.State, flow.Failure{Error: "States.Timeout"},
			flow.Failure{Error: flow.HookTimedOut, Cause: "the BeforeTraffic hook smoke did not answer within 1m30s"}},
		"a hook that run-hooks has named": {flow.NoteBeforeHook.State, flow.Failure{Error: "HookNotFound", Cause: `{"errorMessage": "the BeforeTraffic hook smoke: it is gone", "errorType": "HookNotFound"}`},
			flow.Failure{Error: "HookNotFound", Cause: "the BeforeTraffic hook smoke: it is gone"}},
		"run-hooks broke": {flow.NoteBeforeHook.State, flow.Failure{Error: "Runtime.ExitError", Cause: `{"errorMessage": "killed", "errorType": "Runtime.ExitError"}`},
			flow.Failure{Error: "Runtime.ExitError", Cause: "the BeforeTraffic hook smoke: killed"}},
		"run-hooks could not be invoked": {flow.NoteBeforeHook.State, flow.Failure{Error: "Lambda.TooManyRequestsException", Cause: "Rate Exceeded"},
			flow.Failure{Error: flow.HookFailed, Cause: "the BeforeTraffic hook smoke: Lambda.TooManyRequestsException: Rate Exceeded"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := newStage(t, ordersChange).document(nil)
			call.State, call.Document.Failure = test.state, &test.failure
			call.Document.Hook = &shift.Hook{Function: "smoke", Mode: shift.Callback, Timeout: 90}
			noted, err := RunHooks{}.Handle(t.Context(), call) // asks nobody
			require.NoError(t, err)
			assert.Equal(t, &test.want, noted)
		})
	}
}

// hook is a hook that passes.
type hook struct {
	faults    *faults
	asked     []string
	questions []any
	secrets   []string
	succeeded []string
	awaited   []shift.AwaitedHook
	bounds    []time.Duration
	hangs     bool
}

// bound is a Timeout that is over at once, if the hook hangs.
func (h *hook) bound(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	h.bounds = append(h.bounds, after)
	if h.hangs {
		return context.WithTimeout(ctx, 0)
	}
	return ctx, func() {}
}

func (h *hook) Ask(ctx context.Context, function string, event any, secret string) error {
	h.asked, h.questions, h.secrets = append(h.asked, function), append(h.questions, event), append(h.secrets, secret)
	if _, bounded := ctx.Deadline(); bounded {
		<-ctx.Done()
		return fmt.Errorf("canceled, %w", ctx.Err())
	}
	return h.faults.next("Ask")
}

func (h *hook) Await(_ context.Context, a shift.AwaitedHook, _ time.Time) error {
	h.awaited = append(h.awaited, a)
	return h.faults.next("Await")
}

func (h *hook) Succeed(_ context.Context, token string) error {
	h.succeeded = append(h.succeeded, token)
	return h.faults.next("Succeed")
}

func (h *hook) DescribeChange(c shift.Change) (any, error) {
	return "what is shifted at " + string(c.Target), h.faults.next("DescribeChange")
}

func (s *stage) ask(ctx context.Context, h *hook, state string, mode shift.HookMode, p *shift.Progress) (*flow.Failure, error) {
	call := s.document(p)
	call.State, call.Token, call.Document.Hook = state, "token", &shift.Hook{Function: "smoke", Mode: mode, Timeout: 90}
	return RunHooks{Hooks: h, States: h, Router: h, Ledger: h, Wait: atOnce, Now: func() time.Time { return noon }, Timeout: h.bound}.Handle(ctx, call)
}

func runHooks(mode shift.HookMode) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		_, err := s.ask(ctx, &hook{faults: s.book.faults}, flow.BeforeHook.State, mode, nil)
		return err
	}
}

func TestAHookIsAskedWhatItsPointIsAbout(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange, billingChange)
	targets := []any{"what is shifted at lambda:orders:live", "what is shifted at lambda:billing:live"}
	for _, test := range []struct {
		state    string
		mode     shift.HookMode
		progress *shift.Progress
		want     shift.Question
	}{
		{flow.BeforeHook.State, shift.Sync, nil, shift.Question{DeploymentID: first, Point: shift.BeforeTraffic, Targets: targets}},
		{flow.AfterHook.State, shift.Callback, &shift.Progress{Step: 3, Weight: shift.All},
			shift.Question{DeploymentID: first, Point: shift.AfterTraffic, Targets: targets, Step: 3, Weight: shift.All, TaskToken: "token"}},
	} {
		h := &hook{}
		failure, err := s.ask(t.Context(), h, test.state, test.mode, test.progress)
		require.NoError(t, err)
		assert.Nil(t, failure)
		assert.Equal(t, []string{"smoke"}, h.asked)
		assert.Equal(t, []any{test.want}, h.questions)
		assert.Equal(t, []string{test.want.TaskToken}, h.secrets)
		if test.mode == shift.Sync {
			assert.Equal(t, []string{"token"}, h.succeeded)
		} else {
			assert.Empty(t, h.succeeded, "it answers by itself")
		}
	}
	failing := &hook{faults: &faults{name: "Ask", from: 1, err: fmt.Errorf("%w: 3 of 9", shift.ErrHookFailed), counts: map[string]int{}}}
	_, err := s.ask(t.Context(), failing, flow.AfterHook.State, shift.Sync, nil)
	require.ErrorIs(t, err, shift.ErrHookFailed)
	require.EqualError(t, err, "the AfterTraffic hook smoke: 3 of 9")
	assert.Empty(t, failing.succeeded)
}

func TestAnAnswerIsNotRepeatedWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := &hook{faults: &faults{name: "Succeed", from: 1, err: errLost, counts: map[string]int{}}}
	err := RunHooks{States: h, Wait: atOnce}.succeed(ctx, "token")
	require.ErrorIs(t, err, errLost)
	assert.Len(t, h.succeeded, 1)
}

// A hook that was written for CodeDeploy gets what CodeDeploy sends, and nothing else. The Ledger
// knows of it before, and has neither its id nor its token.
func TestAHookOfCodeDeploysIsAskedAsCodeDeployAsks(t *testing.T) {
	t.Parallel()
	s, h := newStage(t, ordersChange), &hook{}
	failure, err := s.ask(t.Context(), h, flow.AfterHook.State, shift.CodeDeploy, nil)
	require.NoError(t, err)
	assert.Nil(t, failure)
	assert.Equal(t, []string{"smoke"}, h.asked)
	assert.Empty(t, h.succeeded, "its return is no answer")
	text, err := json.Marshal(h.questions[0])
	require.NoError(t, err)
	var event map[string]string
	require.NoError(t, json.Unmarshal(text, &event))
	id := hookid.ID(event["LifecycleEventHookExecutionId"])
	assert.Equal(t, map[string]string{"DeploymentId": flow.CodeDeployID(first), "LifecycleEventHookExecutionId": string(id)}, event)
	assert.Equal(t, []string{string(id)}, h.secrets)
	_, ok := hookid.Parse(string(id))
	assert.True(t, ok)

	require.Len(t, h.awaited, 1)
	opened, err := id.Open(h.awaited[0].Sealed)
	require.NoError(t, err)
	assert.Equal(t, "token", opened)
	assert.Equal(t, shift.AwaitedHook{
		Lookup: id.Lookup(), CodeDeployID: flow.CodeDeployID(first), Execution: first, Function: "smoke", Point: shift.AfterTraffic,
		Sealed: h.awaited[0].Sealed, Expires: noon.Add(90 * time.Second),
	}, h.awaited[0])

	other := &hook{}
	_, err = s.ask(t.Context(), other, flow.BeforeHook.State, shift.CodeDeploy, nil)
	require.NoError(t, err)
	assert.NotEqual(t, h.secrets, other.secrets, "each hook has an id of its own")
}

func TestAHookOfCodeDeploysThatDoesNotReturnIsAwaited(t *testing.T) {
	t.Parallel()
	h := &hook{hangs: true}
	_, err := newStage(t, ordersChange).ask(t.Context(), h, flow.BeforeHook.State, shift.CodeDeploy, nil)
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{835 * time.Second}, h.bounds)
	assert.Less(t, h.bounds[0], flow.BeforeHook.Timeout, "run-hooks itself must end before")
}

func TestAHookOfCodeDeploysFailsAtOnceWithItsLambda(t *testing.T) {
	t.Parallel()
	failing := &hook{faults: &faults{name: "Ask", from: 1, err: fmt.Errorf("%w: 3 of 9", shift.ErrHookFailed), counts: map[string]int{}}}
	_, err := newStage(t, ordersChange).ask(t.Context(), failing, flow.BeforeHook.State, shift.CodeDeploy, nil)
	require.ErrorIs(t, err, shift.ErrHookFailed)
	require.EqualError(t, err, "the BeforeTraffic hook smoke: 3 of 9")
}

// Nothing of the hook has run, so the state machine tries again.
func TestAHookThatTheLedgerDoesNotKnowIsNotAsked(t *testing.T) {
	t.Parallel()
	h := &hook{faults: &faults{name: "Await", from: 1, err: errLost, counts: map[string]int{}}}
	_, err := newStage(t, ordersChange).ask(t.Context(), h, flow.BeforeHook.State, shift.CodeDeploy, nil)
	assert.Equal(t, flow.HookNotStarted, flow.Wire(err).Name)
	require.ErrorContains(t, err, "the BeforeTraffic hook smoke: ")
	assert.Empty(t, h.asked)
	assert.Contains(t, flow.BeforeHook.Retries[0].Errors, flow.HookNotStarted)
}
