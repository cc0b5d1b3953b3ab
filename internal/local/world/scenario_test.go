package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/local/asl"
)

// played is a scenario of testdata/scenarios: what is asked for, what happens
// around it, and what must come of it.
type played struct {
	// Why is the behaviour that it holds, in one sentence.
	Why      string          `json:"why"`
	Input    json.RawMessage `json:"input"`
	Scenario json.RawMessage `json:"scenario"`
	Expect   expected        `json:"expect"`
}

// expected is what must come of a scenario: the end of the execution, and what
// the world saw.
type expected struct {
	end
	// Routes are all of them, in their order. One without seconds may happen at
	// any time.
	Routes []expectedRoute `json:"routes"`
	// Calls and Invocations name those that matter.
	Calls       map[string]int `json:"calls"`
	Invocations map[string]int `json:"invocations"`
	// Others are the ends of the executions that events started, in their order.
	Others []end `json:"others"`
}

// end is how one execution must end. Path and Announcements are complete, but "…"
// in the path stands for any states; Output names what matters. Of what is absent
// the texts and the announcements must be so, the rest is not looked at.
type end struct {
	Outcome        string          `json:"outcome"`
	Status         asl.Status      `json:"status"`
	Error          string          `json:"error"`
	CauseContains  []string        `json:"causeContains"`
	Path           []string        `json:"path"`
	Announcements  []string        `json:"announcements"`
	Transitions    int             `json:"transitions"`
	HistoryEvents  int             `json:"historyEvents"`
	VirtualSeconds *float64        `json:"virtualSeconds"`
	Output         json.RawMessage `json:"output"`
	// LeftOver says that the deployment is known not to be closed in the end.
	LeftOver bool `json:"leftOver"`
}

// expectedRoute is a Routed whose time may be left open, where it depends on the
// jitter of retries.
type expectedRoute struct {
	Routed
	Seconds *float64 `json:"seconds"`
}

const scenarios = "testdata/scenarios"

func TestScenarios(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(scenarios, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(scenarios, strings.TrimSuffix(path, ".json"))
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			readPlayed(t, path).play(t)
		})
		return nil
	})
	require.NoError(t, err)
}

func readPlayed(t *testing.T, path string) played {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p played
	require.NoError(t, decoder.Decode(&p))
	require.NotEmpty(t, p.Why, "say why")
	return p
}

func (p played) play(t *testing.T) {
	t.Helper()
	scenario := DefaultScenario()
	if p.Scenario != nil {
		var err error
		scenario, err = DecodeScenario(p.Scenario)
		require.NoError(t, err)
	}
	w, seen := observe(t, scenario, p.Input)
	x := seen.play(p.Input)
	r := w.result(x)
	p.Expect.compare(t, w, x)
	seen.verify(p.Expect.leftOver(w)...)
	if t.Failed() {
		t.Logf("%s\n%s", p.Why, story(r))
	}
}

// leftOver names the executions that are known to leave something over.
func (e expected) leftOver(w *World) []string {
	var names []string
	for i, end := range append([]end{e.end}, e.Others...) {
		if end.LeftOver {
			names = append(names, w.executed[i].Name())
		}
	}
	return names
}

// story is what happened, for whoever reads a failure.
func story(r Result) string {
	var s strings.Builder
	fmt.Fprintf(&s, "It ended as %q (%s %s) after %.1f s, %d transitions and %d events: %s\n",
		r.Outcome, r.Status, r.Error, r.VirtualSeconds, r.Transitions, r.HistoryEvents, r.Cause)
	fmt.Fprintf(&s, "path: %s\n", strings.Join(r.Path, " "))
	for _, route := range r.Routes {
		fmt.Fprintf(&s, "at %.1f s %s: %s of the traffic on %s, stable is %s\n",
			route.Seconds, route.Target, route.Percent, route.Candidate, route.Stable)
	}
	fmt.Fprintf(&s, "announced: %s\ncalls: %v\ninvocations: %v", strings.Join(r.Announcements, " "), r.Calls, r.Invocations)
	return s.String()
}

func (e expected) compare(t *testing.T, w *World, x *asl.Execution) {
	t.Helper()
	e.end.compare(t, w, x)
	r := w.result(x)
	e.compareRoutes(t, r.Routes)
	for call, times := range e.Calls {
		assert.Equal(t, times, r.Calls[call], "calls of %s", call)
	}
	for function, times := range e.Invocations {
		assert.Equal(t, times, r.Invocations[function], "invocations of %s", function)
	}
	if !assert.Len(t, w.executed, 1+len(e.Others), "executions") {
		return
	}
	for i, other := range e.Others {
		other.compare(t, w, w.executed[1+i])
	}
}

func (e expected) compareRoutes(t *testing.T, routes []Routed) {
	t.Helper()
	wanted := make([]Routed, len(e.Routes))
	for i, r := range e.Routes {
		wanted[i] = r.Routed
		switch {
		case r.Seconds != nil:
			wanted[i].Seconds = *r.Seconds
		case i < len(routes):
			wanted[i].Seconds = routes[i].Seconds
		}
	}
	assert.Equal(t, wanted, routes, "routes")
}

func (e end) compare(t *testing.T, w *World, x *asl.Execution) {
	t.Helper()
	r := w.result(x)
	assert.Equal(t, e.Outcome, r.Outcome, "outcome of %s", x.Name())
	assert.Equal(t, string(e.Status), r.Status, "status of %s", x.Name())
	assert.Equal(t, e.Error, r.Error, "error of %s", x.Name())
	assert.Equal(t, len(e.CauseContains) == 0, r.Cause == "", "there is a cause exactly when one is expected: %q", r.Cause)
	for _, part := range e.CauseContains {
		assert.Contains(t, r.Cause, part, "cause of %s", x.Name())
	}
	assert.True(t, follows(r.Path, e.Path), "the path of %s is\n%s\nand should be\n%s", x.Name(), strings.Join(r.Path, " "), strings.Join(e.Path, " "))
	assert.Equal(t, withoutNil(e.Announcements), r.Announcements, "announcements of %s", x.Name())
	if e.Transitions != 0 {
		assert.Equal(t, e.Transitions, r.Transitions, "transitions of %s", x.Name())
	}
	if e.HistoryEvents != 0 {
		assert.Equal(t, e.HistoryEvents, r.HistoryEvents, "history events of %s", x.Name())
	}
	if e.VirtualSeconds != nil {
		assert.InDelta(t, *e.VirtualSeconds, r.VirtualSeconds, 0.001, "virtual seconds of %s", x.Name())
	}
	if e.Output != nil {
		contains(t, "output", decoded(t, e.Output), decoded(t, x.Output()))
	}
}

func withoutNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

const elision = "…"

// follows says whether a path is the expected one, in which an elision stands for
// any states, or none.
func follows(path, expected []string) bool {
	if len(expected) == 0 {
		return len(path) == 0
	}
	if expected[0] != elision {
		return len(path) > 0 && path[0] == expected[0] && follows(path[1:], expected[1:])
	}
	for skipped := range len(path) + 1 {
		if follows(path[skipped:], expected[1:]) {
			return true
		}
	}
	return false
}

func decoded(t *testing.T, text json.RawMessage) any {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(text, &value), "%s", text)
	return value
}

// contains says that a value has at least what is wanted of it.
func contains(t *testing.T, path string, wanted, got any) {
	t.Helper()
	members, isObject := wanted.(map[string]any)
	found, alsoObject := got.(map[string]any)
	if !isObject || !alsoObject {
		assert.Equal(t, wanted, got, path)
		return
	}
	for name, value := range members {
		contains(t, path+"."+name, value, found[name])
	}
}
