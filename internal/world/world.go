package world

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	"sluice/internal/localaws/dynamodb"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// Epoch is when every world begins that nobody calls from outside.
var Epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// World is an AWS account with Sluice in it, and traffic around it.
type World struct {
	scenario  Scenario
	place     place
	began     time.Time
	clock     *clock
	jitter    *rand.Rand
	cloud     *localaws.Cloud
	ledger    *dynamo.Ledger // for onlooker
	attended  *attendance    // nil while something may be unattended
	tables    *dynamodb.Database
	machine   *asl.Machine
	functions map[string]function // Sluice's own, as their $LATEST is
	versions  map[string]function // Sluice's own by "name:version"
	// definition is that of the state machine: new executions begin with it.
	definition definition
	actors     map[*Actor]struct{}
	current    *Actor // who runs
	meddlers   []func(Moment) error
	moments    int
	permits    Permits
	// courier may see to an event's delivery itself.
	courier func(Parcel) bool
	parcels int
	// weaken may answer a call itself, or change it on its way.
	weaken func(w *World, actor string, r *http.Request) (*http.Response, error)

	traffic  *traffic
	alarms   []watched
	routes   *routes
	answers  map[string]HookBehaviour // by function
	modes    map[string]shift.HookMode
	watch    func(time.Duration, *asl.Execution, asl.Event)
	onHook   func(function string, payload []byte)
	pending  int // Happenings that are still to come
	executed []*asl.Execution
	lag      Lag
	netting  int // wakings of the safety net that are not over
	// deadLetters are the events that the safety net has failed to act on for good.
	deadLetters int

	alarmChanges []AlarmChange
	// told are the histories as Step Functions tells them, as far as anybody has
	// asked: events never change.
	told map[*asl.Execution][]localaws.HistoryEvent

	invocations   map[string]int
	calls         map[string]int
	announcements []shift.Announcement
	metrics       io.Writer // where the Lambdas write their metrics
	problem       error     // something that the scenario asked for and cannot be
	paced         *Paced    // nil in a simulation
}

// New makes the world of a Scenario for the deployments that will run in it.
// The inputs say which functions, aliases and alarms there are; one that cannot
// be decoded is a deployment, too, and gets nothing.
func New(s Scenario, inputs ...json.RawMessage) (*World, error) { return begin(Epoch, s, inputs) }

func begin(at time.Time, s Scenario, inputs []json.RawMessage) (*World, error) {
	w := &World{
		began:       at,
		scenario:    s,
		place:       placeOf(inputs),
		clock:       &clock{now: at},
		jitter:      rand.New(rand.NewPCG(s.Seed, 1)),
		functions:   map[string]function{},
		versions:    map[string]function{},
		actors:      map[*Actor]struct{}{},
		answers:     s.Hooks,
		modes:       map[string]shift.HookMode{},
		told:        map[*asl.Execution][]localaws.HistoryEvent{},
		invocations: map[string]int{},
		calls:       map[string]int{},
		metrics:     io.Discard,
		traffic:     newTraffic(at, s.RequestsPerMinute, rand.New(rand.NewPCG(s.Seed, 2))),
	}
	routing := rand.New(rand.NewPCG(s.Seed, 3))
	w.cloud = localaws.New(localaws.Config{Region: w.place.region, Account: w.place.account, Now: w.Now, Random: routing.Float64})
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
	w.cloud.SetInvoker(w.invoked)
	w.cloud.OnCall(func(c localaws.Call) {
		if _, ours := w.functions[c.Actor]; ours {
			w.calls[c.Action()]++
		}
	})
	w.cloud.OnEvents(w.heard)
	w.cloud.OnAlarmState(w.alarmChanged)
	w.cloud.OnPublished(w.published)
	w.faults()
	w.restrain()
	w.clock.after(SweepEvery, nature, w.sweep)
	return nil
}

// heard collects the announcements.
func (w *World) heard(events []localaws.Event) {
	for _, e := range events {
		if _, ours := w.functions[e.Actor]; !ours {
			continue // somebody from outside has put it
		}
		var a shift.Announcement
		if err := json.Unmarshal([]byte(e.Detail), &a); err != nil {
			w.problem = fmt.Errorf("an announcement cannot be read: %w", err)
			continue
		}
		w.announcements = append(w.announcements, a)
	}
}

// furnish makes the functions, aliases, alarms and hooks that the inputs speak of.
func (w *World) furnish(inputs []json.RawMessage) error {
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
	w.routes = newRoutes(w.clock)
	targets := targetsOf(releases)
	for _, t := range targets {
		name, alias, err := t.Lambda()
		if err != nil {
			return err
		}
		found, exists := w.cloud.Alias(name, alias)
		w.traffic.add(t, found, exists)
		w.routes.begin(t, found, exists)
	}
	w.traffic.behave = w.behaviour
	w.cloud.OnAliasChange(w.rerouted)
	for _, r := range releases {
		w.learnHooks(r.Hooks)
	}
	if err := w.makeAlarms(releases, targets); err != nil {
		return err
	}
	w.cloud.OnAlarmState(w.tellAlarm) // how they stand at first is no news
	for _, h := range w.scenario.Events {
		w.pending++
		w.clock.at(w.began.Add(h.At), nature, func() {
			w.pending--
			w.happen(h)
		})
	}
	return nil
}

// releases are what the deployments will ask for. known is false if not everything is known
// that they speak of, because the configuration of one is wrong.
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

// release is what a deployment will ask for, as its input and the scenario tell. Of
// one whose configuration is wrong, and an error, only the function is known.
func (w *World) release(input json.RawMessage) (shift.Release, error) {
	reader := w.reader()
	release, err := reader.Input(input)
	if err != nil || release.Trigger != shift.Event {
		return release, err
	}
	event := release.Arrivals[0]
	function, alias, err := event.Target.Lambda()
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
	return request.Reader{ExecutionID: w.place.machineARN(), Alias: w.scenario.Alias, Kinds: kinds}
}

// targetsOf are the aliases that are shifted.
func targetsOf(releases []shift.Release) []shift.Target {
	var targets []shift.Target
	for _, r := range releases {
		for _, a := range r.Arrivals {
			if a.Target.Kind() == shift.KindLambda && !slices.Contains(targets, a.Target) {
				targets = append(targets, a.Target)
			}
		}
	}
	return targets
}

func (w *World) rerouted(change localaws.AliasChange) {
	of := change.After
	if of == nil {
		of = change.Before
	}
	target := shift.LambdaTarget(of.Function, of.Name)
	w.traffic.rerouted(target, change.After, w.clock.now)
	w.routes.rerouted(target, change.After)
}

// behaviour is how a version serves. What a deployment introduces is the
// Candidate; everything else is as good as Stable.
func (w *World) behaviour(t shift.Target, version string) (Behaviour, bool) {
	if w.routes.isCandidate(t, version) {
		return w.scenario.Candidate, true
	}
	return w.scenario.Stable, false
}

// Elapsed is how long the world has existed.
func (w *World) Elapsed() time.Duration { return w.clock.now.Sub(w.began) }

// Start starts an execution, as StartExecution does.
func (w *World) Start(name string, input json.RawMessage) (*asl.Execution, error) {
	x, err := w.machine.Start(name, input)
	if err == nil && !slices.Contains(w.executed, x) {
		w.executed = append(w.executed, x)
	}
	return x, err
}

// patience is how long the safety net may take to settle what executions leave.
const patience = 2 * time.Hour

// Run lets time pass until every execution has ended, nothing more is to happen,
// and no Deployment is left unattended, or the safety net does not manage that.
func (w *World) Run() error {
	ended := w.clock.now
	for {
		busy := w.pending > 0 || w.AnyRunning()
		if busy {
			ended = w.clock.now
		}
		if !busy && (w.clock.now.Sub(ended) > patience || w.netting == 0 && !w.unsettled()) {
			w.traffic.advance(w.clock.now)
			return w.problem
		}
		if !w.clock.step() {
			return fmt.Errorf("the world stands still at %s with executions that have not ended", w.Elapsed())
		}
		if w.problem != nil {
			return w.problem
		}
	}
}

// Close ends whatever still runs.
func (w *World) Close() {
	for a := range w.actors {
		a.inFlight = false
		a.kill()
	}
}

// bare is a function's name without what may stand around it.
func bare(function string) string {
	name, _ := named(function)
	return name
}

// named takes a function's name, in any of the forms in which it may be given,
// apart from its qualifier, which may be empty.
func named(function string) (name, qualifier string) {
	parts := strings.Split(function, ":")
	if i := slices.Index(parts, "function"); i >= 0 && i+1 < len(parts) {
		parts = parts[i+1:]
	}
	if len(parts) > 1 {
		qualifier = parts[1]
	}
	return parts[0], qualifier
}
