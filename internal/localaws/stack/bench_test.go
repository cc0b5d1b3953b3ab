package stack

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/localaws/lambdaruntime"
)

// starts is how often each bootstrap is started.
const starts = 20

// BenchmarkColdStart starts every function's bootstrap 20 times, with the environment
// that the stack gives it, and reports the median from the start of the process to its
// first GET next, and the most memory that it has had by then. make dist/e2e builds
// them.
func BenchmarkColdStart(b *testing.B) {
	const bootstraps = "../../../dist/e2e"
	template, err := os.ReadFile("../../../infra/testdata/sluice.template.json")
	if err != nil {
		b.Fatal(err)
	}
	functions, err := Read(template, here)
	if err != nil {
		b.Fatal(err)
	}
	site := Site{Place: here, Endpoint: "http://127.0.0.1:1", Logs: io.Discard} // no AWS is asked before the first event
	for _, f := range functions {
		name := strings.TrimPrefix(f.Name, "sluice-")
		bootstrap := filepath.Join(bootstraps, name)
		if _, err := os.Stat(bootstrap); err != nil {
			b.Fatalf("%v: make dist/e2e builds it", err)
		}
		var all []time.Duration
		var peak int64
		for range starts {
			took, memory := start(b, site.deployed(f, name, bootstrap))
			all, peak = append(all, took), max(peak, memory)
		}
		slices.Sort(all)
		median := (all[starts/2-1] + all[starts/2]) / 2
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // it is told, not repeated
			b.ReportMetric(starts, "starts")
			b.ReportMetric(float64(median)/float64(time.Millisecond), "median-ms")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
		})
	}
}

// start starts a function once, and ends it.
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
