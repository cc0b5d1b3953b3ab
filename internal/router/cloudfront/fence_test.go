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

	"sluice/internal/localaws"
	"sluice/internal/router/cloudfront"
	"sluice/internal/shift"
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
	// serial counts the writes of the site's key. It tells apart what no value does.
	serial int
	// changed are the serials that each actor's writes replaced.
	replaced map[string][]int
	nonces   map[string]bool
}

// writer makes its calls when the crowd lets it.
type writer struct {
	cloudfront.API
	name       string
	ready, run chan struct{}
	done       chan error
	ended      bool
	// seen is the serial of the key when the writer read it last.
	seen  int
	crowd *crowd
}

func (w *writer) await() {
	w.ready <- struct{}{}
	<-w.run
}

func (w *writer) DescribeKeyValueStore(ctx context.Context, in *kvs.DescribeKeyValueStoreInput, options ...func(*kvs.Options)) (*kvs.DescribeKeyValueStoreOutput, error) {
	w.await()
	return w.API.DescribeKeyValueStore(ctx, in, options...)
}

func (w *writer) GetKey(ctx context.Context, in *kvs.GetKeyInput, options ...func(*kvs.Options)) (*kvs.GetKeyOutput, error) {
	w.await()
	w.seen = w.crowd.serial
	return w.API.GetKey(ctx, in, options...)
}

func (w *writer) PutKey(ctx context.Context, in *kvs.PutKeyInput, options ...func(*kvs.Options)) (*kvs.PutKeyOutput, error) {
	w.await()
	return w.API.PutKey(ctx, in, options...)
}

// work writes the site several times. Each write continues from the Route that the writer knows.
func (w *writer) work(r *cloudfront.Router, wishes []shift.Route) error {
	ctx := context.Background()
	known, err := r.Route(ctx, site)
	if err != nil {
		return err
	}
	serial := w.seen // what its Revision stands for
	for _, wish := range wishes {
		before := len(w.crowd.replaced[w.name])
		written, err := w.write(ctx, r, known, wish)
		mine := w.crowd.replaced[w.name][before:]
		if wrong := w.checkWrite(serial, mine, err); wrong != nil {
			return wrong
		}
		if err == nil {
			known, serial = written, serial+1
			continue
		}
		if known, err = r.Route(ctx, site); err != nil {
			return err
		}
		serial = w.seen
	}
	return nil
}

// checkWrite holds what a write has returned against the serials that it has replaced. It was
// to replace one of them.
func (w *writer) checkWrite(serial int, replaced []int, err error) error {
	switch {
	case err == nil && !slices.Equal(replaced, []int{serial}):
		return fmt.Errorf("%s was to replace %d, and has replaced %v", w.name, serial, replaced)
	case err != nil && len(replaced) > 0:
		return fmt.Errorf("%s has written, and returns: %w", w.name, err)
	case errors.Is(err, shift.ErrRevisionMismatch) && w.seen == serial:
		return fmt.Errorf("%s saw nothing new, and returns: %w", w.name, err)
	case err == nil, errors.Is(err, shift.ErrRevisionMismatch), errors.Is(err, shift.ErrThrottled):
		return nil
	}
	return err
}

func (w *writer) write(ctx context.Context, r *cloudfront.Router, known, wish shift.Route) (shift.Route, error) {
	if wish.Serving == "" {
		return r.Rotate(ctx, site, known, "r42")
	}
	wish.Revision = known.Revision
	return r.SetRoute(ctx, site, wish)
}

func newCrowd(t *rapid.T, staleIsInvalid bool) *crowd {
	c := &crowd{stage: newStage(localaws.KeyValueStoreConfig{Rate: -1, StaleIsInvalid: staleIsInvalid}), t: t, replaced: map[string][]int{}, nonces: map[string]bool{}}
	require.NoError(t, c.PutKeyValue(c.store, siteKey, text(`"stable":"r41"`)))
	c.OnKeyValueChange(func(change localaws.KeyValueChange) {
		if change.Key != siteKey {
			return
		}
		c.replaced[change.Actor] = append(c.replaced[change.Actor], c.serial)
		c.serial++
		if c.nonces[*change.After] {
			panic("a value has returned: " + *change.After)
		}
		c.nonces[*change.After] = true
	})
	return c
}

func (c *crowd) add(name string, seed byte, wishes []shift.Route) {
	w := &writer{API: c.client(name), name: name, ready: make(chan struct{}), run: make(chan struct{}), done: make(chan error), crowd: c}
	settings := c.settings(seed)
	settings.Pause = func(context.Context, time.Duration) { w.await() }
	c.writers = append(c.writers, w)
	go func() { w.done <- w.work(cloudfront.New(w, settings), wishes) }()
}

// settle waits until every writer is about to make a call or has ended.
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

// play lets the writers make their calls in any order. A writer may be held up at any of them.
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
		if rapid.IntRange(0, 9).Draw(c.t, "stranger") == 0 {
			require.NoError(c.t, c.PutKeyValue(c.store, "E2OTHER", "x"))
		}
		w.run <- struct{}{}
		w.settle(c.t)
	}
}

func TestNoWriteReplacesAnythingButWhatItsRevisionStandsFor(t *testing.T) {
	t.Parallel()
	wish := rapid.SampledFrom([]shift.Route{{}, {Serving: "r41"}, {Serving: "r41"}, {Serving: "r41", Additional: "r42", Weight: 1000}, {Serving: "r42"}})
	rapid.Check(t, func(t *rapid.T) {
		c := newCrowd(t, rapid.Bool().Draw(t, "stale is invalid"))
		for i := range rapid.IntRange(2, 3).Draw(t, "writers") {
			c.add(fmt.Sprint("writer ", i), byte(i), rapid.SliceOfN(wish, 1, 4).Draw(t, "wishes"))
		}
		c.play()
		final, exists := c.KeyValue(c.store, siteKey)
		if !exists || !strings.HasPrefix(final, `{"v":1,"stable":"r4`) {
			t.Fatalf("the key holds %q", final)
		}
	})
}
