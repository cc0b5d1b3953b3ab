package cloudfrontswitch_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/router/cloudfrontswitch"
	"github.com/sluice-aws/sluice/internal/shift"
)

// A write is on its way, and the name is put back: the configuration is what it was.
func TestAWriteThatWasHeldUpIsRefusedAfterARollback(t *testing.T) {
	t.Parallel()
	for _, stable := range []shift.Version{blue, green} {
		t.Run(string(stable), func(t *testing.T) {
			t.Parallel()
			i := newInternet(t, unlimited)
			r := i.router()
			candidate := green
			start := read(t, r)
			if stable == green {
				candidate = blue
				var err error
				start, err = r.SetRoute(t.Context(), target, on(green, start.Revision))
				require.NoError(t, err)
			}
			first := stall(t, i, setting(on(candidate, start.Revision)))
			rotated, err := r.Rotate(t.Context(), target, start, candidate)
			require.NoError(t, err)
			assert.NotEqual(t, start.Revision, rotated.Revision)
			assert.True(t, rotated.Same(start))
			assert.Equal(t, 412, first.release(t))
			assert.Equal(t, rotated, read(t, r))

			second := stall(t, i, setting(on(candidate, rotated.Revision)))
			there, err := r.SetRoute(t.Context(), target, on(candidate, rotated.Revision))
			require.NoError(t, err)
			late := stall(t, i, rotating(there))
			back, err := r.SetRoute(t.Context(), target, on(stable, there.Revision))
			require.NoError(t, err)
			assert.Equal(t, 412, second.release(t))
			assert.Equal(t, 412, late.release(t))
			assert.Equal(t, back, read(t, r))
		})
	}
}

// A retry of the SDK, after an answer that was lost, finds the effect of the first try.
func TestAWriteThatArrivesTwiceIsRefusedTheSecondTime(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	start := read(t, i.router())
	held := stall(t, i, setting(on(green, start.Revision)))
	require.Equal(t, 200, held.release(t))
	found := read(t, i.router())
	assert.True(t, found.Same(on(green, "")))
	assert.Equal(t, 412, held.release(t))
	assert.Equal(t, found, read(t, i.router()))
}

// Writing what is there is a write like any other: it makes those before it stale.
func TestAWriteOfTheSameRouteChangesTheRevision(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	start := read(t, i.router())
	late := stall(t, i, setting(on(green, start.Revision)))
	same, err := i.router().SetRoute(t.Context(), target, start)
	require.NoError(t, err)
	assert.NotEqual(t, start.Revision, same.Revision)
	assert.Equal(t, 412, late.release(t))
	assert.True(t, read(t, i.router()).Same(start))
}

// meddling is a connection on which somebody else edits the switch after some calls.
type meddling struct {
	to    *internet
	after int
	edit  func()
}

func (m *meddling) Do(r *http.Request) (*http.Response, error) {
	response, err := m.to.Do(r)
	if m.after--; m.after == 0 {
		m.edit()
	}
	return response, err
}

func TestAnEditBetweenTheReadAndTheWriteIsNoticed(t *testing.T) {
	t.Parallel()
	for calls := 1; calls <= 2; calls++ {
		i := newInternet(t, unlimited)
		start := read(t, i.router())
		meddle := func(after int, page string) *cloudfrontswitch.Router {
			edit := func() {
				i.edit(t, blue, func(c *types.DistributionConfig) { c.DefaultRootObject = &page })
			}
			return cloudfrontswitch.New(client(&meddling{i, after, edit}), pair)
		}
		require.ErrorIs(t, setting(on(green, start.Revision))(meddle(calls, "index.html")), shift.ErrRevisionMismatch)
		assert.Equal(t, blue, read(t, i.router()).Serving)
		assert.Equal(t, "index.html", *i.config(t, blue).DefaultRootObject, "it is not overwritten")
		require.ErrorIs(t, rotating(read(t, i.router()))(meddle(1, "home.html")), shift.ErrRevisionMismatch)
	}
}

// trimming is a CloudFront that takes spaces away from the end of a comment. Nobody knows
// whether the real one does.
type trimming struct{ to *internet }

func (t trimming) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.ReplaceAll(body, []byte(" </Comment>"), []byte("</Comment>"))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return t.to.Do(r)
}

func TestARotationThatFencesNothingIsNoticed(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	start := read(t, i.router())
	require.ErrorContains(t, rotating(start)(cloudfrontswitch.New(client(trimming{i}), pair)), "has kept its ETag")
	assert.Equal(t, start, read(t, i.router()))
}

// Writers read, write and rotate in any order, and some of their updates arrive late. Only an
// update for the Revision that is there has an effect, no Revision returns, and every edge
// serves the name from one of the two distributions at every moment.
func TestWritersInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := newInternet(t, unlimited)
		known := []shift.Route{read(t, i.router())}
		current := known[0]
		seen := map[shift.Revision]bool{current.Revision: true}
		type late struct {
			*stalled
			wanted shift.Route
		}
		var held []late
		accept := func(serving shift.Version) {
			current = read(t, i.router())
			require.Equal(t, serving, current.Serving)
			require.False(t, seen[current.Revision], "%s has been there", current.Revision)
			seen[current.Revision] = true
		}
		choose := func() (shift.Route, func(*cloudfrontswitch.Router) error) {
			found := rapid.SampledFrom(known).Draw(t, "found")
			if rapid.Bool().Draw(t, "rotate") {
				found.Serving = current.Serving
				return found, rotating(found)
			}
			wanted := on(rapid.SampledFrom([]shift.Version{blue, green}).Draw(t, "to"), found.Revision)
			return wanted, setting(wanted)
		}
		t.Repeat(map[string]func(*rapid.T){
			"read": func(*rapid.T) { known = append(known, read(t, i.router())) },
			"write": func(*rapid.T) {
				wanted, write := choose()
				err := write(i.router())
				if wanted.Revision != current.Revision {
					require.ErrorIs(t, err, shift.ErrRevisionMismatch)
					return
				}
				require.NoError(t, err)
				accept(wanted.Serving)
			},
			"stall": func(*rapid.T) {
				wanted, write := choose()
				if wanted.Revision == current.Revision {
					held = append(held, late{stall(t, i, write), wanted})
				}
			},
			"release": func(t *rapid.T) {
				if len(held) == 0 {
					t.Skip("no update is on its way")
				}
				one := rapid.SampledFrom(held).Draw(t, "late")
				status := one.release(t)
				if one.wanted.Revision != current.Revision {
					require.Equal(t, 412, status)
					return
				}
				require.Equal(t, 200, status)
				accept(one.wanted.Serving)
			},
			"wait": func(t *rapid.T) {
				i.now = i.now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
			},
			"": func(t *rapid.T) {
				require.Equal(t, current, read(t, i.router()))
				count := i.serving()
				require.Equal(t, i.DistributionEdges(), count[string(blue)]+count[string(green)], fmt.Sprint(count))
			},
		})
		i.deploy()
		require.Equal(t, map[string]int{string(current.Serving): i.DistributionEdges()}, i.serving())
	})
}
