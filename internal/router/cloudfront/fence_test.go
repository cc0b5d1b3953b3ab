package cloudfront_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
	"github.com/sluice-aws/sluice/internal/shift"
)

// A shift is held up between its last read and its PutKey, for as long as a rollback takes. The
// value is what it was when the shift read it, and the write is refused all the same.
func TestAStalledWriteIsRefusedAfterARollback(t *testing.T) {
	t.Parallel()
	for _, staleIsInvalid := range []bool{false, true} {
		s := newStage(localaws.KeyValueStoreConfig{Rate: -1, StaleIsInvalid: staleIsInvalid}).holds(t, text(`"stable":"r41"`))
		rollback := cloudfront.New(s.client("rollback"), s.settings(2))
		var restored shift.Route
		s.Fault(func(c localaws.Call) error {
			if c.Actor != "set-weight" || c.Operation != "PutKey" || restored.Revision != "" {
				return nil
			}
			found, err := rollback.Route(t.Context(), site)
			require.NoError(t, err)
			restored, err = rollback.Rotate(t.Context(), site, found, "r42")
			require.NoError(t, err)
			return nil
		})
		_, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Additional: "r42", Weight: 1000, Revision: nonce})
		require.ErrorIs(t, err, shift.ErrRevisionMismatch)
		found, err := s.Route(t.Context(), site)
		require.NoError(t, err)
		assert.Equal(t, restored, found)
		assert.Equal(t, shift.Version("r41"), found.Serving)
		assert.True(t, found.IsWhole())
	}
}

// crowd are several writers of one store, who make one call at a time.
type crowd struct {
	*stage
	t       *rapid.T
	writers []*writer
	// serial counts the changes of the site's key. It tells apart what no value does.
	serial  int
	changes map[string][]change // by actor
	values  map[string]bool
}

// change is what a write has replaced, and whether there was and is a value.
type change struct {
	serial        int
	before, after bool
}

// fate is what becomes of a call.
type fate int

const (
	answered fate = iota
	lost          // it has its effect, and the answer does not arrive
	repeated      // the answer does not arrive, and the client repeats the call
)

var errLost = errors.New("connection reset")

// writer makes its calls when the crowd lets it.
type writer struct {
	cloudfront.API
	name  string
	ready chan struct{}
	run   chan fate
	done  chan error
	ended bool
	crowd *crowd
	// first and last are the serials of the key when the writer first read it during the
	// current operation, and when it read it last.
	first, last int
	reads       int
	// written is what last was when the writer wrote last, and unsure says that the answer
	// to one of the operation's writes was lost.
	written int
	unsure  bool
}

func (w *writer) await() fate {
	w.ready <- struct{}{}
	return <-w.run
}

func (w *writer) DescribeKeyValueStore(ctx context.Context, in *kvs.DescribeKeyValueStoreInput, options ...func(*kvs.Options)) (*kvs.DescribeKeyValueStoreOutput, error) {
	w.await()
	return w.API.DescribeKeyValueStore(ctx, in, options...)
}

func (w *writer) GetKey(ctx context.Context, in *kvs.GetKeyInput, options ...func(*kvs.Options)) (*kvs.GetKeyOutput, error) {
	w.await()
	w.last = w.crowd.serial
	if w.reads == 0 {
		w.first = w.last
	}
	w.reads++
	return w.API.GetKey(ctx, in, options...)
}

func (w *writer) PutKey(ctx context.Context, in *kvs.PutKeyInput, options ...func(*kvs.Options)) (*kvs.PutKeyOutput, error) {
	return write(w, func() (*kvs.PutKeyOutput, error) { return w.API.PutKey(ctx, in, options...) })
}

func (w *writer) DeleteKey(ctx context.Context, in *kvs.DeleteKeyInput, options ...func(*kvs.Options)) (*kvs.DeleteKeyOutput, error) {
	return write(w, func() (*kvs.DeleteKeyOutput, error) { return w.API.DeleteKey(ctx, in, options...) })
}

func write[T any](w *writer, call func() (*T, error)) (*T, error) {
	w.written = w.last
	fate := w.await()
	w.unsure = w.unsure || fate != answered
	switch fate {
	case lost:
		_, _ = call()
		return nil, errLost
	case repeated:
		_, _ = call()
		w.await()
	}
	return call()
}

// wish is what a writer wants to do with the site.
type wish struct {
	name  string
	route shift.Route // what to set or create
}

// work does several things with the site, one after the other. Each continues from the Route
// that the writer knows.
func (w *writer) work(r *cloudfront.Router, wishes []wish) error {
	known, serial, err := w.look(r)
	for _, wish := range wishes {
		if err != nil {
			return err
		}
		before := len(w.crowd.changes[w.name])
		written, failure := w.do(r, known, wish)
		if wrong := w.check(wish, serial, w.crowd.changes[w.name][before:], failure); wrong != nil {
			return fmt.Errorf("%s of %s, which knew %d: %w", wish.name, w.name, serial, wrong)
		}
		if failure == nil && written.Revision != "" {
			known, serial = written, w.crowd.changes[w.name][before].serial+1
			continue
		}
		known, serial, err = w.look(r)
	}
	return err
}

// look reads the Route, and returns what its Revision stands for.
func (w *writer) look(r *cloudfront.Router) (shift.Route, int, error) {
	found, err := r.Route(context.Background(), site)
	if errors.Is(err, shift.ErrTargetNotFound) {
		err = nil
	}
	return found, w.last, err
}

func (w *writer) do(r *cloudfront.Router, known shift.Route, wish wish) (shift.Route, error) {
	ctx := context.Background()
	w.reads, w.unsure = 0, false
	switch wish.name {
	case "Rotate":
		return r.Rotate(ctx, site, known, "r42")
	case "Create":
		return r.Create(ctx, site, shift.Route{Serving: "r41", Maker: w.name})
	case "Delete":
		return shift.Route{}, r.Delete(ctx, site)
	}
	wanted := wish.route
	wanted.Revision = known.Revision
	return r.SetRoute(ctx, site, wanted)
}

// check holds what a call has returned against what it has changed.
func (w *writer) check(wish wish, serial int, changes []change, failure error) error {
	if err := w.checkChanges(wish, serial, changes); err != nil {
		return err
	}
	switch {
	case failure == nil && len(changes) == 0 && wish.name != "Delete":
		return errors.New("it returns no error, and has changed nothing")
	case failure != nil && len(changes) == 1 && !w.unsure:
		return fmt.Errorf("it has changed the key, and returns: %w", failure)
	case errors.Is(failure, shift.ErrRevisionMismatch) && wish.name == "Set" && w.last == serial:
		return fmt.Errorf("it saw nothing new, and returns: %w", failure)
	}
	return nil
}

// checkChanges holds that a call changes the key once at most, and only as it was when the call
// was decided.
func (w *writer) checkChanges(wish wish, serial int, changes []change) error {
	expected := change{serial, true, true}
	switch wish.name {
	case "Create":
		expected = change{w.written, false, true}
	case "Delete":
		expected = change{w.first, true, false}
	}
	if len(changes) > 1 || len(changes) == 1 && changes[0] != expected {
		return fmt.Errorf("it was to change %v, and has changed %v", expected, changes)
	}
	return nil
}

// String keeps what rapid prints short.
func (w *writer) String() string { return w.name }

// GoString is String for %#v, which rapid uses.
func (w *writer) GoString() string { return w.name }

func newCrowd(t *rapid.T, staleIsInvalid bool) *crowd {
	c := &crowd{stage: newStage(localaws.KeyValueStoreConfig{Rate: -1, StaleIsInvalid: staleIsInvalid}), t: t, changes: map[string][]change{}, values: map[string]bool{}}
	require.NoError(t, c.PutKeyValue(c.store, siteKey, text(`"stable":"r41","maker":"first"`)))
	c.OnKeyValueChange(func(k localaws.KeyValueChange) {
		if k.Key != siteKey {
			return
		}
		c.changes[k.Actor] = append(c.changes[k.Actor], change{c.serial, k.Before != nil, k.After != nil})
		c.serial++
		if k.After == nil {
			return
		}
		if c.values[*k.After] {
			panic("a value has returned: " + *k.After)
		}
		c.values[*k.After] = true
	})
	return c
}

func (c *crowd) add(name string, seed byte, wishes []wish) {
	w := &writer{API: c.client(name), name: name, ready: make(chan struct{}), run: make(chan fate), done: make(chan error), crowd: c}
	settings := c.settings(seed)
	settings.Pause = func(context.Context, time.Duration) { w.await() }
	c.writers = append(c.writers, w)
	go func() { w.done <- w.work(cloudfront.New(w, settings), wishes) }()
}

// settle waits until the writer is about to make a call or has ended.
func (w *writer) settle(t *rapid.T) {
	select {
	case <-w.ready:
	case err := <-w.done:
		w.ended = true
		if err != nil {
			t.Fatal(err)
		}
	}
}

// play lets the writers make their calls in any order. A writer may be held up at any of them,
// answers may be lost, and somebody else may write another key.
func (c *crowd) play() {
	for _, w := range c.writers {
		w.settle(c.t)
	}
	for {
		left := slices.DeleteFunc(slices.Clone(c.writers), func(w *writer) bool { return w.ended })
		if len(left) == 0 {
			return
		}
		w := rapid.SampledFrom(left).Draw(c.t, "writer")
		switch happening := rapid.IntRange(0, 19).Draw(c.t, "happening"); happening {
		case 0, 1:
			require.NoError(c.t, c.PutKeyValue(c.store, "E2OTHER", "x"))
			w.run <- answered
		case 2:
			w.run <- lost
		case 3:
			w.run <- repeated
		default:
			w.run <- answered
		}
		w.settle(c.t)
	}
}

func TestNoWriteReplacesAnythingButWhatItsRevisionStandsFor(t *testing.T) {
	t.Parallel()
	wishes := rapid.SliceOfN(rapid.SampledFrom([]wish{
		{"Set", shift.Route{Serving: "r41"}}, {"Set", shift.Route{Serving: "r41"}}, {"Set", shift.Route{Serving: "r41", Additional: "r42", Weight: 1000}},
		{"Set", shift.Route{Serving: "r42"}}, {"Rotate", shift.Route{}}, {"Rotate", shift.Route{}}, {"Create", shift.Route{}}, {"Delete", shift.Route{}},
	}), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		c := newCrowd(t, rapid.Bool().Draw(t, "stale is invalid"))
		for i := range rapid.IntRange(2, 3).Draw(t, "writers") {
			c.add(fmt.Sprint("writer ", i), byte(i), wishes.Draw(t, "wishes"))
		}
		c.play()
		if final, exists := c.KeyValue(c.store, siteKey); exists && !strings.HasPrefix(final, `{"v":1,"stable":"r4`) {
			t.Fatalf("the key holds %q", final)
		}
	})
}
