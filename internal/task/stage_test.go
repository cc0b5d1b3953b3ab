package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	first   = "arn:aws:states:us-east-1:123456789012:execution:sluice:first"
	orders  = shift.Target("lambda:orders:live")
	billing = shift.Target("lambda:billing:live")
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// platform holds Routes as Lambda does: a write is refused unless it carries the Revision
// that the Target has, each write gives it another one, and a creation is refused if there is
// such a Target. DeleteAlias takes no Revision.
type platform struct {
	mu     sync.Mutex
	routes map[shift.Target]shift.Route
	writes int
	// calls counts the requests about each Target.
	calls map[shift.Target]int
	// before runs before each request about a Target, which fails with its error.
	before func(shift.Target) error
	faults *faults
}

func newPlatform(routes map[shift.Target]shift.Route) *platform {
	return &platform{routes: maps.Clone(routes), calls: map[shift.Target]int{}}
}

// faults lets all calls of one name fail from some call on, or only that one. It counts the
// calls.
type faults struct {
	mu     sync.Mutex
	name   string
	from   int
	once   bool
	err    error
	counts map[string]int
	order  []string // of all calls
}

func (f *faults) next(name string) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[name]++
	f.order = append(f.order, name)
	if name == f.name && (f.counts[name] == f.from || f.counts[name] > f.from && !f.once) {
		return f.err
	}
	return nil
}

func (p *platform) call(name string, t shift.Target) error {
	p.calls[t]++
	if err := p.faults.next(name); err != nil || p.before == nil {
		return err
	}
	return p.before(t)
}

func (p *platform) put(t shift.Target, r shift.Route) shift.Route {
	p.writes++
	r.Revision = shift.Revision(fmt.Sprintf("w%d", p.writes))
	p.routes[t] = r
	return r
}

func (p *platform) Route(_ context.Context, t shift.Target) (shift.Route, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.call("Route", t); err != nil {
		return shift.Route{}, err
	}
	route, exists := p.routes[t]
	if !exists {
		return shift.Route{}, fmt.Errorf("read %s: %w", t, shift.ErrTargetNotFound)
	}
	return route, nil
}

func (p *platform) SetRoute(_ context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.call("SetRoute", t); err != nil {
		return shift.Route{}, err
	}
	found, exists := p.routes[t]
	switch {
	case !exists:
		return shift.Route{}, fmt.Errorf("write %s: %w", t, shift.ErrTargetNotFound)
	case found.Revision != wanted.Revision:
		return shift.Route{}, fmt.Errorf("write %s: %w", t, shift.ErrRevisionMismatch)
	}
	wanted.Maker = found.Maker
	return p.put(t, wanted), nil
}

func (p *platform) Rotate(ctx context.Context, t shift.Target, found shift.Route, _ shift.Version) (shift.Route, error) {
	if err := p.faults.next("Rotate"); err != nil {
		return found, err
	}
	rotated, err := p.SetRoute(ctx, t, found)
	if err != nil {
		return found, err
	}
	return rotated, nil
}

func (p *platform) Create(_ context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.call("Create", t); err != nil {
		return shift.Route{}, err
	}
	if _, exists := p.routes[t]; exists {
		return shift.Route{}, fmt.Errorf("create %s: %w", t, shift.ErrRevisionMismatch)
	}
	return p.put(t, wanted), nil
}

func (p *platform) Delete(_ context.Context, t shift.Target) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.call("Delete", t); err != nil {
		return err
	}
	delete(p.routes, t)
	return nil
}

func (p *platform) Settles(context.Context, shift.Target) (bool, error) {
	return false, p.faults.next("Settles")
}

func (*platform) Rules(t shift.Target) (shift.Rules, error) {
	return shift.Rules{CallsPerSecond: 15, Settles: t.Kind() == shift.KindLambda}, nil
}

// book is a Ledger with one record, under the Ledger's own conditions.
type book struct {
	SafetyLedger
	mu        sync.Mutex
	record    shift.Record
	announced bool
	suspects  []shift.Listed
	leased    string
	frozen    shift.Freeze
	queue     []shift.Waiting
	faults    *faults
}

func (b *book) Freeze(context.Context) (shift.Freeze, error) {
	return b.frozen, b.faults.next("Freeze")
}

func (b *book) SetFreeze(_ context.Context, f shift.Freeze) (shift.Freeze, error) {
	if err := b.faults.next("SetFreeze"); err != nil {
		return shift.Freeze{}, err
	}
	if !f.At.Before(b.frozen.At) {
		b.frozen = f
	}
	return b.frozen, nil
}

func (b *book) Ask(_ context.Context, _ string, step int, at time.Time) (shift.Record, error) {
	if err := b.faults.next("Ask"); err != nil {
		return shift.Record{}, err
	}
	if b.record.Status == shift.StatusOpen && step > b.record.Asked.Step {
		b.record.Asked = shift.AskedStep{Step: step, At: at}
	}
	return b.record, b.record.CheckOpen()
}

func (b *book) AnswerStep(_ context.Context, _ string, step int, c shift.Command) (shift.Record, error) {
	if err := b.faults.next("AnswerStep"); err != nil {
		return shift.Record{}, err
	}
	if err := b.record.CheckAnswer(step, c); err != nil {
		return b.record, err
	}
	if _, given := b.record.AnswerFor(b.record.Asked.Step); !given {
		b.record.Answers = append(b.record.Answers, shift.Answer{Step: b.record.Asked.Step, Command: c})
	}
	return b.record, nil
}

func (b *book) Queue(context.Context) ([]shift.Waiting, error) {
	return b.queue, b.faults.next("Queue")
}

func (b *book) Enqueue(_ context.Context, w shift.Waiting) error {
	if err := b.faults.next("Enqueue"); err != nil {
		return err
	}
	if !slices.ContainsFunc(b.queue, func(stands shift.Waiting) bool { return stands.ID == w.ID }) {
		b.queue = append(b.queue, w)
	}
	return nil
}

func (b *book) Dequeue(_ context.Context, id string) error {
	b.queue = slices.DeleteFunc(b.queue, func(w shift.Waiting) bool { return w.ID == id })
	return b.faults.next("Dequeue")
}

func (b *book) Record(_ context.Context, id string) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.faults.next("Record"); err != nil {
		return shift.Record{}, err
	}
	if id != b.record.ID {
		return shift.Record{}, shift.ErrDeploymentUnknown
	}
	return b.record, nil
}

func (b *book) Intend(_ context.Context, _ string, step int) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.faults.next("Intend"); err != nil {
		return shift.Record{}, err
	}
	if err := b.record.CheckOpen(); err != nil {
		return b.record, err
	}
	if step < b.record.Intent {
		return b.record, shift.ErrStepPassed
	}
	b.record.Intent = step
	return b.record, nil
}

func (b *book) Land(_ context.Context, _ string, landed shift.Landed) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.faults.next("Land"); err != nil {
		return err
	}
	if err := b.record.CheckOpen(); err != nil {
		return err
	}
	b.record.Landed = shift.Landed{Step: landed.Step, Revisions: maps.Clone(landed.Revisions)}
	return nil
}

func (b *book) MarkRestoring(_ context.Context, id string, reasons []shift.Reason, at time.Time) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.faults.next("MarkRestoring"); err != nil {
		return shift.Record{}, err
	}
	switch {
	case id != b.record.ID:
		return shift.Record{}, shift.ErrDeploymentUnknown
	case b.record.Status == shift.StatusClosed:
		return b.record, b.record.CheckOpen()
	case b.record.Status == shift.StatusOpen:
		b.record.Status, b.record.Reasons, b.record.MarkedAt = shift.StatusRestoring, reasons, at
	}
	return b.record, nil
}

func (b *book) Restore(_ context.Context, _ string, targets []shift.Target) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.faults.next("Restore"); err != nil {
		return err
	}
	if b.record.Status != shift.StatusRestoring {
		return b.record.CheckOpen()
	}
	b.record.Restored = append(slices.Clone(b.record.Restored), targets...)
	return nil
}

func (b *book) Close(_ context.Context, r shift.Record, e shift.Ending) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.faults.next("Close"); err != nil {
		return shift.Record{}, err
	}
	if b.record.Status == shift.StatusClosed || b.record.Status != r.Status {
		return b.record, b.record.CheckOpen()
	}
	b.record.Status, b.record.Outcome, b.record.Cause, b.record.Reasons, b.record.ClosedAt = shift.StatusClosed, e.Outcome, e.Cause, e.Reasons, e.At
	return b.record, nil
}

func (b *book) Announced(context.Context, string) (bool, error) {
	return b.announced, b.faults.next("Announced")
}

func (b *book) Retire(context.Context, string) error {
	if err := b.faults.next("Retire"); err != nil {
		return err
	}
	b.announced = true
	return nil
}

func (b *book) Unannounced(context.Context) ([]shift.Listed, error) {
	if err := b.faults.next("Unannounced"); err != nil || b.announced {
		return nil, err
	}
	return []shift.Listed{{ID: b.record.ID, Since: noon}}, nil
}

func (b *book) Suspects(context.Context) ([]shift.Listed, error) {
	return slices.Clone(b.suspects), b.faults.next("Suspects")
}

func (b *book) Suspect(_ context.Context, listed shift.Listed, at time.Time) (bool, error) {
	if err := b.faults.next("Suspect"); err != nil {
		return false, err
	}
	i := slices.Index(b.suspects, listed)
	if i >= 0 {
		b.suspects[i].Since = at
	}
	return i >= 0, nil
}

func (b *book) Acquit(_ context.Context, listed shift.Listed, _ []shift.Target) error {
	if err := b.faults.next("Acquit"); err != nil {
		return err
	}
	b.suspects = slices.DeleteFunc(b.suspects, func(s shift.Listed) bool { return s == listed })
	return nil
}

func (b *book) Holder(_ context.Context, t shift.Target) (shift.Holder, error) {
	if err := b.faults.next("Holder"); err != nil || !b.record.Concerns(t) {
		return shift.Holder{}, err
	}
	return shift.Holder{DeploymentID: b.record.ID, Since: noon}, nil
}

func (b *book) Command(_ context.Context, _ string, c shift.Command) (shift.Command, error) {
	if err := b.faults.next("Command"); err != nil {
		return c, err
	}
	if b.record.Command != nil && b.record.Command.Precedence() > c.Precedence() {
		return *b.record.Command, b.record.CheckOpen()
	}
	b.record.Command = &c
	return c, b.record.CheckOpen()
}

func (b *book) Lease(_ context.Context, holder string, _, _ time.Time) (bool, error) {
	if err := b.faults.next("Lease"); err != nil {
		return false, err
	}
	if b.leased == "" {
		b.leased = holder
	}
	return b.leased == holder, nil
}

func (b *book) Release(_ context.Context, holder string) error {
	if err := b.faults.next("Release"); err != nil {
		return err
	}
	if b.leased == holder {
		b.leased = ""
	}
	return nil
}

func (b *book) Watchers(context.Context, string) ([]shift.Listed, error) {
	return []shift.Listed{{ID: b.record.ID, Since: noon}}, b.faults.next("Watchers")
}

func (b *book) MarkFired(ctx context.Context, id, _ string, at time.Time, _ bool, reasons []shift.Reason) (shift.Record, error) {
	if err := b.faults.next("MarkFired"); err != nil {
		return shift.Record{}, err
	}
	return b.MarkRestoring(ctx, id, reasons, at)
}

func (b *book) MarkCalmed(context.Context, string, string, time.Time) error {
	return b.faults.next("MarkCalmed")
}

// told keeps the announcements.
type told struct {
	list   []shift.Announcement
	faults *faults
}

func (a *told) Announce(_ context.Context, one shift.Announcement) error {
	if err := a.faults.next("Announce " + string(one.State)); err != nil {
		return err
	}
	a.list = append(a.list, one)
	return nil
}

// atOnce does not wait.
func atOnce(context.Context, time.Duration) {}

// stage is a Deployment of some Changes that is open, with three Steps, and what its
// functions work with.
type stage struct {
	*platform
	*book
	told told
}

// failing lets all calls of a port fail from one of them on.
func (s *stage) failing(f *faults) {
	f.counts = map[string]int{}
	s.platform.faults, s.book.faults, s.told.faults = f, f, f
}

func newStage(t *testing.T, changes ...shift.Change) *stage {
	t.Helper()
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 300}, {Weight: 5000, Bake: 300}, {Weight: shift.All}}, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	s := &stage{platform: newPlatform(nil), book: &book{}}
	s.routes = map[shift.Target]shift.Route{}
	var arrivals []shift.Arrival
	for i := range changes {
		c := &changes[i]
		arrivals = append(arrivals, shift.Arrival{Target: c.Target, Candidate: c.Candidate})
		if !c.Creates() {
			c.Revision = s.put(c.Target, shift.Route{Serving: c.Stable}).Revision
		}
	}
	s.record = shift.Record{
		ID: first, Status: shift.StatusOpen, Arrivals: arrivals,
		Deployment: &shift.Deployment{ID: first, Changes: changes, Plan: plan, OpenedAt: noon},
	}
	return s
}

// document is what flows at a Progress; nil is the one before the first Step.
func (s *stage) document(p *shift.Progress) flow.Call[flow.Document] {
	return flow.Call[flow.Document]{
		ExecutionID: first, Now: noon,
		Document: flow.Document{
			Release: &shift.Release{Arrivals: s.record.Arrivals}, Deployment: s.record.Deployment, Progress: p,
		},
	}
}

// shift calls set-weight.
func (s *stage) shift(t *testing.T, p *shift.Progress) (shift.Progress, error) {
	t.Helper()
	h := SetWeight{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce}
	return h.Handle(t.Context(), s.document(p))
}

func (s *stage) restorer() Restorer {
	return Restorer{Ledger: s.book, Router: s.platform, Announcer: &s.told, Pause: atOnce, Nudges: true, Together: oneByOne}
}

// oneByOne is a Together that keeps an order.
func oneByOne(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	for i := range n {
		do(ctx, i)
	}
}

// failure is one that a Catch has written.
func failure(name, cause string) *flow.Failure { return &flow.Failure{Error: name, Cause: cause} }

func undoingOf(o shift.Outcome, reasons []shift.Reason, cause string) flow.Undoing {
	return flow.Undoing{Outcome: o, Reasons: reasons, Cause: cause}
}
