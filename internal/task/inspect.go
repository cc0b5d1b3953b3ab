package task

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// LockReader reads who holds a Target.
type LockReader interface {
	// CheckFree returns shift.ErrTargetHeld or shift.ErrTargetBeingRestored for a Target that
	// another Deployment holds.
	CheckFree(context.Context, shift.Target) error
}

// Inspection finds what Publish and Open would find, by their own checks, and changes nothing: it
// publishes no version, takes no lock, and wakes no version.
type Inspection struct {
	Publish PublishVersion
	Open    OpenDeployment
	// Locks may be nil where there is no Ledger.
	Locks LockReader
}

// Inspected is what an Inspection has read.
type Inspected struct {
	Release shift.Release
	// Changes are those that Open would make, of the Targets where it could. A Candidate that is
	// not published yet is the platform's name for the deployed code.
	Changes []shift.Change
	// Alarms are those of the Release, as they were read.
	Alarms []shift.Alarm
	// Unchanged says why there would be nothing to shift. It is empty if there is something.
	Unchanged string
}

// Problem is something that Publish or Open would end with, or could not check. Path says where in
// the input it is about. It is empty for the whole of it.
type Problem struct {
	Path string
	Err  error
	// Waits says that the Deployment would not end, and wait until it is over. Name is what it is
	// called then, unless it is the name of the error.
	Waits bool
	Name  string
}

// The paths of what an Inspection finds. Inputs with a single Target have it in their root.
const (
	alarmsField   = "alarms"
	syntheticPath = "judge.synthetic.function"
	strategyField = "strategy"
)

func targetPath(i int) string { return fmt.Sprintf("targets[%d]", i) }
func alarmPath(i int) string  { return fmt.Sprintf("%s[%d]", alarmsField, i) }

// hookPath is the path of the first hook with this function.
func hookPath(hooks shift.Hooks, function string) string {
	for _, at := range []struct {
		field string
		hooks []shift.Hook
	}{{"beforeTraffic", hooks.BeforeTraffic}, {"afterTraffic", hooks.AfterTraffic}} {
		if i := slices.IndexFunc(at.hooks, func(h shift.Hook) bool { return h.Function == function }); i >= 0 {
			return fmt.Sprintf("hooks.%s[%d].function", at.field, i)
		}
	}
	return "hooks"
}

// inspecting is one call of Inspect.
type inspecting struct {
	Inspection
	reader   request.Reader
	opening  opening
	seen     Inspected
	problems []Problem
}

// Inspect inspects an input as if an execution had started with it. Problems are in the order in
// which they would be met.
func (i Inspection) Inspect(ctx context.Context, executionID string, input json.RawMessage, now time.Time) (Inspected, []Problem) {
	// A second look after a moment would show the same here: nothing of this execution was
	// written.
	i.Open.Pause = func(context.Context, time.Duration) {}
	in := &inspecting{Inspection: i, reader: i.Publish.reader(executionID)}
	release, err := in.reader.Input(input)
	if err != nil {
		in.note("", err)
		return in.seen, in.problems
	}
	release.Schema, release.At = shift.Schema, now
	in.seen.Release = release
	in.opening = opening{OpenDeployment: i.Open, id: executionID, release: release}
	in.checkFrozen(ctx)
	in.checkWindow()
	in.note(strategyField, i.Publish.checkRules(release))
	for n, a := range release.Arrivals {
		in.inspectTarget(ctx, n, a)
	}
	in.inspectAlarms(ctx)
	i.Publish.checkHooks(ctx, release, in.note)
	i.Publish.checkSynthetic(ctx, release, in.note)
	in.inspectDeployment(ctx)
	return in.seen, in.problems
}

// note implements noter.
func (in *inspecting) note(path string, err error) {
	if err != nil {
		in.problems = append(in.problems, Problem{Path: path, Err: err})
	}
}

// inspectTarget inspects one Target. It goes on after an error as far as that leaves something to
// look at.
func (in *inspecting) inspectTarget(ctx context.Context, n int, a shift.Arrival) {
	path := targetPath(n)
	err := in.Publish.checkOneAllowed(ctx, in.reader, a)
	in.note(path, err)
	if errors.Is(err, shift.ErrFunctionNotFound) {
		return
	}
	free := in.checkFree(ctx, path, a.Target)
	candidate, err := in.describeCandidate(ctx, a)
	if err != nil {
		in.note(path, err)
		return
	}
	a.Candidate, a.Detail = candidate.Version, cmp.Or(candidate.Detail, a.Detail)
	if err := in.Publish.checkTarget(ctx, in.seen.Release, a); err != nil {
		in.note(path, err)
		return
	}
	if !free {
		return // its holder may be dividing the traffic
	}
	change, err := in.opening.readChange(ctx, a, candidate)
	in.note(path, err)
	if err == nil {
		in.seen.Changes = append(in.seen.Changes, change)
	}
}

// checkFree notes who holds a Target. Without Locks it finds nobody.
func (in *inspecting) checkFree(ctx context.Context, path string, t shift.Target) (free bool) {
	if in.Locks == nil {
		return true
	}
	held := in.Locks.CheckFree(ctx, t)
	if held != nil {
		in.problems = append(in.problems, Problem{Path: path, Err: held, Waits: errors.Is(held, shift.ErrTargetHeld) && in.opening.waits()})
	}
	return held == nil
}

// checkFrozen notes a freeze of the account.
func (in *inspecting) checkFrozen(ctx context.Context) {
	if in.Locks == nil {
		return
	}
	freeze, err := in.opening.Ledger.Freeze(ctx)
	switch {
	case err != nil:
		in.note("", err)
	case freeze.Holds(in.seen.Release.At):
		waits := in.seen.Release.Options.WhenFrozen != shift.FailWhenFrozen
		in.problems = append(in.problems, Problem{Err: fmt.Errorf("%w: %s", shift.ErrFrozen, freeze), Waits: waits})
	}
}

// checkWindow notes that the first Step has to wait for its Window.
func (in *inspecting) checkWindow() {
	now, steps := in.seen.Release.At, in.seen.Release.Steps
	if len(steps) == 0 { // an event's: its function's tags say the rest
		return
	}
	w := steps[0].Window
	if opens, known := w.Opens(now); known && opens.After(now) {
		err := fmt.Errorf("the window of step 1 is closed: %s, opens %s", w, opens.UTC().Format("Mon 2 Jan 15:04 UTC"))
		in.problems = append(in.problems, Problem{Err: err, Waits: true, Name: shift.OutsideWindow})
	}
}

// describeCandidate reads the version to deploy, or the code that Publish would publish. Publish
// and Open wait for a version that is not ready yet.
func (in *inspecting) describeCandidate(ctx context.Context, a shift.Arrival) (shift.Published, error) {
	candidate, err := in.Open.Router.DescribeVersion(ctx, a.Target, cmp.Or(a.Candidate, flow.Unpublished))
	if err != nil {
		return candidate, fmt.Errorf("find version %s of %s: %w", cmp.Or(a.Candidate, flow.Unpublished), a.Target, err)
	}
	if err := candidate.CheckReady(a.Target); errors.Is(err, shift.ErrCandidateFailed) {
		return candidate, err
	}
	return candidate, nil
}

// inspectAlarms reads all alarms, and judges each by itself.
func (in *inspecting) inspectAlarms(ctx context.Context) {
	release := in.seen.Release
	alarms, err := in.Publish.Alarms.Alarms(ctx, release.Alarms)
	if err != nil {
		in.note(alarmsField, fmt.Errorf("read the alarms: %w", err))
		return
	}
	in.seen.Alarms = alarms
	for n, a := range alarms {
		_, err := release.Options.CheckAtStart([]shift.Alarm{a})
		in.note(alarmPath(n), err)
	}
}

// inspectDeployment makes the Deployment of what was found, as Open does. It does so only if
// all Targets could be read.
func (in *inspecting) inspectDeployment(ctx context.Context) {
	changes, release := in.seen.Changes, in.seen.Release
	if len(changes) < len(release.Arrivals) {
		return
	}
	if why, nothing := shift.NothingToShift(changes); nothing {
		in.seen.Unchanged = why.Text
		return
	}
	changes = slices.DeleteFunc(slices.Clone(changes), func(c shift.Change) bool { return c.Stable == c.Candidate })
	in.note(strategyField, in.opening.checkRules(changes))
	baselines, err := in.opening.readBaselines(ctx, changes)
	if err != nil {
		in.note("judge", err)
	}
	d, err := shift.Open(shift.Opening{ID: in.opening.id, Release: release, Changes: changes, Alarms: in.seen.Alarms, Baselines: baselines, At: release.At})
	if err != nil {
		in.note(strategyField, err)
		return
	}
	in.note("", flow.Document{Release: &release, Deployment: &d}.CheckSize())
}
