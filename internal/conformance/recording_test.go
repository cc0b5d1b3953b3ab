package conformance

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/world"
)

// scenarios is the folder of the scenarios that the proof plays in the local world.
const scenarios = "../proof/testdata/scenarios"

// recording is an execution on this project's interpreter: the calls of its tasks with their
// payloads and answers, in order, and how it ended.
type recording struct {
	name    string
	path    []string
	status  string
	failure failure
	output  json.RawMessage

	redriven bool

	Input   json.RawMessage `json:"input"`
	Context map[string]any  `json:"context"`
	Calls   []call          `json:"calls"`
}

// call is one call of a task, and its answer: an output or a failure.
type call struct {
	state   string
	payload json.RawMessage

	Output  json.RawMessage `json:"output,omitempty"`
	Failure *failure        `json:"failure,omitempty"`
}

type failure struct {
	Error string `json:"error"`
	Cause string `json:"cause"`
}

// recordings returns the executions of all scenarios except those that were stopped or redriven
// from outside, because the interpreter does not decide that.
func recordings(t *testing.T) []recording {
	t.Helper()
	var list []recording
	err := filepath.WalkDir(scenarios, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var played struct{ Input, Scenario json.RawMessage }
		require.NoError(t, json.Unmarshal(text, &played))
		name, err := filepath.Rel(scenarios, path)
		require.NoError(t, err)
		r := record(t, played.Input, played.Scenario)
		r.name = strings.TrimSuffix(name, ".json")
		if r.status != string(asl.Aborted) && !r.redriven {
			list = append(list, r)
		}
		return nil
	})
	require.NoError(t, err)
	return list
}

func record(t *testing.T, input, scenario json.RawMessage) recording {
	t.Helper()
	if len(scenario) == 0 {
		scenario = json.RawMessage(`{}`)
	}
	s, err := world.DecodeScenario(scenario)
	require.NoError(t, err)
	r := recording{Input: input}
	var watched *asl.Execution
	var state string
	result, err := world.Simulate(input, s, func(_ time.Duration, x *asl.Execution, e asl.Event) {
		if watched == nil {
			watched = x
		}
		if x == watched {
			r.add(e, &state)
		}
	})
	require.NoError(t, err)
	r.path, r.status, r.failure = result.Path, result.Status, failure{result.Error, result.Cause}
	r.output = json.RawMessage(watched.Output())
	r.Context = map[string]any{
		"Execution": map[string]any{"Id": watched.ARN(), "Name": watched.Name(), "Input": input},
		"State":     map[string]any{"Name": "unknown", "EnteredTime": "2026-01-01T00:00:00Z", "RetryCount": 0},
		"Task":      map[string]any{"Token": "unknown"},
	}
	return r
}

// add records an event. Tasks run one at a time, even in Maps.
func (r *recording) add(e asl.Event, state *string) {
	last := func() *call { return &r.Calls[len(r.Calls)-1] }
	switch {
	case e.Type == asl.ExecutionRedriven:
		r.redriven = true
	case e.StateEntered != nil:
		*state = e.StateEntered.Name
	case e.LambdaFunctionScheduled != nil:
		r.Calls = append(r.Calls, call{state: *state, payload: json.RawMessage(e.LambdaFunctionScheduled.Input)})
	case e.TaskScheduled != nil:
		r.Calls = append(r.Calls, call{state: *state, payload: json.RawMessage(e.TaskScheduled.Parameters)})
	case e.LambdaFunctionSucceeded != nil:
		last().Output = json.RawMessage(e.LambdaFunctionSucceeded.Output)
	case e.TaskSucceeded != nil:
		last().Output = json.RawMessage(e.TaskSucceeded.Output)
	case e.LambdaFunctionFailed != nil:
		last().Failure = &failure{e.LambdaFunctionFailed.Error, e.LambdaFunctionFailed.Cause}
	case e.LambdaFunctionTimedOut != nil:
		last().Failure = &failure{e.LambdaFunctionTimedOut.Error, e.LambdaFunctionTimedOut.Cause}
	case e.TaskFailed != nil:
		last().Failure = &failure{e.TaskFailed.Error, e.TaskFailed.Cause}
	case e.TaskTimedOut != nil:
		last().Failure = &failure{e.TaskTimedOut.Error, e.TaskTimedOut.Cause}
	}
}
