package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	definition "sluice/statemachine/asl"
)

// tools is the folder that make conformance fetches its tools into.
func tools(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("CONFORMANCE")
	if folder == "" {
		t.Skip("SKIPPED: make conformance runs this, with tools that are not Sluice's")
	}
	return folder
}

// played is what became of an execution elsewhere.
type played struct {
	Path  []string
	Asked []struct {
		State   string
		Payload json.RawMessage
	}
	Output json.RawMessage
	Error  string
	Cause  string
}

// The golden definition takes the same road on aws-local-stepfunctions, asks its
// tasks the same things, and ends alike, in every scenario of the local world that
// leaves it to the definition how it goes on (see recordings).
func TestTheGoldenDefinitionOnAForeignInterpreter(t *testing.T) {
	t.Parallel()
	folder := tools(t)
	node := filepath.Join(folder, "node_modules", ".bin", "node")
	for _, needed := range []string{node, filepath.Join(folder, "node_modules", "aws-local-stepfunctions")} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("SKIPPED: the interpreter aws-local-stepfunctions is not there (%v)", err)
		}
	}
	recorded := recordings(t)
	input, err := json.Marshal(map[string]any{
		"definition": json.RawMessage(definition.Definition("aws", func(name string) string {
			return "arn:aws:lambda:us-east-1:123456789012:function:sluice-" + name + ":1"
		})),
		"executions": recorded,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	script, err := filepath.Abs("testdata/interpret.mjs")
	require.NoError(t, err)
	command := exec.CommandContext(ctx, node, script, folder)
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	var theirs struct {
		Executions []played
		Faults     map[string]bool
	}
	require.NoError(t, json.Unmarshal(output, &theirs))
	require.Len(t, theirs.Executions, len(recorded))
	t.Logf("%d executions, with %d calls of tasks", len(recorded), calls(recorded))
	names := map[string]bool{}
	for i, ours := range recorded {
		names[ours.name] = true
		t.Run(ours.name, func(t *testing.T) {
			var found differences
			ours.compare(&found, theirs.Executions[i])
			found.judge(t, faultsOfTheInterpreter[ours.name])
		})
	}
	for name := range faultsOfTheInterpreter {
		assert.True(t, names[name], "a fault is known of %s, which is not played", name)
	}
	for name, fault := range faultsGoneAround {
		shown, asked := theirs.Faults[name]
		assert.True(t, asked, "testdata/interpret.mjs does not look whether it has the fault %s", name)
		assert.True(t, shown, "fixed, so nothing has to go around it any more: %s", fault)
		t.Logf("KNOWN FAULT of aws-local-stepfunctions, which is gone around: %s", fault)
	}
	assert.Len(t, theirs.Faults, len(faultsGoneAround))
}

// faultsOfTheInterpreter are what it does otherwise than AWS, by the scenarios that
// show it.
var faultsOfTheInterpreter = map[string]string{
	"hook/second-of-three-fails": "a Map with MaxConcurrency 1 begins the next item when one has failed",
	"input/null":                 `the path "$" finds nothing in an input that is null`,
}

// faultsGoneAround are what would show in every scenario: testdata/interpret.mjs
// spares it them, and says whether it still has them.
var faultsGoneAround = map[string]string{
	"resultPath":  `the ResultPath "$" is taken for a member of that name`,
	"timeoutPath": "TimeoutSecondsPath is looked for in what Parameters have made, and not in the state's input",
}

// differences are what a comparison has found.
type differences []string

// Errorf makes a comparison tell differences what it would tell a test.
func (d *differences) Errorf(format string, args ...any) {
	*d = append(*d, fmt.Sprintf(format, args...))
}

// judge lets nothing pass that differs, unless a fault of the other is known that
// shows there; and no fault that shows no more.
func (d *differences) judge(t *testing.T, fault string) {
	t.Helper()
	switch {
	case fault == "":
		for _, difference := range *d {
			t.Error(difference)
		}
	case len(*d) == 0:
		t.Errorf("fixed, take it off the list of known faults: %s", fault)
	default:
		t.Skip("KNOWN FAULT of aws-local-stepfunctions: " + fault)
	}
}

func calls(recorded []recording) int {
	n := 0
	for _, r := range recorded {
		n += len(r.Calls)
	}
	return n
}

func (r recording) compare(t assert.TestingT, theirs played) {
	assert.Equal(t, r.path, theirs.Path, "the road")
	if assert.Len(t, theirs.Asked, len(r.Calls), "calls of tasks") {
		for i, ours := range r.Calls {
			assert.Equal(t, ours.state, theirs.Asked[i].State)
			assert.Equal(t, comparable(t, ours.payload), comparable(t, theirs.Asked[i].Payload), "what %s is asked, call %d", ours.state, i)
		}
	}
	if r.status == "SUCCEEDED" {
		assert.Empty(t, theirs.Error)
		assert.JSONEq(t, string(r.output), string(theirs.Output))
		return
	}
	assert.Equal(t, r.failure, failure{theirs.Error, theirs.Cause})
}

// comparable is a payload without what the interpreter does not fill in: the state's
// name, its time, its retries and the task's token.
func comparable(t assert.TestingT, payload json.RawMessage) any {
	var document map[string]any
	assert.NoError(t, json.Unmarshal(payload, &document))
	inner := document
	if nested, byToken := document["Payload"].(map[string]any); byToken {
		inner = nested
	}
	for _, name := range []string{"state", "now", "retry", "taskToken"} {
		delete(inner, name)
	}
	return document
}
