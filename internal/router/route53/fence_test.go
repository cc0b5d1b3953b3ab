package route53_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/route53"
	"github.com/sluice-aws/sluice/internal/shift"
)

// stall makes a writer whose batch is held back.
func stall(t *testing.T, i *internet, wanted shift.Route) *stalled {
	t.Helper()
	held := &stalled{to: i, holds: true}
	_, err := i.routerThrough(held).SetRoute(t.Context(), target, wanted)
	require.ErrorIs(t, err, errStalled)
	require.NotNil(t, held.held)
	return held
}

// Step 1 is on its way, the traffic is put back, and all records are what they were.
func TestABatchThatWasHeldUpIsRefusedAfterARollback(t *testing.T) {
	t.Parallel()
	for name, records := range map[string][]localaws.Record{
		"simple":     {simpleIP},
		"alias":      {simpleSite},
		"two types":  {simpleIP, simpleIP6},
		"one record": {simpleIP.Weighted("mine", 7)},
		"pair":       {simpleIP.Weighted("blue", 255), otherIP.Weighted("green", 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, r := newest(t, records...)
			before := i.records()
			start := read(t, r)
			candidate := newIP
			if len(start.Serving) > 40 || name == "two types" {
				candidate += "; AAAA 2001:db8::2"
			}
			first := stall(t, i, at(start, candidate, 1000)) // there is no guard yet

			rotated, err := r.Rotate(t.Context(), target, start, candidate)
			require.NoError(t, err)
			assert.NotEqual(t, start.Revision, rotated.Revision)
			assert.True(t, rotated.Same(start))
			assert.Equal(t, before, i.records())
			status, text := first.release(t)
			assert.Equal(t, 400, status)
			assert.Contains(t, text, "but it already exists")
			assert.Equal(t, before, i.records())

			second := stall(t, i, at(rotated, candidate, 1000))
			there := set(t, r, at(start, candidate, 1000), rotated.Revision)
			back := set(t, r, at(start, candidate, shift.None), there.Revision)
			assert.Equal(t, before, i.records(), "the records are what the held batch expects")
			assert.NotEqual(t, rotated.Revision, back.Revision)
			status, text = second.release(t)
			assert.Equal(t, 400, status)
			assert.Contains(t, text, "do not match the current values")
			assert.Equal(t, before, i.records())
		})
	}
}

// A retry of the SDK, after an answer that was lost, finds the effect of the first try.
func TestABatchThatArrivesTwiceIsRefusedTheSecondTime(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	start := read(t, r)
	held := stall(t, i, at(start, newIP, 1000))
	again := held.held
	status, _ := held.release(t)
	require.Equal(t, 200, status)
	found := read(t, r)
	assert.True(t, at(start, newIP, 1000).Same(found), "the effect is seen by a read")
	held.held = again
	status, _ = held.release(t)
	assert.Equal(t, 400, status)
	assert.Equal(t, found, read(t, r))
}

// What strangers do in the middle of a shift.
func TestAStrangersEditIsNoticed(t *testing.T) {
	t.Parallel()
	pair := []localaws.Record{simpleIP, simpleIP6}
	const candidate = newIP + "; AAAA 2001:db8::2"
	type testcase struct {
		name string
		edit func(i *internet) error
		// want is what a read says, or "" if the traffic is divided as before.
		want string
	}
	for _, test := range []testcase{
		{"a weight, without the guard", func(i *internet) error { return i.PutRecords(zoneID, otherIP.Weighted("sluice-candidate", 100)) }, "A: a weight finer than 0.01% on 192.0.2.2"},
		{"both weights", func(i *internet) error {
			return i.PutRecords(zoneID, otherIP.Weighted("sluice-candidate", 40), otherIP6.Weighted("sluice-candidate", 40), simpleIP.Weighted("sluice-stable", 160), simpleIP6.Weighted("sluice-stable", 160))
		}, "20% on " + string(candidate)},
		{"the same share", func(i *internet) error {
			return i.PutRecords(zoneID, otherIP.Weighted("sluice-candidate", 1), otherIP6.Weighted("sluice-candidate", 1), simpleIP.Weighted("sluice-stable", 9), simpleIP6.Weighted("sluice-stable", 9))
		}, ""},
		{"the guard is gone", func(i *internet) error { return i.DeleteRecords(zoneID, i.ZoneRecords(zoneID)[4]) }, ""},
		{"the guard has another text", func(i *internet) error {
			return i.PutRecords(zoneID, localaws.SimpleRecord(guard, "TXT", 60, `"mine"`))
		}, ""},
		{"the guard has another TTL", func(i *internet) error {
			return i.PutRecords(zoneID, localaws.SimpleRecord(guard, "TXT", 61, i.ZoneRecords(zoneID)[4].Values.List[0].Value))
		}, ""},
		{"a record is gone", func(i *internet) error { return i.DeleteRecords(zoneID, otherIP.Weighted("sluice-candidate", 20)) }, "A: 100% on 192.0.2.1; AAAA: 10% on 2001:db8::2"},
		{"the stable records are gone", func(i *internet) error {
			return i.DeleteRecords(zoneID, simpleIP.Weighted("sluice-stable", 180), simpleIP6.Weighted("sluice-stable", 180))
		}, "100% on " + string(candidate)},
		{"a type is gone", func(i *internet) error {
			return i.DeleteRecords(zoneID, simpleIP6.Weighted("sluice-stable", 180), otherIP6.Weighted("sluice-candidate", 20))
		}, "AAAA: nothing"},
		{"an endpoint is another", func(i *internet) error {
			return i.PutRecords(zoneID, localaws.SimpleRecord(name, "A", 60, "192.0.2.66").Weighted("sluice-candidate", 20))
		}, "A 192.0.2.66"},
		{"a third record", func(i *internet) error { return i.PutRecords(zoneID, otherIP.Weighted("third", 1)) }, "A: 3 weighted records"},
		{"a health check", func(i *internet) error {
			return i.PutRecords(zoneID, withHealthCheck(simpleIP.Weighted("sluice-stable", 180)))
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i, r := newest(t, pair...)
			start := read(t, r)
			tenth := set(t, r, at(start, candidate, 1000), start.Revision)
			require.NoError(t, test.edit(i))
			edited := i.ZoneRecords(zoneID)

			found := read(t, r)
			assert.NotEqual(t, tenth.Revision, found.Revision)
			if test.want == "" {
				assert.True(t, tenth.Same(found), "%s", found)
			} else {
				assert.False(t, tenth.Same(found))
				assert.Contains(t, found.String(), test.want)
			}
			wanted := at(start, candidate, 2000)
			wanted.Revision = tenth.Revision
			_, err := r.SetRoute(t.Context(), target, wanted)
			require.ErrorIs(t, err, shift.ErrRevisionMismatch)
			_, err = r.Rotate(t.Context(), target, tenth, candidate)
			require.ErrorIs(t, err, shift.ErrRevisionMismatch)
			assert.Equal(t, edited, i.ZoneRecords(zoneID), "it is not overwritten")
		})
	}
}

func TestATypeThatSomebodyAddsDuringAShiftIsNoticed(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleSite)
	start := read(t, r)
	tenth := set(t, r, at(start, newSite, 1000), start.Revision)
	require.NoError(t, i.PutRecords(zoneID, localaws.AliasRecord(name, "AAAA", distros, string(oldSite))))
	found := read(t, r)
	assert.False(t, tenth.Same(found))
	assert.Contains(t, found.String(), "AAAA: records that somebody has added")
}

// The records are edited after the writer has read them, and before its batch arrives.
func TestAnEditBetweenTheReadAndTheBatchIsNoticed(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(i *internet) error{
		"the guard is gone":      func(i *internet) error { return i.DeleteRecords(zoneID, i.ZoneRecords(zoneID)[2]) },
		"a record is gone":       func(i *internet) error { return i.DeleteRecords(zoneID, otherIP.Weighted("sluice-candidate", 20)) },
		"an endpoint is another": func(i *internet) error { return i.PutRecords(zoneID, simpleSite.Weighted("sluice-candidate", 20)) },
		"the TTL of the guard": func(i *internet) error {
			return i.PutRecords(zoneID, localaws.SimpleRecord(guard, "TXT", 61, i.ZoneRecords(zoneID)[2].Values.List[0].Value))
		},
		"somebody makes a record": func(i *internet) error { return i.PutRecords(zoneID, localaws.SimpleRecord(guard, "TXT", 60, `"x"`)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, r := newest(t, simpleIP)
			start := read(t, r)
			tenth := set(t, r, at(start, newIP, 1000), start.Revision)
			wanted := at(start, newIP, 2000)
			wanted.Revision = tenth.Revision
			held := stall(t, i, wanted)
			require.NoError(t, edit(i))
			edited := i.ZoneRecords(zoneID)
			status, _ := held.release(t)
			assert.Equal(t, 400, status)
			assert.Equal(t, edited, i.ZoneRecords(zoneID))
		})
	}
}

// A restorer that is on Stable already, and finds what a stranger has left of the pair.
func TestARotationBringsBackTheForm(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	start := read(t, r)
	set(t, r, at(start, newIP, 1000), start.Revision)
	require.NoError(t, i.DeleteRecords(zoneID, otherIP.Weighted("sluice-candidate", 20)))
	found := read(t, r)
	assert.True(t, found.Same(start))
	rotated, err := r.Rotate(t.Context(), target, found, newIP)
	require.NoError(t, err)
	assert.Equal(t, []localaws.Record{simpleIP}, i.records())
	assert.Equal(t, rotated.Revision, read(t, r).Revision)

	again, err := r.Rotate(t.Context(), target, rotated, newIP)
	require.NoError(t, err)
	assert.NotEqual(t, token(rotated.Revision), token(again.Revision))
	assert.Equal(t, 1+1+1, i.CallCounts()["route53:ChangeResourceRecordSets"], "a rotation is one batch")
	i.Fault(func(c localaws.Call) error { return localaws.Throttled(c.Service) })
	known, err := r.Rotate(t.Context(), target, again, newIP)
	require.ErrorIs(t, err, shift.ErrThrottled)
	assert.Equal(t, again, known)
}

// writer is one of several that write the same Target.
type writer struct {
	route *stalled
	r     *route53.Router
	known shift.Route // what it has read or written last
	// write is the number of the write before which its held batch was made, and first says
	// that there was no guard then.
	write int
	first bool
}

// play is a Target at which several writers of Sluice and a stranger take turns. Batches may
// arrive late.
type play struct {
	i             *internet
	start         shift.Route
	writers       []*writer
	seen          map[shift.Revision]bool
	writes, edits int
}

func newPlay(t *rapid.T) *play {
	forms := [][]localaws.Record{{simpleIP}, {simpleSite}, {simpleIP.Weighted("mine", 7)}, {simpleIP.Weighted("blue", 9), otherIP.Weighted("green", 0)}}
	p := &play{i: newInternet(t, unlimited, rapid.SampledFrom(forms).Draw(t, "form")...), seen: map[shift.Revision]bool{}}
	p.start = read(t, p.i.router())
	for range 3 {
		route := &stalled{to: p.i}
		p.writers = append(p.writers, &writer{route: route, r: p.i.routerThrough(route), known: p.start})
	}
	return p
}

func (p *play) pick(t *rapid.T) *writer { return rapid.SampledFrom(p.writers).Draw(t, "writer") }

func (p *play) now(t *rapid.T) shift.Route { return read(t, p.writers[0].r) }

// step is a Step of any weight, with what the writer knows.
func (p *play) step(t *rapid.T, w *writer) shift.Route {
	wanted := at(p.start, newIP, rapid.SampledFrom([]shift.Weight{shift.None, 50, 1000, 5000, 9950, shift.All}).Draw(t, "weight"))
	wanted.Revision = w.known.Revision
	return wanted
}

func (p *play) landed(t *rapid.T, w *writer, written shift.Route) {
	p.writes++
	if p.seen[written.Revision] {
		t.Fatalf("revision %s came back", written.Revision)
	}
	p.seen[written.Revision] = true
	if found := read(t, w.r); found.Revision != written.Revision || !found.Same(written) {
		t.Fatalf("wrote %v, and found %v", written, found)
	}
	w.known = written
}

// Read : a writer looks.
func (p *play) Read(t *rapid.T) {
	w := p.pick(t)
	w.known = read(t, w.r)
}

// Write : a write lands only with the Revision that the Target has.
func (p *play) Write(t *rapid.T) {
	w := p.pick(t)
	now, before := p.now(t), p.i.ZoneRecords(zoneID)
	written, err := w.r.SetRoute(context.Background(), target, p.step(t, w))
	isStale := now.Revision != w.known.Revision
	switch {
	case err == nil && !isStale:
		p.landed(t, w, written)
		return
	case errors.Is(err, shift.ErrRevisionMismatch) != isStale:
		t.Fatalf("with %s, of %s: %v", w.known.Revision, now.Revision, err)
	}
	assert.Equal(t, before, p.i.ZoneRecords(zoneID))
}

// Rotate : a writer that finds all traffic on one version gives the Target another Revision.
func (p *play) Rotate(t *rapid.T) {
	w := p.pick(t)
	if !w.known.IsWhole() {
		return
	}
	before := p.now(t)
	written, err := w.r.Rotate(context.Background(), target, w.known, newIP)
	if err != nil {
		return
	}
	p.landed(t, w, written)
	assert.True(t, before.Same(written))
	assert.NotEqual(t, before.Revision, written.Revision)
}

// Stall : a writer's batch is held up after the writer has read the records.
func (p *play) Stall(t *rapid.T) {
	w := p.pick(t)
	if w.route.held != nil {
		return
	}
	w.route.holds, w.write, w.first = true, p.writes, len(p.i.ZoneRecords(zoneID)) == len(p.i.records())
	_, err := w.r.SetRoute(context.Background(), target, p.step(t, w))
	require.Error(t, err)
	w.route.holds = false
}

// Arrive : a batch that was held up lands only if no other write of Sluice has landed.
func (p *play) Arrive(t *rapid.T) {
	w := p.pick(t)
	if w.route.held == nil {
		return
	}
	before := p.i.ZoneRecords(zoneID)
	status, text := w.route.release(t)
	switch {
	case status == 200 && p.writes > w.write:
		t.Fatalf("a batch made after %d writes has landed after %d", w.write, p.writes)
	case status == 200:
		p.writes++
	default:
		assert.Equal(t, before, p.i.ZoneRecords(zoneID), text)
	}
}

// Edit : a stranger changes a weight, or the addresses.
func (p *play) Edit(t *rapid.T) {
	edited := rapid.SampledFrom(p.i.records()).Draw(t, "record")
	before := p.now(t)
	if edited.Weight == nil {
		edited = localaws.SimpleRecord(name, "A", 60, "192.0.2.1", fmt.Sprintf("192.0.3.%d", p.edits))
	} else {
		edited = edited.Weighted(edited.SetIdentifier, (*edited.Weight+1)%256)
	}
	p.edits++
	require.NoError(t, p.i.PutRecords(zoneID, edited))
	assert.NotEqual(t, before.Revision, p.now(t).Revision)
}

// DeleteGuard : a stranger deletes the guard. A batch from before the first guard may land
// again then, which is why Sluice never deletes it. Those batches are forgotten.
func (p *play) DeleteGuard(t *rapid.T) {
	if len(p.i.ZoneRecords(zoneID)) == len(p.i.records()) {
		return
	}
	before := p.now(t)
	require.NoError(t, p.i.DeleteRecords(zoneID, p.i.guard(t)))
	assert.NotEqual(t, before.Revision, p.now(t).Revision)
	for _, w := range p.writers {
		if w.first {
			w.route.held = nil
		}
	}
}

// DeleteRecord : a stranger deletes one of two records.
func (p *play) DeleteRecord(t *rapid.T) {
	if list := p.i.records(); len(list) > 1 {
		before := p.now(t)
		require.NoError(t, p.i.DeleteRecords(zoneID, rapid.SampledFrom(list).Draw(t, "record")))
		assert.NotEqual(t, before.Revision, p.now(t).Revision)
	}
}

// Check : what is read is always readable.
func (p *play) Check(t *rapid.T) { p.now(t) }

func TestInterleavedWritersAreFenced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { t.Repeat(rapid.StateMachineActions(newPlay(t))) })
}
