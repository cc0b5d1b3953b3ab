package proof

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Lambda does not promise that GetAlias shows the write just before it. These tests attack
// Sluice with such reads, and with a read that is outdated by the time it is used.

// staleReads answers reads of aliases with what the aliases were some time ago.
type staleReads struct {
	w       *world.World
	lag     time.Duration
	readers []string // the Lambdas whose reads are stale; nil is all
	limit   int      // how many reads are stale at most; 0 is no limit
	shown   int      // how many reads were stale so far
	past    map[string][]pastAlias
	// onShown, if set, is told of each stale read, by the Lambda that runs.
	onShown func(shown *localaws.Alias, target shift.Target)
}

// pastAlias is what an alias was until a certain time.
type pastAlias struct {
	target shift.Target
	alias  *localaws.Alias // nil if there was none
	until  time.Time
}

// letReadsLag makes the reads of some Lambdas stale. It takes the world's Intercept.
func letReadsLag(w *world.World, lag time.Duration, readers ...string) *staleReads {
	s := newStaleReads(w)
	s.lag, s.readers = lag, readers
	w.Intercept(s.answer)
	return s
}

// newStaleReads returns reads that are not stale before they have a lag.
func newStaleReads(w *world.World) *staleReads {
	s := &staleReads{w: w, past: map[string][]pastAlias{}}
	w.Cloud().OnAliasChange(s.remember)
	return s
}

func (s *staleReads) remember(c localaws.AliasChange) {
	of := c.After
	if of == nil {
		of = c.Before
	}
	path := aliasPath(of.Function, of.Name)
	s.past[path] = append(s.past[path], pastAlias{flow.LambdaTarget(of.Function, of.Name), c.Before, c.Time})
}

// answer answers a GetAlias if the alias has changed within the lag.
func (s *staleReads) answer(_ *world.World, actor string, r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || s.lag == 0 || s.readers != nil && !slices.Contains(s.readers, actor) || s.limit > 0 && s.shown == s.limit {
		return nil, nil
	}
	for path, past := range s.past {
		if !strings.HasSuffix(r.URL.Path, path) {
			continue
		}
		i := slices.IndexFunc(past, func(p pastAlias) bool { return s.w.Now().Sub(p.until) < s.lag })
		if i >= 0 {
			s.shown++
			if s.onShown != nil {
				s.onShown(past[i].alias, past[i].target)
			}
			return aliasResponse(past[i].alias), nil
		}
	}
	return nil, nil
}

// aliasPath is how the URL of an alias ends.
func aliasPath(function, name string) string { return "/functions/" + function + "/aliases/" + name }

// aliasResponse is what GetAlias answers about an alias; nil is one that does not exist.
func aliasResponse(a *localaws.Alias) *http.Response {
	if a == nil {
		return &http.Response{
			StatusCode: http.StatusNotFound,
			Header:     http.Header{"X-Amzn-Errortype": {"ResourceNotFoundException"}, "Content-Type": {"application/json"}},
			Body:       io.NopCloser(strings.NewReader(`{"Type":"User","Message":"Cannot find alias arn"}`)),
		}
	}
	shown := map[string]any{"Name": a.Name, "FunctionVersion": a.FunctionVersion, "Description": a.Description, "RevisionId": a.RevisionID}
	if len(a.Weights) > 0 {
		shown["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": a.Weights}
	}
	text, _ := json.Marshal(shown) // strings and numbers always marshal
	return nothing(string(text))
}

// Rollback has to read an alias, because somebody has moved it and moved it back, and the read
// is stale: it still shows the version of two deployments ago. Rollback must not take that for
// a stranger's edit and leave all traffic on a Candidate whose hook has failed.
func TestOneStaleReadDoesNotStrandATarget(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{1500 * time.Millisecond, 3 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			t.Parallel()
			first := json.RawMessage(`{"function": "orders", "version": "2", "strategy": "AllAtOnce"}`)
			second := json.RawMessage(`{"function": "orders", "version": "3", "strategy": "AllAtOnce", "whenHeld": "wait",
				"hooks": {"afterTraffic": [{"function": "check"}]}}`)
			s := scenarioOf(t, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1"}}}},
				"hooks": {"check": {"result": "fail"}}, "latencyMs": 50}`)
			w, _ := observe(t, s, first, second)
			reads := letReadsLag(w, lag, flow.Rollback.Function)
			reads.limit = 1
			_, err := w.Start("first", first)
			require.NoError(t, err)
			w.HappenAfter(1200*time.Millisecond, func() { w.StartSoon("second", second) })
			atMoments(w, map[string]func(world.Moment){flow.Rollback.Function + " before dynamodb:UpdateItem 1": func(world.Moment) {
				for _, version := range []string{"1", "3"} {
					_, err := w.Cloud().UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: version})
					assert.NoError(t, err)
				}
			}})
			require.NoError(t, w.Advance(20*time.Minute))

			require.Equal(t, 1, reads.shown, "Rollback has read an alias that was outdated")
			failed := w.Executions()[1]
			alias, _ := w.Cloud().Alias("orders", "live")
			assert.Equal(t, "2", alias.FunctionVersion, "version 3 has failed its hook: %s", failed.Failure().Cause)
			assert.Empty(t, alias.Weights)
			assert.Equal(t, string(shift.RolledBack), w.Outcome(failed.ARN()))
		})
	}
}

// An alarm fires while a stranger edits the alias, and the safety net reads the edit before
// it marks the record. The stranger puts the alias back; a set-weight whose intent was
// accepted before the mark writes after it, and dies. What the safety net has read before its
// mark must not make it give the Target up: the Candidate would keep its traffic.
func TestALookBeforeTheMarkDoesNotStrandATarget(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 1}}, "alarms": ["a"]}`)
	w, _ := observe(t, scenarioOf(t, `{`+chaosFunctions+`, "latencyMs": 50, "delivery": {"alarms": {"delayMs": 0}}}`), input)
	write := func(alias localaws.Alias) {
		alias.RevisionID = ""
		_, err := w.Cloud().UpdateAlias(alias)
		require.NoError(t, err)
	}
	stall := func(d time.Duration) func(world.Moment) { return func(world.Moment) { w.Stall(d) } }
	atMoments(w, map[string]func(world.Moment){
		"set-weight before lambda:UpdateAlias 2": func(world.Moment) { // the second shift
			before, _ := w.Cloud().Alias("orders", "live")
			edited := before
			toAnotherVersion(&edited, shift.Change{})
			write(edited)
			w.HappenAfter(0, func() { require.NoError(t, w.SetAlarm("a", localaws.AlarmAlarm, "bad")) })
			w.HappenAfter(120*time.Millisecond, func() { write(before) }) // just after the safety net's look
		},
		"set-weight before lambda:GetAlias 1":     stall(200 * time.Millisecond), // it looks why its write was refused
		"safety-net before dynamodb:UpdateItem 1": stall(400 * time.Millisecond), // the mark
		"set-weight before lambda:UpdateAlias 3":  stall(400 * time.Millisecond),
		"set-weight after lambda:UpdateAlias 3":   func(world.Moment) { w.Kill() },
	})
	x, err := w.Start("main", input)
	require.NoError(t, err)
	require.NoError(t, w.Advance(30*time.Minute))

	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Empty(t, alias.Weights, "the alarm fires and nobody shifts, so the Candidate has no traffic: %s", x.Failure().Cause)
	assert.Equal(t, "2", alias.FunctionVersion)
}

// A deployment creates its alias, and reads right after that do not show it yet. Close must
// not take that for an alias that somebody has deleted, and a healthy deployment must be
// promoted.
func TestAReadThatDoesNotShowTheCreatedAliasYetTakesNothingBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lag     time.Duration
		readers []string
	}{
		"one read of Close": {250 * time.Millisecond, []string{flow.Close.Function}},
		"all for 1.5 s":     {1500 * time.Millisecond, []string{flow.Close.Function, flow.Rollback.Function, flow.SafetyNet}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders", "createAlias": true, "strategy": "AllAtOnce"}`)
			w, _ := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 1, "aliases": {}}}, "latencyMs": 50}`), input)
			reads := letReadsLag(w, test.lag, test.readers...)
			x, err := w.Start("main", input)
			require.NoError(t, err)
			require.NoError(t, w.Advance(30*time.Minute))

			require.Positive(t, reads.shown, "somebody has read that there is no alias")
			assert.Equal(t, string(shift.Promoted), w.Outcome(x.ARN()), x.Failure().Cause)
			alias, exists := w.Cloud().Alias("orders", "live")
			assert.True(t, exists, "the alias that was created is there")
			assert.Equal(t, "2", alias.FunctionVersion)
		})
	}
}

// Somebody moves the alias back to Stable. Close reads that once, and then reads what the
// alias was before, as another replica may not have the edit yet. Close must not take the
// outdated read for the truth: it would announce a promotion that does not hold.
func TestAnOutdatedReadAfterANewerOneDoesNotPromote(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"afterTraffic": [{"function": "check"}]}}`)
	w, _ := observe(t, scenarioOf(t, `{`+chaosFunctions+`, "hooks": {"check": {"afterSeconds": 5}}, "latencyMs": 50}`), input)
	reads := newStaleReads(w)
	reads.readers = []string{flow.Close.Function}
	w.Intercept(reads.answer)
	atMoments(w, map[string]func(world.Moment){
		"close-deployment before lambda:GetAlias 1": func(world.Moment) {
			alias, _ := w.Cloud().Alias("orders", "live")
			alias.FunctionVersion, alias.RevisionID = "2", ""
			_, err := w.Cloud().UpdateAlias(alias)
			require.NoError(t, err)
		},
		"close-deployment after lambda:GetAlias 1": func(world.Moment) { reads.lag = 3 * time.Second },
	})
	x, err := w.Start("main", input)
	require.NoError(t, err)
	require.NoError(t, w.Advance(30*time.Minute))

	require.Positive(t, reads.shown, "Close has read what is outdated")
	assert.NotEqual(t, string(shift.Promoted), w.Outcome(x.ARN()))
	alias, _ := w.Cloud().Alias("orders", "live")
	assert.Equal(t, "2", alias.FunctionVersion)
}
