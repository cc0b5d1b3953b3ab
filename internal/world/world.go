package world

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// Epoch is the start time of every world but a Paced one.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// World is an AWS account with Sluice in it, and traffic around it.
type World struct {
	scenario  Scenario
	place     place
	endpoint  string // where callers from outside reach the account
	began     time.Time
	clock     *clock
	jitter    *rand.Rand
	cloud     *localaws.Cloud
	ledger    *dynamo.Ledger // with the calls of onlooker
	attended  *attendance    // nil while something may be unattended
	tables    *dynamodb.Database
	machine   *asl.Machine
	functions map[string]function // $LATEST of Sluice's own functions
	versions  map[string]function // versions of Sluice's own functions, by "name:version"
	// definition is the state machine's definition for new executions.
	definition definition
	actors     map[*Actor]struct{}
	current    *Actor // the one that runs
	onMoment   []func(Moment) error
	moments    int
	permits    Permits
	// permitsOthers is what callers from outside may do; nil: everything.
	permitsOthers func(actor string, needed localaws.Permission) bool
	// courier may deliver an event itself.
	courier func(Parcel) bool
	parcels int
	// onInvocation is told of the asynchronous invocations.
	onInvocation func(function string, event []byte)
	// intercept may answer a request itself, or change it.
	intercept func(w *World, actor string, r *http.Request) (*http.Response, error)

	traffic *traffic
	fronts  frontEnds
	// random is the source of the Lambdas' random bytes, and answering draws the answers of name
	// servers.
	random    *rand.ChaCha8
	answering *rand.Rand
	alarms    []metricAlarm
	routes    *routes
	answers   map[string]HookBehaviour // by function
	modes     map[string]shift.HookMode
	watch     func(time.Duration, *asl.Execution, asl.Event)
	onHook    func(function string, payload []byte)
	// synthetics are the functions for synthetic requests that the deployments name.
	synthetics  map[string]bool
	onSynthetic func(function string, payload []byte)
	pending     int // Happenings that have not happened yet
	executed    []*asl.Execution
	lag         Lag
	netting     int // invocations of the safety net that have not ended
	underway    int // events that EventBridge has not delivered yet
	// deadLetters counts the events that the safety net has failed to handle for good.
	deadLetters int

	alarmChanges []AlarmChange
	// histories caches the converted events of executions, which never change.
	histories map[*asl.Execution][]localaws.HistoryEvent

	invocations   map[string]int
	calls         map[string]int
	announcements []shift.Announcement
	metrics       io.Writer // where the Lambdas write their metrics
	problem       error     // the scenario asked for something impossible
	paced         *Paced    // nil in a simulation
	tell          func(News)
}

// New makes the world of a Scenario for the deployments that will run in it. The inputs
// determine which functions, aliases and alarms exist. An input that cannot be decoded is
// accepted, but nothing is created for it.
func New(s Scenario, inputs ...json.RawMessage) (*World, error) { return begin(Epoch, s, inputs) }

func begin(at time.Time, s Scenario, inputs []json.RawMessage) (*World, error) {
	w := &World{
		began:       at,
		scenario:    s,
		place:       placeOf(s, inputs),
		endpoint:    noPort,
		clock:       &clock{now: at},
		jitter:      rand.New(rand.NewPCG(s.Seed, 1)),
		random:      newRandomBytes(s.Seed),
		answering:   rand.New(rand.NewPCG(s.Seed, 5)),
		functions:   map[string]function{},
		versions:    map[string]function{},
		actors:      map[*Actor]struct{}{},
		answers:     s.Hooks,
		modes:       map[string]shift.HookMode{},
		synthetics:  map[string]bool{},
		histories:   map[*asl.Execution][]localaws.HistoryEvent{},
		invocations: map[string]int{},
		calls:       map[string]int{},
		metrics:     io.Discard,
		tell:        func(News) {},
	}
	w.traffic = newTraffic(at, s, w.Now)
	w.routes = newRoutes(w.clock)
	routing := rand.New(rand.NewPCG(s.Seed, 3))
	w.cloud = localaws.New(localaws.Config{
		Region: w.place.region, Account: w.place.account, Now: w.Now, Random: routing.Float64, KeepUnchanged: s.KeepsRevisions,
		KeyValueStores:  localaws.KeyValueStoreConfig{Propagation: orAtOnce(s.Propagation.Keys), Edges: s.Propagation.Edges},
		PropagationTime: orAtOnce(s.Propagation.Records), Stacks: s.Stacks,
		Distributions: localaws.CloudFrontConfig{DeployTime: orAtOnce(s.Propagation.Distributions), Edges: s.Propagation.Edges},
	})
	w.tables = w.cloud.Database()
	w.tables.CreateTable(LedgerTable, flow.LedgerPartitionKey, flow.LedgerSortKey, flow.LedgerExpiry)
	w.ledger = dynamo.FromConfig(w.Config(onlooker), LedgerTable)
	if err := w.install(); err != nil {
		return nil, err
	}
	for _, h := range s.Events {
		if h.Do == startExecution {
			inputs = append(inputs, h.Input)
		}
	}
	return w, w.furnish(inputs)
}

// newRandomBytes returns a source of bytes that depend on a seed, and that do not repeat within a
// World.
func newRandomBytes(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

// install puts Sluice into the account.
func (w *World) install() error {
	w.deploy()
	if err := w.publishOwn(); err != nil {
		return err
	}
	w.machine = asl.NewMachine(w.definition.parsed, w, asl.Options{
		ARN: w.place.machineARN(), RoleARN: w.place.roleARN(machineName),
		OnEvent: func(x *asl.Execution, e asl.Event) {
			if w.watch != nil {
				w.watch(w.Elapsed(), x, e)
			}
		},
		OnEnd: w.ExecutionEnded,
	})
	w.cloud.SetStateMachines(machines{w})
	w.cloud.SetInvoker(w.invoke)
	w.cloud.OnCall(func(c localaws.Call) {
		if _, ours := w.functions[c.Actor]; ours {
			w.calls[c.Action()]++
		}
	})
	w.cloud.OnEvents(w.collectAnnouncements)
	w.cloud.OnAlarmState(w.recordAlarm)
	w.cloud.OnPublished(w.startForVersion)
	w.installFaults()
	w.clock.after(SweepEvery, nature, w.sweep)
	return nil
}

// collectAnnouncements keeps the announcements of Sluice's Lambdas.
func (w *World) collectAnnouncements(events []localaws.Event) {
	for _, e := range events {
		if _, ours := w.functions[e.Actor]; !ours {
			continue // somebody from outside has sent it
		}
		var a shift.Announcement
		if err := json.Unmarshal([]byte(e.Detail), &a); err != nil {
			w.problem = fmt.Errorf("an announcement cannot be read: %w", err)
			continue
		}
		w.announcements = append(w.announcements, a)
		w.tell(News{Announcement: &a})
		w.announceToStacks(a, []byte(e.Detail))
	}
}

// furnish creates the functions, aliases, alarms and hooks that the inputs name.
func (w *World) furnish(inputs []json.RawMessage) error {
	if err := w.locateAlarms(); err != nil {
		return err
	}
	releases, known := w.releases(inputs)
	if known {
		if err := w.scenario.check(releases); err != nil {
			return err
		}
	}
	if err := w.makeFunctions(releases); err != nil {
		return err
	}
	for _, name := range sortedKeys(w.scenario.Parameters) {
		w.cloud.PutParameter(localaws.Parameter{Name: name, Value: w.scenario.Parameters[name]})
	}
	if err := w.makeFrontEnds(releases); err != nil {
		return err
	}
	w.restrain()
	targets := targetsOf(releases)
	w.traffic.behave = w.behaviour
	for _, t := range targets {
		w.addTraffic(t)
	}
	w.serveMetrics()
	w.cloud.OnAliasChange(w.reroute)
	w.watchFrontEnds()
	for _, r := range releases {
		w.learnFunctions(r)
	}
	if err := w.makeAlarms(releases, targets); err != nil {
		return err
	}
	w.cloud.OnAlarmState(w.deliverAlarm) // after makeAlarms, because initial states cause no events
	for _, h := range w.scenario.Events {
		w.pending++
		w.clock.at(w.began.Add(h.At), nature, func() {
			w.pending--
			w.happen(h)
		})
	}
	return nil
}

// releases returns the Releases of the deployments. known is false if the configuration of one
// is wrong, so that not everything that it names is known.
func (w *World) releases(inputs []json.RawMessage) (releases []shift.Release, known bool) {
	known = true
	for _, input := range inputs {
		release, err := w.release(input)
		known = known && err == nil
		if len(release.Arrivals) > 0 {
			releases = append(releases, release)
		}
	}
	return releases, known
}

// release returns the Release of a deployment, from its input and the scenario. If the
// configuration is wrong, it returns an error and a Release with only the function.
func (w *World) release(input json.RawMessage) (shift.Release, error) {
	reader := w.reader()
	release, err := reader.Input(input)
	if err != nil || release.Trigger != shift.Event {
		return release, err
	}
	event := release.Arrivals[0]
	function, alias, err := flow.SplitLambdaTarget(event.Target)
	if err != nil {
		return shift.Release{}, err
	}
	tags := w.scenario.Functions[function].Tags
	if tags == nil {
		tags = wanted{target: alias}.tags()
	}
	configured, err := reader.Tags(event, tags)
	if parameter, _ := reader.Parameter(event, tags); parameter != "" {
		configured, err = reader.Configuration(event, tags, parameter, w.scenario.Parameters[parameter])
	}
	if err != nil {
		return release, err
	}
	return configured, nil
}

// reader reads inputs as publish-version does.
func (w *World) reader() request.Reader {
	kinds := map[string]request.Kind{}
	for name, kind := range w.scenario.Kinds {
		kinds[name] = kind.Read
	}
	return request.Reader{ExecutionID: w.place.machineARN(), Alias: w.scenario.Alias, FrontEnds: request.AnyFrontEnd, Kinds: kinds, YAML: strictyaml.Convert}
}

// targetsOf returns the Targets of Sluice's own kinds that the releases shift.
func targetsOf(releases []shift.Release) []shift.Target {
	var targets []shift.Target
	for _, r := range releases {
		for _, a := range r.Arrivals {
			if _, known := flow.KindOf(a.Target); known && !slices.Contains(targets, a.Target) {
				targets = append(targets, a.Target)
			}
		}
	}
	return targets
}

func (w *World) reroute(change localaws.AliasChange) {
	of := change.After
	if of == nil {
		of = change.Before
	}
	target := flow.LambdaTarget(of.Function, of.Name)
	w.traffic.reroute(target, portionsOfAlias(change.After), w.clock.now)
	_, ours := w.functions[change.Actor]
	w.routes.reroute(target, aliasDivision(change.After), ours)
}

// addTraffic starts the traffic of a Target.
func (w *World) addTraffic(t shift.Target) {
	if t.Kind() != shift.KindLambda {
		w.addViewers(t)
		return
	}
	function, name, _ := flow.SplitLambdaTarget(t) // the reader has checked it
	alias, exists := w.cloud.Alias(function, name)
	if !exists {
		w.traffic.add(t, "", nil)
		return
	}
	w.traffic.add(t, alias.FunctionVersion, portionsOfAlias(&alias))
	w.routes.begin(t, Division{Serving: alias.FunctionVersion})
}

// behaviour returns how a version serves. A version that Sluice introduces behaves like
// the Candidate, and every other version like Stable.
func (w *World) behaviour(t shift.Target, version string) Behaviour {
	if t.Kind() != shift.KindLambda {
		return w.frontEndBehaviour(t, version)
	}
	return w.scenario.of(t, w.routes.role(t, version) == RoleCandidate)
}

// Elapsed returns how long the world has existed.
func (w *World) Elapsed() time.Duration { return w.clock.now.Sub(w.began) }

// Start starts an execution, as StartExecution does.
func (w *World) Start(name string, input json.RawMessage) (*asl.Execution, error) {
	x, err := w.machine.Start(name, input)
	if err == nil && !slices.Contains(w.executed, x) {
		w.executed = append(w.executed, x)
	}
	return x, err
}

// maxCleanup bounds how long the safety net may take after the executions have ended.
const maxCleanup = 2 * time.Hour

// Run lets time pass until every execution has ended, no more Happenings are to come, every
// Outcome is announced, and all viewers have what the control planes have. It waits for the
// announcements and the viewers at most maxCleanup.
func (w *World) Run() error {
	ended := w.clock.now
	for {
		busy := w.pending > 0 || w.AnyRunning()
		if busy {
			ended = w.clock.now
		}
		if !busy && (w.clock.now.Sub(ended) > maxCleanup || w.netting == 0 && !w.hasUnannounced() && w.viewersFollow()) {
			w.traffic.advance(w.clock.now)
			return w.problem
		}
		if !w.clock.step() {
			return fmt.Errorf("there are no more events after %s, but some executions have not ended", w.Elapsed())
		}
		if w.problem != nil {
			return w.problem
		}
	}
}

// Close ends the Lambdas that still run.
func (w *World) Close() {
	for a := range w.actors {
		a.inFlight = false
		a.kill()
	}
}

// bareName returns a function's name without ARN and qualifier.
func bareName(function string) string {
	name, _ := splitName(function)
	return name
}

// splitName splits a function's name, in any of the forms that Lambda accepts, into the bare
// name and the qualifier, which may be empty.
func splitName(function string) (name, qualifier string) {
	parts := strings.Split(function, ":")
	if i := slices.Index(parts, "function"); i >= 0 && i+1 < len(parts) {
		parts = parts[i+1:]
	}
	if len(parts) > 1 {
		qualifier = parts[1]
	}
	return parts[0], qualifier
}
