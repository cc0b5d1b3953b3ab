package trial

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// The fast layer leaves out the state machine, the Lambdas and the SDK. It may not leave out
// anything that decides.
func TestDeploymentsEndAsTheWholeOnesDo(t *testing.T) {
	t.Parallel()
	undone, waited := 0, 0
	cells := Cells()
	for i := 0; i < len(cells); i += 11 {
		c, run := cells[i], i%5
		seen, err := c.deploy(run, judgings[Sluice])
		require.NoError(t, err)
		whole, err := c.deployWhole(run)
		require.NoError(t, err)
		assert.True(t, seen.isLike(whole), "run %d of %s: %+v, and with the handlers %+v", run, c.Name(), seen, whole)
		undone, waited = undone+one(seen.undone), waited+one(seen.minute > planMinutes)
	}
	assert.Greater(t, undone, 10)
	assert.Greater(t, waited, 10)
}

func TestATrialIsTheSameInParts(t *testing.T) {
	t.Parallel()
	cells := []Cell{newCell(Healthy, alike, 2000, 1000, 0.01), newCell(Regressed, "5% more fail", 2000, 1000, 0.001)}
	cells[1].scenario.Candidate.ErrorRate = 0.051
	told := 0
	parts, err := Play(t.Context(), cells, Plan{Runs: 40, Progress: func(done, of int) {
		assert.Equal(t, 44, of)
		assert.GreaterOrEqual(t, done, told)
		told = done
	}})
	require.NoError(t, err)
	assert.Equal(t, 44, told)
	for i, runs := range []int{40, 4} {
		whole, err := cells[i].play(0, runs, 0)
		require.NoError(t, err)
		assert.Equal(t, newLine(whole), newLine(parts[i]))
	}
	assert.Equal(t, 4, parts[1].Methods[Sluice].Undone)

	stopped, stop := context.WithCancel(t.Context())
	some, err := Play(stopped, cells, Plan{Runs: 40, Progress: func(done, _ int) {
		if done > 10 {
			stop()
		}
	}})
	require.NoError(t, err)
	runs := some[0].Methods[Sluice].Runs
	assert.True(t, runs > 0 && runs < 40, "it was stopped after %d runs", runs)
	whole, err := cells[0].play(0, runs, 0)
	require.NoError(t, err)
	assert.Equal(t, newLine(whole), newLine(some[0]))
}

func TestATrialIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	c := newCell(Healthy, alike, 200, 5000, 0.05)
	r, err := c.play(0, 3, 1)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1}, []int{r.Whole, r.Alike})
	file := filepath.Join(t.TempDir(), "trial")
	require.NoError(t, Write(file, []Result{r}))
	read, err := Read(file)
	require.NoError(t, err)
	require.Len(t, read, 1)
	assert.Equal(t, newLine(r), newLine(read[0]))
	assert.Equal(t, 3, NewTrial(read).Runs(c))
	for _, wrong := range []string{"{", `{"cell": "x", "methods": []}`, `{"cell": "x", "methods": [[1],[],[],[],[],[],[],[],[]]}`} {
		_, err := decode([]byte(wrong))
		require.ErrorContains(t, err, "line 1", wrong)
	}
}

func counts(stableRequests, stableBad, candidateRequests, candidateBad int64) minute {
	return minute{stable: judge.Count{Requests: stableRequests, Bad: stableBad}, candidate: judge.Count{Requests: candidateRequests, Bad: candidateBad}}
}

func TestModelsOfOtherMethods(t *testing.T) {
	t.Parallel()
	quiet, alone := counts(900, 0, 100, 0), counts(0, 0, 1000, 60)
	for _, c := range []struct {
		method  Method
		minutes []minute
		want    bool
	}{
		{AliasError, []minute{counts(900, 1, 100, 0)}, true},
		{AliasError, []minute{counts(900, 1, 100, 0), quiet}, false},
		{AliasErrors, []minute{counts(900, 3, 100, 1)}, false},
		{AliasErrors, []minute{counts(900, 3, 100, 2)}, true},
		{AliasRate, []minute{counts(900, 0, 100, 50)}, false},
		{AliasRate, []minute{counts(900, 1, 100, 50)}, true},
		{AliasRate, []minute{alone}, true},
		{VersionError, []minute{counts(900, 9, 100, 0)}, false},
		{VersionError, []minute{counts(900, 0, 100, 1)}, true},
		{VersionRate, []minute{counts(900, 0, 100, 2), alone, alone, quiet, alone}, false},
		{VersionRate, []minute{counts(900, 0, 100, 2), alone, alone, quiet, alone, alone}, true},
		{FisherPeeking, []minute{counts(900, 0, 100, 1)}, false}, // 1 in 10
		{FisherPeeking, []minute{counts(900, 0, 100, 2)}, true},  // 1 in 101
		{FisherPeeking, []minute{alone}, false},
	} {
		assert.Equal(t, c.want, models[c.method](c.minutes), "%s of %+v", c.method, c.minutes)
	}
	assert.InDelta(t, 99.0/999*0.1, fisher([]minute{counts(900, 0, 100, 2)}), 1e-9)
}

// The values are those of R's wilcox.test(correct = TRUE): the deviate of its p-value.
func TestMannWhitneyHasTheCorrectionsForTiesAndContinuity(t *testing.T) {
	t.Parallel()
	var apart, equal, tied []minute
	for i := range int64(5) {
		apart = append(apart, counts(1000, i, 1000, 100+i))
		equal = append(equal, counts(1000, 1, 1000, 1))
		tied = append(tied, counts(1000, 1, 1000, 1+i/2)) // 1 1 2 2 3
	}
	assert.InDelta(t, 2.5067, mannWhitney(apart), 1e-3)
	assert.Zero(t, mannWhitney(equal))
	// 25 pairs: 15 above, 10 equal, so U = 20; of 10 values, 7 are equal and 2 are.
	assert.InDelta(t, (20-12.5-0.5)/4.0, mannWhitney(tied), 0.3)
	assert.Zero(t, mannWhitney(apart[:4]), "it needs five minutes")
}

func TestADeploymentIsPutBackWhenItsMetricsHaveArrived(t *testing.T) {
	t.Parallel()
	minutes := make([]minute, planMinutes)
	for i := range minutes {
		minutes[i] = counts(90, 0, 10, 0)
	}
	minutes[4].candidate.Bad = 1
	seen := models[AliasError].watch(minutes, 3)
	assert.Equal(t, course{undone: true, minute: 8, canary: true, requests: 80}, seen)
	assert.Equal(t, course{minute: planMinutes, requests: 300}, models[AliasErrors].watch(minutes, 3))
	minutes[4].candidate.Bad, minutes[28].candidate.Bad = 0, 1
	assert.False(t, models[AliasError].watch(minutes, 3).undone, "nobody watches after the end")
}

func TestFiguresOfATally(t *testing.T) {
	t.Parallel()
	var tally Tally
	for _, minute := range []int{3, 9, 4, 4, 12} {
		tally.add(course{undone: true, minute: minute, canary: minute <= 10, requests: 5})
	}
	tally.add(course{minute: 30, requests: 100, baked: true, unsure: true})
	median, ok := tally.Median()
	assert.True(t, ok)
	assert.Equal(t, 4, median)
	assert.InDelta(t, 5.0/6, tally.UndoneShare(), 1e-9)
	assert.InDelta(t, 4.0/6, tally.CanaryShare(), 1e-9)
	assert.InDelta(t, 1.0, tally.UnsureShare(), 1e-9)
	_, ok = (&Tally{}).Median()
	assert.False(t, ok)
}

// BenchmarkTrial plays each kind of deployment twice, and those with a regression once.
func BenchmarkTrial(b *testing.B) {
	cells, deployments := Cells(), 0
	before := processorTime(b)
	var played Trial
	for b.Loop() {
		results, err := Play(b.Context(), cells, Plan{Runs: 2})
		if err != nil {
			b.Fatal(err)
		}
		played = NewTrial(results)
		all, _, _ := played.Deployments()
		deployments += all
	}
	mean, _, _ := played.Undone(played.Cells(Healthy, ""), Sluice)
	found, canary := played.Found(played.Cells(Regressed, ""), Sluice)
	b.ReportMetric(100*mean, "healthy-undone-%")
	b.ReportMetric(100*found, "found-%")
	b.ReportMetric(100*canary, "found-in-canary-%")
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(deployments), "cpu-ms/deployment")
}

// processorTime returns the CPU time of this process so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
