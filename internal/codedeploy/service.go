package codedeploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Groups knows the deployment groups.
type Groups interface {
	Group(ctx context.Context, application, group string) (operator.DeploymentGroup, error)
}

// Configs knows CodeDeploy's deployment configurations. It returns shift.ErrUnknownStrategy.
type Configs interface {
	Strategy(ctx context.Context, name string) (json.RawMessage, error)
}

// Objects reads objects in S3. It returns operator.ErrTooLarge for one with more bytes than most.
type Objects interface {
	Read(ctx context.Context, o operator.Object, most int) ([]byte, error)
}

// Machines starts executions and reads their histories.
type Machines interface {
	Start(ctx context.Context, machineARN, name string, input []byte) (operator.Execution, error)
	// Events returns shift.ErrExecutionUnknown.
	Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error)
	// Find returns the latest execution that is wanted, or shift.ErrExecutionUnknown.
	Find(ctx context.Context, machineARN string, wanted func(operator.Execution) bool) (operator.Execution, error)
}

// Records reads the ledger. It returns shift.ErrDeploymentUnknown.
type Records interface {
	Record(ctx context.Context, id string) (shift.Record, error)
}

// Net takes orders to end deployments, as package lambdanet does.
type Net interface {
	Abort(ctx context.Context, id string, t shift.Target, reason string, at time.Time) error
}

// Hooks takes the answers of hooks, in CodeDeploy's words. It returns operator.ErrNoHookEndpoint.
type Hooks interface {
	Answer(ctx context.Context, body []byte) (status int, answer json.RawMessage, err error)
}

// Service does what CodeDeploy's operations mean.
type Service struct {
	// Machine is the ARN of Sluice's state machine.
	Machine  string
	Groups   Groups
	Configs  Configs
	Objects  Objects
	Machines Machines
	Records  Records
	Net      Net
	Hooks    Hooks
	Now      func() time.Time
	// HookMode is how the hooks of an AppSpec answer. Empty is as CodeDeploy's.
	HookMode shift.HookMode
	// Say tells a person what was done.
	Say func(format string, args ...any)

	mu sync.Mutex
	// known are the executions that were asked for, by their ids. They are read again only from
	// where their stories end. They can be lost: Step Functions lists all.
	known map[string]*followed
	// names are those of the executions that were started, by the invocations of clients.
	names map[string]string
}

// followed is an execution with what is known of it.
type followed struct {
	execution operator.Execution
	mu        sync.Mutex
	story     *story
}

// answer does what a call means. invocation is the same for each try of a call; empty if the client
// does not say.
func (s *Service) answer(ctx context.Context, call Call, invocation string) (any, error) {
	switch c := call.(type) {
	case *CreateDeployment:
		return s.create(ctx, c, invocation)
	case *GetDeployment:
		d, err := s.stand(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		return map[string]any{"deploymentInfo": d.info()}, nil
	case *StopDeployment:
		return s.stop(ctx, c)
	case *ListDeployments:
		return s.list(ctx, c)
	case *GetDeploymentConfig:
		return s.config(ctx, c)
	case *PutHookStatus:
		return s.putHookStatus(ctx, c)
	}
	return s.answerTargets(ctx, call)
}

// answerTargets does what a call about a deployment's targets means.
func (s *Service) answerTargets(ctx context.Context, call Call) (any, error) {
	switch c := call.(type) {
	case *ListDeploymentTargets:
		d, err := s.stand(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		return map[string]any{"targetIds": filter(d.aliases(), c.Filters[statusFilter])}, nil
	case *GetDeploymentTarget:
		list, err := s.targets(ctx, c.ID, c.Target)
		if err != nil {
			return nil, err
		}
		return map[string]any{"deploymentTarget": list[0]}, nil
	case *BatchGetDeploymentTargets:
		list, err := s.targets(ctx, c.ID, c.Targets...)
		return map[string]any{"deploymentTargets": list}, err
	}
	return nil, unsupported(fmt.Sprintf("%T", call))
}

// create starts an execution.
func (s *Service) create(ctx context.Context, c *CreateDeployment, invocation string) (any, error) {
	group, err := s.Groups.Group(ctx, c.Application, c.Group)
	if err != nil {
		return nil, err
	}
	if c.Config != "" {
		group.Config = c.Config
	}
	if c.Alarms != nil {
		group.Alarms, group.IgnoreUnreadable = nil, false
		if c.Alarms.Enabled {
			group.IgnoreUnreadable = c.Alarms.IgnorePollAlarmFailure
			for _, a := range c.Alarms.Alarms {
				group.Alarms = append(group.Alarms, a.Name)
			}
		}
	}
	o := order{group: group, hookMode: s.HookMode}
	if o.strategy, err = s.strategy(ctx, group.Config); err != nil {
		return nil, err
	}
	if o.appSpec, err = s.appSpec(ctx, *c.Revision); err != nil {
		return nil, err
	}
	input, release, err := o.input(s.Machine)
	if err != nil {
		return nil, err
	}
	x, err := s.start(ctx, invocation, operator.NewMarkedName(release, s.Now(), groupMark(c.Application, c.Group)), input)
	if err != nil {
		return nil, err
	}
	f := s.follow(x)
	f.mu.Lock()
	f.story.given = given{c.Application, c.Group, group.Config, c.Revision}
	if f.story.last == 0 { // its history may not be readable yet
		f.story.began, f.story.updated, f.story.targets, f.story.hooks = s.Now(), s.Now(), release.Moves(), release.Hooks
	}
	f.mu.Unlock()
	id := flow.CodeDeployID(string(x))
	s.Say("%s started, as %s", id, x)
	return map[string]string{"deploymentId": id}, nil
}

// start starts an execution. If the answer to a call is lost, the client tries again: then it gets
// the execution of its first try, by the name, and not a second one.
func (s *Service) start(ctx context.Context, invocation, name string, input []byte) (operator.Execution, error) {
	s.mu.Lock()
	before, again := s.names[invocation]
	if again {
		name = before
	} else if invocation != "" {
		if s.names == nil {
			s.names = map[string]string{}
		}
		s.names[invocation] = name
	}
	s.mu.Unlock()
	x, err := s.Machines.Start(ctx, s.Machine, name, input)
	switch {
	case errors.Is(err, operator.ErrNameTaken) && again: // it has ended already
		return operator.NewExecution(s.Machine, name), nil
	case errors.Is(err, operator.ErrNameTaken): // by another call of the same second
		s.mu.Lock()
		delete(s.names, invocation)
		s.mu.Unlock()
		return "", fmt.Errorf("%w: %w", operator.ErrUnavailable, err)
	}
	return x, err
}

// strategy returns the strategy of an input that means the same as a deployment configuration.
func (s *Service) strategy(ctx context.Context, config string) (json.RawMessage, error) {
	if config == "" {
		return nil, nil
	}
	if _, err := request.Strategy(config); !errors.Is(err, shift.ErrUnknownStrategy) {
		return json.Marshal(config) // the input's problems name a wrong one
	}
	strategy, err := s.Configs.Strategy(ctx, config)
	if errors.Is(err, shift.ErrUnknownStrategy) {
		return nil, newError("DeploymentConfigDoesNotExistException", "%v", err)
	}
	return strategy, err
}

// appSpec returns the text of an AppSpec.
func (s *Service) appSpec(ctx context.Context, r RevisionLocation) (string, error) {
	if text, has := r.text(); has {
		return text, nil
	}
	text, err := s.Objects.Read(ctx, r.S3.object(), operator.MaxInput)
	switch {
	case errors.Is(err, operator.ErrTooLarge):
		return "", tooLarge(fmt.Sprintf("s3://%s/%s", r.S3.Bucket, r.S3.Key))
	case errors.Is(err, operator.ErrNoObject):
		return "", newError("RevisionDoesNotExistException", "%v", err)
	}
	return string(text), err
}

// stopReason is recorded with an abort.
const stopReason = "StopDeployment was called through sluice codedeploy"

// stop has the traffic of a deployment put back.
func (s *Service) stop(ctx context.Context, c *StopDeployment) (any, error) {
	d, err := s.stand(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	completed := func() error {
		return newError("DeploymentAlreadyCompletedException", "%s has ended already: GetDeployment tells how", d.id)
	}
	if d.isOver() {
		return nil, completed()
	}
	if len(d.targets) == 0 {
		return nil, fmt.Errorf("%w: the targets of %s are not known yet", operator.ErrUnavailable, d.id)
	}
	err = s.Net.Abort(ctx, string(d.execution), d.targets[0].Target, stopReason, s.Now())
	switch {
	case errors.Is(err, shift.ErrDeploymentClosed), errors.Is(err, shift.ErrDeploymentUnknown):
		return nil, completed()
	case err != nil:
		return nil, err
	}
	s.Say("%s stopped: its traffic goes back", d.id)
	return map[string]string{"status": "Pending", "statusMessage": "the traffic is being put back on the version that served before"}, nil
}

// putHookStatus passes the answer of a hook on to the function that takes those of all hooks. It
// knows by its id which hook it is.
func (s *Service) putHookStatus(ctx context.Context, c *PutHookStatus) (any, error) {
	status, answer, err := s.Hooks.Answer(ctx, c.body)
	if errors.Is(err, operator.ErrNoHookEndpoint) {
		return nil, newError("UnsupportedOperation", "%v: deploy Sluice with the setting %s=%s", err, flow.HookEndpointSetting, flow.HookEndpointURL)
	}
	if err != nil || status == http.StatusOK {
		return answer, err
	}
	var refused struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer, &refused); err != nil || refused.Type == "" {
		return nil, fmt.Errorf("%s answers with status %d", flow.HookEndpoint, status)
	}
	return nil, &Error{Status: status, Type: refused.Type, Message: refused.Message}
}

// targets returns the targets with these ids.
func (s *Service) targets(ctx context.Context, id string, ids ...string) ([]deploymentTarget, error) {
	d, err := s.stand(ctx, id)
	if err != nil {
		return nil, err
	}
	byID := map[string]deploymentTarget{}
	for _, t := range d.aliases() {
		byID[t.Lambda.ID] = t
	}
	list := make([]deploymentTarget, len(ids))
	for i, wanted := range ids {
		t, found := byID[wanted]
		if !found {
			return nil, newError("DeploymentTargetDoesNotExistException", "%s has no target %q: ListDeploymentTargets lists them", id, shift.BoundText(wanted, maxShown))
		}
		list[i] = t
	}
	return list, nil
}

// stand reads how a deployment stands.
func (s *Service) stand(ctx context.Context, id string) (standing, error) {
	f, err := s.find(ctx, id)
	if err != nil {
		return standing{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// The record is read first: if the execution has ended by then, it will not change any more.
	record, unread := s.Records.Record(ctx, string(f.execution))
	events, err := s.Machines.Events(ctx, f.execution, f.story.last)
	switch {
	case errors.Is(err, shift.ErrExecutionUnknown) && !f.story.began.IsZero(): // it was started a moment ago
	case err != nil:
		return standing{}, err
	}
	for _, e := range events {
		f.story.add(e)
	}
	switch {
	case unread == nil:
		return f.story.stand(f.execution, &record), nil
	case errors.Is(unread, shift.ErrDeploymentUnknown):
		return f.story.stand(f.execution, nil), nil
	case f.story.end != nil && f.story.outcome == "":
		return standing{}, unread // only the ledger knows how it ended
	}
	return f.story.stand(f.execution, nil), nil
}

// find returns the execution with an id. Whoever started it, Step Functions lists it for 90 days.
func (s *Service) find(ctx context.Context, id string) (*followed, error) {
	s.mu.Lock()
	f := s.known[id]
	s.mu.Unlock()
	if f != nil {
		return f, nil
	}
	x, err := s.Machines.Find(ctx, s.Machine, func(x operator.Execution) bool { return flow.CodeDeployID(string(x)) == id })
	switch {
	case errors.Is(err, shift.ErrExecutionUnknown):
		return nil, newError("DeploymentDoesNotExistException", "no execution of %s has the id %s: it was never started here, or ended more than 90 days ago", s.Machine, id)
	case err != nil:
		return nil, err
	}
	return s.follow(x), nil
}

// follow remembers an execution.
func (s *Service) follow(x operator.Execution) *followed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]*followed{}
	}
	id := flow.CodeDeployID(string(x))
	if s.known[id] == nil {
		s.known[id] = &followed{execution: x, story: newStory()}
	}
	return s.known[id]
}
