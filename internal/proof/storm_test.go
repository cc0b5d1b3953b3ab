package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// storm is many deployments at once in one account, some of whose alarms fire in
// the same minute.
type storm struct {
	w        *world.World
	watching *run
	view     *view
	fired    map[string]fired // by the execution's ARN
	restored map[shift.Target]time.Time
	outcomes map[shift.Outcome]int
	calls    int // of Lambda's control plane, by Sluice, until every deployment has ended
	refused  int // of these, for their rate
	// restoring are those of the Lambdas that restore, and untilBack as many as there were when
	// the last Target was back.
	restoring, untilBack int
	took                 time.Duration
}

// fired is an alarm of a storm that has gone to ALARM, and how its Deployment stood
// then.
type fired struct {
	at    time.Time
	stood standing
}

// firesAt is when the alarms of a storm begin to fire: in the middle of its plans,
// which take the longer the more share the control plane.
func firesAt(n int) time.Duration {
	return 4*time.Minute + time.Duration(n)*500*time.Millisecond
}

// blow plays a storm of n deployments, of which some have an alarm that fires.
func blow(t testing.TB, n, firing int) *storm {
	t.Helper()
	scenario := world.DefaultScenario()
	scenario.RequestsPerMinute = 0 // so nothing is compared either
	scenario.Latency = 50 * time.Millisecond
	inputs := make([]json.RawMessage, n)
	for i := range inputs {
		inputs[i] = json.RawMessage(fmt.Sprintf(`{"function": "f%d", "judge": "off", "strategy": "Linear10PercentEvery1Minute", "alarms": ["a%d"]}`, i, i))
	}
	for i := range firing {
		name := fmt.Sprintf("a%d", i*n/firing)
		scenario.Events = append(scenario.Events, world.Happening{At: firesAt(n) + time.Duration(i)*time.Minute/time.Duration(firing), Do: world.SetAlarmState, Alarm: name, State: localaws.AlarmAlarm})
	}
	s := newStorm(t, scenario, inputs)
	s.w.Cloud().OnAlarmState(s.alarm)
	s.play(t, inputs)
	return s
}

// newStorm makes the world of a storm.
func newStorm(t testing.TB, scenario world.Scenario, inputs []json.RawMessage) *storm {
	t.Helper()
	w, err := world.New(scenario, inputs...)
	require.NoError(t, err)
	s := &storm{w: w, fired: map[string]fired{}, restored: map[shift.Target]time.Time{}, outcomes: map[shift.Outcome]int{}}
	s.watching = watch(w, false)
	s.view = s.watching.view
	w.Cloud().OnCall(s.called)
	w.Cloud().OnAliasChange(func(c localaws.AliasChange) {
		if c.After != nil && len(c.After.Weights) == 0 && c.After.FunctionVersion == "1" {
			s.restored[flow.LambdaTarget(c.After.Function, c.After.Name)] = w.Now()
			s.untilBack = s.restoring + 1 // this call is counted when it is answered
		}
	})
	return s
}

// play starts every deployment of a storm, and lets it blow over.
func (s *storm) play(t testing.TB, inputs []json.RawMessage) {
	t.Helper()
	for i, input := range inputs {
		_, err := s.w.Start(fmt.Sprintf("storm-%d", i), input)
		require.NoError(t, err)
	}
	require.NoError(t, s.w.Run())
	s.took = s.w.Elapsed()
	require.NoError(t, s.w.Advance(rest)) // for the second looks
	require.NoError(t, s.watching.violated)
	require.NoError(t, s.watching.final())
	s.end(t)
}

func (s *storm) called(c localaws.Call) {
	if s.took > 0 || !s.w.IsSluice(c.Actor) || c.Service != "lambda" || c.Operation == "GetFunction" {
		return
	}
	s.calls++
	if slices.Contains(restorers, c.Actor) {
		s.restoring++
	}
	if c.ErrorCode == "TooManyRequestsException" {
		s.refused++
	}
}

func (s *storm) end(t testing.TB) {
	t.Helper()
	ledger := dynamo.FromConfig(s.w.Config("observer"), world.LedgerTable)
	for _, x := range s.w.Machine().Executions() {
		record, err := ledger.Record(context.Background(), x.ARN())
		require.NoError(t, err)
		require.Equal(t, shift.StatusClosed, record.Status)
		s.outcomes[record.Outcome]++
	}
}

// alarm is told of every alarm's state.
func (s *storm) alarm(c localaws.AlarmChange) {
	if c.State != localaws.AlarmAlarm {
		return
	}
	f := fired{at: s.w.Now()}
	x := s.w.Machine().Executions()[slices.IndexFunc(s.w.Machine().Executions(), func(x *asl.Execution) bool {
		return x.Name() == "storm-"+strings.TrimPrefix(c.Name, "a")
	})]
	if d := s.view.deployments[x.ARN()]; d != nil {
		f.stood = *d
	}
	s.fired[x.ARN()] = f
}

// allowed is how a Deployment of a storm may end, and what that is because of.
func (s *storm) allowed(id string) (because string, outcomes []shift.Outcome) {
	f, fires := s.fired[id]
	d := s.view.deployments[id]
	switch {
	case !fires:
		return "its alarm has not fired", []shift.Outcome{shift.Promoted}
	case f.stood.finished():
		return "it had ended when its alarm fired", []shift.Outcome{f.stood.outcome}
	case f.stood.deployment == nil:
		return "its alarm fired before Open had described it", []shift.Outcome{shift.Rejected, shift.RolledBack}
	case d.intent == 0:
		return "its alarm fired before it was shifted", []shift.Outcome{shift.Rejected}
	}
	return "its alarm fired while it was open", []shift.Outcome{shift.RolledBack}
}

// astray are the Deployments that did not end as they may.
func (s *storm) astray() []string {
	var list []string
	for _, x := range s.w.Machine().Executions() {
		d := s.view.deployments[x.ARN()]
		if because, outcomes := s.allowed(x.ARN()); !slices.Contains(outcomes, d.outcome) {
			list = append(list, fmt.Sprintf("%s has ended as %s, and %s: %s", x.Name(), d.outcome, because, x.Failure().Cause))
		}
	}
	return list
}

// delays are the times from the alarm of each Deployment that was rolled back to its
// restored traffic, sorted.
func (s *storm) delays() []time.Duration {
	var list []time.Duration
	for id, f := range s.fired {
		if d := s.view.deployments[id]; d.outcome == shift.RolledBack {
			list = append(list, s.restored[d.targets[0]].Sub(f.at)) // one that is not back is back before its time
		}
	}
	slices.Sort(list)
	return list
}

// lateness is by how much each promoted Deployment has ended later than its plan takes
// by itself, sorted.
func (s *storm) lateness() []time.Duration {
	var list []time.Duration
	for _, x := range s.w.Machine().Executions() {
		d := s.view.deployments[x.ARN()]
		if d.outcome != shift.Promoted {
			continue
		}
		var bakes time.Duration
		for _, step := range d.deployment.Plan.Steps {
			bakes += step.Bake.Duration()
		}
		list = append(list, x.Stopped().Sub(x.Started())-bakes)
	}
	slices.Sort(list)
	return list
}

func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// TestChaosStorm : a thousand deployments (200 in the daily tests) share one control
// plane. Whatever is open when its alarm fires is rolled back, and nothing else;
// throttling does not multiply the calls; and the rollbacks overtake the shifts, which
// wait for minutes.
func TestChaosStorm(t *testing.T) {
	n, firing := 200, 20
	if whole(t) {
		n, firing = 1000, 100
	}
	s := blow(t, n, firing)
	delays, lateness := s.delays(), s.lateness()
	require.NotEmpty(t, delays)
	t.Logf("%v in %s; alarm to restored: median %s, p99 %s, worst %s; shifts late: median %s; %d control-plane calls, %d refused",
		s.outcomes, s.took, percentile(delays, .5), percentile(delays, .99), delays[len(delays)-1], percentile(lateness, .5), s.calls, s.refused)
	assert.Empty(t, s.astray())
	assert.Len(t, s.fired, firing)
	assert.Len(t, delays, s.outcomes[shift.RolledBack], "nothing rolls back without an alarm")
	assert.Greater(t, len(delays), firing/2, "the alarms fire in the middle of the plans")
	assert.Positive(t, delays[0], "whatever was rolled back is back after its alarm")
	assert.LessOrEqual(t, percentile(delays, .99), 30*time.Second)
	assert.Greater(t, percentile(lateness, .5), percentile(delays, .99), "rollbacks overtake shifts")
	assert.LessOrEqual(t, float64(s.calls)/float64(s.calls-s.refused), 1.5, "throttling multiplied the calls")
}

// BenchmarkStorm measures the time from an alarm to restored traffic, and how it
// grows with the deployments that share the account. A tenth of them fire within
// a minute; alone-s is what 15 requests a second would take for nothing but the
// two calls of each rollback.
func BenchmarkStorm(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("deployments=%d", n), func(b *testing.B) {
			if n == 1000 && testing.Short() {
				b.Skip("it takes most of a minute")
			}
			firing := n / 10
			for range b.N {
				s := blow(b, n, firing)
				delays := s.delays()
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
