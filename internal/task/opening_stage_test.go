package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// applications are what open-deployment and publish-version work with beside a stage's
// routes and record. Their calls fail as the stage's do.
type applications struct {
	*platform
	rules     shift.Rules
	readiness shift.Readiness // of every version; empty is ready
	tags      flow.Tags
	parameter string
	alarms    []shift.Alarm
	woken     []shift.Version
	published []shift.Target
	// asked is what the alarms, the metrics and the history were asked.
	asked     []string
	baselines map[shift.Target]judge.Baseline
	arrived   map[shift.Version][]shift.Arrived
}

func (a *applications) Rules(shift.Target) (shift.Rules, error) {
	return a.rules, a.faults.next("Rules")
}

func (a *applications) DescribeVersion(_ context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	if err := a.faults.next("DescribeVersion"); err != nil {
		return shift.Published{}, err
	}
	if v == "" {
		return shift.Published{}, fmt.Errorf("read a version of %s: %w", t, shift.ErrVersionNotFound)
	}
	return shift.Published{
		Version: v, Readiness: a.readiness, Reason: "as it is", Detail: "detail of " + string(t) + " " + string(v), Note: "note of " + string(v), Traits: string(v),
	}, nil
}

func (a *applications) Wake(_ context.Context, _ shift.Target, v shift.Version) error {
	a.woken = append(a.woken, v)
	return a.faults.next("Wake")
}

func (a *applications) CheckStart(t shift.Target, found shift.Route, settles bool) error {
	if err := a.faults.next("CheckStart"); err != nil {
		return err
	}
	if !found.IsWhole() || found.Settling && settles {
		return fmt.Errorf("start at %s: %w", t, shift.ErrTargetWeighted)
	}
	return nil
}

func (a *applications) CheckCompatible(t shift.Target, stable, candidate shift.Published) error {
	a.asked = append(a.asked, fmt.Sprintf("compatible: %s, %s and %s", t, stable.Traits, candidate.Traits))
	return a.faults.next("CheckCompatible")
}

func (a *applications) Alarms(_ context.Context, names []string) ([]shift.Alarm, error) {
	a.asked = append(a.asked, fmt.Sprintf("alarms: %s", names))
	if err := a.faults.next("Alarms"); err != nil {
		return nil, err
	}
	return a.alarms, nil
}

func (a *applications) Baselines(_ context.Context, _ shift.Judging, changes []shift.Change, now time.Time) (map[shift.Target]judge.Baseline, error) {
	for _, c := range changes {
		a.asked = append(a.asked, fmt.Sprintf("baseline: %s at %s", c.Target, now.Format(time.TimeOnly)))
	}
	if err := a.faults.next("Baselines"); err != nil {
		return nil, err
	}
	return a.baselines, nil
}

func (a *applications) Publish(_ context.Context, t shift.Target) (shift.Published, error) {
	if err := a.faults.next("Publish"); err != nil {
		return shift.Published{}, err
	}
	a.published = append(a.published, t)
	return shift.Published{Version: "8", Detail: "just published"}, nil
}

// where is where an Arrival of another kind than Lambda aliases says that its Candidate is.
func where(a shift.Arrival) string {
	if a.Target.Kind() == shift.KindCloudFront {
		return a.Detail
	}
	return ""
}

func (a *applications) CheckArrival(_ context.Context, arrival shift.Arrival) error {
	a.asked = append(a.asked, "target: "+string(arrival.Target))
	return a.faults.next("CheckArrival")
}

func (a *applications) CheckCandidate(_ context.Context, arrival shift.Arrival) error {
	if in := where(arrival); in != "" {
		a.asked = append(a.asked, "candidate: "+string(arrival.Target)+" "+in)
	}
	return a.faults.next("CheckCandidate")
}

func (a *applications) Tags(_ context.Context, arn string) (flow.Tags, error) {
	a.asked = append(a.asked, "tags: "+arn)
	if err := a.faults.next("Tags"); err != nil {
		return nil, err
	}
	return a.tags, nil
}

func (a *applications) Configuration(_ context.Context, name string) (string, error) {
	a.asked = append(a.asked, "parameter: "+name)
	if err := a.faults.next("Configuration"); err != nil {
		return "", err
	}
	return a.parameter, nil
}

func (a *applications) Check(_ context.Context, function string) error {
	a.asked = append(a.asked, "hook: "+function)
	return a.faults.next("Check")
}

// loads are the functions for synthetic requests in an account.
type loads struct{ *applications }

func (l loads) Check(_ context.Context, function string) error {
	l.asked = append(l.asked, "synthetic: "+function)
	return l.faults.next("CheckSynthetic")
}

// openingBook is a Ledger for open-deployment.
type openingBook struct {
	*book
	*applications
	alarmsRead []shift.Alarm
	history    map[shift.Target][]shift.Arrived
}

func (b *openingBook) Open(_ context.Context, id string, r shift.Release, at time.Time) (shift.Record, error) {
	if err := b.book.faults.next("Open"); err != nil {
		return shift.Record{}, err
	}
	if b.record.ID == "" {
		b.record = shift.Record{ID: id, Arrivals: r.Arrivals, OpenedAt: at, Status: shift.StatusOpen}
	}
	return b.record, b.record.CheckOpen()
}

func (b *openingBook) Describe(_ context.Context, d shift.Deployment, untilOK []string, alarms []shift.Alarm) (shift.Record, error) {
	if err := b.book.faults.next("Describe"); err != nil {
		return shift.Record{}, err
	}
	if b.record.Deployment == nil {
		b.record.Deployment, b.record.UntilOK, b.alarmsRead = &d, untilOK, alarms
	}
	return b.record, b.record.CheckOpen()
}

func (b *openingBook) Arrivals(_ context.Context, t shift.Target, v shift.Version) ([]shift.Arrived, error) {
	b.asked = append(b.asked, fmt.Sprintf("history: %s %s", t, v))
	if err := b.book.faults.next("Arrivals"); err != nil {
		return nil, err
	}
	return b.arrived[v], nil
}

func (b *openingBook) History(_ context.Context, t shift.Target) ([]shift.Arrived, error) {
	if err := b.book.faults.next("History"); err != nil {
		return nil, err
	}
	return b.history[t], nil
}

// apps are the applications of a stage whose versions can be compared.
func (s *stage) apps() *applications {
	return &applications{
		platform: s.platform, rules: shift.Rules{Lag: 30, Settles: true, KeepsDetail: true, ComparesVersions: true, Creates: true},
		readiness: shift.Ready,
		baselines: map[shift.Target]judge.Baseline{orders: {Errors: judge.Record{Clump: 7}}},
	}
}

// openDeployment returns the function, and the Ledger that it works with.
func (s *stage) openDeployment(a *applications) (OpenDeployment, *openingBook) {
	ledger := &openingBook{book: s.book, applications: a}
	return OpenDeployment{
		Ledger: ledger, Router: a, Alarms: a, Metrics: a, Announcer: &s.told, Wait: atOnce, Pause: atOnce, Now: func() time.Time { return noon },
	}, ledger
}

// opens is a call of open-deployment about a stage's Targets. change completes what it is
// called with.
func opens(change func(*applications, *flow.Call[flow.Document])) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		a, call := s.apps(), s.opening(orders, billing)
		if change != nil {
			change(a, &call)
		}
		h, _ := s.openDeployment(a)
		_, err := h.Handle(ctx, call)
		return err
	}
}

// opening is a call of open-deployment that brings version 2 to some Targets.
func (s *stage) opening(targets ...shift.Target) flow.Call[flow.Document] {
	judging := shift.DefaultJudging()
	r := shift.Release{
		Steps:  []shift.Step{{Weight: 1000, Bake: 300}, {Weight: shift.All}},
		Alarms: []string{"orders-5xx"}, Judging: judging, Trigger: shift.Explicit, At: noon,
		Options: shift.Options{Unchanged: shift.SucceedUnchanged, WhenHeld: shift.FailWhenHeld, AlarmsAtStart: shift.IgnoreUntilOK},
	}
	for _, t := range targets {
		r.Arrivals = append(r.Arrivals, shift.Arrival{Target: t, Candidate: "2", Detail: "candidate of " + string(t)})
	}
	return flow.Call[flow.Document]{ExecutionID: first, Now: noon, Document: flow.Document{Release: &r}}
}

// unopened lets a stage's Deployment not be opened yet.
func unopened(s *stage) { s.record = shift.Record{} }

// publishes is a call of publish-version.
func publishes(input string, change func(*applications, *PublishVersion)) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		_, err := s.publish(ctx, s.apps(), input, change)
		return err
	}
}

func (s *stage) publish(ctx context.Context, a *applications, input string, change func(*applications, *PublishVersion)) (shift.Release, error) {
	a.rules.Lag = 0
	a.tags = flow.Tags{flow.TagAlias: "live"}
	h := PublishVersion{Versions: a, Tags: a, Configurations: a, Alarms: a, Hooks: a, Synthetic: loads{a}, Alias: "prod", Parameters: "/mine/", Kinds: map[string]request.Kind{"shop": shop}, Wait: atOnce}
	if change != nil {
		change(a, &h)
	}
	return h.Handle(ctx, flow.Call[json.RawMessage]{ExecutionID: first, Now: noon, Retry: 2, Document: json.RawMessage(input)})
}

// berlin reads a Target of another kind, whatever it is given.
func berlin[V any](V) shift.Arrival { return shift.Arrival{Target: "shop:berlin", Candidate: "2"} }

// shop is a kind that an installation may shift, too.
var shop request.Kind = berlin

func allowed(pattern string) request.Allowed {
	a, err := request.ParseAllowed(pattern)
	if err != nil {
		panic(err)
	}
	return a
}

var errLost = errors.New("the connection is gone")
