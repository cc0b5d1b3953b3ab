package world

import (
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// BenchmarkCanary plays a whole Canary10Percent5Minutes through the real
// handlers and the real SDK clients.
func BenchmarkCanary(b *testing.B) {
	input := json.RawMessage(`{"function":"orders","alarms":["orders-5xx"]}`)
	for b.Loop() {
		r, err := Simulate(input, DefaultScenario(), nil)
		if err != nil || r.Outcome != "Promoted" {
			b.Fatal(r.Outcome, err)
		}
	}
}

// BenchmarkCanaries plays as many canaries at once as there are cores. If other work shares the
// cores, cpu-ms is more meaningful than the number of canaries a second.
func BenchmarkCanaries(b *testing.B) {
	input := json.RawMessage(`{"function":"orders","alarms":["orders-5xx"]}`)
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := Simulate(input, DefaultScenario(), nil); err != nil || r.Outcome != "Promoted" {
				b.Error(r.Outcome, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "canaries/s")
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms")
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

// BenchmarkCanaryOf48Hours plays a canary that bakes for two days, with 576 polls.
func BenchmarkCanaryOf48Hours(b *testing.B) {
	input := json.RawMessage(`{"function":"orders","strategy":"Canary10Percent2880Minutes","alarms":["orders-5xx"]}`)
	for b.Loop() {
		r, err := Simulate(input, DefaultScenario(), nil)
		if err != nil || r.Outcome != "Promoted" {
			b.Fatal(r.Outcome, err)
		}
	}
}

// BenchmarkHourOfTraffic plays an hour of 100,000 requests a minute to two versions, and reads
// what a judgement reads: of each minute and version the requests, the errors and those slower
// than a bound.
func BenchmarkHourOfTraffic(b *testing.B) {
	s, err := DecodeScenario([]byte(`{"traffic": {"requestsPerMinute": 100000}, "stable": {"errorRate": 0.001, "durationMs": {"p50": 40, "p99": 200}},
		"candidate": {"errorRate": 0.002, "durationMs": {"p50": 44, "p99": 230}, "coldStartMs": 800}, "metrics": {"lagMinutes": 0}}`))
	if err != nil {
		b.Fatal(err)
	}
	slow, _ := localaws.ParseStatistic("PR(:300)")
	before := processorTime(b)
	for b.Loop() {
		s.Seed++
		t := NewTraffic(s)
		t.Shift(1000)
		t.Advance(time.Hour)
		for minute := range 60 {
			from := Epoch.Add(time.Duration(minute) * time.Minute)
			for _, version := range []string{TrafficStable, TrafficCandidate} {
				for _, m := range []Metric{Invocations, Errors, Throttles, Duration} {
					values := t.Values(version, m, from, from.Add(time.Minute))
					if m == Duration {
						if share, _ := slow.Of(values); share < 90 {
							b.Fatal(share)
						}
					}
				}
			}
		}
	}
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms")
}
