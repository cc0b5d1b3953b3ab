package world

import (
	"encoding/json"
	"testing"
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

// BenchmarkCanaryOf48Hours plays a canary that bakes for two days: 576 judgements.
func BenchmarkCanaryOf48Hours(b *testing.B) {
	input := json.RawMessage(`{"function":"orders","strategy":"Canary10Percent2880Minutes","alarms":["orders-5xx"]}`)
	for b.Loop() {
		r, err := Simulate(input, DefaultScenario(), nil)
		if err != nil || r.Outcome != "Promoted" {
			b.Fatal(r.Outcome, err)
		}
	}
}
