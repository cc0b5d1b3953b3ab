package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// judgedWorld is a world some time after an observed deployment from version 1 to 2.
func judgedWorld(t *testing.T, scenario string) *remoteWorld {
	t.Helper()
	a := newRemoteWorld(t, judgedCanary("observe"), scenario)
	require.NoError(t, a.Advance(4*time.Hour))
	_, err := a.Start("one", json.RawMessage(judgedCanary("observe")))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Hour))
	return a
}

func TestGoldenJudgementAfterTheFact(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scenario string
		status   int
	}{
		"judge-worse.txt": {`{"stable": {"errorRate": 0.002}, "candidate": {"errorRate": 0.05}, "traffic": {"requestsPerMinute": 2000}}`, statusFailed},
		"judge-alike.txt": {`{"stable": {"errorRate": 0.002}, "candidate": {"errorRate": 0.002}, "traffic": {"requestsPerMinute": 2000}}`, statusOK},
		"judge-quiet.txt": {`{"traffic": {"requestsPerMinute": 20}}`, statusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judgedWorld(t, tt.scenario).run("judge", "orders", "--stable", "1", "--candidate", "2", "--from", "2026-01-01T04:00", "--to", "2026-01-01T04:10")
			require.Equal(t, tt.status, got.status, got.stderr)
			assert.Empty(t, got.stderr)
			assertFits(t, got.stdout)
			assertGolden(t, name, got.stdout)
		})
	}
}

// What is judged afterwards is what the last poll of the deployment has judged.
func TestAJudgementAfterTheFactIsThatOfTheGate(t *testing.T) {
	t.Parallel()
	a := judgedWorld(t, `{"stable": {"errorRate": 0.002}, "candidate": {"errorRate": 0.05}, "traffic": {"requestsPerMinute": 2000}, "metrics": {"lagMinutes": 0}}`)
	got := a.run("judge", "orders", "--stable", "1", "--candidate", "2", "--from", "2026-01-01T04:00:00Z", "--to", "2026-01-01 04:10", "--json")
	var answered answer
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &answered))
	var past []pastDeployment
	require.NoError(t, json.Unmarshal([]byte(a.run("history", "orders", "--json").stdout), &past))

	assert.Equal(t, shift.Fail, answered.Verdict)
	assert.Equal(t, past[0].Comparison.Signals, answered.Judged.Signals)
	assert.Equal(t, judge.Worse, answered.Judged.Conclusion)
	assert.Equal(t, shift.CandidateWorse, answered.Reason.Name)
}

func TestAJudgementOfWhatWasNotServedCannotTell(t *testing.T) {
	t.Parallel()
	a := judgedWorld(t, `{}`)
	got := a.run("judge", "orders", "--stable", "8", "--candidate", "9", "--from", "90m")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertInOrder(t, got.stdout, []string{"judgement cannot tell", "reason cannot tell: CloudWatch has reported no request of the candidate"})
}

func TestAJudgementNeedsTheMetrics(t *testing.T) {
	t.Parallel()
	a := judgedWorld(t, `{}`)
	a.intercept = func(_ string, w http.ResponseWriter) bool {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"__type": "AccessDenied", "message": "no"}`))
		return true
	}
	got := a.run("judge", "orders", "--stable", "1", "--candidate", "2", "--from", "90m")
	assert.Equal(t, statusFailed, got.status)
	assert.Contains(t, got.stderr, "your role needs cloudwatch:GetMetricData")
}

func TestWhatIsJudgedIsChecked(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`) // it begins at 2026-01-01T00:00
	const both = "--stable 1 --candidate 2 "
	for _, tt := range []struct{ args, want string }{
		{both + "--from 1h", "judge needs one TARGET, but got 0 arguments"},
		{"orders billing " + both + "--from 1h", "judge needs one TARGET, but got 2 arguments"},
		{"lambda:orders " + both + "--from 1h", `"lambda:orders" is no target`},
		{"orders --candidate 2 --from 1h", "--stable is missing"},
		{"orders --stable 1 --from 1h", "--candidate is missing"},
		{"orders --stable $LATEST --candidate 2 --from 1h", "--stable must be the number of a published version, such as 42, not \"$LATEST\""},
		{"orders --stable 2 --candidate 2 --from 1h", "--stable and --candidate are both 2"},
		{"orders " + both, "--from is missing"},
		{"orders " + both + "--from yesterday", `--from is no time: "yesterday"; write 2026-11-29T12:00 (UTC)`},
		{"orders " + both + "--from -1h", "--from is no time"},
		{"orders " + both + "--from 1h --to soon", `--to is no time: "soon"`},
		{"orders " + both + "--from 1h --to 2026-01-01T00:01", "--to is in the future: it is 2026-01-01T00:00 now"},
		{"orders " + both + "--from 1h --to 61m", "--from must be at least a minute before --to"},
		{"orders " + both + "--from 361h --to 360h", "of such a span CloudWatch keeps the details for 15 days"},
		{"orders " + both + "--from 1513h --to 1500h", "of such a span CloudWatch keeps the details for 63 days"},
		{"orders " + both + "--from 10921h", "of such a span CloudWatch keeps the details for 455 days"},
	} {
		got := a.run(append([]string{"judge"}, strings.Fields(tt.args)...)...)
		assert.Equal(t, statusInvalid, got.status, tt.args)
		assert.Contains(t, got.stderr, tt.want, tt.args)
		assert.Empty(t, got.stdout)
	}
	assert.Empty(t, a.operations(), "AWS was not asked")
}

// Each example of judge is a command that is understood.
func TestTheExamplesOfJudgeFit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 13, 0, 0, 0, time.UTC)
	for _, example := range strings.Split(strings.ReplaceAll(examplesOfJudge, "\\\n", ""), "\n") {
		command, _, _ := strings.Cut(example, "|")
		cmd := newJudge(environment{now: func() time.Time { return now }})
		require.NoError(t, cmd.ParseFlags(strings.Fields(command)[2:]), example)
		assert.NoError(t, cmd.Args(cmd, cmd.Flags().Args()), example)
	}
}
