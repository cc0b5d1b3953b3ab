package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the pages' figures that are the same on every machine")

const (
	ownPage   = "README.md"
	frontPage = "../../../infra/frontend/README.md"
	judgePage = "../../shift/judge/README.md"
)

// A change of what a deployment takes must also change the page.
func TestGoldenFiguresOfThePageAreTrue(t *testing.T) {
	t.Parallel()
	tables, err := simulatedTables()
	require.NoError(t, err)
	holdsTables(t, ownPage, tables)
}

func TestGoldenFiguresOfFrontEndsAreTrue(t *testing.T) {
	t.Parallel()
	routed, err := frontEndsTable()
	require.NoError(t, err)
	holdsTables(t, frontPage, []table{routed})
}

// What was counted is kept in package trial, whose tests play some of it again.
func TestGoldenFiguresOfTheJudgementAreThoseOfTheKeptTrial(t *testing.T) {
	t.Parallel()
	tables, err := judgedTables("")
	require.NoError(t, err)
	holdsTables(t, judgePage, tables)
}

func TestTrialWithoutADeploymentHasNoTables(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	require.NoError(t, os.WriteFile(none, nil, 0o600))
	_, err := judgedTables(none)
	require.ErrorContains(t, err, "make judge-night plays one")
	_, err = judgedTables(none + "here")
	require.ErrorContains(t, err, "read a trial")
}

// holdsTables holds a file to have these tables, or writes them into it.
func holdsTables(t *testing.T, file string, tables []table) {
	t.Helper()
	if *update {
		rewriteTables(t, file, tables)
		return
	}
	for _, table := range tables {
		assert.Equal(t, table.text, tableIn(t, file, table), "make golden rewrites the figures %q", table.name)
	}
}

// The storms run on a virtual clock too. The one of 1,000 deployments takes half a
// minute of real time, so only make golden and make bench run it.
func TestGoldenStormsOfThePageAreTrue(t *testing.T) {
	t.Parallel()
	sizes := "=100?$"
	if *update {
		sizes = "."
	}
	played, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-ldflags=-w", "../../proof", "-run", "^$", "-bench", "Storm/"+sizes, "-benchtime=1x").CombinedOutput()
	require.NoError(t, err, "%s", played)
	m, err := parseBenchmarks(bytes.NewReader(played))
	require.NoError(t, err)
	if *update {
		storms, err := m.stormTable()
		require.NoError(t, err)
		rewriteTables(t, ownPage, []table{storms})
		return
	}
	for _, n := range []string{"10", "100"} {
		row, err := m.stormRow(n)
		require.NoError(t, err)
		assert.Contains(t, tableIn(t, ownPage, table{name: "storm"}), "| "+strings.Join(row, " | ")+" |", "make golden rewrites the figures of storms")
	}
}

// tableIn returns a file's text of a table.
func tableIn(t *testing.T, file string, of table) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	begin, end := of.fences()
	_, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	rest, _, _ = strings.Cut(rest, end)
	return rest
}

var pageLock sync.Mutex

func rewriteTables(t *testing.T, file string, tables []table) {
	t.Helper()
	pageLock.Lock()
	defer pageLock.Unlock()
	require.NoError(t, writeTables(file, tables))
}

func TestPageHasThePlacesForMeasuredFigures(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(ownPage)
	require.NoError(t, err)
	m, err := parseBenchmarks(strings.NewReader(benchmarkOutput))
	require.NoError(t, err)
	storm, err := m.stormTable()
	require.NoError(t, err)
	machine, err := m.machineTable()
	require.NoError(t, err)
	_, err = replaceTables(string(text), []table{storm, machine, {name: "bootstraps"}})
	require.NoError(t, err)
}

const benchmarkOutput = `goos: linux
goarch: amd64
pkg: sluice/internal/localaws/stack
cpu: Fast One
BenchmarkColdStart/set-weight-4     	1000000000	         6.284 median-ms	        14.55 peak-MB	        20.00 starts
BenchmarkColdStart/rollback-4       	1000000000	         4.361 median-ms	        15.94 peak-MB	        20.00 starts
BenchmarkColdStartWithFrontEnds/set-weight-4     	1000000000	         6.912 median-ms	        15.61 peak-MB	        20.00 starts
BenchmarkColdStartWithFrontEnds/rollback-4       	1000000000	         6.913 median-ms	        15.62 peak-MB	        20.00 starts
PASS
ok  	sluice/internal/localaws/stack	1.175s
BenchmarkMemory/rollback-4          	      1	        15.52 peak-MB
BenchmarkCanaries-4                 	   1531	   2504149 ns/op	       799.3 canaries/s	 4.321 cpu-ms	 1617917 B/op	   17552 allocs/op
BenchmarkStorm/deployments=10-4     	      1	 279483667 ns/op	 0.1333 alone-s	 1.062 calls/needed	 0.7000 median-s	 0.7000 p99-s	 9.390 plan-min	 0.7000 worst-s
BenchmarkStorm/deployments=100-4    	      1	3034108390 ns/op	 1.333 alone-s	 1.110 calls/needed	 0.7000 median-s	 0.7000 p99-s	 10.35 plan-min	 0.7000 worst-s
BenchmarkStorm/deployments=1000-4   	      1	31725199373 ns/op	 13.33 alone-s	 1.376 calls/needed	 0.7000 median-s	 1.557 p99-s	 28.72 plan-min	 1.557 worst-s
`

func TestBenchmarksAreParsed(t *testing.T) {
	t.Parallel()
	m, err := parseBenchmarks(strings.NewReader(benchmarkOutput))
	require.NoError(t, err)
	machine, err := m.machineTable()
	require.NoError(t, err)
	assert.Contains(t, machine.text, "| 799; 4.3 ms of CPU each, so 926 on idle cores | ≥ 300 | 4 cores, Fast One, linux/amd64 | `go test ./internal/world -run '^$' -bench Canaries` |")
	assert.Contains(t, machine.text, "the slowest (set-weight): median of 20, and peak memory | 6.3 ms, 14.6 MB | ≤ 40 ms, ≤ 30 MB |")
	assert.Contains(t, machine.text, "the same with the settings of all front ends (rollback) | 6.9 ms, 15.6 MB | ≤ 40 ms, ≤ 30 MB |")
	assert.Contains(t, machine.text, "the largest (rollback) | 15.5 MB | ≤ 30 MB |")
	storm, err := m.stormTable()
	require.NoError(t, err)
	assert.Contains(t, storm.text, "| 1000 | 0.70 s | 1.56 s | 1.56 s | 13.33 s | 1.38 | 28.7 min |")
}

func TestErrorsNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	none, err := parseBenchmarks(strings.NewReader("PASS\n"))
	require.NoError(t, err)
	_, err = none.stormTable()
	require.ErrorContains(t, err, "the benchmark of 10 deployments is missing")
	_, err = none.machineTable()
	require.ErrorContains(t, err, "the benchmark Canaries is missing")
	_, err = parseBenchmarks(strings.NewReader("BenchmarkX 1 many ns/op\n"))
	require.ErrorContains(t, err, "BenchmarkX")
	_, err = replaceTables("# nothing", []table{{name: "storm"}})
	require.ErrorContains(t, err, `the comments for the table "storm" are missing`)
	_, err = measuredTables("/nonexistent")
	require.ErrorContains(t, err, "read the benchmarks")
}
