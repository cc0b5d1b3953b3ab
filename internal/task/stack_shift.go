package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
)

// StackLedger is what stack-shift needs of the Ledger.
type StackLedger interface {
	// Record reads a record, or returns shift.ErrDeploymentUnknown.
	Record(ctx context.Context, id string) (shift.Record, error)
	// Memory reads what is remembered of a custom resource. It is empty if nothing is.
	Memory(ctx context.Context, resource string) (stackshift.Memory, error)
	// Supersede stores that a request is the newest of its custom resource, and that the stack goes
	// back to its properties. It returns what is remembered, or stackshift.ErrLate if a newer one has
	// come before.
	Supersede(ctx context.Context, r stackshift.Request, at time.Time) (stackshift.Memory, error)
	// Began returns the input of the execution that a request has begun, or nil.
	Began(ctx context.Context, r stackshift.Request) (json.RawMessage, error)
	// Remember stores the shift that a request begins, and that the request waits for it. It
	// returns the input that counts: that of the first try. It returns stackshift.ErrLate if a newer
	// request of the resource has come, and stackshift.ErrDecided if another try has decided this one
	// since m.Signed was read.
	Remember(ctx context.Context, m stackshift.Memory, w stackshift.Waiter, input json.RawMessage, at time.Time) (json.RawMessage, error)
	// Replace stores what is remembered from now on, without a shift. It returns
	// stackshift.ErrLate if a newer request of the resource has come.
	Replace(ctx context.Context, r stackshift.Request, m stackshift.Memory, at time.Time) error
	// AwaitEnd stores that a request waits for an execution.
	AwaitEnd(ctx context.Context, w stackshift.Waiter, at time.Time) error
	// Waiters lists the requests that wait for an execution.
	Waiters(ctx context.Context, execution string) ([]stackshift.Waiter, error)
	// Answered stores that a request was answered, if it waits.
	Answered(ctx context.Context, w stackshift.Waiter) error
}

// Stacks are the account's CloudFormation stacks.
type Stacks interface {
	// Status returns the status of a stack, such as UPDATE_IN_PROGRESS.
	Status(ctx context.Context, stackID string) (string, error)
	// Answer sends an answer to the URL at which CloudFormation waits. It returns
	// stackshift.ErrNotAwaited if it waits no longer.
	Answer(ctx context.Context, url string, body []byte) error
}

// StackExecutions starts executions of the state machine, and says whether one has ended.
type StackExecutions interface {
	// Start starts an execution with a name, unless that name was started before.
	Start(ctx context.Context, name string, input json.RawMessage) error
	// Ended says whether an execution has ended, or returns shift.ErrExecutionUnknown.
	Ended(ctx context.Context, id string) (bool, error)
}

// DeploymentConfigs are CodeDeploy's deployment configurations.
type DeploymentConfigs interface {
	// Strategy returns the strategy that a configuration is, as an input has it.
	Strategy(ctx context.Context, name string) (json.RawMessage, error)
}

// Aborter asks the safety net to abort a Deployment. It returns shift.ErrDeploymentClosed for one
// that has ended, and shift.ErrDeploymentUnknown for one that nobody knows.
type Aborter interface {
	Abort(ctx context.Context, id string, t shift.Target, reason string, at time.Time) error
}

// StackShift shifts the aliases of CloudFormation stacks. It is the function behind their custom
// resource, and it is invoked by Sluice's announcements, too: they end the waiting of a stack.
type StackShift struct {
	Ledger     StackLedger
	Stacks     Stacks
	Executions StackExecutions
	Router     RouteReader
	Configs    DeploymentConfigs
	Net        Aborter
	// StateMachine is the ARN of the state machine.
	StateMachine string
	// Wait is for what is tried again; nil is Sleep.
	Wait Wait
	// Pause is for aliases that are read again; nil is the real clock.
	Pause Pause
	// Now is the clock; nil is time.Now.
	Now Clock
}

// Handle is the Lambda's handler. If it returns an error, it is invoked again: everything that it
// does may safely be repeated.
func (h StackShift) Handle(ctx context.Context, raw []byte) ([]byte, error) {
	execution, announced := h.announced(raw)
	var err error
	if announced {
		err = h.settle(ctx, execution)
	} else {
		err = h.serveEvent(ctx, raw)
	}
	if err != nil {
		return nil, flow.Wire(err)
	}
	return []byte("{}"), nil
}

// announced returns the name of the execution whose Outcome an event announces. The event only
// says where to look: the Outcome is read from the Ledger, because anybody who may invoke the
// function can write an event.
func (h StackShift) announced(raw []byte) (execution string, is bool) {
	var event struct {
		DetailType string `json:"detail-type"`
		Detail     struct {
			DeploymentID string `json:"deploymentId"`
		} `json:"detail"`
	}
	if json.Unmarshal(raw, &event) != nil || event.DetailType != flow.AnnouncementDetailType {
		return "", false
	}
	execution, _ = strings.CutPrefix(event.Detail.DeploymentID, h.executionARN(""))
	return execution, true
}

func (h StackShift) executionARN(name string) string {
	return strings.Replace(h.StateMachine, ":stateMachine:", ":execution:", 1) + ":" + name
}

func (h StackShift) region() string {
	if parts := strings.Split(h.StateMachine, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}

func (h StackShift) serveEvent(ctx context.Context, raw []byte) error {
	r, err := stackshift.DecodeRequest(raw)
	if err == nil {
		err = stackshift.CheckResponseURL(r.ResponseURL, h.region())
	}
	if err != nil { // nobody waits for an answer
		slog.WarnContext(ctx, "ignored", "why", err)
		return nil
	}
	return h.serve(ctx, r)
}

// serve does what a request asks for, as far as it can be done now, and answers the request. An
// error that stays is the answer, so that CloudFormation need not wait for its timeout.
func (h StackShift) serve(ctx context.Context, r stackshift.Request) error {
	slog.InfoContext(ctx, "asked by CloudFormation", "request", r.Type, "stack", r.StackID, "resource", r.LogicalID)
	answer, back, err := h.decide(ctx, r)
	began, delays := h.Now.read(), safetyNetDelays
	for err != nil && ctx.Err() == nil && !isPermanent(err) {
		switch {
		case h.isDeniedYet(r, err, began):
			h.Pause.wait(ctx, deniedDelay)
		case len(delays) > 0:
			h.Wait.pass(ctx, delays[0])
			delays = delays[1:]
		default:
			return h.finish(ctx, r, answer, back, err)
		}
		slog.WarnContext(ctx, "trying again", "error", flow.Wire(err).Message)
		answer, back, err = h.decide(ctx, r)
	}
	return h.finish(ctx, r, answer, back, err)
}

// A permission that is missing may be given within deniedPatience. An update that adopts a function
// gives it the tag by which Sluice may look at its alias, and IAM may know the tag only later. The
// Lambda has time for that, and for one try after it.
const (
	deniedPatience = flow.StackShiftTimeout - 30*time.Second
	deniedDelay    = 5 * time.Second
)

// isDeniedYet says whether to wait for a permission. A deletion does not: its functions may be gone,
// with the tags.
func (h StackShift) isDeniedYet(r stackshift.Request, err error, began time.Time) bool {
	return r.Type != stackshift.Delete && isDenied(err) && h.Now.read().Sub(began) < deniedPatience
}

func isDenied(err error) bool { return flow.Wire(err).Name == flow.AccessDenied }

// finish answers a request that was decided, unless it waits.
func (h StackShift) finish(ctx context.Context, r stackshift.Request, answer *stackshift.Answer, back *stackshift.Memory, err error) error {
	switch {
	case err != nil && r.Type == stackshift.Delete:
		// A deletion must not keep the stack from going.
		slog.ErrorContext(ctx, "deleted all the same", "stack", r.StackID, "error", flow.Wire(err).Message)
		done := r.Succeed(nil)
		answer, back = &done, &stackshift.Memory{}
	case err != nil: // what the request takes back may be open, and is looked at again when it has ended
		failed := r.Fail(flow.Wire(err).Message)
		answer, back = &failed, &stackshift.Memory{}
	case answer == nil:
		return nil // it waits
	}
	if err := h.send(ctx, r, *answer); err != nil || back == nil {
		return err
	}
	return h.answered(ctx, r, *back)
}

// answered stores that a request waits no longer, neither for an execution of its own nor for the one
// that it takes back. A slow try may have stored that it waits when the end was announced already, and
// then nobody else forgets it. That is not done before the answer is sent, or nobody would send it if
// this try were stopped in between.
func (h StackShift) answered(ctx context.Context, r stackshift.Request, back stackshift.Memory) error {
	for _, execution := range []string{back.Execution, r.Execution()} {
		if execution == "" {
			continue
		}
		if err := h.Ledger.Answered(ctx, stackshift.Waiter{Execution: execution, Request: r}); err != nil {
			return err
		}
	}
	return nil
}

func isPermanent(err error) bool {
	var wrong *stackshift.PropertiesError
	return errors.As(err, &wrong) || errors.Is(err, errUnfit) || !shift.HealsSoon(err)
}

// errUnfit is the error for a request that can never be done.
var errUnfit = errors.New("cannot be shifted")

// send sends the answer to a request.
func (h StackShift) send(ctx context.Context, r stackshift.Request, a stackshift.Answer) error {
	body, err := a.Encode()
	if err != nil {
		return err
	}
	if err := h.put(ctx, r.ResponseURL, body); err != nil {
		return fmt.Errorf("answer CloudFormation: %w", err)
	}
	slog.InfoContext(ctx, "answered CloudFormation", "stack", r.StackID, "resource", r.LogicalID, "status", a.Status, "reason", a.Reason)
	return nil
}

// put sends an answer. One that nobody waits for any more is dropped: CloudFormation has gone on
// without it, and asked for what it needs by another request.
func (h StackShift) put(ctx context.Context, to string, body []byte) error {
	err := h.Stacks.Answer(ctx, to, body)
	if errors.Is(err, stackshift.ErrNotAwaited) {
		slog.WarnContext(ctx, "answer dropped", "why", err)
		return nil
	}
	return err
}

// decide does what a request asks for. It returns the answer, or nil if the request has to wait
// for an execution, or if CloudFormation does not wait for an answer any more. For a request that
// takes something back it returns what is remembered, too.
func (h StackShift) decide(ctx context.Context, r stackshift.Request) (answer *stackshift.Answer, back *stackshift.Memory, err error) {
	answer, back, err = h.decideInTurn(ctx, r)
	if errors.Is(err, stackshift.ErrLate) {
		slog.InfoContext(ctx, "ignored", "why", err, "stack", r.StackID)
		return nil, back, nil
	}
	return answer, back, err
}

// decideInTurn is decide. It returns stackshift.ErrLate for a request after which a newer one has come.
func (h StackShift) decideInTurn(ctx context.Context, r stackshift.Request) (answer *stackshift.Answer, back *stackshift.Memory, err error) {
	if r.Type == stackshift.Delete {
		return h.takesBack(ctx, r, func(m stackshift.Memory) (*stackshift.Answer, error) { return h.delete(ctx, r, m) })
	}
	memory, err := h.Ledger.Memory(ctx, r.Resource())
	if err != nil {
		return nil, nil, err
	}
	if signed := r.Signed(h.Now.read()); signed != "" && signed < memory.Signed {
		return nil, nil, stackshift.ErrLate
	}
	properties, err := stackshift.DecodeProperties(r.Properties)
	if err != nil {
		return nil, nil, err
	}
	rollsBack, late, err := h.rollsBack(ctx, r, properties, memory)
	switch {
	case err != nil:
		return nil, nil, err
	case late:
		slog.InfoContext(ctx, "ignored", "why", "CloudFormation does not wait for this request any more", "stack", r.StackID)
		return nil, nil, nil
	case rollsBack:
		return h.takesBack(ctx, r, func(m stackshift.Memory) (*stackshift.Answer, error) { return h.back(ctx, r, properties, m) })
	}
	answer, err = h.forward(ctx, r, properties, memory)
	return answer, nil, err
}

// takesBack does what a request asks for that takes something back, from what is remembered.
func (h StackShift) takesBack(ctx context.Context, r stackshift.Request, do func(stackshift.Memory) (*stackshift.Answer, error)) (*stackshift.Answer, *stackshift.Memory, error) {
	m, err := h.Ledger.Supersede(ctx, r, h.Now.read())
	if err != nil {
		return nil, &m, err
	}
	answer, err := do(m)
	return answer, &m, err
}

// rollsBack says whether the stack takes back an update, or whether the request is late.
func (h StackShift) rollsBack(ctx context.Context, r stackshift.Request, now stackshift.Properties, m stackshift.Memory) (back, late bool, err error) {
	status, err := h.Stacks.Status(ctx, r.StackID)
	if err == nil {
		return stackshift.RollsBack(status), !stackshift.InProgress(status), nil
	}
	if m.Execution == r.Execution() { // it has begun its shift, and no newer request has come
		return false, false, nil
	}
	old, unreadable := stackshift.DecodeProperties(r.OldProperties)
	if unreadable == nil && m.Mirrors(now, old) {
		slog.WarnContext(ctx, "taken for a rollback, because the stack cannot be read", "stack", r.StackID, "error", err)
		return true, false, nil
	}
	return false, false, fmt.Errorf("read whether the stack rolls back: %w", err)
}

// forward shifts the aliases to the versions of the properties. It answers when nothing is to be
// shifted, or when CloudFormation is not to wait.
func (h StackShift) forward(ctx context.Context, r stackshift.Request, p stackshift.Properties, before stackshift.Memory) (*stackshift.Answer, error) {
	data := p.Wanted()
	input, err := h.Ledger.Began(ctx, r)
	switch {
	case err == nil && input == nil:
		if input, data, err = h.arrange(ctx, r, p, before); err == nil && input == nil {
			return h.done(ctx, r, p, data)
		}
	default:
		data = before.RecordedOr(data)
	}
	if err != nil {
		return nil, err
	}
	if err := h.Executions.Start(ctx, r.Execution(), input); err != nil {
		return nil, err
	}
	if p.NoWait || p.Handle != "" {
		answer := r.Succeed(data)
		return &answer, nil
	}
	return nil, h.settle(ctx, r.Execution()) // a repetition of a request may find that it has ended
}

// arrange returns the input of the execution that a request needs, or nil if nothing is to be
// shifted, and the versions to answer. It remembers the request in place of the one before: what
// an earlier update has shifted is nothing that a rollback of this one undoes.
func (h StackShift) arrange(ctx context.Context, r stackshift.Request, p stackshift.Properties, before stackshift.Memory) (input json.RawMessage, data map[string]string, err error) {
	if before.IsIdle(r) {
		return nil, before.RecordedOr(p.Wanted()), nil
	}
	serving, err := h.serving(ctx, p.Targets)
	if err != nil {
		return nil, nil, err
	}
	todo, moves := serving.ToShift(p.Targets)
	kept, err := h.keep(ctx, r, todo, before)
	if err != nil {
		return nil, nil, err
	}
	todo, moves = stackshift.Without(todo, moves, kept)
	m, data := r.Remembered(), p.Answers(kept, serving, before)
	if m.Recorded = p.Others(data); p.NoWait {
		m.Recorded = data
	}
	if len(todo) == 0 {
		m.Idle = r.Execution()
		return nil, data, h.Ledger.Replace(ctx, r, m, h.Now.read())
	}
	m.Execution, m.Moves, m.Signed = r.Execution(), moves, before.Signed
	input, err = h.begin(ctx, r, p, todo, m)
	return input, data, err
}

// keep lists the targets that serve other versions, and that an update leaves as they are: it does
// not change them, and the stack had reached their versions before. Somebody wants the others
// there. What an update that failed has not reached is not kept, because CloudFormation may take it
// for what was before when the update is tried again.
func (h StackShift) keep(ctx context.Context, r stackshift.Request, todo []stackshift.Target, before stackshift.Memory) ([]stackshift.Target, error) {
	kept := r.Kept(todo)
	if len(kept) == 0 {
		return nil, nil
	}
	var outcome shift.Outcome
	if before.Execution != "" && before.IsOf(r.OldProperties) {
		var err error
		if outcome, err = h.outcome(ctx, before.Execution); err != nil {
			return nil, err
		}
	}
	if !before.StandsAt(r.OldProperties, outcome, h.Now.read()) {
		return nil, nil
	}
	slog.InfoContext(ctx, "left, because the update does not change them", "stack", r.StackID, "targets", kept)
	return kept, nil
}

// done answers that nothing is to be shifted, to a wait condition, too.
func (h StackShift) done(ctx context.Context, r stackshift.Request, p stackshift.Properties, data map[string]string) (*stackshift.Answer, error) {
	answer := r.Succeed(data)
	return &answer, h.signal(ctx, p, answer)
}

// begin remembers the shift before it starts, and returns the input of its execution.
func (h StackShift) begin(ctx context.Context, r stackshift.Request, p stackshift.Properties, todo []stackshift.Target, m stackshift.Memory) (json.RawMessage, error) {
	if p.Handle != "" {
		if err := stackshift.CheckHandle(p.Handle, h.region()); err != nil {
			return nil, fmt.Errorf("%w: Handle: %w", errUnfit, err)
		}
	}
	strategy, err := h.strategy(ctx, p.DeploymentConfig)
	if err != nil {
		return nil, err
	}
	input, err := p.Input(todo, strategy, h.executionARN(m.Execution))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnfit, err)
	}
	return h.Ledger.Remember(ctx, m, stackshift.Waiter{Execution: m.Execution, Request: r, Recorded: m.Recorded, Forward: true}, input, h.Now.read())
}

// strategy returns what a deployment configuration means, or nil for a name that an input may
// have.
func (h StackShift) strategy(ctx context.Context, config string) (json.RawMessage, error) {
	if config == "" {
		return nil, nil
	}
	_, err := request.Strategy(config)
	if !errors.Is(err, shift.ErrUnknownStrategy) {
		return nil, nil // the input's problems name it
	}
	return h.Configs.Strategy(ctx, config)
}

// serving reads what the aliases of targets serve.
func (h StackShift) serving(ctx context.Context, targets []stackshift.Target) (stackshift.Standings, error) {
	standings := stackshift.Standings{}
	for _, t := range targets {
		place := stackshift.Place(t.Function, t.Alias)
		target, err := request.ParseTarget(place)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errUnfit, t.Key, err)
		}
		route, err := h.Router.Route(ctx, target)
		switch {
		case errors.Is(err, shift.ErrTargetNotFound), errors.Is(err, shift.ErrFunctionNotFound):
			continue
		case err != nil:
			return nil, err
		}
		standings[place] = stackshift.Serving{Version: string(route.Serving), AtRest: route.Weight == shift.None}
	}
	return standings, nil
}

// servingAfter reads what aliases serve that Sluice has written a moment ago. What is not as expected
// may be a read that does not show the write.
func (h StackShift) servingAfter(ctx context.Context, targets []stackshift.Target, expected func(stackshift.Standings) bool) (serving stackshift.Standings, err error) {
	err = h.Pause.untilFresh(ctx, func() (bool, error) {
		serving, err = h.serving(ctx, targets)
		return err == nil && expected(serving), err
	})
	return serving, err
}

// back makes the aliases serve what they served before the update that the stack takes back.
func (h StackShift) back(ctx context.Context, r stackshift.Request, p stackshift.Properties, m stackshift.Memory) (*stackshift.Answer, error) {
	if m.Execution == r.Execution() {
		return nil, h.giveUp(ctx, r, p, m)
	}
	whole := m
	m = m.ToUndo(r, p)
	outcome, err := h.end(ctx, r, m, "rolls back")
	if err != nil || outcome == stillOpen {
		return nil, err
	}
	answer, err := h.undo(ctx, r, m, outcome)
	if err != nil || answer == nil || answer.Failed() {
		return answer, err
	}
	serving, err := h.servingAfter(ctx, p.Targets, func(s stackshift.Standings) bool {
		return outcome == shift.Unchanged || len(s.ToTakeBack(m.Moves)) == 0
	})
	if err != nil {
		return nil, err
	}
	return h.recorded(ctx, r, p, serving, whole)
}

// recorded answers a request of a stack that has gone back, with what the aliases serve. If that is not
// what the properties name, it is remembered: the next update has to know what the stack has recorded.
func (h StackShift) recorded(ctx context.Context, r stackshift.Request, p stackshift.Properties, serving stackshift.Standings, m stackshift.Memory) (*stackshift.Answer, error) {
	data := p.Now(serving)
	others := p.Others(data)
	switch {
	case p.NoWait:
		data = m.RecordedOr(data)
	case !maps.Equal(others, m.Recorded):
		m.Recorded = others
		if err := h.Ledger.Replace(ctx, r, m, h.Now.read()); err != nil {
			return nil, err
		}
	}
	done := r.Succeed(data)
	return &done, nil
}

// giveUp ends the shift that a request has begun before the stack rolled back, if the request comes
// again. CloudFormation takes the shift back by another request.
func (h StackShift) giveUp(ctx context.Context, r stackshift.Request, p stackshift.Properties, m stackshift.Memory) error {
	outcome, err := h.end(ctx, r, m, "rolls back")
	switch {
	case err != nil || outcome == stillOpen:
		return err
	case outcome == "" && p.NoWait:
		return h.Ledger.Answered(ctx, stackshift.Waiter{Execution: m.Execution, Request: r})
	case outcome == "":
		return fmt.Errorf("%w: the stack rolls back", errUnfit)
	}
	record, err := h.record(ctx, m.Execution)
	if err != nil {
		return err
	}
	if err := h.report(ctx, stackshift.Waiter{Request: r, Recorded: m.Recorded}, record); err != nil {
		return err
	}
	return h.answered(ctx, r, stackshift.Memory{})
}

// undo takes the aliases back that still serve what the last shift has promoted. It returns nil if
// the request has to wait for that. Whatever else an alias serves, somebody wants there.
func (h StackShift) undo(ctx context.Context, r stackshift.Request, m stackshift.Memory, outcome shift.Outcome) (*stackshift.Answer, error) {
	nothing := r.Succeed(nil)
	if outcome != shift.Promoted {
		return &nothing, nil
	}
	serving, err := h.servingAfter(ctx, m.Targets(), func(s stackshift.Standings) bool { return len(s.ToTakeBack(m.Moves)) == len(m.Moves) })
	if err != nil {
		return nil, err
	}
	moves := serving.ToTakeBack(m.Moves)
	if len(moves) == 0 {
		return &nothing, nil
	}
	return h.takeBack(ctx, r, moves)
}

// takeBack starts an execution that moves the aliases back, all at once. It answers if that has
// ended.
func (h StackShift) takeBack(ctx context.Context, r stackshift.Request, moves []stackshift.Move) (*stackshift.Answer, error) {
	input, err := stackshift.InputBack(moves)
	if err != nil {
		return nil, err
	}
	if err := h.Ledger.AwaitEnd(ctx, stackshift.Waiter{Execution: r.Execution(), Request: r}, h.Now.read()); err != nil {
		return nil, err
	}
	if err := h.Executions.Start(ctx, r.Execution(), input); err != nil {
		return nil, err
	}
	record, err := h.record(ctx, r.Execution())
	if err != nil || record.Outcome == "" {
		return nil, err
	}
	if record.Outcome == shift.Promoted || record.Outcome == shift.Unchanged {
		answer := r.Succeed(nil)
		return &answer, nil
	}
	answer := r.Fail("the aliases could not be taken back to what they served before: " + record.Cause)
	return &answer, nil
}

// delete ends a shift that is under way. It touches no alias, unless the stack rolls back the
// update that has created the resource: CloudFormation may not have written an alias that was
// shifted already, and then does not write it back either.
func (h StackShift) delete(ctx context.Context, r stackshift.Request, m stackshift.Memory) (*stackshift.Answer, error) {
	outcome, err := h.end(ctx, r, m, "deletes the resource")
	if err != nil || outcome == stillOpen {
		return nil, err
	}
	if outcome != shift.Promoted || !m.IsOf(r.Properties) {
		answer := r.Succeed(nil)
		return &answer, nil
	}
	status, err := h.Stacks.Status(ctx, r.StackID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read whether the stack rolls back: %w", err)
	case !stackshift.RollsBack(status):
		answer := r.Succeed(nil)
		return &answer, nil
	}
	return h.undo(ctx, r, m, outcome)
}

// stillOpen is the outcome of an execution that has not ended.
const stillOpen shift.Outcome = "open"

// end returns how the last shift forward has ended. If it has not, it is aborted, and the request
// waits for its Outcome.
func (h StackShift) end(ctx context.Context, r stackshift.Request, m stackshift.Memory, why string) (shift.Outcome, error) {
	if m.Execution == "" {
		return "", nil
	}
	outcome, err := h.outcome(ctx, m.Execution)
	switch {
	case err != nil:
		return h.endUnread(ctx, r, m, why, err)
	case outcome != stillOpen:
		return outcome, nil
	}
	if err := h.Ledger.AwaitEnd(ctx, stackshift.Waiter{Execution: m.Execution, Request: r}, h.Now.read()); err != nil {
		return "", err
	}
	if err := h.abort(ctx, r, m, why); err != nil {
		return "", err
	}
	return h.outcome(ctx, m.Execution)
}

// endUnread is end for a shift whose Outcome cannot be read. It may be open, and nobody may come again,
// so it is aborted. The safety net refuses that for one that was Promoted or Unchanged. A deletion
// goes by this refusal if the permission to read is missing: it does not wait for the permission, and
// CloudFormation may write none of the aliases back.
func (h StackShift) endUnread(ctx context.Context, r stackshift.Request, m stackshift.Memory, why string, unread error) (shift.Outcome, error) {
	err := h.tryAbort(ctx, r, m, why)
	if r.Type == stackshift.Delete && isDenied(unread) && errors.Is(err, shift.ErrDeploymentClosed) {
		slog.WarnContext(ctx, "taken for promoted, because its record cannot be read", "deployment", h.executionARN(m.Execution), "error", unread)
		return shift.Promoted, nil
	}
	return "", errors.Join(unread, ignoreNotOpen(err))
}

// abort aborts the last shift forward, if it is open.
func (h StackShift) abort(ctx context.Context, r stackshift.Request, m stackshift.Memory, why string) error {
	return ignoreNotOpen(h.tryAbort(ctx, r, m, why))
}

func ignoreNotOpen(err error) error {
	if errors.Is(err, shift.ErrDeploymentClosed) || errors.Is(err, shift.ErrDeploymentUnknown) {
		return nil
	}
	return err
}

// tryAbort aborts the last shift forward. It returns the errors of Aborter.
func (h StackShift) tryAbort(ctx context.Context, r stackshift.Request, m stackshift.Memory, why string) error {
	target, err := request.ParseTarget(stackshift.Place(m.Moves[0].Function, m.Moves[0].Alias))
	if err != nil {
		return err
	}
	reason := fmt.Sprintf("the stack %s %s", r.StackID, why)
	return h.Net.Abort(ctx, h.executionARN(m.Execution), target, reason, h.Now.read())
}

// outcome returns how an execution has ended: empty if it never opened a Deployment and never
// will.
func (h StackShift) outcome(ctx context.Context, execution string) (shift.Outcome, error) {
	record, err := h.record(ctx, execution)
	switch {
	case err != nil:
		return "", err
	case record.Status == shift.StatusClosed:
		return record.Outcome, nil
	case record.Status != "":
		return stillOpen, nil
	}
	ended, err := h.Executions.Ended(ctx, h.executionARN(execution))
	switch {
	case errors.Is(err, shift.ErrExecutionUnknown):
		return h.outcomeOfUnknown(ctx, execution)
	case err != nil:
		return "", err
	case ended:
		return "", nil
	}
	return stillOpen, nil
}

// outcomeOfUnknown returns the outcome of an execution that Step Functions does not know. As long as
// the request waits that has begun it, it may be started yet, or was a moment ago.
func (h StackShift) outcomeOfUnknown(ctx context.Context, execution string) (shift.Outcome, error) {
	waiters, err := h.Ledger.Waiters(ctx, execution)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(waiters, func(w stackshift.Waiter) bool { return w.Forward }) {
		return stillOpen, nil
	}
	return "", nil
}

// record reads the record of an execution. It is empty if there is none.
func (h StackShift) record(ctx context.Context, execution string) (shift.Record, error) {
	record, err := h.Ledger.Record(ctx, h.executionARN(execution))
	if errors.Is(err, shift.ErrDeploymentUnknown) {
		return shift.Record{}, nil
	}
	return record, err
}

// settle answers who waits for an execution, if it has ended.
func (h StackShift) settle(ctx context.Context, execution string) error {
	if !strings.HasPrefix(execution, flow.StackExecutionPrefix) {
		return nil // no stack has started it
	}
	record, err := h.record(ctx, execution)
	if err != nil || record.Status != shift.StatusClosed {
		return err
	}
	waiters, err := h.Ledger.Waiters(ctx, execution)
	problems := []error{err}
	for _, w := range waiters {
		problems = append(problems, h.conclude(ctx, w, record))
	}
	return errors.Join(problems...)
}

// conclude answers a request whose execution has ended. A request that does not ask for the
// Outcome is decided anew.
func (h StackShift) conclude(ctx context.Context, w stackshift.Waiter, record shift.Record) error {
	var err error
	if w.Forward {
		err = h.report(ctx, w, record)
	} else {
		err = h.serve(ctx, w.Request)
	}
	if err != nil {
		return err
	}
	return h.Ledger.Answered(ctx, w)
}

// report answers with the Outcome of the execution that a request has started.
func (h StackShift) report(ctx context.Context, w stackshift.Waiter, record shift.Record) error {
	r := w.Request
	p, err := stackshift.DecodeProperties(r.Properties)
	if err != nil {
		return err
	}
	answer := r.Succeed(stackshift.Memory{Recorded: w.Recorded}.RecordedOr(p.Wanted()))
	if record.Outcome != shift.Promoted && record.Outcome != shift.Unchanged {
		answer = r.Fail(fmt.Sprintf("%s: %s See the execution %s.", record.Outcome, record.Cause, record.ID))
	}
	switch {
	case p.NoWait:
		return nil // it was answered when the execution started
	case p.Handle != "":
		return h.signal(ctx, p, answer)
	}
	return h.send(ctx, r, answer)
}

// signal sends the answer to the wait condition, if the properties have one.
func (h StackShift) signal(ctx context.Context, p stackshift.Properties, a stackshift.Answer) error {
	if p.Handle == "" {
		return nil
	}
	if err := stackshift.CheckHandle(p.Handle, h.region()); err != nil {
		return fmt.Errorf("%w: Handle: %w", errUnfit, err)
	}
	body, err := a.Signal()
	if err != nil {
		return err
	}
	if err := h.put(ctx, p.Handle, body); err != nil {
		return fmt.Errorf("signal the wait condition: %w", err)
	}
	return nil
}
