package inspection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// Functions reads Lambda functions, and changes nothing. It returns operator.ErrNoFunction.
type Functions interface {
	Tags(ctx context.Context, functionARN string) (map[string]string, error)
	EventSources(ctx context.Context, function, qualifier string) ([]operator.Caller, error)
	URLs(ctx context.Context, function string) ([]operator.Caller, error)
	Granted(ctx context.Context, function, qualifier string) ([]operator.Caller, error)
	Concurrency(ctx context.Context, function string) (operator.Concurrency, error)
}

// Roles says which calls a role is not allowed, without making them. It returns
// operator.ErrNoRole.
type Roles interface {
	Denied(ctx context.Context, roleARN string, asks []operator.Ask) ([]operator.Ask, error)
}

// Traffic reads what Targets have served in a span of time until now.
type Traffic interface {
	Served(ctx context.Context, targets []shift.Target, span time.Duration, now time.Time) (map[shift.Target]Served, error)
}

// Served is what an alias has served, all versions together.
type Served struct {
	// Covers is from the first request on. It is 0 if there was none.
	Covers           time.Duration
	Requests, Errors float64
	// Beside is how many requests the function served that did not come through the alias.
	Beside float64
}

// perMinute is how many requests came in a minute.
func (s Served) perMinute() float64 { return s.Requests / s.Covers.Minutes() }

// Inspector inspects deployments.
type Inspector struct {
	Checks    task.Inspection
	Functions Functions
	Roles     Roles
	Traffic   Traffic
	// RoleOf are the ARNs of the roles of Sluice's Lambdas, by the folders of these. It has only
	// those that could be read.
	RoleOf map[string]string
	Now    time.Time
}

// inspecting is one call of Inspect.
type inspecting struct {
	Inspector
	*Report
	ctx  context.Context
	home string // the ARN of a function without its name
	// seen and problems are what the checks of Publish and Open have read and found.
	seen     task.Inspected
	problems []task.Problem
}

// Inspect inspects an input as if the execution with this ARN had started with it, and adds to a
// Report what it finds.
func (i Inspector) Inspect(ctx context.Context, executionID string, input json.RawMessage, into *Report) task.Inspected {
	in := &inspecting{Inspector: i, Report: into, ctx: ctx, home: functionHome(executionID)}
	in.seen, in.problems = i.Checks.Inspect(ctx, executionID, input, i.Now)
	in.addProblems(in.problems)
	if in.seen.Unchanged != "" {
		in.note("", NothingToShift, "", "%s, so the deployment would end Unchanged", in.seen.Unchanged)
	}
	in.inspectAlarms()
	for n, a := range in.seen.Release.Arrivals {
		if a.Target.Kind() == shift.KindLambda && in.exists(n) {
			in.inspectFunction(n, a.Target)
		}
	}
	in.inspectPermissions()
	in.inspectTraffic()
	return in.seen
}

// inspectAlarms tells of alarms that cannot say anything yet.
func (in *inspecting) inspectAlarms() {
	for n, a := range in.seen.Alarms {
		if a.State == shift.AlarmInsufficient {
			in.note(fmt.Sprintf("alarms[%d]", n), shift.AlarmWithoutData, a.Name, "alarm %s is INSUFFICIENT_DATA (%s): it counts as OK until it has data, so see that the metric that it watches has any", shift.AlarmTitle(a.Name), a.Reason)
		}
	}
}

// functionHome returns how the ARNs of functions begin where an execution is.
func functionHome(executionID string) string {
	parts := strings.SplitN(executionID, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return fmt.Sprintf("arn:%s:lambda:%s:%s:function:", parts[1], parts[3], parts[4])
}

// exists says whether the Target was not found to be missing. One that the deployment will make
// counts as existing.
func (in *inspecting) exists(n int) bool {
	return !slices.ContainsFunc(in.problems, func(p task.Problem) bool {
		return p.Path == targetPath(n) && (errors.Is(p.Err, shift.ErrFunctionNotFound) || errors.Is(p.Err, shift.ErrTargetNotFound))
	})
}

func targetPath(n int) string { return fmt.Sprintf("targets[%d]", n) }

func (in *inspecting) stableOf(t shift.Target) string {
	i := slices.IndexFunc(in.seen.Changes, func(c shift.Change) bool { return c.Target == t })
	if i < 0 {
		return ""
	}
	return string(in.seen.Changes[i].Stable)
}

// inspectFunction looks at who invokes a function, and at its concurrency.
func (in *inspecting) inspectFunction(n int, t shift.Target) {
	path := targetPath(n)
	function, alias, err := flow.SplitLambdaTarget(t)
	if err != nil {
		return
	}
	for _, c := range in.bypasses(path, function, alias, in.stableOf(t)) {
		in.bypass(path, function, alias, c)
	}
	found, err := in.Functions.Concurrency(in.ctx, function)
	if err != nil {
		in.add(path, err)
		return
	}
	in.concurrency(path, function, alias, in.stableOf(t), found)
}

// bypasses reads who invokes a function by another name than the alias: as $LATEST, or by the
// version that serves now.
func (in *inspecting) bypasses(path, function, alias, stable string) []operator.Caller {
	qualifiers := []string{""}
	if stable != "" {
		qualifiers = append(qualifiers, stable)
	}
	var all []operator.Caller
	for _, qualifier := range qualifiers {
		for _, read := range []func(context.Context, string, string) ([]operator.Caller, error){in.Functions.EventSources, in.Functions.Granted} {
			found, err := read(in.ctx, function, qualifier)
			in.add(path, err)
			all = append(all, found...)
		}
	}
	urls, err := in.Functions.URLs(in.ctx, function)
	in.add(path, err)
	return slices.DeleteFunc(append(all, urls...), func(c operator.Caller) bool {
		return c.Qualifier == alias || c.Kind == operator.FunctionURL && c.Qualifier != ""
	})
}

// bypass tells of a caller that does not go by the alias. A permission alone does not say that
// anybody uses it.
func (in *inspecting) bypass(path, function, alias string, c operator.Caller) {
	named := function
	if c.Qualifier != "" {
		named += ":" + c.Qualifier
	}
	switch c.Kind {
	case operator.EventSource:
		in.find(path, AliasBypassed, c.Name, "the event source %s invokes %s, and not its alias: none of that is shifted or judged. Map it to %s:%s", c.Name, named, function, alias)
	case operator.FunctionURL:
		in.find(path, AliasBypassed, c.Name, "the URL %s invokes %s, and not its alias: none of that is shifted or judged. Give the alias %s a URL of its own, and send the requests there", c.Name, named, alias)
	default:
		who := c.Name
		if c.Source != "" {
			who += " (" + c.Source + ")"
		}
		in.note(path, AliasBypassed, c.Name, "%s may invoke %s without its alias: what it sends there is neither shifted nor judged. If it does, have it invoke %s:%s, and give it the permission for that", who, named, function, alias)
	}
}

// concurrency tells of settings that keep the Candidate from serving, or from serving as Stable does.
func (in *inspecting) concurrency(path, function, alias, stable string, c operator.Concurrency) {
	if c.Reserved != nil && *c.Reserved == 0 {
		in.find(path, FunctionOff, function, "the reserved concurrency of %s is 0, so Lambda throttles every request: raise it or take it away", function)
	}
	for _, p := range c.Provisioned {
		switch {
		case p.Qualifier == alias && p.Failed != "":
			in.find(path, ProvisioningFails, function, "the provisioned concurrency of %s:%s has failed (%s): a shift of an alias in that state may never settle. Set it again, or take it away", function, alias, p.Failed)
		case p.Qualifier == alias:
			in.note(path, MovesWithWeights, function, "%s:%s has a provisioned concurrency of %d, which Lambda divides by the weights: some requests start cold during the shift, and Lambda moves weights by itself for a while after it", function, alias, p.Executions)
		case p.Qualifier == stable:
			in.note(path, ColdCandidate, function, "version %s of %s, which serves now, has a provisioned concurrency of %d of its own, and a new version has none: its requests start cold. Provision the alias %s instead", stable, function, p.Executions, alias)
		}
	}
}

// inspectPermissions asks IAM whether Sluice's roles allow what the deployment will call.
func (in *inspecting) inspectPermissions() {
	if len(in.RoleOf) == 0 || in.seen.Release.Arrivals == nil {
		return
	}
	var missing []missingCall
	asks := in.asks()
	for _, function := range inOrder {
		role, known := in.RoleOf[function]
		if !known || len(asks[function]) == 0 {
			continue
		}
		denied, err := in.Roles.Denied(in.ctx, role, asks[function])
		if err != nil {
			in.add("", err)
			return // the others would say the same
		}
		for _, d := range denied {
			missing = append(missing, missingCall{function, d})
		}
	}
	in.tellMissing(missing)
	if in.hasFrontEnds() {
		in.skip("", "permissions for targets that are not functions are not simulated: deploy the stack with the settings for them")
	}
}

func (in *inspecting) hasFrontEnds() bool {
	return slices.ContainsFunc(in.seen.Release.Arrivals, func(a shift.Arrival) bool { return a.Target.Kind() != shift.KindLambda })
}

// tags reads the tags of a function for a simulation. known is false if they could not be read, so
// that a simulation would only mislead.
func (in *inspecting) tags(path, arn string) (tags map[string]string, known bool) {
	tags, err := in.Functions.Tags(in.ctx, arn)
	if errors.Is(err, operator.ErrNoFunction) {
		return nil, false // Publish's checks have told
	}
	in.add(path, err)
	return tags, err == nil
}
