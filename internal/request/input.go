package request

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// InputError lists everything that is wrong with an input or a configuration, by its path.
type InputError struct {
	Problems []strictjson.Problem
	// of names the configuration; empty for the input.
	of string
}

// Error lists the problems in one line.
func (e *InputError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	what := "the input is not valid: "
	if e.of != "" {
		what = e.of + ": "
	}
	return what + strings.Join(lines, "; ")
}

// Is makes an InputError match flow.ErrInvalidInput or flow.ErrInvalidConfiguration.
func (e *InputError) Is(target error) bool {
	if e.of != "" {
		return target == flow.ErrInvalidConfiguration
	}
	return target == flow.ErrInvalidInput
}

const defaultAlias = "live"

// Reader reads requests for a deployment: inputs, tags and parameters.
type Reader struct {
	// ExecutionID is the execution's ARN. Functions must be in its account and region. It
	// may be empty.
	ExecutionID string
	// Alias is used for a target without an alias. If it is empty, live is used.
	Alias string
	// Parameters is the folder that configurations must be in. If it is empty,
	// DefaultParameters is used. Without such a folder, a tag could make Sluice read any
	// parameter of the account, and quote it in an error.
	Parameters string
	// FrontEnds say which Targets other than Lambda aliases may be shifted.
	FrontEnds FrontEnds
	// NoHookEndpoint says that the stack has no endpoint to which hooks that were written for
	// CodeDeploy could answer.
	NoHookEndpoint bool
	// Kinds read the Targets of further kinds, by the name of their field:
	// {"targets": [{"function": "orders"}, {"KIND": …}]}.
	Kinds map[string]Kind
	// YAML reads the text of an AppSpec that is no JSON. If it is nil, such a text is refused.
	YAML YAML
}

// Kind reads a Target of one kind, and its Candidate, from the value of its field. It
// reports what is wrong as Problems of that value.
type Kind func(strictjson.Value) shift.Arrival

// frontEnds read the Targets of Sluice's own kinds that are not Lambda aliases.
var frontEnds = map[string]Kind{
	flow.CloudFront.Field: readCloudFront,
	flow.Route53.Field:    readRoute53,
	flow.Switch.Field:     readSwitch,
}

func (r Reader) home() arn { return home(r.ExecutionID) }

// FunctionARN returns the unqualified ARN of a Target's function.
func (r Reader) FunctionARN(t shift.Target) string {
	name, _, _ := flow.SplitLambdaTarget(t)
	at := r.home()
	return fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s", at.partition, at.region, at.account, name)
}

// DecodeInput calls Input of a Reader with the default alias that allows any front end.
func DecodeInput(raw []byte, executionID string) (shift.Release, error) {
	return Reader{ExecutionID: executionID, FrontEnds: AnyFrontEnd}.Input(raw)
}

// Input reads the input of an execution, and completes everything but the versions: an
// Arrival without a Candidate is to be published. If an event has started the execution,
// the input holds only the function and the version. Tags or Configuration read the rest.
// The name $schema, with which a file tells editors its JSON Schema, means nothing here. Input
// returns an *InputError that lists all problems.
func (r Reader) Input(raw []byte) (shift.Release, error) {
	var problems strictjson.Problems
	root := strictjson.Parse(raw, &problems).WithoutSchema()
	var release shift.Release
	switch {
	case holdsAppSpec(root):
		release = r.withAppSpec(root, &problems)
	case isAppSpec(root):
		release = r.appSpec(root)
	case isRevert(root):
		release = r.revert(root.Object(fieldRevert, fieldReason))
	case root.IsObject():
		release = r.input(root.Object(append(r.inputNames(), fieldAppSpec)...))
	case root.Present():
		root.Problem(`must be an object such as {"function": "orders"}, not %s`, root.Kind())
	}
	if list := problems.List(); len(list) > 0 {
		return shift.Release{}, &InputError{Problems: list}
	}
	return release, nil
}

func (r Reader) input(in strictjson.Object) shift.Release {
	trigger := shift.Trigger(in.Field("trigger").OneOf(string(shift.Explicit), string(shift.Event)))
	if trigger == shift.Event {
		return r.event(in)
	}
	release := r.decodeConfiguration(in, trigger)
	release.Hooks = r.decodeHooks(in.Field("hooks"))
	release.Arrivals = r.arrivals(in)
	return complete(in, release)
}

// complete adds what depends on several fields, and checks it.
func complete(in strictjson.Object, release shift.Release) shift.Release {
	release.Judging = judgingOf(in.Field("judge"), release)
	checkRelease(in, release)
	return release
}

// checkRelease checks what depends on several fields, if those could be read.
func checkRelease(root strictjson.Object, release shift.Release) {
	strategy, hooks := root.Field("strategy"), root.Field("hooks")
	if !strategy.HasProblem() && !hooks.HasProblem() {
		if _, err := shift.NewPlan(release.Steps, release.Hooks, release.Judging); err != nil {
			strategy.Problem("%v", err)
		}
	}
	checkSynthetic(root.Field("judge"), release)
	checkWatch(root, release)
	checkKeep(root.Field(fieldKeep), release)
	if !release.FitsOneTransaction() {
		root.Problem("2 for each of the %d targets and 1 for each of the %d alarms are more than the 98 items that one deployment can open at once: split the deployment",
			len(release.Arrivals), len(release.Alarms))
	}
	if err := largestDocument(release).CheckSize(); err != nil {
		root.Problem("%v", err)
	}
}

// largestDocument is the Document that Open will make, with the longest possible values for
// what is not known yet. A Document that would be too large is thus refused before a
// version is published.
func largestDocument(release shift.Release) flow.Document {
	changes := make([]shift.Change, len(release.Arrivals))
	for i, a := range release.Arrivals {
		kind, known := flow.KindOf(a.Target)
		if !known {
			kind = flow.LambdaAlias
		}
		version := shift.Version(strings.Repeat("9", kind.LongestVersion))
		changes[i] = shift.Change{
			Target: a.Target, Stable: version, Candidate: cmp.Or(a.Candidate, version),
			Revision: shift.Revision(strings.Repeat("r", 36)), Detail: strings.Repeat("a", 140), Lag: kind.Rules.Lag,
		}
		if kind.Rules.KeepsDetail {
			changes[i].RouteDetail = strings.Repeat("d", shift.MaxRouteDetail)
		}
	}
	d := shift.Deployment{
		ID: strings.Repeat("e", maxARN), Changes: changes, Plan: shift.Plan{Steps: release.Steps},
		Alarms: release.Alarms, FiringAtStart: release.Alarms, Judging: release.Judging,
	}
	if len(release.Alarms) > 0 {
		d.Warnings = shift.LongestWarnings()
	}
	if release.Judging.On() {
		d.Baselines = make(map[shift.Target]judge.Baseline, len(changes))
		for _, c := range changes {
			d.Baselines[c.Target] = longestBaseline
		}
	}
	return flow.Document{Release: &release, Deployment: &d}
}

// longestBaseline has numbers as long as they become.
var longestBaseline = func() judge.Baseline {
	r := judge.Record{Count: judge.Count{Requests: 1e12, Bad: 1e12}, Clump: 1.0 / 3, Sway: 1.0 / 3e6}
	return judge.Baseline{Errors: r, Slow: r, VerySlow: r, Throttles: r, Latency: judge.LatencyLimits{Slow: 1_350_000, VerySlow: 1_800_000}}
}()

// choices are the fields of an input beside its Targets.
var choices = []string{
	"strategy", "alarms", "hooks", "createAlias", "unchanged",
	"whenHeld", "whenFrozen", "window", "ignoreUnreadableAlarms", "alarmsAtStart", "pauseLimitMinutes", "whenPauseEnds", "judge", "trigger", fieldWatch, fieldKeep,
}

// ofAlias are the fields of a Target that is a Lambda alias.
var ofAlias = []string{"function", "alias", "version", "expectStable"}

// ofTarget are the fields of any Target.
func (r Reader) ofTarget() []string { return slices.Concat(ofAlias, r.kindNames()) }

func (r Reader) inputNames() []string {
	return slices.Concat([]string{"targets"}, r.ofTarget(), choices)
}

// decodeConfiguration reads everything but the Targets and the hooks.
func (r Reader) decodeConfiguration(in strictjson.Object, trigger shift.Trigger) shift.Release {
	name, steps := decodeStrategy(in.Field("strategy"))
	return decodeWatch(in, shift.Release{
		Strategy: name,
		Steps:    withWindow(steps, decodeWindow(in.Field("window"))),
		Alarms:   decodeAlarms(in.Field("alarms"), r.home()),
		Options:  r.decodeOptions(in, trigger),
		Judging:  decodeJudging(in.Field("judge"), r.home()),
		Trigger:  trigger,
	})
}

func (r Reader) decodeOptions(in strictjson.Object, trigger shift.Trigger) shift.Options {
	held := []string{string(shift.FailWhenHeld), string(shift.WaitWhenHeld), string(shift.ReplaceWhenHeld)}
	if trigger == shift.Event {
		held[0], held[1] = held[1], held[0]
	}
	frozen := []string{string(shift.FailWhenFrozen), string(shift.WaitWhenFrozen)}
	if trigger == shift.Event {
		slices.Reverse(frozen)
	}
	if flow.IsStackExecution(r.ExecutionID) { // the one that takes back a stack's update
		frozen = append(frozen, string(shift.PassWhenFrozen))
	}
	limit := shift.DefaultPause
	if m := in.Field("pauseLimitMinutes"); m.Present() {
		limit = interval(m)
	}
	return shift.Options{
		KeepVersions:           decodeKeep(in.Field(fieldKeep)),
		PauseLimit:             limit,
		WhenPauseEnds:          shift.AfterWait(in.Field("whenPauseEnds").OneOf(string(shift.RollBackAfterWait), string(shift.GoOnAfterWait))),
		CreateTarget:           in.Field("createAlias").Bool(),
		Unchanged:              shift.WhenUnchanged(in.Field("unchanged").OneOf(string(shift.SucceedUnchanged), string(shift.FailUnchanged))),
		WhenHeld:               shift.WhenHeld(in.Field("whenHeld").OneOf(held...)),
		WhenFrozen:             shift.WhenFrozen(in.Field("whenFrozen").OneOf(frozen...)),
		IgnoreUnreadableAlarms: in.Field("ignoreUnreadableAlarms").Bool(),
		AlarmsAtStart:          shift.AtStart(in.Field("alarmsAtStart").OneOf(string(shift.RejectFiring), string(shift.IgnoreUntilOK))),
	}
}

func (r Reader) arrivals(in strictjson.Object) []shift.Arrival {
	list := in.Field("targets")
	single := slices.DeleteFunc(r.ofTarget(), func(name string) bool { return !in.Field(name).Present() })
	if !list.Present() {
		if !slices.ContainsFunc(single, func(name string) bool { return name == "function" || !slices.Contains(ofAlias, name) }) {
			in.Field("targets").Problem(`is missing: say what to shift, as in {"function": "orders"} or {"targets": [{"function": "orders"}]}`)
			return nil
		}
		return []shift.Arrival{r.target(in)}
	}
	for _, name := range single {
		in.Field(name).Problem("stands beside targets: write it inside a target")
	}
	var arrivals distinct
	values := list.Array()
	if list.IsArray() && len(values) == 0 {
		list.Problem("must not be empty")
	}
	for _, v := range values {
		arrivals.add(v, r.target(v.ObjectLike(`{"function": "orders"}`, r.ofTarget()...)))
	}
	return arrivals.list
}

// distinct are Arrivals of different Targets.
type distinct struct {
	list []shift.Arrival
	seen map[shift.Target]bool
}

// add adds what was read from a value. It reports a Target that is there already.
func (d *distinct) add(v strictjson.Value, a shift.Arrival) {
	if d.seen == nil {
		d.seen = map[shift.Target]bool{}
	}
	if a.Target != "" && d.seen[a.Target] {
		v.Problem("%s appears twice", a.Target)
	}
	d.seen[a.Target] = true
	d.list = append(d.list, a)
}

// kindNames are the fields of Targets that are not Lambda aliases.
func (r Reader) kindNames() []string {
	names := []string{flow.CloudFront.Field, flow.Route53.Field, flow.Switch.Field}
	for _, name := range slices.Sorted(maps.Keys(r.Kinds)) {
		if _, own := frontEnds[name]; !own {
			names = append(names, name)
		}
	}
	return names
}

// target reads the one Target that an object names: a Lambda alias, or one of another kind.
func (r Reader) target(o strictjson.Object) shift.Arrival {
	names := r.kindNames()
	present := slices.DeleteFunc(slices.Concat(names, ofAlias), func(name string) bool { return !o.Field(name).Present() })
	if len(present) == 0 || slices.Contains(ofAlias, present[0]) {
		return r.arrival(o)
	}
	for _, name := range present[1:] {
		o.Field(name).Problem("stands beside %s, and a target is one thing: write each as an object of its own in targets", present[0])
	}
	v := o.Field(present[0])
	if read, known := r.Kinds[present[0]]; known {
		return read(v)
	}
	a := frontEnds[present[0]](v)
	if err := r.FrontEnds.check(a); err != nil {
		v.Problem("%v", err)
	}
	return a
}

func (r Reader) arrival(o strictjson.Object) shift.Arrival {
	function, qualifier := decodeFunction(o.Require("function"), r.home())
	alias := r.alias(o.Field("alias"), qualifier)
	version := decodeVersion(o.Field("version"), qualifier)
	expected := decodeExpected(o.Field("expectStable"))
	if function == "" || alias == "" {
		return shift.Arrival{}
	}
	return shift.Arrival{Target: flow.LambdaTarget(function, alias), Candidate: version, ExpectStable: expected}
}

func decodeFunction(v strictjson.Value, home arn) (name, qualifier string) {
	if !v.IsString() {
		v.Text()
		return "", ""
	}
	f, err := parseFunction(v.Text(), home)
	if err != nil {
		v.Problem("%v", err)
		return "", ""
	}
	return f.name, f.qualifier
}

// alias reads an alias, which may also be the qualifier of the function's ARN.
func (r Reader) alias(v strictjson.Value, qualifier string) string {
	if isVersion(qualifier) || qualifier == latest {
		qualifier = ""
	}
	if !v.Present() {
		if qualifier != "" {
			return qualifier
		}
		return cmp.Or(r.Alias, defaultAlias)
	}
	alias := v.Text()
	switch {
	case !v.IsString():
		return ""
	case !IsAlias(alias):
		v.Problem("%s", NoAlias)
		return ""
	case qualifier != "" && qualifier != alias:
		v.Problem("contradicts the alias %s in the function's ARN", qualifier)
	}
	return alias
}

// decodeVersion reads a version, which may also be the qualifier of the function's ARN.
func decodeVersion(v strictjson.Value, qualifier string) shift.Version {
	if !isVersion(qualifier) {
		qualifier = ""
	}
	if !v.Present() {
		return shift.Version(qualifier)
	}
	version := v.Text()
	switch {
	case !v.IsString():
	case strings.HasPrefix(version, latest): // and $LATEST.PUBLISHED, of managed instances
		v.Problem("must be a published version: leave it out to have $LATEST published")
	case !isVersion(version):
		v.Problem(`must be the number of a published version as a string, such as "42"`)
	case qualifier != "" && qualifier != version:
		v.Problem("contradicts the version %s in the function's ARN", qualifier)
	}
	return shift.Version(version)
}

// decodeExpected reads the version that an alias is expected to serve.
func decodeExpected(v strictjson.Value) shift.Version {
	version := v.Text()
	if v.IsString() && !isVersion(version) {
		v.Problem(`must be the number of the published version that the alias serves now as a string, such as "41"`)
	}
	return shift.Version(version)
}

// decodeAlarms reads what the alarms are known by.
func decodeAlarms(v strictjson.Value, home arn) []string {
	alarms, seen := []string{}, map[string]bool{}
	for _, item := range v.Array() {
		if !item.IsString() {
			item.Text() // reports it
			continue
		}
		alarm, err := parseAlarm(item.Text(), home)
		switch {
		case err != nil:
			item.Problem("%v", err)
		case seen[alarm]:
			item.Problem("%s appears twice", shift.AlarmTitle(alarm))
		}
		seen[alarm] = true
		alarms = append(alarms, alarm)
	}
	return alarms
}

func (r Reader) decodeHooks(v strictjson.Value) shift.Hooks {
	o := v.ObjectLike(`{"beforeTraffic": [{"function": "orders-smoke"}]}`, "beforeTraffic", "afterTraffic")
	return shift.Hooks{
		BeforeTraffic: r.decodePoint(o.Field("beforeTraffic")),
		AfterTraffic:  r.decodePoint(o.Field("afterTraffic")),
	}
}

func (r Reader) decodePoint(v strictjson.Value) []shift.Hook {
	values := v.Array()
	if len(values) > shift.MaxHooks {
		v.Problem("has %d hooks, and at most %d are allowed", len(values), shift.MaxHooks)
	}
	hooks := make([]shift.Hook, 0, len(values))
	for _, item := range values {
		hooks = append(hooks, r.decodeHook(item.ObjectLike(`{"function": "orders-smoke"}`, "function", "mode", "timeoutSeconds")))
	}
	return hooks
}

func (r Reader) decodeHook(o strictjson.Object) shift.Hook {
	mode := o.Field("mode")
	hook := shift.Hook{Mode: shift.HookMode(mode.OneOf(string(shift.Sync), string(shift.Callback), string(shift.CodeDeploy)))}
	hook.Function = decodeInvoked(o.Require("function"), r.home())
	r.checkHookMode(mode, hook.Mode)
	limit := shift.MaxCallbackHook // of a mode that cannot be read, too
	hook.Timeout = shift.DefaultCallbackHook
	if !mode.Present() || mode.IsString() && mode.Text() == string(shift.Sync) {
		limit, hook.Timeout = shift.MaxSyncHook, shift.DefaultSyncHook
	}
	if t := o.Field("timeoutSeconds"); t.Present() {
		hook.Timeout = shift.Seconds(t.Int(1, int64(limit)))
	}
	return hook
}

// checkHookMode refuses a hook that could never answer.
func (r Reader) checkHookMode(v strictjson.Value, mode shift.HookMode) {
	if mode == shift.CodeDeploy && r.NoHookEndpoint {
		v.Problem(`this stack has no endpoint to which hooks that were written for CodeDeploy could answer: set its setting %s to %s and deploy it again, or change the hook to the mode sync or callback`,
			flow.HookEndpointSetting, flow.HookEndpointURL)
	}
}

// decodeInvoked reads a function of the user's that Sluice invokes. It is invoked as it was
// written, with its qualifier.
func decodeInvoked(v strictjson.Value, home arn) string {
	decodeFunction(v, home)
	if !v.IsString() {
		return ""
	}
	return v.Text()
}

// predefinedPrefix begins the names of CodeDeploy's predefined configurations for Lambda.
// SAM leaves it out.
const predefinedPrefix = "CodeDeployDefault.Lambda"

// Strategy returns the Steps of a strategy by its name, with or without CodeDeploy's
// prefix. It returns shift.ErrUnknownStrategy or shift.ErrInvalidPlan.
func Strategy(name string) ([]shift.Step, error) {
	steps, err := shift.Strategy(strings.TrimPrefix(name, predefinedPrefix))
	if errors.Is(err, shift.ErrUnknownStrategy) {
		return shift.Strategy(name) // names it in the error as it was sent
	}
	return steps, err
}

// decodeStrategy returns the strategy as people see it, and its Steps.
func decodeStrategy(v strictjson.Value) (string, []shift.Step) {
	switch {
	case !v.Present():
		steps, _ := shift.Strategy(shift.DefaultStrategy)
		return shift.DefaultStrategy, steps
	case v.IsString():
		return v.Text(), makeSteps(v, func() ([]shift.Step, error) { return Strategy(v.Text()) })
	case !v.IsObject():
		v.Problem("must be a name such as %q or an object, not %s", shift.DefaultStrategy, v.Kind())
		return "", nil
	}
	o := v.Object("canary", "linear", "exponential", "steps")
	if names := o.Names(); len(names) != 1 {
		v.Problem("must have exactly one of canary, linear, exponential and steps")
		return "", nil
	}
	switch kind := o.Names()[0]; kind {
	case "canary":
		f := o.Field(kind).ObjectLike(`{"percent": 10, "bakeMinutes": 5}`, "percent", "bakeMinutes")
		share, bake := share(requireNumber(f, "percent", 10)), interval(requireNumber(f, "bakeMinutes", 5))
		return withDescription(makeSteps(o.Field(kind), func() ([]shift.Step, error) { return shift.Canary(share, bake) }))
	case "linear":
		f := o.Field(kind).ObjectLike(`{"percent": 10, "everyMinutes": 5}`, "percent", "everyMinutes")
		share, every := share(requireNumber(f, "percent", 10)), interval(requireNumber(f, "everyMinutes", 5))
		return withDescription(makeSteps(o.Field(kind), func() ([]shift.Step, error) { return shift.Linear(share, every) }))
	case "exponential":
		f := o.Field(kind).ObjectLike(`{"startPercent": 1, "factor": 2, "everyMinutes": 5}`, "startPercent", "factor", "everyMinutes")
		start, growth, every := share(requireNumber(f, "startPercent", 1)), factor(requireNumber(f, "factor", 2)), interval(requireNumber(f, "everyMinutes", 5))
		return withDescription(makeSteps(o.Field(kind), func() ([]shift.Step, error) { return shift.Exponential(start, growth, every) }))
	case "steps":
		return withDescription(decodeSteps(o.Field(kind)))
	}
	return "", nil
}

// withDescription returns Steps that have no name, and a description of them.
func withDescription(steps []shift.Step) (string, []shift.Step) {
	return shift.DescribeSteps(steps), steps
}

// makeSteps makes the Steps of a strategy, if its numbers could be read.
func makeSteps(v strictjson.Value, make func() ([]shift.Step, error)) []shift.Step {
	if v.HasProblem() {
		return nil
	}
	steps, err := make()
	if err != nil {
		v.Problem("%v", err)
	}
	return steps
}

// decodeSteps reads Steps, and reports by the path of each Step why it cannot be part of a
// Plan.
func decodeSteps(v strictjson.Value) []shift.Step {
	values := v.Array()
	if v.IsArray() && len(values) == 0 {
		v.Problem("must not be empty")
	}
	steps := make([]shift.Step, 0, len(values))
	highest := shift.None
	for i, item := range values {
		f := item.ObjectLike(`{"percent": 10, "bakeMinutes": 5}`, "percent", "bakeMinutes", "approval", "window")
		share := requireNumber(f, "percent", 10)
		weight, readable := number(share, shift.ParsePercent)
		switch {
		case !readable:
		case weight <= highest:
			share.Problem("is %s, and must be above the %s before it", weight, highest)
		case i == len(values)-1 && weight < shift.All:
			v.Problem("the last step is at %s, and must be at 100%%", weight)
		}
		highest = max(highest, weight)
		step := shift.Step{Weight: weight, Bake: minutes(f.Field("bakeMinutes"))}
		if f.IsObject() {
			step.Approval, step.Window = decodeApproval(f.Field("approval")), decodeWindow(f.Field("window"))
		}
		steps = append(steps, step)
	}
	return steps
}

// requireNumber is Require for a number, with an example of it.
func requireNumber(o strictjson.Object, name string, example int) strictjson.Value {
	f := o.Field(name)
	if !f.Present() && o.IsObject() {
		f.Problem("is missing: write a number, such as %d", example)
	}
	return f
}

// share reads the share of traffic that a strategy shifts at a time. An impossible share is
// reported by its path, together with the other problems.
func share(v strictjson.Value) shift.Weight {
	w, readable := number(v, shift.ParsePercent)
	if readable && (w <= shift.None || w >= shift.All) {
		v.Problem("must be above 0 and below 100, not %s", w.Percent())
	}
	return w
}

// interval reads a time that must not be zero: the bake between two Steps, or a pause.
func interval(v strictjson.Value) shift.Seconds {
	length, readable := number(v, shift.ParseMinutes)
	if readable && length <= 0 {
		v.Problem("must be at least a second")
	}
	return length
}

func minutes(v strictjson.Value) shift.Seconds {
	length, _ := number(v, shift.ParseMinutes)
	return length
}

func factor(v strictjson.Value) *big.Rat {
	f, readable := number(v, shift.ParseFactor)
	if !readable {
		return new(big.Rat)
	}
	return f
}

// number reads a decimal exactly, and says whether it could.
func number[T any](v strictjson.Value, parse func(string) (T, error)) (T, bool) {
	decimal := v.Decimal()
	if decimal == "" {
		var none T
		return none, false
	}
	parsed, err := parse(decimal)
	if err != nil {
		v.Problem("%v", err)
	}
	return parsed, err == nil
}
