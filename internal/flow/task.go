package flow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The names of the Wait states.
const (
	BakeState = "Bake"
	TurnState = "AwaitTurn"
)

// Spec is what the definition and the stack need to know of a task.
type Spec struct {
	// State is the name of the task state, Function that of the Lambda behind it.
	State    string
	Function string
	// Field is the field of the Document that the state writes. It is "" if nobody needs
	// the output, or if the output replaces the Document.
	Field   string
	Comment string
	// Timeout is that of the Lambda.
	Timeout time.Duration
	// Limit is how long the state waits for its Lambda. If it is 0, the state waits for
	// the Lambda's Timeout and stateGrace.
	Limit   time.Duration
	Retries []Retry
	// needs are what the Lambda requires of the Document.
	needs []need
}

// stateGrace is how much longer than the Lambda the state waits, so that a try has normally
// ended before its retry starts.
const stateGrace = 5 * time.Second

// StateTimeout is how long the state waits for its Lambda.
func (s Spec) StateTimeout() time.Duration { return cmp.Or(s.Limit, s.Timeout+stateGrace) }

// Task is a task state whose Lambda takes a Document of type D and writes a
// value of type F.
type Task[D, F any] struct{ Spec }

// Handler does the work of a Task.
type Handler[D, F any] func(context.Context, Call[D]) (F, error)

// The tasks, in running order.
var (
	Publish = Task[json.RawMessage, shift.Release]{Spec{
		State: "Publish", Function: "publish-version", Field: "release",
		Comment: "Checks the request, settles its configuration and publishes $LATEST, or takes the given version. From here on the versions are fixed.",
		Timeout: 60 * time.Second, Retries: retries(untilReady(), whileDenied(), whileThrottled()),
	}}
	Open = Task[Document, shift.Deployment]{Spec{
		State: "Open", Function: "open-deployment", Field: "deployment",
		Comment: "Waits for the candidates to be active, takes the lock if it is the deployment's turn, reads what serves now and the alarms, and makes the plan.",
		Timeout: 60 * time.Second, needs: []need{needsRelease}, Retries: retries(untilReady(), untilHealed(), whileUnreadable(), whileDenied(), whileThrottled()),
	}}
	SetWeight = Task[Document, shift.Progress]{Spec{
		State: "SetWeight", Function: "set-weight", Field: "progress",
		Comment: "Moves every target to the plan's next step, unless a freeze, the step's window or its approval keeps it waiting.",
		Timeout: 60 * time.Second, needs: []need{needsPlan, needsNextStep}, Retries: retries(whileThrottled()),
	}}
	CheckAlarms = Task[Document, shift.Progress]{Spec{
		State: "CheckAlarms", Function: "check-alarms", Field: "progress",
		Comment: "Reads the ledger, the alarms and, every 5 minutes, what the targets serve. Judges: go on, wait, hold, or roll back. May ask a function of yours for synthetic requests.",
		Timeout: 30 * time.Second, needs: []need{needsPlan, needsProgress}, Retries: retries(),
	}}
	BeforeHook = Task[Document, *Failure]{Spec{
		State: "BeforeTrafficHook", Function: "run-hooks",
		Comment: "Asks one of your hooks before any traffic is shifted, and waits for its answer.",
		Timeout: hookTimeout, needs: []need{needsPlan, needsHook}, Retries: hookRetries(),
	}}
	NoteBeforeHook = noteHook("NoteBeforeHook")
	AfterHook      = Task[Document, *Failure]{Spec{
		State: "AfterTrafficHook", Function: "run-hooks",
		Comment: "Asks one of your hooks when all traffic is shifted, and waits for its answer.",
		Timeout: hookTimeout, needs: []need{needsPlan, needsHook}, Retries: hookRetries(),
	}}
	NoteAfterHook = noteHook("NoteAfterHook")
	Close         = Task[Document, shift.Summary]{Spec{
		State: "Close", Function: "close-deployment",
		Comment: "Verifies that every target sends all its traffic to its candidate, closes the deployment and announces it.",
		Timeout: 60 * time.Second, needs: []need{needsPlan, needsStep}, Retries: retries(whileThrottled()),
	}}
	Rollback = Task[Document, Undoing]{Spec{
		State: "Rollback", Function: "rollback", Field: "rollback",
		Comment: "Puts every target that was touched back on its stable version, verifies, closes the deployment and announces how it ended.",
		Timeout: 120 * time.Second, Retries: retriesOfRollback(),
	}}
)

// hookTimeout is the longest timeout of a Lambda, because run-hooks waits for the user's
// hook.
const hookTimeout = 900 * time.Second

// noteHook is the task that adds to the failure of a hook which hook it was. A callback hook
// chooses its error and its cause itself, and the Map passes only these two on. A state without a
// Lambda cannot join texts of any length. The traffic goes back after this state, so it does not
// wait for long, and its failure does no harm: the failure of the hook is passed on as it is then.
func noteHook(state string) Task[Document, *Failure] {
	return Task[Document, *Failure]{Spec{
		State: state, Function: "run-hooks", Field: "failure",
		Comment: "Notes which hook has failed. The traffic goes back.",
		Timeout: hookTimeout, Limit: 10 * time.Second, needs: []need{needsPlan, needsHook},
		Retries: []Retry{{Errors: []string{allErrors}, Interval: time.Second, Attempts: 2, Backoff: 1, MaxDelay: 2 * time.Second}},
	}}
}

// NotStarted are Lambda's errors for an invocation of which nothing has run: the function is idle,
// or not ready yet, or its network, file system or key cannot be used (Invoke, Errors). An error
// of Lambda's own (ServiceException) and a lost connection are not among them: the function may
// have run.
var NotStarted = []string{
	"CodeArtifactUserPendingException", "EC2AccessDeniedException", "EC2ThrottledException", "EC2UnexpectedException",
	"EFSMountConnectivityException", "EFSMountFailureException", "EFSMountTimeoutException", "ENILimitReachedException",
	"ENINotReadyException", "InvalidSecurityGroupIDException", "InvalidSubnetIDException", "KMSAccessDeniedException",
	"KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException", "ResourceConflictException",
	"ResourceNotReadyException", "SnapStartNotReadyException", "SubnetIPAddressLimitReachedException",
}

// hookRetries repeats only an invocation, of run-hooks or of the hook, that Lambda refused
// to start. The hook was not asked then. Otherwise a hook is asked only once. The waits are
// long enough for an idle function in a VPC, which takes a minute or more.
func hookRetries() []Retry {
	names := []string{"Lambda.TooManyRequestsException", Throttled, HookNotStarted}
	for _, code := range NotStarted {
		names = append(names, "Lambda."+code) // of run-hooks itself
	}
	return []Retry{{
		Errors: names, Interval: 2 * time.Second, Attempts: shift.HookRetries, Backoff: 2, MaxDelay: 30 * time.Second, Jitter: true,
	}}
}

// Specs lists all tasks, in running order.
func Specs() []Spec {
	return []Spec{
		Publish.Spec, Open.Spec, BeforeHook.Spec, NoteBeforeHook.Spec, SetWeight.Spec, CheckAlarms.Spec,
		AfterHook.Spec, NoteAfterHook.Spec, Close.Spec, Rollback.Spec,
	}
}

// misread is the error for a payload that the task cannot take.
func (s Spec) misread(err error) error {
	if !errors.Is(err, shift.ErrSchemaTooNew) {
		err = fmt.Errorf("%s got a payload that its state does not send: %w", s.Function, err)
	}
	return Wire(err)
}

// Lambda is a Handler in the form that the Lambda runtime calls. It only returns errors of
// type WireError.
type Lambda func(ctx context.Context, payload []byte) ([]byte, error)

// Serve turns the Handler of a Task into a Lambda.
func Serve[D, F any](task Task[D, F], handle Handler[D, F]) Lambda {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var call Call[D]
		if err := json.Unmarshal(payload, &call); err != nil {
			if _, is := any(call.Document).(Document); is { // perhaps of a form that is not known here
				err = cmp.Or(schemaOf(payload).checkSchema(), err)
			}
			return nil, task.misread(err)
		}
		if doc, is := any(call.Document).(Document); is {
			if err := cmp.Or(doc.checkSchema(), doc.check(task.needs)); err != nil {
				return nil, task.misread(err)
			}
		}
		written, err := handle(ctx, call)
		if err != nil {
			return nil, Wire(err)
		}
		text, err := json.Marshal(written)
		if err != nil {
			return nil, Wire(err)
		}
		return text, nil
	}
}
