package stack

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/lambdaruntime"
)

// startsPerFunction is how many times the benchmark starts each bootstrap.
const startsPerFunction = 20

// BenchmarkColdStart starts every function's bootstrap 20 times with the environment
// from the stack's template. It reports the median time from the start of the process
// to its first GET next, and the peak memory until then. make dist/e2e builds the
// bootstraps.
func BenchmarkColdStart(b *testing.B) { measureStarts(b, "sluice-hook-endpoint") }

// BenchmarkColdStartWithFrontEnds is BenchmarkColdStart with the settings of all front ends, so
// that each function makes their clients, too.
func BenchmarkColdStartWithFrontEnds(b *testing.B) { measureStarts(b, "sluice-front-ends") }

func measureStarts(b *testing.B, stack string) {
	b.Helper()
	const bootstraps = "../../../dist/e2e"
	template, err := os.ReadFile("../../../infra/testdata/" + stack + ".template.json")
	if err != nil {
		b.Fatal(err)
	}
	functions, err := Read(template, here)
	if err != nil {
		b.Fatal(err)
	}
	site := Site{Place: here, Logs: io.Discard} // no bootstrap calls AWS before its first event
	for _, f := range functions {
		name := strings.TrimPrefix(f.Name, "sluice-")
		bootstrap := filepath.Join(bootstraps, name)
		if _, err := os.Stat(bootstrap); err != nil {
			b.Fatalf("%v: make dist/e2e builds it", err)
		}
		var durations []time.Duration
		var peak int64
		for range startsPerFunction {
			took, memory := start(b, site.lambdaFunction(f, name, bootstrap))
			durations, peak = append(durations, took), max(peak, memory)
		}
		slices.Sort(durations)
		median := (durations[startsPerFunction/2-1] + durations[startsPerFunction/2]) / 2
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // hides the time per iteration, which means nothing here
			b.ReportMetric(startsPerFunction, "starts")
			b.ReportMetric(float64(median)/float64(time.Millisecond), "median-ms")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
		})
	}
}

// start starts a function once and stops it.
func start(b *testing.B, f lambdaruntime.Function) (took time.Duration, memory int64) {
	b.Helper()
	s := lambdaruntime.New(f, io.Discard)
	defer s.Close()
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	memory, err := s.PeakMemory()
	if err != nil {
		b.Fatal(err)
	}
	return s.Starts()[0].Ready, memory
}
