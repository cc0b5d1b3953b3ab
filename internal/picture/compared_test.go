package picture_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func judgedAt(at time.Duration, step, checks int, judged ...shift.Judged) picture.Position {
	return picture.Position{At: at, Progress: shift.Progress{Step: step, Checks: checks, Judged: judged}}
}

func errorsOf(t shift.Target, evidence float64, requests, bad int64) shift.Judged {
	return shift.Judged{Target: t, Signals: []shift.JudgedSignal{
		{Signal: judge.Slow, Evidence: 1e9},
		{Signal: judge.Errors, Evidence: evidence, Threshold: 166.7, Stable: judge.Count{Requests: 900}, Candidate: judge.Count{Requests: requests, Bad: bad}},
	}}
}

func TestComparisonsAreFollowedFromCheckToCheck(t *testing.T) {
	t.Parallel()
	const stock = shift.Target("lambda:stock:live")
	run := &picture.Run{Positions: []picture.Position{
		judgedAt(0, 1, 0),
		judgedAt(time.Minute, 1, 1, errorsOf("lambda:orders:live", 0.9, 0, 0), errorsOf(stock, 2, 10, 1)),
		judgedAt(2*time.Minute, 1, 2, errorsOf("lambda:orders:live", 0.7, 100, 1), errorsOf(stock, 300, 20, 5)),
		judgedAt(2*time.Minute, 2, 2, errorsOf("lambda:orders:live", 0.7, 100, 1), errorsOf(stock, 300, 20, 5)), // a step, and no check
	}}
	tracks := run.ComparisonTracks()
	require.Len(t, tracks, 2)
	assert.Equal(t, stock, tracks[0].Target, "the strongest evidence first")
	orders := tracks[1]
	require.Len(t, orders.Points, 2)
	assert.Equal(t, picture.Estimate{High: 1}, orders.Points[0].Candidate, "nothing is known without requests")
	last := orders.Points[1]
	assert.Equal(t, []float64{0.7, 166.7}, []float64{last.Evidence, last.Threshold})
	// Wilson's interval of 1 in 100 is 0.18 % to 5.45 %.
	assert.InDelta(t, 0.01, last.Candidate.Seen, 1e-9)
	assert.InDelta(t, 0.0018, last.Candidate.Low, 1e-4)
	assert.InDelta(t, 0.0545, last.Candidate.High, 1e-4)
	assert.Zero(t, last.Stable.Low)
}

func TestARunWithoutComparisonsHasNoTracks(t *testing.T) {
	t.Parallel()
	run := &picture.Run{Positions: []picture.Position{judgedAt(0, 1, 0), judgedAt(time.Minute, 1, 1), judgedAt(time.Minute, 1, 2, shift.Judged{Target: "x"})}}
	assert.Empty(t, run.ComparisonTracks())
}
