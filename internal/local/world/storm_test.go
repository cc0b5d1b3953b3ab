package world

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/ledger/dynamo"
	"sluice/internal/local/asl"
	"sluice/internal/local/cloud"
	"sluice/internal/shift"
)

// storm is many deployments at once in one account, some of whose alarms fire in
// the same minute.
type storm struct {
	w        *World
	restored map[shift.Target]time.Time
	outcomes map[shift.Outcome]int
	calls    int // of Lambda's control plane, by Sluice
	refused  int // of these, for their rate
	took     time.Duration
}

// firesAt is when the alarms of a storm begin to fire: in the middle of its plans,
// which take the longer the more share the control plane.
func firesAt(n int) time.Duration {
	return 4*time.Minute + time.Duration(n)*500*time.Millisecond
}

// blow plays a storm of n deployments, of which some have an alarm that fires.
func blow(t testing.TB, n, firing int) *storm {
	t.Helper()
	scenario := DefaultScenario()
	scenario.RequestsPerMinute = 0
	scenario.Latency = 50 * time.Millisecond
	inputs := make([]json.RawMessage, n)
	for i := range inputs {
		inputs[i] = json.RawMessage(fmt.Sprintf(`{"function": "f%d", "strategy": "Linear10PercentEvery1Minute", "alarms": ["a%d"]}`, i, i))
	}
	for i := range firing {
		name := fmt.Sprintf("a%d", i*n/firing)
		scenario.Events = append(scenario.Events, Happening{At: firesAt(n) + time.Duration(i)*time.Minute/time.Duration(firing), Do: setAlarmState, Alarm: name, State: cloud.AlarmAlarm})
	}
	w, err := New(scenario, inputs...)
	require.NoError(t, err)
	s := &storm{w: w, restored: map[shift.Target]time.Time{}, outcomes: map[shift.Outcome]int{}}
	watching := &run{w: w}
	watching.patient = true
	watching.observe()
	w.cloud.OnCall(s.called)
	w.cloud.OnAliasChange(func(c cloud.AliasChange) {
		if c.After != nil && len(c.After.Weights) == 0 && c.After.FunctionVersion == "1" {
			s.restored[shift.LambdaTarget(c.After.Function, c.After.Name)] = w.clock.now
		}
	})
	for i, input := range inputs {
		_, err := w.Start(fmt.Sprintf("storm-%d", i), input)
		require.NoError(t, err)
	}
	require.NoError(t, w.Run())
	require.NoError(t, watching.violated)
	require.NoError(t, watching.final())
	s.took = w.elapsed()
	s.end(t)
	return s
}

func (s *storm) called(c cloud.Call) {
	if _, ours := s.w.functions[c.Actor]; !ours || c.Service != "lambda" || c.Operation == "GetFunction" {
		return
	}
	s.calls++
	if c.ErrorCode == "TooManyRequestsException" {
		s.refused++
	}
}

func (s *storm) end(t testing.TB) {
	t.Helper()
	ledger := dynamo.FromConfig(s.w.config("observer"), ledgerTable)
	for _, x := range s.w.machine.Executions() {
		record, err := ledger.Record(context.Background(), x.ARN())
		require.NoError(t, err)
		require.Equal(t, shift.StatusClosed, record.Status)
		s.outcomes[record.Outcome]++
	}
}

// delays are the times from each alarm to restored traffic, sorted.
func (s *storm) delays(n, firing int) []time.Duration {
	var list []time.Duration
	for i := range firing {
		back, restored := s.restored[shift.LambdaTarget(fmt.Sprintf("f%d", i*n/firing), "live")]
		fired := epoch.Add(firesAt(n) + time.Duration(i)*time.Minute/time.Duration(firing))
		if restored { // others were promoted by then, or had not begun
			list = append(list, back.Sub(fired))
		}
	}
	slices.Sort(list)
	return list
}

// unprovoked are the Deployments that did not end as Promoted, and whose alarm
// did not fire.
func (s *storm) unprovoked(n, firing int) []string {
	fired := map[string]bool{}
	for i := range firing {
		fired[fmt.Sprintf("storm-%d", i*n/firing)] = true
	}
	var list []string
	for _, x := range s.w.machine.Executions() {
		if x.Status() != asl.Succeeded && !fired[x.Name()] {
			list = append(list, x.Name()+": "+x.Failure().Cause)
		}
	}
	return list
}

func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// TestChaosStorm : a thousand deployments (200 in the daily tests) share one control plane. Nothing rolls back
// without an alarm, throttling does not multiply the calls, and the rollbacks
// overtake the shifts.
func TestChaosStorm(t *testing.T) {
	n, firing := 200, 20
	if whole() {
		n, firing = 1000, 100
	}
	s := blow(t, n, firing)
	delays := s.delays(n, firing)
	t.Logf("%v in %s; alarm to restored: median %s, p99 %s, worst %s; %d control-plane calls, %d refused",
		s.outcomes, s.took, percentile(delays, .5), percentile(delays, .99), delays[len(delays)-1], s.calls, s.refused)
	assert.Empty(t, s.unprovoked(n, firing), "rolled back without an alarm")
	assert.Len(t, delays, s.outcomes[shift.RolledBack], "whatever was rolled back is back")
	assert.Greater(t, len(delays), firing/2, "the others had ended by then, or not begun")
	assert.LessOrEqual(t, percentile(delays, .99), 30*time.Second)
	assert.LessOrEqual(t, float64(s.calls)/float64(s.calls-s.refused), 1.5, "throttling multiplied the calls")
}

// BenchmarkStorm measures the time from an alarm to restored traffic, and how it
// grows with the deployments that share the account. A tenth of them fire within
// a minute; alone-s is what 15 requests a second would take for nothing but the
// two calls of each rollback.
func BenchmarkStorm(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("deployments=%d", n), func(b *testing.B) {
			firing := n / 10
			for range b.N {
				s := blow(b, n, firing)
				delays := s.delays(n, firing)
				b.ReportMetric(percentile(delays, .5).Seconds(), "median-s")
				b.ReportMetric(percentile(delays, .99).Seconds(), "p99-s")
				b.ReportMetric(delays[len(delays)-1].Seconds(), "worst-s")
				b.ReportMetric(float64(2*firing)/15, "alone-s")
				b.ReportMetric(float64(s.calls)/float64(s.calls-s.refused), "calls/needed")
				b.ReportMetric(s.took.Minutes(), "plan-min")
			}
		})
	}
}
