package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// code is one version of the code of Sluice's functions. It records its invocations.
type code struct {
	name string
	runs map[string]function
	ran  map[string][]string // which code has run, call by call, by the execution's ARN
	// alone makes it refuse executions that other code has started, like code that cannot
	// read their documents.
	alone bool
}

// deploy gives the functions of a world this code under the same names, and records what it
// runs.
func (c code) deploy(t *testing.T, w *World) {
	t.Helper()
	for _, name := range sortedKeys(c.runs) {
		f := c.runs[name]
		run := f.run
		f.run = func(ctx context.Context, payload []byte) ([]byte, error) {
			if name == flow.SafetyNet {
				return run(ctx, payload)
			}
			var call struct{ ExecutionID string }
			if err := json.Unmarshal(payload, &call); err != nil {
				return nil, err
			}
			execution := call.ExecutionID
			if c.alone && slices.ContainsFunc(c.ran[execution], func(by string) bool { return by != c.name }) {
				return nil, errors.New("this document is of other code")
			}
			c.ran[execution] = append(c.ran[execution], c.name)
			return run(ctx, payload)
		}
		w.functions[name] = f
		require.NoError(t, w.cloud.UpdateCode(FunctionPrefix+name, c.name+" "+name))
	}
}

// upgrade deploys the stack with other code. The functions change first. Then new versions are
// published, and the state machine gets the definition with these versions.
func (w *World) upgrade(t *testing.T, c code, naming func(w *World) error) {
	t.Helper()
	c.deploy(t, w)
	require.NoError(t, naming(w))
	w.machine.Update(w.definition.parsed)
}

// namingFunctions makes a definition with the functions' names but without versions.
func namingFunctions(w *World) error {
	var err error
	w.definition, err = define(w.place.partition, w.place.functionARN)
	return err
}

// shiftAcrossAnUpgrade shifts orders, upgrades Sluice during that shift, and then shifts
// payments.
func shiftAcrossAnUpgrade(t *testing.T, naming func(w *World) error) (old, after *asl.Execution, ran map[string][]string, w *World) {
	t.Helper()
	first := json.RawMessage(`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 2}},
		"hooks": {"beforeTraffic": [{"function": "smoke"}], "afterTraffic": [{"function": "check"}]}}`)
	second := json.RawMessage(`{"function": "payments", "strategy": {"linear": {"percent": 25, "everyMinutes": 2}}}`)
	w, err := New(DefaultScenario(), first, second)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	ran = map[string][]string{}
	runs := maps.Clone(w.functions)
	w.upgrade(t, code{name: "old", runs: runs, ran: ran}, naming)

	old, err = w.Start("before", first)
	require.NoError(t, err)
	require.NoError(t, w.Advance(3*time.Minute))
	route, _ := w.cloud.Alias("orders", "live")
	require.Len(t, route.Weights, 1, "the upgrade comes in mid-shift")
	w.upgrade(t, code{name: "new", runs: runs, ran: ran, alone: true}, naming)

	after, err = w.Start("after", second)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	return old, after, ran, w
}

func TestAnUpgradeDoesNotChangeTheCodeUnderARunningExecution(t *testing.T) {
	t.Parallel()
	old, after, ran, w := shiftAcrossAnUpgrade(t, (*World).defineVersions)
	for x, want := range map[*asl.Execution]string{old: "old", after: "new"} {
		assert.Equal(t, asl.Succeeded, x.Status(), "%s: %s", x.Name(), x.Failure().Cause)
		assert.Equal(t, []string{want}, slices.Compact(slices.Clone(ran[x.ARN()])), "the code that %s has run on", x.Name())
		assert.Greater(t, len(ran[x.ARN()]), 8, x.Name())
	}
	for _, function := range []string{"orders", "payments"} {
		route, exists := w.cloud.Alias(function, "live")
		require.True(t, exists, function)
		assert.Equal(t, "2", route.FunctionVersion, function)
		assert.Empty(t, route.Weights, function)
	}
	var outcomes []shift.Outcome
	for _, a := range w.announcements {
		if string(a.State) == string(shift.Promoted) {
			outcomes = append(outcomes, shift.Promoted)
		}
	}
	assert.Equal(t, []shift.Outcome{shift.Promoted, shift.Promoted}, outcomes)
}

// The versions are needed: if the definition names functions without a version, the same upgrade
// gives a running execution code that cannot continue it.
func TestAnUpgradeWithoutVersionsChangesTheCodeUnderARunningExecution(t *testing.T) {
	t.Parallel()
	old, after, ran, _ := shiftAcrossAnUpgrade(t, namingFunctions)
	assert.Equal(t, asl.Failed, old.Status())
	assert.Equal(t, flow.RollbackIncomplete, old.Failure().Error)
	assert.Equal(t, asl.Succeeded, after.Status(), after.Failure().Cause)
	assert.Equal(t, []string{"new"}, slices.Compact(slices.Clone(ran[after.ARN()])))
}

// A redrive continues with the definition that the execution started with, and so with the
// versions in it.
func TestAnUpgradeDoesNotChangeTheCodeUnderARedrive(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": {"linear": {"percent": 25, "everyMinutes": 2}}}`)
	w, err := New(DefaultScenario(), input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	ran, runs := map[string][]string{}, maps.Clone(w.functions)
	w.upgrade(t, code{name: "old", runs: runs, ran: ran}, (*World).defineVersions)
	x, err := w.Start("before", input)
	require.NoError(t, err)
	require.NoError(t, w.Advance(3*time.Minute))
	require.NoError(t, w.machine.Stop(x.ARN(), "", ""))
	w.upgrade(t, code{name: "new", runs: runs, ran: ran, alone: true}, (*World).defineVersions)
	require.NoError(t, w.machine.Redrive(x.ARN()))
	require.NoError(t, w.Run())
	assert.Equal(t, []string{"old"}, slices.Compact(slices.Clone(ran[x.ARN()])))
	assert.Equal(t, string(shift.RolledBack), x.Failure().Error, "the safety net has put the traffic back when the execution was stopped")
}

// A state fails if its definition names a version that does not exist.
func TestADeletedVersionCannotBeInvoked(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders"}`)
	w, err := New(DefaultScenario(), input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	var failure *asl.Failure
	w.Invoke(asl.Invocation{FunctionARN: w.place.versionARN(flow.Publish.Function, "2")}, func(_ json.RawMessage, f *asl.Failure) { failure = f })
	require.NoError(t, w.Advance(time.Second))
	require.NotNil(t, failure)
	assert.Equal(t, "Lambda.ResourceNotFoundException", failure.Error)
	assert.Contains(t, failure.Cause, fmt.Sprintf("%s:2", flow.Publish.Function))
}
