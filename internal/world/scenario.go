package world

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"encoding/json"
	"fmt"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/router"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Scenario describes what happens around a deployment. The zero Scenario is not valid;
// DecodeScenario fills in the defaults.
type Scenario struct {
	Stable, Candidate Behaviour
	// Targets are Targets whose versions behave otherwise.
	Targets map[shift.Target]Versions
	// RequestsPerMinute is the number of requests to each Target's alias.
	RequestsPerMinute int64
	// Retries is how often a request that failed is sent again, as Lambda does for asynchronous
	// invocations.
	Retries int64
	// Incidents are times in which all versions fare worse.
	Incidents []Incident
	// Metrics says what CloudWatch shows of the traffic.
	Metrics Metrics
	// Alarms is nil if the scenario names none. Then every alarm that a deployment names
	// exists and stays OK.
	Alarms    []Alarm
	Hooks     map[string]HookBehaviour
	Synthetic map[string]SyntheticBehaviour
	Functions map[string]Setup
	// Sites are by their distributions, Names by ZONE/NAME, and Switches by the name.
	Sites       map[string]SiteSetup
	Names       map[string]NameSetup
	Switches    map[string]SwitchSetup
	Propagation Propagation
	// Parameters are the texts in the Parameter Store, by name.
	Parameters map[string]string
	// Allowed, Alias and NoHookEndpoint are Sluice's settings.
	Allowed        request.Allowed
	Alias          string
	NoHookEndpoint bool
	Events         []Happening
	Faults         []Fault
	// Kinds are kinds of Targets other than Lambda aliases, by the name of their field in an
	// input. Only Go code can set them.
	Kinds map[string]Kind
	// Stacks configures CloudFormation. Only Go code can set it.
	Stacks localaws.CloudFormationConfig
	// AlarmEvents, ExecutionEvents, Sweeps and Commands say how the events that invoke the
	// safety net are delivered.
	AlarmEvents, ExecutionEvents, Sweeps, Commands Delivery
	// Latency is how long every AWS call takes.
	Latency time.Duration
	Seed    uint64
	// KeepsRevisions makes an alias keep its RevisionId when a write changes nothing. AWS gives
	// it a new one, but does not document that. Only Go code can set it.
	KeepsRevisions bool
	// Open says that there may be functions which no deployment names, for others that are
	// started later, or for bystanders. Only Go code can set it.
	Open bool
}

// Kind is another kind of Target that Sluice shifts.
type Kind struct {
	Read request.Kind
	// Adapter returns the adapter that routes it, with a Lambda's AWS configuration.
	Adapter func(aws.Config) router.Adapter
}

// HookBehaviour is what a hook's Lambda does.
type HookBehaviour struct {
	Result HookResult
	After  time.Duration
}

// HookResult is how a hook's Lambda ends.
type HookResult string

const (
	// With HookSucceeds or HookFails the hook answers, by returning or with its task token.
	HookSucceeds HookResult = "succeed"
	HookFails    HookResult = "fail"
	// With HookHangs the hook never answers.
	HookHangs HookResult = "hang"
	// With HookCrashes the Lambda itself ends with an error, in any mode.
	HookCrashes HookResult = "crash"
	// With HookContradicts a hook that was written for CodeDeploy gives both answers at once.
	HookContradicts HookResult = "contradict"
)

// Setup describes a function before the deployment, where it differs from the default.
type Setup struct {
	// Versions is the number of published versions.
	Versions int
	// Aliases are all aliases of the function.
	Aliases map[string]AliasSetup
	// Roles are the execution roles of versions that differ from the rest. The key is the
	// version, including "$LATEST".
	Roles map[string]string
	// DeadLetters are the dead-letter targets of versions, with the same keys.
	DeadLetters map[string]string
	// Durable makes it a durable function.
	Durable bool
	// Provisioned names the aliases with provisioned concurrency, and how long Lambda takes to
	// move it.
	Provisioned map[string]time.Duration
	// Inactive names the versions that have not been invoked for weeks, and how long Lambda
	// takes to make each of them ready again.
	Inactive map[string]time.Duration
	// Updating is for how long the last update of the function is still in progress.
	Updating time.Duration
	// Published means that $LATEST is the same as the last version, so that publishing it
	// makes no new version.
	Published bool
	// Absent means that the function does not exist.
	Absent bool
	// Tags are all tags of the function. If nil, the function has the tags that the
	// deployments need: the alias to shift, and the mark of a hook or of a function for
	// synthetic requests.
	Tags flow.Tags
}

// AliasSetup describes an alias before the deployment.
type AliasSetup struct {
	Version    string
	Additional string
	Percent    shift.Weight
}

// Fault makes AWS calls fail for a while.
type Fault struct {
	Call  string // such as "lambda:UpdateAlias"
	Actor string // the function whose calls fail; empty for all
	// Resource is a part of the ARN that the call concerns; empty for all.
	Resource string
	Error    FaultKind
	// From and Until are the time from the start. A zero Until means for ever.
	From, Until time.Duration
	// Skip is the number of calls that succeed first. Times is the number of calls that fail
	// after these; 0 means all.
	Skip, Times int64
}

// FaultKind is how a call goes wrong.
type FaultKind string

const (
	Throttle  FaultKind = "throttle"  // AWS throttles the call
	Deny      FaultKind = "deny"      // AWS denies access
	Break     FaultKind = "fail"      // the service fails, without effect
	Lose      FaultKind = "lose"      // the connection is lost before the effect
	LoseReply FaultKind = "loseReply" // the connection is lost after the effect
)

// Happening is an action of somebody else at a given time.
type Happening struct {
	At time.Duration
	Do string
	// Which of these fields are needed depends on Do.
	Alarm, State string
	Target       shift.Target
	Version      string
	Additional   string
	Percent      shift.Weight
	Function     string
	Reason       string
	Input        json.RawMessage
	Tags         map[string]string
	Value        string
	// For is how long a freeze lasts.
	For time.Duration
}

// Values of Happening.Do.
const (
	stopExecution    = "stopExecution"
	redriveExecution = "redriveExecution"
	startExecution   = "startExecution"
	SetAlarmState    = "setAlarmState"
	setEvaluation    = "setEvaluationState"
	deleteAlarm      = "deleteAlarm"
	updateAlias      = "updateAlias"
	deleteAliasDo    = "deleteAlias"
	updateCode       = "updateCode"
	setTags          = "setTags"
	freezeDo         = "freeze"
	unfreezeDo       = "unfreeze"

	putKey             = "putKey"
	changeRecords      = "changeRecords"
	deleteGuard        = "deleteGuard"
	takeName           = "takeName"
	updateDistribution = "updateDistribution"
)

// ScenarioError lists all problems of a scenario.
type ScenarioError struct{ Problems []strictjson.Problem }

// Error lists the problems.
func (e *ScenarioError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "the scenario is not valid: " + strings.Join(lines, "; ")
}

const (
	maxRate       = 1_000_000 // requests a minute
	maxRetries    = 10
	maxSeconds    = 366 * 24 * 60 * 60
	defaultRate   = 600
	defaultMillis = 100
	maxVersions   = 10_000
	maxCopies     = 10
	maxCalls      = 1 << 31
	maxSeed       = 1 << 62
)

// The words of fields that take one of several. The first one is the default.
var (
	hookResults      = []string{string(HookSucceeds), string(HookFails), string(HookHangs), string(HookCrashes), string(HookContradicts)}
	syntheticResults = []string{string(SyntheticSends), string(SyntheticCrashes)}
	faultKinds       = []string{string(Throttle), string(Deny), string(Break), string(Lose), string(LoseReply)}
	hookEndpoints    = []string{flow.HookEndpointURL, "off"}
	alarmStates      = []string{"OK", "ALARM", "INSUFFICIENT_DATA"}
	evaluationStates = []string{"PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE", localaws.AlarmOK}
)

// DefaultScenario is used for a deployment without a scenario: 600 requests a minute, and both
// versions healthy.
func DefaultScenario() Scenario {
	s, _ := DecodeScenario([]byte("{}"))
	return s
}

// DecodeScenario reads a scenario, as strictly as an input. The name $schema is for editors, and
// means nothing here. DecodeScenario returns a *ScenarioError that lists all problems.
func DecodeScenario(text []byte) (Scenario, error) {
	var problems strictjson.Problems
	root := strictjson.Parse(text, &problems).WithoutSchema()
	var s Scenario
	if root.Present() {
		s = decodeScenario(root.Object("stable", "candidate", "targets", "traffic", "alarms", "hooks", "synthetic", "functions", "sites", "names", "switches", "propagation", "events", "faults", "delivery", "latencyMs", "seed", "parameters", "settings", "incidents", "metrics"))
	}
	if list := problems.List(); len(list) > 0 {
		return Scenario{}, &ScenarioError{Problems: list}
	}
	return s, nil
}

func decodeScenario(o strictjson.Object) Scenario {
	s := Scenario{
		Stable:            decodeBehaviour(o.Field("stable").Object(behaviourFields...)),
		Candidate:         decodeBehaviour(o.Field("candidate").Object(append([]string{"pendingSeconds", "fails"}, behaviourFields...)...)),
		RequestsPerMinute: defaultRate,
		Hooks:             map[string]HookBehaviour{},
		Synthetic:         map[string]SyntheticBehaviour{},
		Functions:         map[string]Setup{},
		Latency:           millis(o.Field("latencyMs")),
		Seed:              uint64(o.Field("seed").Int(0, maxSeed)),
	}
	traffic := o.Field("traffic").Object("requestsPerMinute", "retries")
	s.Retries = traffic.Field("retries").Int(0, maxRetries)
	if rate := traffic.Field("requestsPerMinute"); rate.Present() {
		s.RequestsPerMinute = rate.Int(0, maxRate)
	}
	s.Targets = decodeTargets(o.Field("targets").Members())
	s.Incidents = decodeIncidents(o.Field("incidents"))
	s.Metrics = decodeMetrics(o.Field("metrics"))
	delivery := o.Field("delivery").Object("alarms", "executions", "sweeps", "commands")
	s.AlarmEvents = decodeDelivery(delivery.Field("alarms"), defaultDelay)
	s.ExecutionEvents = decodeDelivery(delivery.Field("executions"), defaultDelay)
	s.Sweeps = decodeDelivery(delivery.Field("sweeps"), 0)
	s.Commands = decodeDelivery(delivery.Field("commands"), 0)
	s.Alarms = decodeAlarms(o.Field("alarms"))
	hooks := o.Field("hooks").Members()
	for _, name := range hooks.Names() {
		s.Hooks[name] = decodeHook(hooks.Field(name).Object("result", "afterSeconds"))
	}
	synthetic := o.Field("synthetic").Members()
	for _, name := range synthetic.Names() {
		result := synthetic.Field(name).Object("result").Field("result").OneOf(syntheticResults...)
		s.Synthetic[name] = SyntheticBehaviour{SyntheticResult(result)}
	}
	functions := o.Field("functions").Members()
	for _, name := range functions.Names() {
		s.Functions[name] = decodeSetup(functions.Field(name).Object(
			"versions", "aliases", "roles", "deadLetters", "durable", "provisionedSeconds", "inactiveSeconds", "updatingSeconds", "published", "absent", "tags"))
	}
	s.Sites, s.Names, s.Switches = decodeSites(o.Field("sites").Members()), decodeNames(o.Field("names").Members()), decodeSwitches(o.Field("switches").Members())
	s.Propagation = decodePropagation(o.Field("propagation"))
	s.Parameters = decodeParameters(o.Field("parameters").Members())
	settings := o.Field("settings").Object("functions", "alias", flow.HookEndpointSetting)
	s.Allowed, s.Alias = decodeSettings(settings)
	s.NoHookEndpoint = settings.Field(flow.HookEndpointSetting).OneOf(hookEndpoints...) == "off"
	for _, v := range o.Field("events").Array() {
		s.Events = append(s.Events, decodeHappening(v))
	}
	for _, v := range o.Field("faults").Array() {
		s.Faults = append(s.Faults, decodeFault(v.Object("call", "actor", "resource", "error", "fromSeconds", "untilSeconds", "skip", "times")))
	}
	return s
}

// defaultDelay is how long EventBridge takes to deliver an event. It is an assumption: AWS says
// only "about half a second".
const defaultDelay = 500 * time.Millisecond

func decodeDelivery(v strictjson.Value, delay time.Duration) Delivery {
	o := v.Object("delayMs", "lost", "copies")
	d := Delivery{Delay: delay, Lost: o.Field("lost").Bool(), Copies: 1}
	if given := o.Field("delayMs"); given.Present() {
		d.Delay = millis(given)
	}
	if copies := o.Field("copies"); copies.Present() {
		d.Copies = int(copies.Int(1, maxCopies))
	}
	return d
}

func decodeHook(o strictjson.Object) HookBehaviour {
	result := o.Field("result").OneOf(hookResults...)
	return HookBehaviour{Result: HookResult(result), After: seconds(o.Field("afterSeconds"))}
}

// decodeParameters reads the texts of parameters. A parameter may also be written as a JSON
// object.
func decodeParameters(o strictjson.Object) map[string]string {
	parameters := map[string]string{}
	for _, name := range o.Names() {
		if v := o.Field(name); v.IsObject() {
			parameters[name] = string(v.Raw())
		} else {
			parameters[name] = v.Text()
		}
	}
	return parameters
}

// decodeSettings reads the settings that the Lambdas have in their environment in AWS.
func decodeSettings(o strictjson.Object) (request.Allowed, string) {
	allowed, err := request.ParseAllowed(o.Field("functions").Text())
	if err != nil {
		o.Field("functions").Problem("%v", err)
	}
	alias := o.Field("alias").Text()
	if alias != "" && !request.IsAlias(alias) {
		o.Field("alias").Problem("%s", request.NoAlias)
	}
	return allowed, alias
}

func decodeSetup(o strictjson.Object) Setup {
	s := Setup{
		Versions:    int(o.Field("versions").Int(0, maxVersions)),
		Roles:       texts(o.Field("roles")),
		DeadLetters: texts(o.Field("deadLetters")),
		Durable:     o.Field("durable").Bool(),
		Provisioned: map[string]time.Duration{},
		Inactive:    map[string]time.Duration{},
		Updating:    seconds(o.Field("updatingSeconds")),
		Published:   o.Field("published").Bool(),
		Absent:      o.Field("absent").Bool(),
	}
	if o.Field("tags").Present() {
		s.Tags = texts(o.Field("tags"))
	}
	provisioned := o.Field("provisionedSeconds").Members()
	for _, alias := range provisioned.Names() {
		s.Provisioned[alias] = seconds(provisioned.Field(alias))
	}
	inactive := o.Field("inactiveSeconds").Members()
	for _, version := range inactive.Names() {
		s.Inactive[version] = seconds(inactive.Field(version))
	}
	aliases := o.Field("aliases")
	if !aliases.Present() {
		return s
	}
	s.Aliases = map[string]AliasSetup{}
	for _, name := range aliases.Members().Names() {
		f := aliases.Members().Field(name).Object("version", "additional", "percent")
		s.Aliases[name] = AliasSetup{Version: f.Require("version").Text(), Additional: f.Field("additional").Text(), Percent: share(f.Field("percent"))}
	}
	return s
}

func texts(v strictjson.Value) map[string]string {
	o := v.Members()
	values := map[string]string{}
	for _, name := range o.Names() {
		values[name] = o.Field(name).Text()
	}
	return values
}

func decodeFault(o strictjson.Object) Fault {
	f := Fault{
		Call:  o.Require("call").Text(),
		Actor: o.Field("actor").Text(), Resource: o.Field("resource").Text(),
		Error: FaultKind(o.Field("error").OneOf(faultKinds...)),
		From:  seconds(o.Field("fromSeconds")),
		Until: seconds(o.Field("untilSeconds")),
		Skip:  o.Field("skip").Int(0, maxCalls),
		Times: o.Field("times").Int(0, maxCalls),
	}
	if !strings.Contains(f.Call, ":") && f.Call != "" {
		o.Field("call").Problem(`must be a service and an operation, such as "lambda:UpdateAlias"`)
	}
	return f
}

// fieldsOf lists the fields of each action, in addition to atSeconds and do.
var fieldsOf = map[string][]string{
	stopExecution:    {},
	redriveExecution: {},
	startExecution:   {"input"},
	SetAlarmState:    {"alarm", "state"},
	setEvaluation:    {"alarm", "state"},
	deleteAlarm:      {"alarm"},
	updateAlias:      {"target", "version", "additional", "percent"},
	deleteAliasDo:    {"target"},
	updateCode:       {"function"},
	setTags:          {"function", "tags"},

	putKey:             {"target", "version", "value"},
	changeRecords:      {"target", "version", "percent"},
	deleteGuard:        {"target"},
	takeName:           {"target", "version"},
	updateDistribution: {"target"},

	string(shift.Abort):   {"target", "reason"},
	string(shift.Promote): {"target", "reason"},
	string(shift.Pause):   {"target", "reason"},
	string(shift.Resume):  {"target", "reason"},
	string(shift.Approve): {"target", "reason"},
	string(shift.Reject):  {"target", "reason"},

	freezeDo:   {"forSeconds", "reason"},
	unfreezeDo: {"reason"},
}

// alwaysRequired are the fields that every action requires that has them.
var alwaysRequired = []string{"alarm", "target", "function", "input", "tags", "forSeconds"}

// kindsOf has the kind of the target of those actions that are about one kind only.
var kindsOf = map[string]string{
	updateAlias: shift.KindLambda, deleteAliasDo: shift.KindLambda,
	putKey:        shift.KindCloudFront,
	changeRecords: shift.KindRoute53, deleteGuard: shift.KindRoute53,
	takeName: shift.KindSwitch, updateDistribution: shift.KindSwitch,
}

func decodeHappening(v strictjson.Value) Happening {
	do := v.Object("atSeconds", "do", "alarm", "state", "target", "version", "additional", "percent", "function", "reason", "input", "tags", "value", "forSeconds").Require("do").Text()
	fields, known := fieldsOf[do]
	if !known {
		if v.IsObject() && v.Members().Field("do").IsString() {
			v.Problem("do is not known: %.40q; known are %s", do, strings.Join(sortedKeys(fieldsOf), ", "))
		}
		return Happening{}
	}
	o := v.Object(append([]string{"atSeconds", "do"}, fields...)...)
	h := Happening{
		At: seconds(o.Require("atSeconds")), Do: do,
		Alarm: o.Field("alarm").Text(), Target: shift.Target(o.Field("target").Text()),
		Version: o.Field("version").Text(), Additional: o.Field("additional").Text(), Percent: share(o.Field("percent")),
		Function: o.Field("function").Text(), Reason: o.Field("reason").Text(), Input: o.Field("input").Raw(),
		Tags: texts(o.Field("tags")), Value: o.Field("value").Text(),
		For: seconds(o.Field("forSeconds")),
	}
	for _, required := range alwaysRequired {
		if slices.Contains(fields, required) {
			o.Require(required)
		}
	}
	switch do {
	case SetAlarmState:
		h.State = o.Require("state").OneOf(alarmStates...)
	case setEvaluation:
		h.State = o.Require("state").OneOf(evaluationStates...)
	}
	h.checkTarget(o.Field("target"))
	h.checkVersion(o)
	return h
}

// checkTarget checks the target of an action.
func (h Happening) checkTarget(v strictjson.Value) {
	if h.Target == "" {
		return
	}
	kind, only := kindsOf[h.Do]
	switch err := flow.CheckTarget(h.Target); {
	case err != nil:
		v.Problem("%v", err)
	case only && kind != h.Target.Kind():
		v.Problem("is a target of the kind %s, but %s needs one of the kind %s", h.Target.Kind(), h.Do, kind)
	}
}

// checkVersion checks what a front end gets.
func (h Happening) checkVersion(o strictjson.Object) {
	version := o.Field("version")
	switch h.Do {
	case putKey:
		if version.Present() == o.Field("value").Present() {
			o.Field("value").Problem("write either a version, which is a release, or a value")
		}
		checked(version, flow.IsRelease, flow.NoRelease)
	case changeRecords:
		if version.Present() == o.Field("percent").Present() {
			o.Field("percent").Problem("write either a version, which is an endpoint, or the percent of the candidate's record")
		}
		decodeEndpoint(version)
	case takeName:
		checked(o.Require("version"), flow.IsDistribution, flow.NoDistribution)
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func seconds(v strictjson.Value) time.Duration {
	return time.Duration(v.Float(0, maxSeconds) * float64(time.Second))
}

func millis(v strictjson.Value) time.Duration {
	return time.Duration(v.Float(0, maxSeconds) * float64(time.Millisecond))
}

func share(v strictjson.Value) shift.Weight {
	decimal := v.Decimal()
	if decimal == "" {
		return shift.None
	}
	w, err := shift.ParsePercent(decimal)
	if err != nil {
		v.Problem("%v", err)
	}
	return w
}

// String describes a Happening in an error.
func (h Happening) String() string {
	return fmt.Sprintf("%s at %s", h.Do, h.At)
}
