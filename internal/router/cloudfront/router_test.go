package cloudfront_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
	"github.com/sluice-aws/sluice/internal/router/cloudfront/edge"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	site    = shift.Target("cloudfront:E1ABC")
	siteKey = "E1ABC"
	nonce   = "9f2c51e0a7b34d189f2c51e0a7b34d18"
)

// stage is a local AWS with a key value store, and a router for it.
type stage struct {
	*localaws.Cloud
	*cloudfront.Router
	store string
	now   time.Time
	// pauses are the router's waits. They take no time.
	pauses []time.Duration
	// meanwhile is called at each wait.
	meanwhile func()
}

func newStage(config localaws.KeyValueStoreConfig) *stage {
	s := &stage{now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC), meanwhile: func() {}}
	s.Cloud = localaws.New(localaws.Config{Now: func() time.Time { return s.now }, KeyValueStores: config})
	s.store = s.AddKeyValueStore().ARN
	s.Router = cloudfront.New(s.client("set-weight"), s.settings(1))
	return s
}

func unlimited() localaws.KeyValueStoreConfig { return localaws.KeyValueStoreConfig{Rate: -1} }

func (s *stage) client(actor string) *kvs.Client {
	return kvs.NewFromConfig(localaws.ClientConfig(actor, s.Cloud))
}

func (s *stage) settings(seed byte) cloudfront.Settings {
	return cloudfront.Settings{
		Store: s.store, Random: rand.NewChaCha8([32]byte{seed}),
		Pause: func(_ context.Context, d time.Duration) {
			s.pauses = append(s.pauses, d)
			s.meanwhile()
		},
	}
}

// holds writes the site's key.
func (s *stage) holds(t *testing.T, text string) *stage {
	t.Helper()
	require.NoError(t, s.PutKeyValue(s.store, siteKey, text))
	return s
}

func (s *stage) text(t *testing.T) string {
	t.Helper()
	text, exists := s.KeyValue(s.store, siteKey)
	require.True(t, exists)
	return text
}

// writes counts the calls that change a key.
func (s *stage) writes() int {
	counts := s.CallCounts()
	return counts["cloudfront-keyvaluestore:PutKey"] + counts["cloudfront-keyvaluestore:DeleteKey"]
}

func text(members string) string { return `{"v":1,` + members + `,"n":"` + nonce + `"}` }

func TestRouteIsReadExactly(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]shift.Route{
		text(`"stable":"r41"`):                                                  {Serving: "r41"},
		text(`"stable":"r41","candidate":"r42","weight":1`):                     {Serving: "r41", Additional: "r42", Weight: 1},
		text(`"stable":"r41","candidate":"r42","weight":0`):                     {Serving: "r41", Additional: "r42"},
		text(`"stable":"r41","candidate":"r42","weight":10000`):                 {Serving: "r41", Additional: "r42", Weight: shift.All},
		text(`"stable":"2026-11-29.1_a","maker":"first"`):                       {Serving: "2026-11-29.1_a", Maker: "first"},
		strings.ReplaceAll(text(` "stable" : "r41"`), ",", ",\n\t") + " \n":     {Serving: "r41"},
		text(`"stable":"` + strings.Repeat("r", 64) + `","maker":"a \"name\""`): {Serving: shift.Version(strings.Repeat("r", 64)), Maker: `a "name"`},
	} {
		s := newStage(unlimited()).holds(t, value)
		want.Revision = nonce
		got, err := s.Route(t.Context(), site)
		require.NoError(t, err, value)
		assert.Equal(t, want, got, value)
		assert.Equal(t, map[string]int{"cloudfront-keyvaluestore:DescribeKeyValueStore": 1, "cloudfront-keyvaluestore:GetKey": 1}, s.CallCounts())
	}
}

// No Deployment explains such a Route, and no write takes it for what it was read as.
func TestAValueOfSomebodyElseIsForeign(t *testing.T) {
	t.Parallel()
	change := shift.Change{Target: site, Stable: "r41", Candidate: "r42", Revision: nonce}
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 600}, {Weight: shift.All}}, shift.Hooks{}, shift.Judging{})
	require.NoError(t, err)
	for _, value := range []string{
		"", "r41", "null", "{}", "[]", `"r41"`, `{"v":1,"stable":"r41"}`, `{"v":2,"stable":"r41","n":"` + nonce + `"}`,
		text(`"stable":""`), text(`"stable":".."`), text(`"stable":"a/b"`), text(`"stable":"` + strings.Repeat("r", 65) + `"`), text(`"Stable":"r41"`), text(`"stable":41`),
		text(`"stable":"r41","candidate":"r42"`), text(`"stable":"r41","weight":10`), text(`"stable":"r41","candidate":"","weight":10`), text(`"stable":"r41","candidate":"a b","weight":10`),
		text(`"stable":"r41","candidate":"r42","weight":10001`), text(`"stable":"r41","candidate":"r42","weight":-1`), text(`"stable":"r41","candidate":"r42","weight":0.5`),
		text(`"stable":"r41","candidate":"r42","weight":1e3`), text(`"stable":"r40","stable":"r41"`), text(`"stable":"r41","note":"x"`), text(`"stable":"\u0072"`),
		`{"stable":"r41","v":1,"n":"` + nonce + `"}`, strings.ToUpper(text(`"stable":"r41"`)), strings.Replace(text(`"stable":"r41"`), nonce, nonce[1:], 1), text(`"stable":"r41"`) + "x",
	} {
		s := newStage(unlimited()).holds(t, value)
		found, err := s.Route(t.Context(), site)
		require.NoError(t, err, value)
		assert.Empty(t, found.Revision, value)
		assert.Contains(t, found.String(), "a value that Sluice did not write", value)
		assert.Equal(t, shift.Restoration{}, change.Restoration(found, true, plan, 2), value)
		assert.Equal(t, shift.RouteForeign, change.Landing(found, plan, 1, 2), value)
		require.ErrorIs(t, s.CheckStart(site, found, false), shift.ErrRouteChanged, value)

		_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Revision: nonce})
		require.ErrorIs(t, err, shift.ErrRevisionMismatch, value)
		_, err = s.Rotate(t.Context(), site, found, "r42")
		require.Error(t, err, value)
		require.ErrorIs(t, s.Delete(t.Context(), site), shift.ErrRevisionMismatch, value)
		_, err = s.Create(t.Context(), site, shift.Route{Serving: "r41"})
		require.ErrorIs(t, err, shift.ErrRevisionMismatch, value)
		assert.Equal(t, value, s.text(t))
		assert.Zero(t, s.writes())
	}
	other := newStage(unlimited()).holds(t, text(`"stable":"r77"`))
	found, err := other.Route(t.Context(), site)
	require.NoError(t, err)
	assert.Equal(t, shift.Restoration{}, change.Restoration(found, true, plan, 2), "another release")
}

func TestRouteIsWrittenAsAWhole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		route shift.Route
		want  string
	}{
		"a share for the candidate":   {shift.Route{Serving: "r41", Additional: "r42", Weight: 1050}, `"stable":"r41","candidate":"r42","weight":1050`},
		"nothing for the candidate":   {shift.Route{Serving: "r41", Additional: "r42"}, `"stable":"r41","candidate":"r42","weight":0`},
		"everything on the candidate": {shift.Route{Serving: "r42"}, `"stable":"r42"`},
	} {
		s := newStage(unlimited()).holds(t, text(`"stable":"r41","maker":"first"`))
		test.route.Revision = nonce
		written, err := s.SetRoute(t.Context(), site, test.route)
		require.NoError(t, err, name)
		assert.NotEqual(t, shift.Revision(nonce), written.Revision)
		assert.Regexp(t, `^[0-9a-f]{32}$`, string(written.Revision))
		assert.Equal(t, strings.Replace(text(test.want), nonce, string(written.Revision), 1), s.text(t), name)
		found, err := s.Route(t.Context(), site)
		require.NoError(t, err)
		assert.Equal(t, written, found, name)
		assert.True(t, written.Same(test.route))
		assert.Empty(t, s.pauses)
	}
}

func TestEveryWeightSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	route := shift.Route{Serving: "r41", Additional: "r42", Revision: nonce}
	for weight := shift.None; weight <= shift.All; weight += 7 {
		route.Weight = weight
		written, err := s.SetRoute(t.Context(), site, route)
		require.NoError(t, err)
		found, err := s.Route(t.Context(), site)
		require.NoError(t, err)
		require.Equal(t, weight, found.Weight)
		require.NotEqual(t, route.Revision, written.Revision)
		route.Revision = written.Revision
	}
}

func TestImpossibleRouteIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, route := range map[string]shift.Route{
		"without a revision":     {Serving: "r41"},
		"without a release":      {Revision: nonce},
		"no id":                  {Serving: "a/b", Revision: nonce},
		"a candidate without id": {Serving: "r41", Additional: "..", Revision: nonce},
		"a foreign weight":       {Serving: "r41", Additional: "r42", Weight: shift.Foreign, Revision: nonce},
		"more than all":          {Serving: "r41", Additional: "r42", Weight: shift.All + 1, Revision: nonce},
		"a weight for nothing":   {Serving: "r41", Weight: 1000, Revision: nonce},
	} {
		s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
		_, err := s.SetRoute(t.Context(), site, route)
		require.ErrorContains(t, err, string(site), name)
		assert.Empty(t, s.CallCounts(), name)
	}
}

// A value that is back to what it was has another nonce.
func TestAWriteIsRefusedAfterAnyOther(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	divided, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Additional: "r42", Weight: 1000, Revision: nonce})
	require.NoError(t, err)
	_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Revision: divided.Revision})
	require.NoError(t, err)
	before := s.text(t)
	for _, revision := range []shift.Revision{nonce, divided.Revision} {
		_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Additional: "r42", Weight: 1000, Revision: revision})
		require.ErrorIs(t, err, shift.ErrRevisionMismatch)
		_, err = s.Rotate(t.Context(), site, shift.Route{Serving: "r41", Revision: revision}, "r42")
		require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	}
	assert.Equal(t, before, s.text(t))
	assert.Equal(t, 2, s.writes())
}

func TestRotateChangesOnlyTheRevision(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41","candidate":"r42","weight":0,"maker":"first"`))
	found, err := s.Route(t.Context(), site)
	require.NoError(t, err)
	rotated, err := s.Rotate(t.Context(), site, found, "r42")
	require.NoError(t, err)
	assert.NotEqual(t, found.Revision, rotated.Revision)
	assert.Equal(t, strings.Replace(text(`"stable":"r41","candidate":"r42","weight":0,"maker":"first"`), nonce, string(rotated.Revision), 1), s.text(t))
	assert.Equal(t, 1, s.writes())

	again, err := s.Rotate(t.Context(), site, found, "r42")
	require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	assert.Equal(t, found, again, "what it was known to have")
}

// busy writes another key after each DescribeKeyValueStore, as often as it is told to.
type busy struct {
	cloudfront.API
	stage *stage
	times int
}

func (b *busy) DescribeKeyValueStore(ctx context.Context, in *kvs.DescribeKeyValueStoreInput, options ...func(*kvs.Options)) (*kvs.DescribeKeyValueStoreOutput, error) {
	out, err := b.API.DescribeKeyValueStore(ctx, in, options...)
	if b.times > 0 {
		b.times--
		_ = b.stage.PutKeyValue(b.stage.store, "E2OTHER", fmt.Sprint(b.times)) // the store exists
	}
	return out, err
}

func TestAnotherKeyDoesNotRefuseAWrite(t *testing.T) {
	t.Parallel()
	for _, staleIsInvalid := range []bool{false, true} {
		s := newStage(localaws.KeyValueStoreConfig{Rate: -1, StaleIsInvalid: staleIsInvalid}).holds(t, text(`"stable":"r41"`))
		s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 4}, s.settings(1))
		written, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
		require.NoError(t, err)
		assert.Contains(t, s.text(t), string(written.Revision))
		require.Len(t, s.pauses, 4)
		for i, pause := range s.pauses {
			assert.Less(t, pause, 100*time.Millisecond<<i)
			assert.Positive(t, pause)
		}

		s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 5}, s.settings(2))
		_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Revision: written.Revision})
		require.ErrorIs(t, err, shift.ErrThrottled, "which is tried again")
		require.NotErrorIs(t, err, shift.ErrRevisionMismatch)
		require.ErrorContains(t, err, s.store)
		assert.Contains(t, s.text(t), string(written.Revision))
	}
}

func TestTheKeyIsComparedAgainBeforeEachTry(t *testing.T) {
	t.Parallel()
	for _, staleIsInvalid := range []bool{false, true} {
		s := newStage(localaws.KeyValueStoreConfig{Rate: -1, StaleIsInvalid: staleIsInvalid}).holds(t, text(`"stable":"r41"`))
		s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 1}, s.settings(1))
		theirs := strings.Replace(text(`"stable":"r41"`), nonce, strings.Repeat("0", 32), 1)
		s.meanwhile = func() { s.holds(t, theirs) }
		_, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
		require.ErrorIs(t, err, shift.ErrRevisionMismatch)
		require.NotErrorIs(t, err, shift.ErrRouteRefused)
		assert.Equal(t, theirs, s.text(t))
	}
}

func TestAWriteThatIsInvalidForAnotherReasonIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.Fault(func(c localaws.Call) error {
		if c.Operation == "PutKey" {
			return &localaws.APIError{StatusCode: 400, Code: "ValidationException", Message: "no"}
		}
		return nil
	})
	_, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	require.NotErrorIs(t, err, shift.ErrRevisionMismatch)
	require.ErrorContains(t, err, "ValidationException: no")
	assert.Equal(t, 1, s.writes(), "nothing has changed, so it is not tried again")
}

// deaf repeats a write whose answer it does not get, as the SDK does.
type deaf struct{ cloudfront.API }

func (d deaf) PutKey(ctx context.Context, in *kvs.PutKeyInput, options ...func(*kvs.Options)) (*kvs.PutKeyOutput, error) {
	_, _ = d.API.PutKey(ctx, in, options...)
	return d.API.PutKey(ctx, in, options...)
}

func TestAWriteWhoseAnswerWasLostIsFound(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.Router = cloudfront.New(deaf{s.client("set-weight")}, s.settings(1))
	written, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
	require.NoError(t, err)
	assert.Contains(t, s.text(t), string(written.Revision))

	s = newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.Router = cloudfront.New(deaf{s.client("set-weight")}, s.settings(1))
	theirs := strings.Replace(text(`"stable":"r77"`), nonce, strings.Repeat("0", 32), 1)
	s.meanwhile = func() { s.holds(t, theirs) }
	_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
	require.ErrorIs(t, err, shift.ErrRevisionMismatch, "somebody has written since")
	assert.Equal(t, theirs, s.text(t))
}

func TestAKeyIsCreatedOnceAndDeletedOnlyUntouched(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	_, err := s.Route(t.Context(), site)
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	require.ErrorIs(t, s.CheckArrival(t.Context(), shift.Arrival{Target: site}), shift.ErrTargetNotFound)
	require.ErrorContains(t, s.CheckArrival(t.Context(), shift.Arrival{Target: site}), `"createAlias": true`)
	_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r41", Revision: nonce})
	require.ErrorIs(t, err, shift.ErrTargetNotFound)

	created, err := s.Create(t.Context(), site, shift.Route{Serving: "r41", Maker: "first"})
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(text(`"stable":"r41","maker":"first"`), nonce, string(created.Revision), 1), s.text(t))
	require.NoError(t, s.CheckArrival(t.Context(), shift.Arrival{Target: site}))
	found, err := s.Route(t.Context(), site)
	require.NoError(t, err)
	assert.Equal(t, created, found)
	assert.Equal(t, "first", found.Maker)
	_, err = s.Create(t.Context(), site, shift.Route{Serving: "r41", Maker: "first"})
	require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	_, err = s.Create(t.Context(), site, shift.Route{Serving: "r41", Additional: "r42", Weight: 1000})
	require.ErrorContains(t, err, "all viewers")

	require.NoError(t, s.Delete(t.Context(), site))
	_, exists := s.KeyValue(s.store, siteKey)
	assert.False(t, exists)
	require.NoError(t, s.Delete(t.Context(), site), "again")

	created, err = s.Create(t.Context(), site, shift.Route{Serving: "r41", Maker: "second"})
	require.NoError(t, err)
	_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: created.Revision})
	require.NoError(t, err)
	require.ErrorIs(t, s.Delete(t.Context(), site), shift.ErrRevisionMismatch)
	assert.Contains(t, s.text(t), "r42")
}

func TestAKeyThatIsWrittenMeanwhileIsNotDeleted(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41","maker":"first"`))
	s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 1}, s.settings(1))
	theirs := strings.Replace(text(`"stable":"r41","maker":"first"`), nonce, strings.Repeat("0", 32), 1)
	s.meanwhile = func() { s.holds(t, theirs) }
	require.ErrorIs(t, s.Delete(t.Context(), site), shift.ErrRevisionMismatch)
	assert.Equal(t, theirs, s.text(t))

	s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 1}, s.settings(1))
	s.meanwhile = func() {}
	require.NoError(t, s.Delete(t.Context(), site), "another key does not matter")
	s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 1}, s.settings(1))
	_, err := s.Create(t.Context(), site, shift.Route{Serving: "r41"})
	require.NoError(t, err)
}

// Every call that the store refuses fails the router's, with what it means.
func TestErrorsHaveTheirMeaning(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *stage) error{
		"Route": func(ctx context.Context, s *stage) error { _, err := s.Route(ctx, site); return err },
		"SetRoute": func(ctx context.Context, s *stage) error {
			_, err := s.SetRoute(ctx, site, shift.Route{Serving: "r42", Revision: nonce})
			return err
		},
		"Rotate": func(ctx context.Context, s *stage) error {
			_, err := s.Rotate(ctx, site, shift.Route{Serving: "r41", Revision: nonce}, "r42")
			return err
		},
		"Delete":       func(ctx context.Context, s *stage) error { return s.Delete(ctx, site) },
		"CheckArrival": func(ctx context.Context, s *stage) error { return s.CheckArrival(ctx, shift.Arrival{Target: site}) },
	}
	operations := map[string][]string{
		"Route": {"DescribeKeyValueStore", "GetKey"}, "CheckArrival": {"DescribeKeyValueStore", "GetKey"},
		"SetRoute": {"DescribeKeyValueStore", "GetKey", "PutKey"}, "Rotate": {"DescribeKeyValueStore", "GetKey", "PutKey"},
		"Delete": {"DescribeKeyValueStore", "GetKey", "DeleteKey"},
	}
	failures := map[string]struct {
		fail  func(localaws.Call) error
		means error
		text  string
	}{
		"throttled": {func(c localaws.Call) error { return localaws.Throttled(c.Service) }, shift.ErrThrottled, "ThrottlingException"},
		"denied":    {func(c localaws.Call) error { return localaws.AccessDenied(c) }, nil, "cloudfrontStore"},
		"broken":    {func(c localaws.Call) error { return localaws.ServiceFailure(c.Service) }, nil, "InternalServerException"},
		"lost":      {func(localaws.Call) error { return errors.New("connection reset") }, nil, "connection reset"},
	}
	sentinels := []error{shift.ErrThrottled, shift.ErrRevisionMismatch, shift.ErrTargetNotFound, shift.ErrRouteRefused, shift.ErrVersionNotFound}
	for name, call := range calls {
		for _, operation := range operations[name] {
			for kind, failure := range failures {
				s := newStage(unlimited()).holds(t, text(`"stable":"r41","maker":"first"`))
				s.Fault(func(c localaws.Call) error {
					if c.Operation == operation {
						return failure.fail(c)
					}
					return nil
				})
				err := call(t.Context(), s)
				require.ErrorContains(t, err, failure.text, "%s %s %s", name, operation, kind)
				require.ErrorContains(t, err, string(site))
				for _, sentinel := range sentinels {
					assert.Equal(t, sentinel == failure.means, errors.Is(err, sentinel), "%s %s %s: %v", name, operation, kind, err)
				}
			}
		}
	}
}

func TestAMissingStoreIsNamed(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.RemoveKeyValueStore(s.store)
	_, err := s.Route(t.Context(), site)
	require.ErrorContains(t, err, s.store)
	require.ErrorContains(t, err, "cloudfrontStore")
	assert.NotErrorIs(t, err, shift.ErrTargetNotFound)
}

// The store is not ready yet, or something else is wrong with it.
func TestAConflictOfAReadIsNoMismatch(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.Fault(func(c localaws.Call) error {
		return &localaws.APIError{StatusCode: 409, Code: "ConflictException", Message: "not ready"}
	})
	_, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
	require.ErrorContains(t, err, "not ready")
	assert.NotErrorIs(t, err, shift.ErrRevisionMismatch)
	assert.Empty(t, s.pauses)
}

// hollow answers without the value of the key.
type hollow struct{ cloudfront.API }

func (hollow) GetKey(context.Context, *kvs.GetKeyInput, ...func(*kvs.Options)) (*kvs.GetKeyOutput, error) {
	return &kvs.GetKeyOutput{}, nil
}

func TestAnAnswerWithoutAValueIsNoValue(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	s.Router = cloudfront.New(hollow{s.client("set-weight")}, s.settings(1))
	_, err := s.Route(t.Context(), site)
	require.ErrorContains(t, err, "without the value of E1ABC")
}

func TestAFullStoreRefusesAWrite(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	for i := range 4901 {
		require.NoError(t, s.PutKeyValue(s.store, fmt.Sprintf("%04d", i), strings.Repeat("v", 1016)))
	}
	require.NoError(t, s.PutKeyValue(s.store, "last", strings.Repeat("v", 960)))
	_, err := s.Create(t.Context(), site, shift.Route{Serving: "r41"})
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	require.ErrorContains(t, err, "delete keys")
}

// What the longest names make must fit into a value.
func TestTheLongestValueFits(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	release := shift.Version(strings.Repeat("r", 64))
	created, err := s.Create(t.Context(), site, shift.Route{Serving: release, Maker: strings.Repeat("m", 80)})
	require.NoError(t, err)
	_, err = s.SetRoute(t.Context(), site, shift.Route{Serving: release, Additional: release, Weight: 9999, Maker: strings.Repeat("m", 80), Revision: created.Revision})
	require.NoError(t, err)
	assert.Less(t, len(s.text(t)), 512)
}

func TestWaitsEndWithTheContext(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	ctx, cancel := context.WithCancel(t.Context())
	settings := s.settings(1)
	settings.Pause = nil
	s.Router = cloudfront.New(&busy{s.client("set-weight"), s, 9}, settings)
	s.Fault(func(c localaws.Call) error {
		if c.Operation == "PutKey" {
			cancel()
			return &localaws.APIError{StatusCode: 409, Code: "ConflictException"}
		}
		return nil
	})
	_, err := s.SetRoute(ctx, site, shift.Route{Serving: "r42", Revision: nonce})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, s.writes())
}

func TestNothingIsWrittenWithoutRandomness(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	settings := s.settings(1)
	settings.Random = strings.NewReader("fifteen bytes..")
	s.Router = cloudfront.New(s.client("set-weight"), settings)
	_, err := s.SetRoute(t.Context(), site, shift.Route{Serving: "r42", Revision: nonce})
	require.ErrorContains(t, err, "random")
	assert.Zero(t, s.writes())
}

func TestRulesOfDistributions(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	assert.Equal(t, shift.Rules{Grain: 1, CallsPerSecond: 10, ReadCalls: 2, WriteCalls: 3, Lag: 60, Creates: true}, s.Rules())
	assert.Equal(t, shift.Seconds(5), cloudfront.New(nil, cloudfront.Settings{Lag: 5}).Rules().Lag)
	settles, err := s.Settles(t.Context(), site)
	require.NoError(t, err)
	assert.False(t, settles)
}

// The calls of a second in which the router writes as often as its Rules allow are within what
// the local AWS accepts by default.
func TestCallsAreWithinTheRate(t *testing.T) {
	t.Parallel()
	s := newStage(localaws.KeyValueStoreConfig{}).holds(t, text(`"stable":"r41"`))
	route := shift.Route{Serving: "r41", Revision: nonce}
	for range s.Rules().CallsPerSecond / s.Rules().WriteCalls {
		var err error
		route, err = s.Rotate(t.Context(), site, route, "")
		require.NoError(t, err)
	}
}

func TestTargetOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	for _, other := range []shift.Target{"lambda:orders:live", "cloudfront:", "cloudfront:e1", "cloudfront:E1:x", "cloudfront", "cloudfront:" + shift.Target(strings.Repeat("E", 65))} {
		for name, call := range map[string]func() error{
			"Route": func() error { _, err := s.Route(t.Context(), other); return err },
			"SetRoute": func() error {
				_, err := s.SetRoute(t.Context(), other, shift.Route{Serving: "r", Revision: "n"})
				return err
			},
			"Rotate": func() error {
				_, err := s.Rotate(t.Context(), other, shift.Route{Serving: "r", Revision: "n"}, "")
				return err
			},
			"Create":          func() error { _, err := s.Create(t.Context(), other, shift.Route{Serving: "r"}); return err },
			"Delete":          func() error { return s.Delete(t.Context(), other) },
			"CheckArrival":    func() error { return s.CheckArrival(t.Context(), shift.Arrival{Target: other}) },
			"CheckCandidate":  func() error { return s.CheckCandidate(t.Context(), shift.Arrival{Target: other}) },
			"DescribeVersion": func() error { _, err := s.DescribeVersion(t.Context(), other, "r1"); return err },
			"DescribeChange":  func() error { _, err := s.DescribeChange(shift.Change{Target: other}); return err },
		} {
			assert.ErrorIs(t, call(), shift.ErrUnknownTarget, "%s of %s", name, other)
		}
	}
	assert.Empty(t, s.CallCounts())
	assert.Equal(t, site, flow.CloudFrontTarget(siteKey))
}

func TestAShiftStartsFromOneRelease(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	for _, whole := range []shift.Route{{Serving: "r41", Revision: nonce}, {Serving: "r41", Additional: "r42", Revision: nonce}} {
		require.NoError(t, s.CheckStart(site, whole, false))
	}
	err := s.CheckStart(site, shift.Route{Serving: "r41", Additional: "r42", Weight: 1, Revision: nonce}, false)
	require.ErrorIs(t, err, shift.ErrTargetWeighted)
	require.ErrorContains(t, err, "0.01% on r42")
	assert.NoError(t, s.CheckCompatible(site, shift.Published{}, shift.Published{}))
}

func TestHooksGetThePathsOfBothReleases(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	told, err := s.DescribeChange(shift.Change{Target: site, Stable: "r41", Candidate: "r42"})
	require.NoError(t, err)
	text, err := json.Marshal(told)
	require.NoError(t, err)
	assert.JSONEq(t, `{"kind": "cloudfront", "target": "cloudfront:E1ABC", "stable": "r41", "candidate": "r42", "distribution": "E1ABC",
		"stablePath": "/releases/r41/", "candidatePath": "/releases/r42/", "previewHeader": {"name": "x-sluice-preview", "value": "r42"}}`, string(text))
	assert.Equal(t, []string{edge.ReleasesPath, edge.PreviewHeader}, []string{flow.ReleasesPath, flow.PreviewHeader}, "the function goes by them")
	told, err = s.DescribeChange(shift.Change{Target: site, Candidate: "r42"})
	require.NoError(t, err)
	assert.Empty(t, told.(flow.AskedCloudFront).StablePath)
}
