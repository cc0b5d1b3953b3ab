package task

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Publisher reads and publishes the versions of a Target's application.
type Publisher interface {
	// Publish publishes the deployed code, unless it is already published.
	Publish(context.Context, shift.Target) (shift.Published, error)
	// DescribeVersion reads one version. It returns shift.ErrVersionNotFound or
	// shift.ErrFunctionNotFound.
	DescribeVersion(context.Context, shift.Target, shift.Version) (shift.Published, error)
	ArrivalChecker
	RulesReader
}

// TagReader reads the tags of a function by its ARN. It returns shift.ErrFunctionNotFound.
type TagReader interface {
	Tags(ctx context.Context, functionARN string) (flow.Tags, error)
}

// Configurations reads a configuration by the name of its parameter. It returns
// shift.ErrConfigurationNotFound or shift.ErrConfigurationUnreadable.
type Configurations interface {
	Configuration(ctx context.Context, name string) (string, error)
}

// PublishVersion checks and completes the request. After it, the versions do not change.
type PublishVersion struct {
	Versions       Publisher
	Tags           TagReader
	Configurations Configurations
	Alarms         AlarmReader
	Hooks          FunctionChecker
	Synthetic      FunctionChecker
	// Allowed says which functions may be shifted.
	Allowed request.Allowed
	// Alias is used for a target without an alias. If it is empty, "live" is.
	Alias string
	// Parameters is the folder of the parameters that hold configurations. If it is empty,
	// request.DefaultParameters is used.
	Parameters string
	// FrontEnds say which Targets other than Lambda aliases may be shifted.
	FrontEnds request.FrontEnds
	// HookEndpoint says that hooks which were written for CodeDeploy can answer.
	HookEndpoint bool
	// Kinds read Targets of further kinds.
	Kinds map[string]request.Kind
	// YAML reads the text of an AppSpec that is no JSON. If it is nil, such a text is refused.
	YAML request.YAML
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
}

// Handle is the handler of flow.Publish. It publishes nothing until the whole input is
// valid, all functions may be shifted, and all that it names exists.
func (h PublishVersion) Handle(ctx context.Context, call flow.Call[json.RawMessage]) (shift.Release, error) {
	release, err := h.settle(ctx, h.reader(call.ExecutionID), call.Document)
	if err != nil {
		return shift.Release{}, err
	}
	release.Schema, release.At, release.Retries = shift.Schema, call.Now, call.Retry
	slog.InfoContext(ctx, "release settled", "deployment", call.ExecutionID, "targets", release.Arrivals,
		"strategy", release.Strategy, "trigger", release.Trigger, "unchanged", release.Unchanged)
	return release, nil
}

// reader reads the input of an execution by the settings of the stack.
func (h PublishVersion) reader(executionID string) request.Reader {
	return request.Reader{ExecutionID: executionID, Alias: h.Alias, Parameters: h.Parameters, FrontEnds: h.FrontEnds, NoHookEndpoint: !h.HookEndpoint, Kinds: h.Kinds, YAML: h.YAML}
}

func (h PublishVersion) settle(ctx context.Context, reader request.Reader, input json.RawMessage) (shift.Release, error) {
	release, err := reader.Input(input)
	if err != nil || release.Reverts != "" { // Open reads in the Ledger what to shift
		return release, err
	}
	if release.Trigger == shift.Event {
		release, err = h.configure(ctx, reader, release.Arrivals[0])
	} else {
		err = h.checkAllowed(ctx, reader, release.Arrivals)
	}
	if err != nil || release.Unchanged != "" {
		return release, err
	}
	if err := h.checkRules(release); err != nil {
		return shift.Release{}, err
	}
	if err := h.find(ctx, release.Arrivals); err != nil {
		return shift.Release{}, err
	}
	if err := h.checkNames(ctx, release); err != nil {
		return shift.Release{}, err
	}
	return release, h.publish(ctx, release.Arrivals)
}

// checkAllowed refuses functions that may not be shifted, before any other call about them.
func (h PublishVersion) checkAllowed(ctx context.Context, reader request.Reader, arrivals []shift.Arrival) error {
	return h.Wait.inTurn(ctx, len(arrivals), func(i int) error { return h.checkOneAllowed(ctx, reader, arrivals[i]) })
}

func (h PublishVersion) checkOneAllowed(ctx context.Context, reader request.Reader, a shift.Arrival) (err error) {
	if a.Target.Kind() != shift.KindLambda {
		return nil // the setting is about functions
	}
	var tags flow.Tags
	if h.Allowed.ByTag() {
		if tags, err = h.Tags.Tags(ctx, reader.FunctionARN(a.Target)); err != nil {
			return err
		}
	}
	return h.Allowed.Check(a.Target, tags)
}

// configure reads from the tags of a function what to do with a version that an event
// reported. Every version that anybody publishes in the account comes here. If the function
// is not configured for Sluice, the release ends without an error and without another call.
func (h PublishVersion) configure(ctx context.Context, reader request.Reader, event shift.Arrival) (shift.Release, error) {
	if !h.Allowed.ByTag() {
		if err := h.Allowed.Check(event.Target, nil); err != nil {
			return ignore(event, err), nil
		}
	}
	tags, err := h.Tags.Tags(ctx, reader.FunctionARN(event.Target))
	switch {
	case errors.Is(err, shift.ErrFunctionNotFound):
		return ignore(event, err), nil
	case err != nil:
		return shift.Release{}, err
	case !tags.Ask():
		return ignore(event, fmt.Errorf("the function carries no tag of Sluice: add %s, with the alias to shift as its value, to have its new versions shifted", flow.TagAlias)), nil
	case tags[flow.TagShiftedBy] == flow.ShiftedByStack:
		return ignore(event, fmt.Errorf("a CloudFormation stack shifts it (the function's tag %s = %s)", flow.TagShiftedBy, flow.ShiftedByStack)), nil
	}
	if err := h.Allowed.Check(event.Target, tags); err != nil {
		return shift.Release{}, err
	}
	parameter, err := reader.Parameter(event, tags)
	if err != nil {
		return shift.Release{}, err
	}
	if parameter == "" {
		return reader.Tags(event, tags)
	}
	text, err := h.Configurations.Configuration(ctx, parameter)
	if err != nil {
		return shift.Release{}, fmt.Errorf("%w (the function's tag %s names it)", err, flow.TagConfig)
	}
	return reader.Configuration(event, tags, parameter, text)
}

func ignore(event shift.Arrival, why error) shift.Release {
	function, _, _ := flow.SplitLambdaTarget(event.Target) // an event is always about a function
	return shift.NotAsked(fmt.Sprintf("version %s of %s is not shifted: %s", event.Candidate, function, shift.BoundText(why.Error(), 400)))
}

// checkRules returns shift.ErrInvalidPlan for a Plan that one of the Targets cannot take.
func (h PublishVersion) checkRules(release shift.Release) error {
	limited := make([]shift.Limited, len(release.Arrivals))
	for i, a := range release.Arrivals {
		rules, err := h.Versions.Rules(a.Target)
		if err != nil {
			return err
		}
		limited[i] = shift.Limited{Target: a.Target, Rules: rules}
	}
	return shift.CheckPlan(limited, release.Steps)
}

func (h PublishVersion) find(ctx context.Context, arrivals []shift.Arrival) error {
	for i, a := range arrivals {
		if a.Candidate == "" {
			continue
		}
		found, err := h.Versions.DescribeVersion(ctx, a.Target, a.Candidate)
		if err != nil {
			return fmt.Errorf("find version %s of %s: %w", a.Candidate, a.Target, err)
		}
		arrivals[i].Detail = cmp.Or(found.Detail, a.Detail)
	}
	return nil
}

func (h PublishVersion) publish(ctx context.Context, arrivals []shift.Arrival) error {
	return h.Wait.inTurn(ctx, len(arrivals), func(i int) error {
		if arrivals[i].Candidate != "" {
			return nil
		}
		published, err := h.Versions.Publish(ctx, arrivals[i].Target)
		if err != nil {
			return fmt.Errorf("publish a version for %s: %w", arrivals[i].Target, err)
		}
		arrivals[i].Candidate, arrivals[i].Detail = published.Version, published.Detail
		return nil
	})
}
