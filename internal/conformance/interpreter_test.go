package conformance

import (
	"bytes"
	"context"
	"encoding/json"
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
// tasks the same things, and ends alike, in every scenario of the local world.
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
			return "arn:aws:lambda:us-east-1:123456789012:function:sluice-" + name
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
	var all []played
	require.NoError(t, json.Unmarshal(output, &all))
	require.Len(t, all, len(recorded))
	t.Logf("%d executions, with %d calls of tasks", len(recorded), calls(recorded))
	for i, ours := range recorded {
		t.Run(ours.name, func(t *testing.T) {
			if fault := faultsOfTheInterpreter[ours.name]; fault != "" {
				t.Skip("KNOWN FAULT of aws-local-stepfunctions: " + fault)
			}
			ours.compare(t, all[i])
		})
	}
}

// faultsOfTheInterpreter are what it does otherwise than AWS, by the scenarios that
// show it. What else is wrong with it, testdata/interpret.mjs goes around.
var faultsOfTheInterpreter = map[string]string{
	"hook/second-of-three-fails": "a Map with MaxConcurrency 1 begins the next item when one has failed",
	"input/null":                 `the path "$" finds nothing in an input that is null`,
}

func calls(recorded []recording) int {
	n := 0
	for _, r := range recorded {
		n += len(r.Calls)
	}
	return n
}

func (r recording) compare(t *testing.T, theirs played) {
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
func comparable(t *testing.T, payload json.RawMessage) any {
	t.Helper()
	var document map[string]any
	require.NoError(t, json.Unmarshal(payload, &document))
	inner := document
	if nested, byToken := document["Payload"].(map[string]any); byToken {
		inner = nested
	}
	for _, name := range []string{"state", "now", "retry", "taskToken"} {
		delete(inner, name)
	}
	return document
}
