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

	definition "github.com/sluice-aws/sluice/statemachine/asl"
)

// tools returns the folder into which make conformance installs its tools.
func tools(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("CONFORMANCE")
	if folder == "" {
		t.Skip("SKIPPED: only make conformance runs this test, because it needs other tools")
	}
	return folder
}

// played is the result of an execution on the other interpreter.
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

// On aws-local-stepfunctions the golden definition takes the same path, calls its tasks with the
// same payloads, and ends alike, in every scenario of the local world that the definition alone
// decides (see recordings).
func TestTheGoldenDefinitionOnAnotherInterpreter(t *testing.T) {
	t.Parallel()
	folder := tools(t)
	node := filepath.Join(folder, "node_modules", ".bin", "node")
	for _, required := range []string{node, filepath.Join(folder, "node_modules", "aws-local-stepfunctions")} {
		if _, err := os.Stat(required); err != nil {
			t.Skipf("SKIPPED: the interpreter aws-local-stepfunctions is not installed (%v)", err)
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
		assert.True(t, names[name], "a fault is listed for %s, which is not played", name)
	}
	for name, fault := range workarounds {
		present, checked := theirs.Faults[name]
		assert.True(t, checked, "testdata/interpret.mjs does not check for the fault %s", name)
		assert.True(t, present, "fixed: the workaround is no longer needed: %s", fault)
		t.Logf("KNOWN FAULT of aws-local-stepfunctions, with a workaround: %s", fault)
	}
	assert.Len(t, theirs.Faults, len(workarounds))
}

const startsTheNext = "a Map with MaxConcurrency 1 starts the next item after one has failed"

// faultsOfTheInterpreter are its differences from AWS, by the scenario that shows each.
var faultsOfTheInterpreter = map[string]string{
	"hook/second-of-three-calls-back-no": startsTheNext,
	"hook/second-of-three-fails":         startsTheNext,
	"input/null":                         `the path "$" finds nothing in an input that is null`,
}

// workarounds are the faults that every scenario would show. testdata/interpret.mjs works around
// them, and checks whether the interpreter still has them.
var workarounds = map[string]string{
	"resultPath":  `the ResultPath "$" is taken for a member of that name`,
	"timeoutPath": "TimeoutSecondsPath is applied to the result of Parameters instead of the state's input",
}

// differences are the results of a comparison.
type differences []string

// Errorf implements assert.TestingT: it collects a difference instead of failing the test.
func (d *differences) Errorf(format string, args ...any) {
	*d = append(*d, fmt.Sprintf(format, args...))
}

// judge fails the test if there are differences without a known fault, or a known fault without
// differences.
func (d *differences) judge(t *testing.T, fault string) {
	t.Helper()
	switch {
	case fault == "":
		for _, difference := range *d {
			t.Error(difference)
		}
	case len(*d) == 0:
		t.Errorf("fixed: remove it from the list of known faults: %s", fault)
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
	assert.Equal(t, r.path, theirs.Path, "the path")
	if assert.Len(t, theirs.Asked, len(r.Calls), "calls of tasks") {
		for i, ours := range r.Calls {
			assert.Equal(t, ours.state, theirs.Asked[i].State)
			assert.Equal(t, comparable(t, ours.payload), comparable(t, theirs.Asked[i].Payload), "the payload of %s, call %d", ours.state, i)
		}
	}
	if r.status == "SUCCEEDED" {
		assert.Empty(t, theirs.Error)
		assert.JSONEq(t, string(r.output), string(theirs.Output))
		return
	}
	assert.Equal(t, r.failure, failure{theirs.Error, theirs.Cause})
}

// comparable returns a payload without the values that the interpreter does not fill in: the
// state's name, time and retries, and the task token.
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
