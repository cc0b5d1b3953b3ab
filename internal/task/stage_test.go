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

	"sluice/internal/flow"
	"sluice/internal/shift"
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
}

func newPlatform(routes map[shift.Target]shift.Route) *platform {
	return &platform{routes: maps.Clone(routes), calls: map[shift.Target]int{}}
}

func (p *platform) call(t shift.Target) error {
	p.calls[t]++
	if p.before == nil {
		return nil
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
	if err := p.call(t); err != nil {
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
	if err := p.call(t); err != nil {
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
	return p.SetRoute(ctx, t, found)
}

func (p *platform) Create(_ context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.call(t); err != nil {
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
	delete(p.routes, t)
	return p.call(t)
}

func (*platform) Settles(context.Context, shift.Target) (bool, error) { return false, nil }

func (*platform) Rules(shift.Target) (shift.Rules, error) {
	return shift.Rules{CallsPerSecond: 15}, nil
}

// book is a Ledger with one record, under the Ledger's own conditions.
type book struct {
	SafetyLedger
	mu        sync.Mutex
	record    shift.Record
	announced bool
}

func (b *book) Record(_ context.Context, id string) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != b.record.ID {
		return shift.Record{}, shift.ErrDeploymentUnknown
	}
	return b.record, nil
}

func (b *book) Intend(_ context.Context, _ string, step int) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
	if err := b.record.CheckOpen(); err != nil {
		return err
	}
	b.record.Landed = shift.Landed{Step: landed.Step, Revisions: maps.Clone(landed.Revisions)}
	return nil
}

func (b *book) MarkRestoring(_ context.Context, id string, reasons []shift.Reason, at time.Time) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
	if b.record.Status != shift.StatusRestoring {
		return b.record.CheckOpen()
	}
	b.record.Restored = append(slices.Clone(b.record.Restored), targets...)
	return nil
}

func (b *book) Close(_ context.Context, r shift.Record, e shift.Ending) (shift.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.record.Status == shift.StatusClosed || b.record.Status != r.Status {
		return b.record, b.record.CheckOpen()
	}
	b.record.Status, b.record.Outcome, b.record.Cause, b.record.Reasons, b.record.ClosedAt = shift.StatusClosed, e.Outcome, e.Cause, e.Reasons, e.At
	return b.record, nil
}

func (b *book) Announced(context.Context, string) (bool, error) { return b.announced, nil }

func (b *book) Retire(context.Context, string) error {
	b.announced = true
	return nil
}

// told keeps the announcements.
type told []shift.Announcement

func (a *told) Announce(_ context.Context, one shift.Announcement) error {
	*a = append(*a, one)
	return nil
}

// atOnce does not wait.
func atOnce(context.Context, time.Duration) {}

// stage is a Deployment of some Changes that is open, with three Steps, and what its
// functions work with.
type stage struct {
	*platform
	*book
	told
}

func newStage(t *testing.T, changes ...shift.Change) *stage {
	t.Helper()
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 300}, {Weight: 5000, Bake: 300}, {Weight: shift.All}}, shift.Hooks{})
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
