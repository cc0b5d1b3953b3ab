package metric_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

const (
	orders   = shift.Target("lambda:orders:live")
	payments = shift.Target("lambda:payments:blue")
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fleet is an account whose functions serve the same in every minute. The key is the alias
// and the version, which is empty for both together.
type fleet map[string]served

type served struct {
	requests, failures, throttles int64
	fast, slow                    int64 // requests of 100 ms, and of 1,000 ms
}

func (f fleet) MetricData(m localaws.Metric, from, until time.Time) localaws.MetricData {
	s := f[m.Dimensions["Resource"]+" "+m.Dimensions["ExecutedVersion"]]
	minutes := int64(until.Sub(from) / time.Minute)
	count := func(n int64) localaws.MetricData {
		return localaws.MetricData{Unit: "Count", Values: localaws.Distribution{{Value: float64(n), Count: minutes}}}
	}
	switch {
	case s == served{} || m.Namespace != "AWS/Lambda" || !strings.HasPrefix(m.Dimensions["Resource"], m.Dimensions["FunctionName"]+":"):
		return localaws.MetricData{}
	case m.Name == "Invocations":
		return count(s.requests)
	case m.Name == "Errors":
		return count(s.failures)
	case m.Name == "Throttles":
		return count(s.throttles)
	case m.Name == "Duration":
		return localaws.MetricData{Unit: "Milliseconds", Values: localaws.Distribution{{Value: 100, Count: s.fast * minutes}, {Value: 1000, Count: s.slow * minutes}}}
	}
	return localaws.MetricData{}
}

// wire counts the calls to the local AWS.
type wire struct {
	*localaws.Cloud
	calls int
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.calls++
	return w.Cloud.Do(r)
}

func newGate(config localaws.Config, f fleet) (*metric.Gate, *wire) {
	config.Now = func() time.Time { return noon.Add(10 * time.Minute) }
	w := &wire{Cloud: localaws.New(config)}
	w.SetMetricProvider(f)
	return metric.New(cloudwatch.NewFromConfig(localaws.ClientConfig("check-alarms", w))), w
}

// subject is a poll ten minutes after the first Step of a canary.
func subject(t *testing.T, judging shift.Judging, targets ...shift.Target) shift.Subject {
	t.Helper()
	plan, err := shift.NewPlan([]shift.Step{{Weight: 1000, Bake: 3600}, {Weight: shift.All}}, shift.Hooks{}, judging)
	require.NoError(t, err)
	d := shift.Deployment{Plan: plan, Judging: judging, Baselines: map[shift.Target]judge.Baseline{}}
	for _, target := range targets {
		d.Changes = append(d.Changes, shift.Change{Target: target, Stable: "1", Candidate: "2", Judged: true})
		d.Baselines[target] = judge.Baseline{Latency: judge.NewLatencyLimits(100*time.Millisecond, 200*time.Millisecond)}
	}
	return shift.Subject{Deployment: d, Progress: d.AfterShift(d.Start(), nil, 0).Taken(d, noon), Now: noon.Add(10 * time.Minute)}
}

func TestBothVersionsAreReadInOneCall(t *testing.T) {
	t.Parallel()
	gate, w := newGate(localaws.Config{}, fleet{
		"orders:live 1":   {requests: 900, failures: 9, fast: 900},
		"orders:live 2":   {requests: 100, failures: 20, fast: 100},
		"payments:blue 1": {requests: 900, fast: 900},
		"payments:blue 2": {requests: 100, fast: 50, slow: 50},
	})
	judging := shift.DefaultJudging()
	observations, err := gate.Observe(context.Background(), subject(t, judging, orders, payments))
	require.NoError(t, err)
	require.Len(t, observations, 2)
	assert.Equal(t, 1, w.calls)

	assert.Equal(t, shift.Fail, observations[0].Verdict)
	assert.Equal(t, shift.CandidateWorse, observations[0].Reason.Name)
	assert.Contains(t, observations[0].Reason.Text, "lambda:orders:live: the candidate fails 20% of 1,000 requests, stable 1% of 9,000 requests, since 12:00 UTC")
	require.NotNil(t, observations[0].Judged)
	assert.Equal(t, judge.Count{Requests: 1000, Bad: 200}, observations[0].Judged.Signals[0].Candidate)

	assert.Equal(t, shift.Pass, observations[1].Verdict, "latency is only observed")
	assert.Equal(t, shift.CandidateWorseObserved, observations[1].Reason.Name)
	assert.Contains(t, observations[1].Reason.Text, "lambda:payments:blue: the candidate is slow in 50% of 800 requests, stable 0% of 7,200 requests, since 12:02 UTC")
}

func TestWhatIsNotJudgedIsNotRead(t *testing.T) {
	t.Parallel()
	gate, w := newGate(localaws.Config{}, fleet{})
	judged := subject(t, shift.DefaultJudging(), orders)
	off := judged
	off.Deployment.Judging = shift.Judging{Mode: judge.Off}
	other := subject(t, shift.DefaultJudging(), orders)
	other.Deployment.Changes[0].Judged = false
	early := judged
	early.Progress = early.Deployment.Start()
	for name, s := range map[string]shift.Subject{"off": off, "another kind": other, "before the first step": early} {
		observations, err := gate.Observe(context.Background(), s)
		require.NoError(t, err, name)
		assert.Empty(t, observations, name)
	}
	assert.Zero(t, w.calls)
}

func TestMetricsThatAreMissingCannotBeJudged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		served  fleet
		verdict shift.Verdict
		text    string
	}{
		{"of both versions, while it still bakes", fleet{}, shift.Pass, "CloudWatch has reported no request of the candidate"},
		{"of the candidate, which may hang", fleet{"orders:live 1": {requests: 900}}, shift.Wait, "the candidate has reported 0 of about 630 that it should have got"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gate, _ := newGate(localaws.Config{}, tt.served)
			observations, err := gate.Observe(context.Background(), subject(t, shift.DefaultJudging(), orders))
			require.NoError(t, err)
			assert.Equal(t, tt.verdict, observations[0].Verdict)
			assert.Equal(t, shift.CannotTell, observations[0].Reason.Name)
			assert.Contains(t, observations[0].Reason.Text, tt.text)
		})
	}
}

func TestAResultThatCloudWatchCannotReadIsAHold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status string
		want   shift.Verdict
		text   string
	}{
		{localaws.StatusInternalError, shift.Hold, "Errors of lambda:orders:live: InternalError; "},
		{localaws.StatusForbidden, shift.Hold, "Errors of lambda:orders:live: Forbidden; "},
		{localaws.StatusPartialData, shift.Fail, "the candidate fails"},
	} {
		t.Run(tt.status, func(t *testing.T) {
			t.Parallel()
			gate, w := newGate(localaws.Config{}, fleet{"orders:live 1": {requests: 900}, "orders:live 2": {requests: 100, failures: 50}})
			w.SetMetricAnswers(localaws.MetricAnswers{Status: func(m localaws.Metric) (string, string) {
				if m.Name == "Errors" {
					return tt.status, "see later"
				}
				return localaws.StatusComplete, ""
			}})
			observations, err := gate.Observe(context.Background(), subject(t, shift.DefaultJudging(), orders))
			require.NoError(t, err)
			assert.Equal(t, tt.want, observations[0].Verdict)
			assert.Contains(t, observations[0].Reason.Text, tt.text)
		})
	}
}

func TestAnAnswerOfSeveralPagesIsReadWhole(t *testing.T) {
	t.Parallel()
	gate, w := newGate(localaws.Config{}, fleet{"orders:live 1": {requests: 900}, "orders:live 2": {requests: 100, failures: 50}})
	w.SetMetricAnswers(localaws.MetricAnswers{PageDatapoints: 7})
	observations, err := gate.Observe(context.Background(), subject(t, shift.DefaultJudging(), orders))
	require.NoError(t, err)
	assert.Greater(t, w.calls, 5)
	assert.Contains(t, observations[0].Reason.Text, "50% of 1,000 requests, stable 0% of 9,000 requests")
}

func TestThirtyTwoTargetsAreReadInOneCall(t *testing.T) {
	t.Parallel()
	var targets []shift.Target
	for i := range 32 {
		targets = append(targets, shift.Target("lambda:f"+string(rune('A'+i))+":live"))
	}
	gate, w := newGate(localaws.Config{}, fleet{})
	observations, err := gate.Observe(context.Background(), subject(t, shift.DefaultJudging(), targets...))
	require.NoError(t, err)
	assert.Len(t, observations, 32)
	assert.Equal(t, 1, w.calls)
}

func TestThrottlingAndDenialAreToldApart(t *testing.T) {
	t.Parallel()
	gate, w := newGate(localaws.Config{MetricReadRate: 1}, fleet{"orders:live 1": {requests: 900}, "orders:live 2": {requests: 100}})
	s := subject(t, shift.DefaultJudging(), orders)
	verdicts := map[shift.Verdict]int{}
	for range 100 {
		observations, err := gate.Observe(context.Background(), s)
		require.NoError(t, err)
		verdicts[observations[0].Verdict]++
		if observations[0].Reason.Name == shift.MetricsNotRead {
			assert.Contains(t, observations[0].Reason.Text, "throttled")
		}
	}
	assert.Equal(t, map[shift.Verdict]int{shift.Pass: 100}, verdicts)
	assert.Equal(t, 100, w.calls)

	w.Fault(func(c localaws.Call) error { return localaws.AccessDenied(c) })
	observations, err := gate.Observe(context.Background(), s)
	require.NoError(t, err)
	assert.Equal(t, shift.Hold, observations[0].Verdict)
	assert.Contains(t, observations[0].Reason.Text, "AccessDenied")
}

func TestABaselineIsWhatTheAliasServed(t *testing.T) {
	t.Parallel()
	gate, w := newGate(localaws.Config{}, fleet{"orders:live ": {requests: 1000, failures: 10, throttles: 5, fast: 950, slow: 50}})
	changes := []shift.Change{{Target: orders, Judged: true}, {Target: payments, Judged: true}}
	baselines, err := gate.Baselines(context.Background(), shift.DefaultJudging(), changes, noon.Add(10*time.Minute))
	require.NoError(t, err)
	assert.Equal(t, 2, w.calls)
	b := baselines[orders]
	assert.Equal(t, judge.Count{Requests: 180_000, Bad: 1800}, b.Errors.Count)
	assert.Equal(t, judge.LatencyLimits{Slow: 150, VerySlow: 2000}, b.Latency)
	assert.Equal(t, judge.Count{Requests: 180_000, Bad: 9000}, b.Slow.Count)
	assert.Equal(t, judge.Count{Requests: 180_900, Bad: 900}, b.Throttles.Count)
	assert.Equal(t, judge.Baseline{}, withoutClumps(baselines[payments]), "a target without a history")
}

// withoutClumps leaves out what every history has.
func withoutClumps(b judge.Baseline) judge.Baseline {
	for _, r := range []*judge.Record{&b.Errors, &b.Slow, &b.VerySlow, &b.Throttles} {
		r.Clump = 0
	}
	return b
}

func TestABaselineThatCannotBeReadSaysWhichPart(t *testing.T) {
	t.Parallel()
	changes := []shift.Change{{Target: orders, Judged: true}}
	for well, part := range []string{"how long the requests of the last 3 hours took", "what the targets served in the last 3 hours"} {
		gate, w := newGate(localaws.Config{}, fleet{"orders:live ": {requests: 1000, fast: 1000}})
		calls := 0
		w.Fault(func(c localaws.Call) error {
			if calls++; calls <= well {
				return nil
			}
			return localaws.AccessDenied(c)
		})
		_, err := gate.Baselines(context.Background(), shift.DefaultJudging(), changes, noon.Add(10*time.Minute))
		require.ErrorContains(t, err, part)
		require.ErrorContains(t, err, "AccessDenied")
	}
}
