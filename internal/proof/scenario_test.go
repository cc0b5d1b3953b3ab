package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
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
	// Unasked says that nobody has asked for the deployment: it leaves no trace.
	Unasked bool `json:"unasked"`
}

// expectedRoute is a world.Routed whose time may be left open, where it depends on the
// jitter of retries.
type expectedRoute struct {
	world.Routed
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
		for _, keeps := range []bool{false, true} {
			name := filepath.ToSlash(name)
			if keeps {
				name += keepingRevisions
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				readPlayed(t, path).play(t, keeps)
			})
		}
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

// play plays a scenario with one of AWS's answers to a write that changes nothing. An
// expectation holds for both, since they differ only in the number of writes.
func (p played) play(t *testing.T, keepsRevisions bool) {
	t.Helper()
	scenario := world.DefaultScenario()
	if p.Scenario != nil {
		var err error
		scenario, err = world.DecodeScenario(p.Scenario)
		require.NoError(t, err)
	}
	scenario.KeepsRevisions = keepsRevisions
	w, seen := observe(t, scenario, p.Input)
	x := seen.play(p.Input)
	seen.unasked = p.Expect.names(w, func(e end) bool { return e.Unasked })
	problems := append(p.Expect.differences(w, x), seen.verify(p.Expect.names(w, func(e end) bool { return e.LeftOver })...)...)
	if len(problems) > 0 {
		t.Errorf("%s\n\n%s\n\n%s", p.Why, strings.Join(problems, "\n"), story(w.Result(x)))
	}
}

// names of the executions of which something is known.
func (e expected) names(w *world.World, known func(end) bool) []string {
	var names []string
	for i, end := range append([]end{e.end}, e.Others...) {
		if known(end) {
			names = append(names, w.Executions()[i].Name())
		}
	}
	return names
}

// story is what happened, for whoever reads a failure.
func story(r world.Result) string {
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

// differences says what came otherwise than expected.
func (e expected) differences(w *world.World, x *asl.Execution) []string {
	found := e.end.differences(w, x)
	r := w.Result(x)
	found = append(found, differ("routes", e.routes(r.Routes), byWhomever(r.Routes))...)
	for _, call := range slices.Sorted(maps.Keys(e.Calls)) {
		found = append(found, differ("calls of "+call, e.Calls[call], r.Calls[call])...)
	}
	for _, function := range slices.Sorted(maps.Keys(e.Invocations)) {
		found = append(found, differ("invocations of "+function, e.Invocations[function], r.Invocations[function])...)
	}
	if len(w.Executions()) != 1+len(e.Others) {
		return append(found, fmt.Sprintf("there were %d executions, and should have been %d", len(w.Executions()), 1+len(e.Others)))
	}
	for i, other := range e.Others {
		found = append(found, other.differences(w, w.Executions()[1+i])...)
	}
	return found
}

// byWhomever leaves out who has made the changes.
func byWhomever(routes []world.Routed) []world.Routed {
	list := slices.Clone(routes)
	for i := range list {
		list[i].IsOurs = false
	}
	return list
}

// routes are the expected ones, with the times of the given ones where any will do.
func (e expected) routes(given []world.Routed) []world.Routed {
	wanted := make([]world.Routed, len(e.Routes))
	for i, r := range e.Routes {
		wanted[i] = r.Routed
		switch {
		case r.Seconds != nil:
			wanted[i].Seconds = *r.Seconds
		case i < len(given):
			wanted[i].Seconds = given[i].Seconds
		}
	}
	return wanted
}

// causes are what is wrong with the cause of an end.
func (e end) causes(cause, of string) []string {
	if len(e.CauseContains) == 0 {
		return differ("cause"+of, "", cause)
	}
	var found []string
	for _, part := range e.CauseContains {
		if !strings.Contains(cause, part) {
			found = append(found, fmt.Sprintf("cause%s should contain %q: %s", of, part, cause))
		}
	}
	return found
}

func (e end) differences(w *world.World, x *asl.Execution) []string {
	r, of := w.Result(x), " of "+x.Name()
	found := slices.Concat(
		differ("outcome"+of, e.Outcome, r.Outcome),
		differ("status"+of, string(e.Status), r.Status),
		differ("error"+of, e.Error, r.Error),
		differ("announcements"+of, append([]string{}, e.Announcements...), r.Announcements),
		absentOr("transitions"+of, e.Transitions, r.Transitions),
		absentOr("history events"+of, e.HistoryEvents, r.HistoryEvents),
	)
	found = append(found, e.causes(r.Cause, of)...)
	if next := advised(x, r); next != "" && r.Status != string(asl.Succeeded) && r.Error != flow.RollbackIncomplete &&
		(strings.Count(r.Cause, next) != 1 || !strings.HasSuffix(r.Cause, next)) {
		found = append(found, fmt.Sprintf("cause%s should end with what to do, and say it once: %s", of, r.Cause))
	}
	if !follows(r.Path, e.Path) {
		found = append(found, differ("path"+of, strings.Join(e.Path, " "), strings.Join(r.Path, " "))...)
	}
	if e.VirtualSeconds != nil {
		found = append(found, differ("virtual seconds"+of, *e.VirtualSeconds, r.VirtualSeconds)...)
	}
	if e.Output != nil {
		found = append(found, lacks("output"+of, decoded(e.Output), decoded(x.Output()))...)
	}
	return found
}

// advised is what a person should do about an execution that Rollback has ended.
func advised(x *asl.Execution, r world.Result) string {
	var document struct {
		Rollback *flow.Undoing `json:"rollback"`
	}
	for _, e := range x.History() {
		if e.StateExited == nil || e.StateExited.Name != flow.Rollback.State {
			continue
		}
		if json.Unmarshal(e.StateExited.Output, &document) == nil && document.Rollback != nil {
			return explain.Advice(shift.Outcome(r.Outcome), document.Rollback.Reasons)
		}
	}
	return ""
}

func differ(what string, wanted, got any) []string {
	if assert.ObjectsAreEqual(wanted, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s should be\n  %v\nand is\n  %v", what, wanted, got)}
}

func absentOr(what string, wanted, got int) []string {
	if wanted == 0 {
		return nil
	}
	return differ(what, wanted, got)
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

func decoded(text json.RawMessage) any {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	return value
}

// lacks says what of the wanted members a value does not have.
func lacks(path string, wanted, got any) []string {
	members, isObject := wanted.(map[string]any)
	found, alsoObject := got.(map[string]any)
	if !isObject || !alsoObject {
		return differ(path, wanted, got)
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		problems = append(problems, lacks(path+"."+name, members[name], found[name])...)
	}
	return problems
}
